// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A database that runs closures in transactions: what it has to provide so that every intention of ``Records`` can be
/// served (TransactionalRecords+*.swift). It may serve some in better ways of its own.
public protocol TransactionalRecords: Records {
    /// Runs `body` on a reader. Waiting reads may share one reader's turn, so `body` should be short. The reader is
    /// valid only until `body` ends, and only on its thread.
    /// - Throws: what `body` throws, or ``RecordsError``.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsReader) throws -> Result
    ) async throws -> Result

    /// Runs `body` in a transaction. When this returns, its changes are durable; when `body` throws, none is made. It
    /// may share a transaction with others, and then sees the changes of those before it; and it may be run again, if
    /// the transaction conflicts with another.
    /// - Throws: what `body` throws, or ``RecordsError``. Its changes are then not visible, except that after a disk
    ///   failure in the middle of the commit, a restart may find them.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result

    /// As ``write(_:)``, for changes that need only outlive the process: a power cut may undo them, and they do not
    /// wait for the disk.
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
    /// Those of `domain`.
    func accountsWithSealedPassword(of domain: DomainName) throws -> [AccountRecord]
    /// Accounts of `domain` for which ``AccountRecord/needsLogin`` holds, by address.
    func accountsThatNeedALogin(of domain: DomainName) throws -> [EmailAddress]
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
    /// The hours in which something of the domain was moved, in order.
    func movedByHour(of domain: DomainName) throws -> [MovedInHour]
    /// Accounts of the domain whose status is `failed`, by reason.
    func failures(of domain: DomainName) throws -> [Reason: Int64]
    /// Accounts of the domain of which something was moved, the most octets first.
    func largestAccounts(of domain: DomainName, limit: Int) throws -> [AccountSize]

    // Settings.

    func settings(of domain: DomainName) throws -> MigrationSettings?
    func allSettings() throws -> [MigrationSettings]
    /// Whether `knownAccounts` and `excludedAccounts` hold the address; false where there is no list.
    func listing(of address: EmailAddress) throws -> (known: Bool, excluded: Bool)
    func knownAccounts(of domain: DomainName) throws -> [EmailAddress]
    func excludedAccounts(of domain: DomainName) throws -> [EmailAddress]

    // The ledger.

    /// Every row of an account, in no particular order.
    func ledger(of account: AccountRecord.ID) throws -> [LedgerRow]
    /// Batches recorded as intended and not yet as moved, in the order in which they were recorded; of all accounts
    /// where `account` is nil.
    func intents(of account: AccountRecord.ID?) throws -> [Intent]

    /// The folders of an account's old mailbox that runs have listed, by path.
    func folders(of account: AccountRecord.ID) throws -> [FolderFigures]

    // Where mail was moved to.

    /// How `account`'s mailbox is recognised; nil if none of ours was ever opened.
    func mailbox(of account: AccountRecord.ID) throws -> MarkedMailbox?
    /// The runs that have brought mail to `account`, each with the highest number of a message that was intended.
    func runs(of account: AccountRecord.ID) throws -> [Int64: Int64]
    /// Whether a node has the account's run; false where there is but one.
    func isRunning(_ account: AccountRecord.ID) throws -> Bool
    /// Whether any accounts that are not deleted have marked mailboxes with moved mail; in all domains if `domain` is
    /// nil.
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
    /// Until the transaction ends, no other changes the settings or the accounts of a domain. To be called before it is
    /// looked at; a database that runs one transaction at a time need not do anything.
    func lock(_ domain: DomainName) throws

    /// - Throws: `.superseded` where one of the leases is no more.
    func verify(_ leases: Set<Lease>) throws

    /// Adds an account; its `id` is ignored. `.conflict` if its address has a row, deleted or not.
    func insert(_ account: AccountRecord) throws -> AccountRecord
    /// Replaces the row with `account.id`, from which `account` was derived; counters follow. `.conflict` if there is
    /// none, if it has another address (apart from spelling), or if it has changed since (`version`).
    /// - Returns: the row as it stands now.
    @discardableResult
    func update(_ account: AccountRecord) throws -> AccountRecord

    /// Adds or replaces a domain's settings. Lists that are not nil are replaced.
    func put(_ settings: MigrationSettings, known: [EmailAddress]?, excluded: [EmailAddress]?) throws
    /// Sets the `nonMigrating` of every account that is not deleted from its domain's lists (excluded; not known, if
    /// there is a list of known accounts; else none), and returns the accounts for which it has changed. Counters follow.
    /// - Parameter keepsReplies: whether what an old server's reply once said stays; else it is revoked.
    @discardableResult
    func reclassify(_ domain: DomainName, keepsReplies: Bool) throws -> [AccountRecord.ID]
    /// Erases every sealed password of `domain`, and says whose a run was to have.
    func eraseSealedPasswords(of domain: DomainName) throws -> [AccountRecord.ID]
    /// Forgets the settings, lists, events and hours of `domain`, and the ledger, intents and figures of each of its accounts,
    /// deleted or not: each is as if never started, and its mailbox is accepted as it is. Accounts and their passwords
    /// stay; so do known runs, so that mail they brought is not mistaken for mail of a lost ledger. Returns the
    /// accounts whose status has changed.
    @discardableResult
    func forget(_ domain: DomainName) throws -> [AccountRecord.ID]

    /// `.conflict` if a row already exists, or the account has no row.
    func insert(_ rows: [LedgerRow], for account: AccountRecord.ID) throws
    /// Removes exactly these rows; one that is not there is no error.
    func remove(_ rows: [LedgerRow], for account: AccountRecord.ID) throws
    /// Adds or replaces an account's folders of these sources.
    func put(_ folders: [FolderRecord], of account: AccountRecord.ID) throws
    /// Adds an intent; its `id` is ignored.
    func insert(_ intent: Intent) throws -> Intent.ID
    func removeIntent(_ id: Intent.ID) throws
    /// Adds to what was moved in an hour; the oldest of ``MovedInHour/kept`` hours goes when another begins.
    func add(_ moved: MovedInHour, to domain: DomainName) throws

    /// `account`'s mailbox is recognised by `marker` from now on.
    func mark(_ account: AccountRecord.ID, as marker: String) throws
    /// `account`'s mailbox, if one was marked, is accepted as it is the next time.
    func unmark(_ account: AccountRecord.ID) throws
    /// Remembers runs; for a known one, the higher number.
    func note(_ runs: [Int64: Int64], of account: AccountRecord.ID) throws

    // Runs in progress, so that the next process knows during which runs this one died.

    /// A run of the account begins. There is at most one suspect's run at a time.
    func beginRun(of account: AccountRecord.ID, isSuspect: Bool) throws
    /// The run has ended without the process dying: deaths counted against the account are forgotten.
    func endRun(of account: AccountRecord.ID) throws
    /// The account's run, or every run if `account` is nil, continues in the next process: if this one ends now, no run
    /// is to blame.
    func suspendRuns(of account: AccountRecord.ID?) throws
    /// At the start: counts the end of the previous process against the runs that were in progress, or only against the
    /// suspect's, if there was one. An account that has moved something since its last death starts from zero.
    /// - Returns: accounts during whose runs the process has died more than once without their moving anything.
    func chargeRuns() throws -> [RunDeaths]

    /// Adds an event. If it repeats one of its account, since the last move that brought something, it replaces that
    /// row and raises its count.
    func append(_ event: EventRecord) throws
    /// Forgets events, before `time`, of runs that brought nothing; a limited number at a time.
    /// - Returns: whether there may be more.
    func removeIdleEvents(before time: Timestamp) throws -> Bool
    func insert(_ failure: GuessFailure) throws
    /// Forgets failures before `uptime`.
    func removeFailures(before uptime: Int64) throws
    /// Failures stamped later than `uptime` date from before the machine's last boot, and count as of this boot.
    func restartFailures(at uptime: Int64) throws
    func removeFailures(ofAccount account: String) throws
    func set(_ name: String, to value: [UInt8]) throws
}

extension RecordsWriter {
    public func lock(_: DomainName) throws {}
    public func verify(_: Set<Lease>) throws {}
}

extension RecordsReader {
    public func isRunning(_: AccountRecord.ID) throws -> Bool { false }
}
