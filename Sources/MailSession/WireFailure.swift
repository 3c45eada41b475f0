// SPDX-License-Identifier: Apache-2.0

/// Why a session with a mail server cannot go on, as the wire knows it: without a subject, and with the server's own
/// octets, which may hold the password.
public struct WireFailure: Error, Sendable {
    public enum Code: String, Sendable {
        /// The host name has no address, or the resolver did not answer.
        case unresolved
        /// No address of the host took the connection.
        case unreachable
        /// This machine has no descriptor or memory for a connection; the server was not asked.
        case exhausted
        /// The server was silent for longer than the timeout.
        case timedOut
        /// The server closed the connection.
        case closed
        /// TLS failed, was refused, or shows a certificate that may not be trusted.
        case untrusted
        /// The server's answer makes no sense.
        case protocolViolation
        /// The server loses commands that are sent ahead: go on with a new connection and no pipelining.
        case pipeliningBroken
        /// The calling task was cancelled, or the session was closed here.
        case cancelled
        /// A user name or password with NUL, CR or LF; nothing was sent.
        case invalidCredentialOctets
        /// The server refuses a command without which the session is of no use.
        case refused
        /// The same, with a response code or a wording that says "later".
        case busy
    }

    public var code: Code
    /// What the server did, as the rest of a sentence that begins with its name.
    public var message: String
    /// What the server said; scrubbed before anyone sees it, and cut only then: half a password is no longer found.
    public var quoted: [UInt8]
    /// What an administrator can do about it, where that is known better than by the code.
    public var advice: String?
    /// Whether what came was TLS, whatever else was wrong with it.
    public var speaksTLS: Bool

    public init(
        code: Code, message: String, quoted: [UInt8] = [], advice: String? = nil, speaksTLS: Bool = false
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
