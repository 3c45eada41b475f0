// SPDX-License-Identifier: Apache-2.0

/// Whether another session follows one that has brought all that it was shown. Some old servers list a part of the mailbox
/// each time, and the next part only when that has been fetched (Gmail's POP3): what is complete is known when a session
/// finds nothing new, or less than the one before.
struct FurtherSessions: Sendable, Equatable {
    /// A server that shows something new each time, for ever, is not followed further.
    static let most = 100

    /// Sessions that have ended in order.
    private(set) var sessions: Int
    /// How many messages the last of them has found; nil where there was none, or nobody knows.
    private(set) var found: Int?
    /// Whether a session has found no less than the one before: more than late mail explains.
    private(set) var areParts = false

    init(sessions: Int = 0, found: Int? = nil) {
        self.sessions = sessions
        self.found = found
    }

    /// A session has ended in order, and has found so many messages that none before it was shown.
    /// - Returns: whether another one follows.
    mutating func ended(finding new: Int) -> Bool {
        let isLess = found.map { new < $0 } ?? false
        if new > 0, found != nil, !isLess { areParts = true }
        sessions += 1
        found = new
        return new > 0 && !isLess && sessions < Self.most
    }
}
