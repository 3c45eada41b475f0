// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOSSL
import Vocabulary

/// Says why a TLS handshake failed, and what to do about it.
enum TLSFailure {
    static func explain(
        _ error: any Error, check: CertificateCheck, seen: PeerCertificate, channel: ChannelHandlerContext
    ) -> WireFailure {
        if check.verify == .fingerprint, let sha256 = seen.sha256, TLSTrust.digits(of: check.sha256 ?? "") != sha256 {
            return untrusted(
                "shows a certificate with the SHA-256 fingerprint \(sha256), which is not the one in the settings")
        }
        let text = String(describing: error)
        // Absent when the handshake ended before the server had shown one.
        let certificate = try? channel.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self).peerCertificate
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return untrusted("shows a certificate that is not trusted: \(fault(of: certificate))")
        }
        if text.contains("failedToValidateHostname") || text.contains("unableToValidateCertificate") {
            return untrusted("shows a certificate for another host\(certificate.map { ": " + names(of: $0) } ?? "")")
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            return untrusted("does not speak TLS on this port; check port and security in the settings")
        }
        if text.contains("PROTOCOL_VERSION") || text.contains("UNSUPPORTED_PROTOCOL") {
            return untrusted("speaks only versions of TLS that are too old; use security none if that is acceptable")
        }
        return untrusted("fails the TLS handshake (\(text))")
    }

    /// After the handshake.
    static func explain(inSession error: any Error) -> WireFailure {
        let text = String(describing: error)
        if text.contains("NO_RENEGOTIATION") {
            // RFC 5746 §4: what was said before it might have been somebody else's; we never take part.
            return untrusted(
                "asks for another TLS handshake in the middle of a session (renegotiation), which is refused; switch "
                    + "that off there, or let it speak TLS 1.3")
        }
        return WireFailure(code: .closed, message: "dropped the connection (TLS: \(text))")
    }

    private static func untrusted(_ message: String) -> WireFailure {
        WireFailure(code: .untrusted, message: message)
    }

    private static func fault(of certificate: NIOSSLCertificate?) -> String {
        guard let certificate else {
            return "it is not signed by an authority that this machine trusts, or is out of date"
        }
        let now = time(nil)
        if certificate.notValidAfter < now { return "it has expired" }
        if certificate.notValidBefore > now { return "it is not valid yet; check the clocks" }
        return "it is self-signed, or not signed by an authority that this machine trusts"
    }

    private static func names(of certificate: NIOSSLCertificate) -> String {
        let names = certificate._subjectAlternativeNames().prefix(10).compactMap { name in
            name.nameType == .dnsName ? Scrubber().text(of: Array(name.contents)) : nil
        }
        return names.isEmpty ? "it names no host" : names.joined(separator: ", ")
    }
}

extension TLSVersion {
    /// As OpenSSL and Dovecot write it.
    var name: String {
        switch self {
        case .tlsv1: "TLSv1"
        case .tlsv11: "TLSv1.1"
        case .tlsv12: "TLSv1.2"
        case .tlsv13: "TLSv1.3"
        }
    }
}
