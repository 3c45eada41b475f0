// SPDX-License-Identifier: Apache-2.0

/// What is remembered: accounts, settings, the ledger of moved messages, events, wrong guesses.
///
/// The interface is by intention. Each method is one transaction: it sees one state; when it returns, its changes are
/// durable; when it throws, nothing was changed (except that after a disk failure in the middle of a commit, a restart
/// may find the change made). Decisions based on what is recorded are passed in as functions of values, without side
/// effects: they may be called again if something changed meanwhile.
///
/// Nothing here runs on an event loop or on the cooperative pool, and cancelling the caller never interrupts a change
/// half-way. All methods throw ``RecordsError``, and whatever a function passed to them throws.
public protocol Records: AccountRecords, SettingsRecords, LedgerRecords, RunRecords, EventRecords, HistoryRecords,
    KeptRecords, NodeRecords
{
    /// Proves that the records can be read, and that a change can begin and end.
    func check() async throws

    /// Closes the records once everything requested is durable.
    func close() async
}
