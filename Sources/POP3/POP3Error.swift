// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Why a session with an old server could not go on. The session's connection is closed when one is thrown.
public struct POP3Error: Error, Hashable, Sendable, CustomStringConvertible {
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
        /// The server answered `-ERR` to a command without which the session is of no use, such as `STAT`.
        case refused
        /// The same, with a response code or a wording that says "later" (RFC 2449 §8.1, RFC 3206).
        case busy
    }

    /// What the session was doing; the names are those of `verifyOldServer`'s checks.
    public enum Step: String, Sendable, CaseIterable {
        case resolve, connect, greeting, capabilities, tls, authenticate, mailbox, uidl, retrieve, delete, quit
    }

    public var code: Code
    /// The old server, as `host:port`.
    public var subject: String
    public var step: Step
    /// What happened, to which server, and what to do, in one line; never holds the password.
    public var detail: String
    /// What an administrator can do about it, where that is known better than by the code.
    public var advice: String?

    public init(code: Code, subject: String, step: Step, detail: String, advice: String? = nil) {
        self.code = code
        self.subject = subject
        self.step = step
        self.detail = detail
        self.advice = advice
    }

    /// The contract's word for it.
    public var reason: Reason {
        switch code {
        case .unresolved, .unreachable, .timedOut, .closed: .oldServerUnreachable
        case .exhausted: .overloaded
        case .untrusted: .oldServerUntrusted
        case .protocolViolation, .pipeliningBroken, .refused: .oldServerProtocol
        case .busy: .mailboxInUse
        case .cancelled: .interrupted
        case .invalidCredentialOctets: .credentialsRejected
        }
    }

    public var description: String { detail }
}

/// A failure as the wire knows it: without a subject, and with the server's own octets, which may hold the password.
struct WireFailure: Error {
    var code: POP3Error.Code
    var message: String
    /// What the server said; scrubbed before anyone sees it, and cut only then: half a password is no longer found.
    var quoted: [UInt8] = []
    /// What an administrator can do about it, where that is known better than by the code.
    var advice: String?
    /// Whether what came was TLS, whatever else was wrong with it.
    var speaksTLS = false

    /// Far more octets than are shown.
    static let longestQuotation = 8 << 10

    static func violation(_ message: String, quoting octets: some Sequence<UInt8> = []) -> WireFailure {
        WireFailure(code: .protocolViolation, message: message, quoted: Array(octets))
    }

    /// Plain text came where TLS was to begin.
    static let speaksPlainText = WireFailure(
        code: .untrusted,
        message: "does not speak TLS on this port: it answers in plain text; the settings say security \"tls\"",
        advice: "set security \"starttls\" or \"opportunistic\", or the port that speaks TLS (usually 995)")

    /// TLS is spoken where plain text was waited for.
    static let speaksTLSAlone = WireFailure(
        code: .timedOut,
        message: "sends no greeting, for it speaks TLS on this port; security \"tls\" is needed in the settings",
        advice: "set security \"tls\", or the port that speaks plain text (usually 110)", speaksTLS: true)

    static let closedInHandshake = WireFailure(
        code: .untrusted, message: "closed the connection during the TLS handshake",
        advice: "check port and security in the settings, and which versions and ciphers of TLS the old server speaks")
}
