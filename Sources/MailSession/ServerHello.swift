// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// The first octets of what a server sends in a TLS handshake: they tell the cipher suite that it has chosen, for a
/// `ServerHello` is never encrypted (RFC 5246 §7.4.1.3, RFC 8446 §4.1.3).
public struct ServerHello: Sendable {
    private var octets: [UInt8] = []

    /// Record header (5), handshake header (4), version (2), random (32), session (1 and at most 32), suite (2).
    private static let longest = 78

    public init() {}

    /// Takes the next octets, in pieces of any size.
    public mutating func receive(_ piece: ByteBuffer) {
        guard octets.count < Self.longest else { return }
        octets += piece.readableBytesView.prefix(Self.longest - octets.count)
    }

    /// The suite's name in IANA's registry, its number where we know none; nil until the server has said it.
    public var cipherSuite: String? {
        let (record, handshake, session) = (0, 5, 43)
        // A record of the handshake (22), which begins with a ServerHello (2).
        guard octets.count > session, octets[record] == 22, octets[handshake] == 2 else { return nil }
        let suite = session + 1 + Int(octets[session])
        guard octets[session] <= 32, octets.count > suite + 1 else { return nil }
        let code = UInt16(octets[suite]) << 8 | UInt16(octets[suite + 1])
        return Self.names[code] ?? Self.hexadecimal(code)
    }

    private static func hexadecimal(_ code: UInt16) -> String {
        let digits = String(code, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// What BoringSSL, as a client, agrees to.
    private static let names: [UInt16: String] = [
        0x1301: "TLS_AES_128_GCM_SHA256",
        0x1302: "TLS_AES_256_GCM_SHA384",
        0x1303: "TLS_CHACHA20_POLY1305_SHA256",
        0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
        0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
        0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
        0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
        0x000A: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        0xC023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ]
}
