// SPDX-License-Identifier: Apache-2.0

/// The old server's answer to a user name and a password.
public enum LoginAnswer: Hashable, Sendable {
    public enum Busy: String, Hashable, Sendable {
        /// Another session has the mailbox (RFC 2449 §8.1.2).
        case inUse
        /// The last login was too recent (RFC 2449 §8.1.1).
        case loginDelay
        /// RFC 3206 §4
        case systemTemporary
    }

    /// `+OK`, nothing less.
    case accepted
    /// The password is wrong, or the user unknown; servers seldom say which.
    case rejected(Reply)
    /// There is no such user: known from the server's code or wording.
    case noSuchUser(Reply)
    /// Ask again later; it says nothing about the password.
    case busy(Busy, Reply)
    /// The server refuses this login for a reason other than the password.
    case refused(Reply)
    /// The server offers no way to log in without showing the password; nothing was sent.
    case noSecureMechanism
}
