// SPDX-License-Identifier: Apache-2.0

/// Why a conversation cannot go on, or a command cannot be sent.
public struct IMAPError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// What the server sends makes no sense.
        case protocolViolation
        /// A line, a literal, a list or a nesting beyond its limit.
        case tooLong
        /// Somebody on the way may have had a hand in it: nothing that was said counts.
        case untrusted
        /// The server closed the connection; commands without an answer have none.
        case closed
        /// The command holds octets that IMAP cannot carry; nothing was sent.
        case unsendable
    }

    public var code: Code
    /// What the server did, as the rest of a sentence that begins with its name.
    public var message: String
    /// What the server said, which may hold a password: to be scrubbed before anyone sees it.
    public var quoted: [UInt8]
    /// What the server said when it began to hang up.
    public var farewell: Condition?

    /// Far more octets than are ever shown.
    static let longestQuotation = 8 << 10

    init(_ code: Code, _ message: String, quoting octets: some Collection<UInt8> = []) {
        self.code = code
        self.message = message
        quoted = Array(octets.prefix(Self.longestQuotation))
    }

    static func violation(_ message: String, quoting octets: some Collection<UInt8> = []) -> IMAPError {
        IMAPError(.protocolViolation, message, quoting: octets)
    }

    public var description: String { message }
}
