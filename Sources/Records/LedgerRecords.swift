// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What has been moved, and what is on its way.
public protocol LedgerRecords: Sendable {
    /// Every row of an account, in no particular order.
    func ledger(of account: AccountRecord.ID) async throws -> [LedgerRow]
    /// Batches recorded as intended and not yet as moved, in the order in which they were recorded; of all accounts
    /// where `account` is nil.
    func intents(of account: AccountRecord.ID?) async throws -> [Intent]

    /// The folders of an account's old mailbox that runs have listed, by path.
    func folders(of account: AccountRecord.ID) async throws -> [FolderFigures]

    /// Records an epoch of deliveries in one commit: what the last epoch published becomes moved, and what the next
    /// will publish becomes intended. The accounts' figures follow.
    /// - Parameter now: the hour that what was moved counts for.
    /// - Throws: ``RecordsError``; `conflict` where one of them contradicts what is recorded.
    func record(moved: [MovedBatch], intended: [IntendedBatch], at now: Timestamp) async throws -> RecordedEpoch
    /// Records the end of interrupted deliveries.
    /// - Parameter now: as for ``record(moved:intended:at:)``.
    /// - Returns: those accounts that have a row, as they stand now.
    func end(_ deliveries: [EndedDeliveries], at now: Timestamp) async throws -> [AccountRecord]
    /// Changes an account, based on everything known about its mail.
    /// - Returns: what `decide` returned; nil if there is no such account.
    func change<Verdict: Sendable>(
        ledgerOf account: AccountRecord.ID,
        _ decide: @escaping @Sendable (LedgerFacts) throws -> (effects: AccountEffects?, verdict: Verdict)
    ) async throws -> (changed: AccountRecord?, verdict: Verdict)?

    /// How an account's mailbox and the places above it are recognised; nil if there is no such account.
    /// - Parameter names: names of values in ``KeptRecords`` to include.
    func mailbox(of account: AccountRecord.ID, keeping names: [String]) async throws -> MailboxFacts?
    /// Whether there are accounts, of any domain, whose mailboxes are marked and hold mail that was moved.
    func hasMarkedMailboxes() async throws -> Bool
}

/// What has been published, durably.
public struct MovedBatch: Sendable {
    public var intent: Intent.ID
    public var account: AccountRecord.ID
    public var rows: [LedgerRow]
    /// Octets of all its messages, as stored here and as the old server listed them.
    public var octets: Int64
    public var listedOctets: Int64
    /// What is to be kept of its folder (``MailboxNote``).
    public var notes: [String: String]
    /// Under which it was published.
    public var lease: Lease?

    public init(
        intent: Intent.ID, account: AccountRecord.ID, rows: [LedgerRow], octets: Int64, listedOctets: Int64,
        notes: [String: String] = [:], lease: Lease? = nil
    ) {
        self.notes = notes
        self.lease = lease
        self.intent = intent
        self.account = account
        self.rows = rows
        self.octets = octets
        self.listedOctets = listedOctets
    }
}

/// What is to be published next.
public struct IntendedBatch: Sendable {
    /// Its `id` is ignored.
    public var intent: Intent
    /// The run it belongs to, with the highest number of a message in it.
    public var run: (mark: Int64, last: Int64)?
    /// The mailbox's marker.
    public var marker: String?
    /// Under which it is to be published.
    public var lease: Lease?

    public init(
        _ intent: Intent, run: (mark: Int64, last: Int64)? = nil, marker: String? = nil, lease: Lease? = nil
    ) {
        self.lease = lease
        self.intent = intent
        self.run = run
        self.marker = marker
    }
}

/// The result of an epoch's commit.
public struct RecordedEpoch: Sendable {
    /// The accounts that have something moved, as they stand now.
    public var accounts: [AccountRecord]
    /// In the order of `intended`.
    public var intents: [Intent.ID]

    public init(accounts: [AccountRecord], intents: [Intent.ID]) {
        self.accounts = accounts
        self.intents = intents
    }
}

/// An account's interrupted deliveries, and which of their messages have arrived.
public struct EndedDeliveries: Sendable {
    public var account: AccountRecord.ID
    public var deliveries: [MovedBatch]
    public var event: EventRecord?

    public init(account: AccountRecord.ID, deliveries: [MovedBatch], event: EventRecord?) {
        self.account = account
        self.deliveries = deliveries
        self.event = event
    }
}

/// Everything known about an account's mail.
public struct LedgerFacts: Sendable {
    public var account: AccountRecord
    public var ledger: [LedgerRow]
    public var intents: [Intent]

    public init(account: AccountRecord, ledger: [LedgerRow], intents: [Intent]) {
        self.account = account
        self.ledger = ledger
        self.intents = intents
    }
}

/// What is known about the place an account's mail was moved to.
public struct MailboxFacts: Sendable {
    public var account: AccountRecord
    /// nil if none of its mailboxes was ever opened.
    public var mailbox: MarkedMailbox?
    /// The runs that have brought mail to it, each with the highest number of a message that was intended.
    public var runs: [Int64: Int64]
    /// Whether any of its mail is intended and not yet moved.
    public var hasIntents: Bool
    /// Whether any accounts that are not deleted have marked mailboxes with moved mail: of all domains, and of this
    /// account's.
    public var isAnyMarked: Bool
    public var isDomainMarked: Bool
    public var kept: [String: [UInt8]]

    public init(
        account: AccountRecord, mailbox: MarkedMailbox?, runs: [Int64: Int64], hasIntents: Bool, isAnyMarked: Bool,
        isDomainMarked: Bool, kept: [String: [UInt8]]
    ) {
        self.account = account
        self.mailbox = mailbox
        self.runs = runs
        self.hasIntents = hasIntents
        self.isAnyMarked = isAnyMarked
        self.isDomainMarked = isDomainMarked
        self.kept = kept
    }
}
