// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Which account is meant.
public enum AccountKey: Hashable, Sendable {
    case address(EmailAddress)
    case id(AccountRecord.ID)
}

/// Everything recorded about one address at one moment, on which a change to it is decided.
public struct AccountFacts: Sendable {
    /// Its row, deleted or not; nil where there never was one.
    public var row: AccountRecord?
    public var settings: MigrationSettings?
    /// Whether the address is on the domain's list of known or of excluded accounts.
    public var isKnown: Bool
    public var isExcluded: Bool
    /// Whether a node has its run. One that has the records for itself knows better.
    public var isRunning: Bool

    public init(
        row: AccountRecord?, settings: MigrationSettings?, isKnown: Bool = false, isExcluded: Bool = false,
        isRunning: Bool = false
    ) {
        self.row = row
        self.settings = settings
        self.isKnown = isKnown
        self.isExcluded = isExcluded
        self.isRunning = isRunning
    }

    /// The row, unless the account was deleted.
    public var account: AccountRecord? { row.flatMap { $0.deletedAt == nil ? $0 : nil } }

    /// What the domain's lists say about the address.
    public var listedEvidence: AccountRecord.NonMigratingEvidence? {
        if isExcluded { return .excluded }
        return settings?.hasKnownAccounts == true && !isKnown ? .notKnown : nil
    }
}

/// Everything that one change of an account does. It is recorded as a whole, or not at all.
public struct AccountEffects: Sendable {
    /// What an account's mailbox is known by from now on.
    public enum Mailbox: Hashable, Sendable {
        case marked(String)
        /// The next time, it is accepted as it is, whatever is there.
        case takenAsItIs
    }

    /// The new row, derived from the one the decision was based on, or one without `id` to be added; nil if the row
    /// stays.
    public var account: AccountRecord?
    /// Events to append, in order.
    public var events: [EventRecord]
    /// Whether its run has ended without the process dying.
    public var endsRun = false
    public var mailbox: Mailbox?
    /// Ledger rows to remove, and to add.
    public var forgotten: [LedgerRow] = []
    public var added: [LedgerRow] = []
    /// Folders of the old mailbox to remember, each in the place of one of the same source.
    public var folders: [FolderRecord] = []
    /// Runs that count as known from now on, as in ``LedgerRecords/mailbox(of:keeping:)``.
    public var runs: [Int64: Int64] = [:]
    /// As ``KeptRecords/keep(_:)``.
    public var kept: [String: [UInt8]] = [:]

    public init(_ account: AccountRecord? = nil, events: [EventRecord] = []) {
        self.account = account
        self.events = events
    }
}
