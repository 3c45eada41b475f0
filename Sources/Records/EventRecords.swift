// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What has happened to accounts, and wrong guesses.
public protocol EventRecords: Sendable {
    /// - Returns: nil where there are none and the domain has neither settings nor accounts.
    /// - Throws: ``InvalidCursor``.
    func events(_ query: EventQuery) async throws -> EventPage?
    /// Adds events. One that repeats a row of its account, since its last move that brought something, takes that row's
    /// place and is counted.
    func append(_ events: [EventRecord]) async throws
    /// Forgets the events before `time` of runs that brought nothing. A power cut may take it back.
    func removeIdleEvents(before time: Timestamp) async throws

    /// Counts a wrong guess.
    /// - Parameter uptime: those before it are forgotten; nil where none are.
    func count(_ failure: GuessFailure, forgettingBefore uptime: Int64?) async throws
    /// At the start: those after `uptime` are of the machine's earlier life, and count from its start; those before
    /// `horizon` are forgotten.
    /// - Returns: the others, by time.
    func restoreFailures(at uptime: Int64, since horizon: Int64) async throws -> [GuessFailure]
}
