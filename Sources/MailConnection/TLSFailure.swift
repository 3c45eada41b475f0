// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailSession
import NIOCore
import NIOSSL
import Vocabulary

/// Says why a TLS handshake failed, and what to do about it.
enum TLSFailure {
    /// - Parameter certificate: nil if the handshake ended before the server had shown one.
    static func explain(
        _ error: any Error, check: CertificateCheck, seen: PeerCertificate, certificate: NIOSSLCertificate?
    ) -> WireFailure {
        if check.verify == .fingerprint, let sha256 = seen.sha256, TLSTrust.digits(of: check.sha256 ?? "") != sha256 {
            return otherPin(sha256)
        }
        let text = String(describing: error)
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return untrusted("shows a certificate that is not trusted: \(fault(of: certificate))")
        }
        if text.contains("failedToValidateHostname") || text.contains("unableToValidateCertificate") {
            return untrusted("shows a certificate for another host\(certificate.map { ": " + names(of: $0) } ?? "")")
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") { return .speaksPlainText }
        if text.contains("eofDuringHandshake") || text.contains("EOF during handshake") || error is IOError {
            return .closedInHandshake
        }
        if text.contains("HANDSHAKE_FAILURE") || text.contains("INSUFFICIENT_SECURITY") || text.contains("CIPHER") {
            return noCipher
        }
        if text.contains("PROTOCOL_VERSION") || text.contains("UNSUPPORTED_PROTOCOL") {
            return untrusted(
                "speaks no version of TLS that this machine speaks (TLS 1.0 to 1.3)",
                advice: "let the old server speak TLS 1.0 or later, or use --security none where the line is private")
        }
        return untrusted("fails the TLS handshake (\(words(of: text)))")
    }

    /// TLS cannot be set up here.
    static func unavailable(_ error: any Error) -> WireFailure {
        WireFailure(code: .untrusted, message: "TLS cannot be set up here (\(error))")
    }

    /// After the handshake.
    static func explain(inSession error: any Error) -> WireFailure {
        let text = String(describing: error)
        if text.contains("NO_RENEGOTIATION") {
            // RFC 5746 §4: what was said before a renegotiation may have been somebody else's; we never take part in
            // one.
            return untrusted(
                "asks for another TLS handshake in the middle of a session (renegotiation), which is refused; switch "
                    + "that off there, or let it speak TLS 1.3")
        }
        return WireFailure(code: .closed, message: "dropped the connection (TLS: \(words(of: text)))")
    }

    private static func untrusted(_ message: String, advice: String? = nil) -> WireFailure {
        WireFailure(code: .untrusted, message: message, advice: advice, speaksTLS: true)
    }

    /// The text does not suggest trusting this certificate: preventing that is what the pin is for.
    private static func otherPin(_ sha256: String) -> WireFailure {
        untrusted(
            "shows another certificate than the one in the settings, with the SHA-256 \(sha256); nothing was sent, for "
                + "somebody may stand in between",
            advice:
                "do not take the certificate that came for right: ask the old server's administrator, by another way "
                + "than mail, whether it was changed, and what it is now")
    }

    private static let noCipher = untrusted(
        "shares no TLS cipher with this machine: it offers nothing but what is given up today, such as Diffie-Hellman "
            + "without elliptic curves (DHE), AES-CBC with SHA-256 or SHA-384, or RC4; ECDHE or RSA key exchange is needed there",
        advice:
            "let the old server offer key exchange by ECDHE or RSA, with AES (TLS_RSA_WITH_AES_128_CBC_SHA will do); "
            + "or use --security none where the line is private")

    /// The library's own name for the error, without the rest of its text.
    private static func words(of text: String) -> String {
        guard let mark = text.firstRange(of: "OPENSSL_internal:") else { return "it ended without an agreement" }
        let name = text[mark.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        return name.isEmpty ? "it ended without an agreement" : name.lowercased().replacing("_", with: " ")
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
