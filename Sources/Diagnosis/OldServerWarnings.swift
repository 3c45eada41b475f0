// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Ground
import NIOCore
import NIOPosix
import POP3
package import Vocabulary

/// What an administrator should know of an old server before relying on it.
package struct OldServerWarnings: Sendable {
    let context: Context

    package init(context: Context) { self.context = context }

    /// - Throws: ``InvalidParameter`` where it is this machine's own POP3 port: mail would move in circles.
    package func warnings(of server: OldServer, for domain: DomainName) async throws -> [String] {
        // A name that does not resolve yet is no reason to refuse it: verifyOldServer tells.
        let addresses = await server.addresses()
        if addresses.contains(where: \.isOwnPOP3) {
            throw InvalidParameter(
                "oldServer.host",
                "must be the old server: \(server.host) port \(server.port) is this machine, the new platform itself")
        }
        var warnings: [String] = []
        if !server.isNamedByAddress {
            warnings.append(
                "\(server.host) is a name, not an address: after the DNS switch it may lead to the new platform; "
                    + "give the old server's IP address")
            if Self.host(server.host, isInside: domain) {
                warnings.append(
                    "\(server.host) is inside \(domain), the domain that is being moved: after the DNS switch it "
                        + "would lead back to the new platform")
            }
        }
        let isPublic = addresses.isEmpty || !addresses.allSatisfy(Self.isPrivate)
        if !server.security.isAlwaysEncrypted, !server.secureAuthentication, isPublic {
            warnings.append(
                "passwords may travel in the clear to \(server.host); use security \"tls\" or \"starttls\", or "
                    + "secureAuthentication, unless the line is private")
        }
        if server.security != .none, server.certificate.verify == .none {
            warnings.append(
                "the certificate of \(server.host) is not verified: whoever answers in its place could take accounts over; "
                    + "use verify \"full\" or \"fingerprint\"")
        }
        let announced = try await context.records.read { try $0.value(Self.expireZeroKey(server)) }
        if announced == Self.expireZeroValue(true) {
            warnings.append(
                "\(server.host) announces EXPIRE 0: retrieving a message deletes it there; keep a backup of the old server"
            )
        }
        return warnings
    }

    /// Under this name it is remembered whether the latest verification found `EXPIRE 0`.
    static func expireZeroKey(_ server: OldServer) -> String { "expire-0 \(server.host.lowercased()):\(server.port)" }

    static func expireZeroValue(_ isAnnounced: Bool) -> [UInt8] { [isAnnounced ? 1 : 0] }

    static func host(_ host: String, isInside domain: DomainName) -> Bool {
        // RFC 1034 §3.1: a dot at the end says that the name is whole.
        let host = (host.hasSuffix(".") ? String(host.dropLast()) : host).lowercased()
        return host == domain.name || host.hasSuffix(".\(domain.name)")
    }

    /// Loopback, private and link-local ranges (RFC 1918, RFC 4193, RFC 6598).
    static func isPrivate(_ address: SocketAddress) -> Bool {
        switch address {
        case .v4(let v4):
            let bits = UInt32(bigEndian: v4.address.sin_addr.s_addr)
            let ranges: [(UInt32, UInt32)] = [
                (0x7F00_0000, 8), (0x0A00_0000, 8), (0xAC10_0000, 12), (0xC0A8_0000, 16), (0xA9FE_0000, 16),
                (0x6440_0000, 10),
            ]
            return ranges.contains { bits >> (32 - $0.1) == $0.0 >> (32 - $0.1) }
        case .v6(let v6):
            let octets = withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
            let isLoopback = octets.dropLast().allSatisfy { $0 == 0 } && octets.last == 1
            return isLoopback || octets[0] & 0xFE == 0xFC || (octets[0] == 0xFE && octets[1] & 0xC0 == 0x80)
        case .unixDomainSocket: return true
        }
    }
}
