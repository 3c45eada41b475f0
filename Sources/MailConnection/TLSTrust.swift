// SPDX-License-Identifier: Apache-2.0

import CSodium
import Glibc
import MailSession
import NIOCore
import NIOSSL
import Synchronization
import Vocabulary

/// The trusted certificates, read once and shared by all sessions: reading the system's takes tens of milliseconds.
public final class TLSTrust: Sendable {
    private enum Verification: Hashable { case full, own }

    private let roots: String?
    private let contexts = Mutex<[Verification: NIOSSLContext]>([:])

    /// - Parameter roots: a PEM file of certificates to trust; nil means `SSL_CERT_FILE` (as in OpenSSL) or, if that is
    ///   unset, the system's certificates.
    public init(roots: String? = nil) {
        self.roots = roots ?? getenv("SSL_CERT_FILE").map { String(cString: $0) }
    }

    /// Reads the certificates again before the next connection.
    public func reload() {
        contexts.withLock { $0 = [:] }
    }

    private func context(_ verification: Verification) throws -> NIOSSLContext {
        if let context = contexts.withLock({ $0[verification] }) { return context }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = roots.map { .file($0) } ?? .default
        // Old servers are the point of this program: what they speak is reported, not refused.
        configuration.minimumTLSVersion = .tlsv1
        // Without the curves that make the first record longer than a packet, at which old servers and middleboxes
        // hang.
        configuration.curves = [.x25519, .secp256r1, .secp384r1, .secp521r1]
        // … and with suites that BoringSSL has dropped, but accepts when named one by one.
        configuration.cipherSuites += ":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:DES-CBC3-SHA"
        if verification == .own {
            // Even with roots set, a handler's own check replaces BoringSSL's …
            configuration.trustRoots = .certificates([])
            // … but afterwards NIOSSL would still look for the host's name in the certificate.
            configuration.certificateVerification = .noHostnameVerification
        }
        let context = try NIOSSLContext(configuration: configuration)
        contexts.withLock { $0[verification] = context }
        return context
    }

    /// A handler for one connection to `server`, and the place where the server's certificate will be seen.
    func handler(for server: OldServer) throws(WireFailure) -> (NIOSSLClientHandler, PeerCertificate) {
        let check = server.certificate
        let seen = PeerCertificate()
        do {
            // RFC 6066 §3 allows no addresses in SNI; NIOSSL then checks the certificate for the peer's address.
            let name = server.isNamedByAddress ? nil : server.host
            switch check.verify {
            case .full:
                return (try NIOSSLClientHandler(context: context(.full), serverHostname: name), seen)
            case .fingerprint, .none:
                let wanted = check.verify == .fingerprint ? Self.digits(of: check.sha256 ?? "") : nil
                let handler = try NIOSSLClientHandler(context: context(.own), serverHostname: name) { chain, promise in
                    let digest = chain.first.flatMap { Self.sha256(of: $0) }
                    seen.sha256 = digest
                    promise.succeed(
                        digest != nil && (wanted == nil || wanted == digest) ? .certificateVerified : .failed)
                }
                return (handler, seen)
            }
        } catch {
            throw TLSFailure.unavailable(error)
        }
    }

    /// Lower-case digits alone, whatever colons and case they were given in.
    static func digits(of fingerprint: String) -> String {
        fingerprint.lowercased().filter { $0.isHexDigit }
    }

    static func sha256(of certificate: NIOSSLCertificate) -> String? {
        // nil if BoringSSL cannot encode what it has decoded, which is then not trusted.
        guard let octets = try? certificate.toDERBytes() else { return nil }
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256(&digest, octets, UInt64(octets.count))
        return String(decoding: MD5.hexadecimal(digest), as: UTF8.self)
    }
}

/// The digest of the certificate that a handshake has shown, written on the event loop and read there or later.
final class PeerCertificate: Sendable {
    private let digest = Mutex<String?>(nil)

    var sha256: String? {
        get { digest.withLock { $0 } }
        set { digest.withLock { $0 = newValue } }
    }
}
