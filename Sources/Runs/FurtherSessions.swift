// SPDX-License-Identifier: Apache-2.0

/// Whether another session follows one that has brought everything it was shown. Some old servers list only a part of
/// the mailbox at a time, and the next part only once that has been fetched (Gmail's POP3). The mailbox is complete
/// when a session finds nothing new, or less than the session before.
struct FurtherSessions: Sendable, Equatable {
    /// The limit for a server that shows something new every time.
    static let most = 100

    /// Sessions that have ended in order.
    private(set) var sessions: Int
    /// How many messages the last of them has found; nil if there was none, or it is unknown.
    private(set) var found: Int?
    /// Whether a session has found at least as much as the one before: more than late mail explains.
    private(set) var areParts = false

    init(sessions: Int = 0, found: Int? = nil) {
        self.sessions = sessions
        self.found = found
    }

    /// A session has ended in order, and has found this many messages that no earlier one was shown.
    /// - Returns: whether another session follows.
    mutating func ended(finding new: Int) -> Bool {
        let isLess = found.map { new < $0 } ?? false
        if new > 0, found != nil, !isLess { areParts = true }
        sessions += 1
        found = new
        return new > 0 && !isLess && sessions < Self.most
    }
}
