// SPDX-License-Identifier: Apache-2.0

/// What is remembered: accounts, settings, the ledger of moved messages, events, wrong guesses.
///
/// It is asked for, and told, by intention. Each method is one transaction: it sees one state, and when it returns, what it
/// has changed is durable; when it throws, nothing was changed (where a disk failed in the middle of a commit, a restart
/// may find the change all the same). What is to be decided on what is recorded is given as a function of values, without
/// effects of its own: it may be called again, on what has changed meanwhile.
///
/// Nothing here runs on an event loop or on the cooperative pool, and cancelling the caller never tears a change.
/// All methods throw ``RecordsError``, and what a function that is given to them throws.
public protocol Records: AccountRecords, SettingsRecords, LedgerRecords, RunRecords, EventRecords, KeptRecords {
    /// Whether the records answer: proves that they can be read, and that a change can begin and end.
    func check() async throws

    /// Ends after all that was asked for is durable.
    func close() async
}
