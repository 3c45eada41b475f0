// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A database that runs bodies in transactions: what it must offer so that it answers every intention of ``Records``
/// (TransactionalRecords+*.swift). It may answer some by better ways of its own.
public protocol TransactionalRecords: Records {
    /// Runs `body` on a reader. Reads that wait together may share one reader's turn, so `body` should be short.
    /// The reader is of use until `body` ends, and on its thread alone.
    /// - Throws: what `body` throws, or ``RecordsError``.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsReader) throws -> Result
    ) async throws -> Result

    /// Runs `body` in a transaction. When this returns, its changes are durable; when `body` throws, none was made.
    /// It may run beside others in one transaction, and sees what those before it have changed; and it may run again, where
    /// the transaction contradicts another.
    /// - Throws: what `body` throws, or ``RecordsError``: its changes are not to be seen then, but where the disk
    ///   failed in the middle of the commit, a restart may find them.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result

    /// As ``write(_:)``, for what need only outlive the process: a power cut may take it back. It costs no wait for the
    /// disk.
    @discardableResult
    func note<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result
}

/// One consistent state of the records.
public protocol RecordsReader {
    // Accounts. A deleted account's row stays, with `deletedAt`, so that what was moved stays moved.

    /// The row of `address`, deleted or not.
    func account(_ address: EmailAddress) throws -> AccountRecord?
    func account(id: AccountRecord.ID) throws -> AccountRecord?
    /// Accounts of `domain` that are not deleted, by address, after `cursor`; `search` matches address or display name.
    func accounts(
        of domain: DomainName, search: String?, after cursor: EmailAddress?, limit: Int
    ) throws -> AccountRecordPage
    /// Whether the domain has accounts that are not deleted.
    func hasAccounts(_ domain: DomainName) throws -> Bool
    /// Accounts, deleted or not, whose password is sealed for a run, whatever their domain: the work a restart finds.
    func accountsWithSealedPassword() throws -> [AccountRecord]
    /// Accounts in the middle of a hand-over to the platform's own directory.
    func accountsHandingOver() throws -> [AccountRecord]
    /// Accounts, none of them deleted, whose status says that a run is going on.
    func accountsInProgress() throws -> [AccountRecord]
    /// Those of `domain`, by address.
    func accountsInProgress(of domain: DomainName) throws -> [AccountRecord]
    /// - Throws: ``InvalidCursor``.
    func log(_ query: LogQuery) throws -> LogPage
    /// Kept in rows, never counted by scanning.
    func totals(of domain: DomainName) throws -> DomainTotals
    /// Of all domains; kept in rows as well.
    func completedAccounts() throws -> Int64

    // Settings.

    func settings(of domain: DomainName) throws -> MigrationSettings?
    func allSettings() throws -> [MigrationSettings]
    /// What `knownAccounts` and `excludedAccounts` say of an address; false, false where there is no list.
    func listing(of address: EmailAddress) throws -> (known: Bool, excluded: Bool)
    func knownAccounts(of domain: DomainName) throws -> [EmailAddress]
    func excludedAccounts(of domain: DomainName) throws -> [EmailAddress]

    // The ledger.

    /// Every row of an account, in no particular order.
    func ledger(of account: AccountRecord.ID) throws -> [LedgerRow]
    /// Batches recorded as intended and not yet as moved, in the order in which they were recorded; of all accounts
    /// where `account` is nil.
    func intents(of account: AccountRecord.ID?) throws -> [Intent]

    // Where mail was moved to.

    /// What `account`'s mailbox is known by; nil where none of ours was ever opened.
    func mailbox(of account: AccountRecord.ID) throws -> MarkedMailbox?
    /// The runs that have brought mail to `account`, each with the highest number of a message that was intended.
    func runs(of account: AccountRecord.ID) throws -> [Int64: Int64]
    /// Whether there are accounts, not deleted, whose mailboxes are marked and hold mail that was moved; of all domains
    /// where `domain` is nil.
    func hasMarkedMailboxes(of domain: DomainName?) throws -> Bool

    // Events, wrong guesses, and what the program keeps for itself.

    /// - Throws: ``InvalidCursor``.
    func events(_ query: EventQuery) throws -> EventPage
    /// By time.
    func failures() throws -> [GuessFailure]
    /// A small value under a name, such as the hash key of the ledger.
    func value(_ name: String) throws -> [UInt8]?
}

/// A transaction.
public protocol RecordsWriter: RecordsReader {
    /// Adds an account; its `id` is ignored. Where its address has a row, deleted or not: `.conflict`.
    func insert(_ account: AccountRecord) throws -> AccountRecord
    /// Replaces the row with `account.id`, of which `account` was made; counters follow. Where there is none, or it is
    /// another address's (the spelling aside), or it has changed since (`version`): `.conflict`.
    /// - Returns: the row as it stands now.
    @discardableResult
    func update(_ account: AccountRecord) throws -> AccountRecord

    /// Adds or replaces a domain's settings. The lists are replaced where they are not nil.
    func put(_ settings: MigrationSettings, known: [EmailAddress]?, excluded: [EmailAddress]?) throws
    /// Sets every account's `nonMigrating` from the lists of its domain (excluded; not known where there is a known
    /// list; else none, so that what a reply once said is revoked), except for deleted accounts, and says whose
    /// is another now. Counters follow.
    @discardableResult
    func reclassify(_ domain: DomainName) throws -> [AccountRecord.ID]
    /// Erases every sealed password of `domain`, and says whose a run was to have.
    func eraseSealedPasswords(of domain: DomainName) throws -> [AccountRecord.ID]
    /// Forgets the settings, lists and events of `domain`, and ledger, intents and figures of each of its accounts, deleted or
    /// not: each is as if never started, and its mailbox is taken as it is; says whose status is another now. Accounts
    /// and their passwords stay, and so do runs, so that mail of theirs is not taken for what a lost ledger knew.
    @discardableResult
    func forget(_ domain: DomainName) throws -> [AccountRecord.ID]

    /// A row that is there already, or an account that has no row: `.conflict`.
    func insert(_ rows: [LedgerRow], for account: AccountRecord.ID) throws
    /// Removes exactly these rows; one that is not there is no error.
    func remove(_ rows: [LedgerRow], for account: AccountRecord.ID) throws
    /// Adds an intent; its `id` is ignored.
    func insert(_ intent: Intent) throws -> Intent.ID
    func removeIntent(_ id: Intent.ID) throws

    /// `account`'s mailbox is known by `marker` from now on.
    func mark(_ account: AccountRecord.ID, as marker: String) throws
    /// `account`'s mailbox, if one was marked, is taken as it is the next time.
    func unmark(_ account: AccountRecord.ID) throws
    /// Remembers runs; of one that is known the higher number.
    func note(_ runs: [Int64: Int64], of account: AccountRecord.ID) throws

    // Runs under way, so that the next process knows under which this one has died.

    /// A run of the account is going on. A suspect's is the only one of its kind at a time.
    func beginRun(of account: AccountRecord.ID, isSuspect: Bool) throws
    /// It has ended, and the process with it not: what was held against the account is forgotten.
    func endRun(of account: AccountRecord.ID) throws
    /// It is to go on in the next process, or all are, where `account` is nil: if this one ends now, no run is to blame.
    func suspendRuns(of account: AccountRecord.ID?) throws
    /// At the start: holds the end of the process before against the runs that were going on under it; against the
    /// suspect's alone, where one was. An account that has moved something since the death before begins anew.
    /// - Returns: accounts under which the process has died more than once without their moving anything.
    func chargeRuns() throws -> [RunDeaths]

    /// Adds an event. One that repeats a row of its account, since its last move that brought something, takes that
    /// row's place and is counted.
    func append(_ event: EventRecord) throws
    /// Forgets the events before `time` of runs that brought nothing, some at a time.
    /// - Returns: whether there may be more.
    func removeIdleEvents(before time: Timestamp) throws -> Bool
    func insert(_ failure: GuessFailure) throws
    /// Forgets failures before `uptime`.
    func removeFailures(before uptime: Int64) throws
    /// Failures after `uptime` are of the machine's earlier life: they count from its start.
    func restartFailures(at uptime: Int64) throws
    func removeFailures(ofAccount account: String) throws
    func set(_ name: String, to value: [UInt8]) throws
}
