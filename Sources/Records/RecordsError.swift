// SPDX-License-Identifier: Apache-2.0

/// Why the records could not answer.
public struct RecordsError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// Not there, not readable, in use by another program, or on a full or read-only file system.
        case unavailable
        /// Damaged, or not a database of ours.
        case corrupt
        /// Written by a newer version of the program.
        case newer
        /// The program shuts down; or a reader or writer was used outside its body.
        case closed
        /// The change contradicts what is recorded (an address that has a row already).
        case conflict
        /// Another node has taken the account's run over: what this one would still record does not count.
        case superseded
    }

    public var code: Code
    /// What happened, to which file, what to do.
    public var detail: String
    /// The system's error behind it (errno(3)), 0 if there is none.
    public var errno: Int32

    public init(code: Code, detail: String, errno: Int32 = 0) {
        self.code = code
        self.detail = detail
        self.errno = errno
    }

    public var description: String { detail }

    /// Whether only one account, or its domain, is affected: the same change would work for others, which need not
    /// wait.
    public var isOneAccounts: Bool { code == .conflict || code == .corrupt || code == .superseded }
}
