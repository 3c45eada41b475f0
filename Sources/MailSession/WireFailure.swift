// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Why a session with a mail server cannot continue, as known at the wire: without a subject, and with the server's own
/// octets, which may contain the password.
public struct WireFailure: Error, Sendable {
    public var code: SessionFault
    /// What the server did, as the rest of a sentence that begins with its name.
    public var message: String
    /// What the server said. It is scrubbed before anyone sees it, and truncated only then, since half a password would
    /// not be found.
    public var quoted: [UInt8]
    /// Seconds for which the server wants to be left alone, if it says so.
    public var pause: Int?
    /// What an administrator can do about it, if more is known than the code says.
    public var advice: String?
    /// Whether the server spoke TLS, whatever else was wrong.
    public var speaksTLS: Bool

    public init(
        code: SessionFault, message: String, quoted: [UInt8] = [], pause: Int? = nil, advice: String? = nil,
        speaksTLS: Bool = false
    ) {
        self.code = code
        self.message = message
        self.quoted = quoted
        self.pause = pause
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

    /// Plain text arrived where TLS should have begun.
    public static let speaksPlainText = WireFailure(
        code: .untrusted,
        message: "does not speak TLS on this port: it answers in plain text; the settings say --security tls",
        advice:
            "set --security starttls or --security opportunistic, or the port that speaks TLS (usually 995 for POP3, 993 for IMAP)"
    )

    /// TLS arrived where plain text was expected.
    public static let speaksTLSAlone = WireFailure(
        code: .timedOut,
        message: "sends no greeting, for it speaks TLS on this port; the settings need --security tls",
        advice: "set --security tls, or the port that speaks plain text (usually 110 for POP3, 143 for IMAP)",
        speaksTLS: true)

    /// The server disconnected before TLS began.
    public static let closedInHandshake = WireFailure(
        code: .untrusted, message: "closed the connection during the TLS handshake",
        advice: "check --port and --security, and which versions and ciphers of TLS the old server speaks")

    public var isClosedInHandshake: Bool { message == Self.closedInHandshake.message }
}
