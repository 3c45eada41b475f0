// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What has happened to accounts, and the wrong guesses.
public protocol EventRecords: Sendable {
    /// - Returns: nil where there are none and the domain has neither settings nor accounts.
    /// - Throws: ``InvalidCursor``.
    func events(_ query: EventQuery) async throws -> EventPage?
    /// Adds events. An event that repeats one of its account, since the last move that brought something, replaces that
    /// row and raises its count.
    func append(_ events: [EventRecord]) async throws
    /// Forgets events, before `time`, of runs that brought nothing. A power cut may undo this.
    func removeIdleEvents(before time: Timestamp) async throws

    /// Counts a wrong guess.
    /// - Parameter uptime: guesses before it are forgotten; nil to forget none.
    func count(_ failure: GuessFailure, forgettingBefore uptime: Int64?) async throws
    /// At the start: guesses stamped later than `uptime` date from before the machine's last boot, and count as of this
    /// boot; those before `horizon` are forgotten.
    /// - Returns: the remaining guesses, by time.
    func restoreFailures(at uptime: Int64, since horizon: Int64) async throws -> [GuessFailure]
}
