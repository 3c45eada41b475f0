// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Why a session with a mail server cannot go on, as the wire knows it: without a subject, and with the server's own
/// octets, which may hold the password.
public struct WireFailure: Error, Sendable {
    public var code: SessionFault
    /// What the server did, as the rest of a sentence that begins with its name.
    public var message: String
    /// What the server said; scrubbed before anyone sees it, and cut only then: half a password is no longer found.
    public var quoted: [UInt8]
    /// What an administrator can do about it, where that is known better than by the code.
    public var advice: String?
    /// Whether what came was TLS, whatever else was wrong with it.
    public var speaksTLS: Bool

    public init(
        code: SessionFault, message: String, quoted: [UInt8] = [], advice: String? = nil, speaksTLS: Bool = false
    ) {
        self.code = code
        self.message = message
        self.quoted = quoted
        self.advice = advice
        self.speaksTLS = speaksTLS
    }

    /// Far more octets than are shown.
    public static let longestQuotation = 8 << 10

    /// The server's answer makes no sense.
    public static func violation(_ message: String, quoting octets: some Sequence<UInt8> = []) -> WireFailure {
        WireFailure(code: .protocolViolation, message: message, quoted: Array(octets))
    }

    /// The calling task was cancelled.
    public static let cancelled = WireFailure(code: .cancelled, message: "was left: the work was cancelled here")

    /// Plain text came where TLS was to begin.
    public static let speaksPlainText = WireFailure(
        code: .untrusted,
        message: "does not speak TLS on this port: it answers in plain text; the settings say security \"tls\"",
        advice: "set security \"starttls\" or \"opportunistic\", or the port that speaks TLS (usually 995)")

    /// TLS is spoken where plain text was waited for.
    public static let speaksTLSAlone = WireFailure(
        code: .timedOut,
        message: "sends no greeting, for it speaks TLS on this port; security \"tls\" is needed in the settings",
        advice: "set security \"tls\", or the port that speaks plain text (usually 110)", speaksTLS: true)

    /// The server has gone before TLS had begun.
    public static let closedInHandshake = WireFailure(
        code: .untrusted, message: "closed the connection during the TLS handshake",
        advice: "check port and security in the settings, and which versions and ciphers of TLS the old server speaks")
}
