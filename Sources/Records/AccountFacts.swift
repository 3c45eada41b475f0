// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Which account is meant.
public enum AccountKey: Hashable, Sendable {
    case address(EmailAddress)
    case id(AccountRecord.ID)
}

/// All that is recorded of one address at one moment, and what a change of it is decided on.
public struct AccountFacts: Sendable {
    /// Its row, deleted or not; nil where there never was one.
    public var row: AccountRecord?
    public var settings: MigrationSettings?
    /// Whether the address is on the domain's list of known accounts, or on that of excluded ones.
    public var isKnown: Bool
    public var isExcluded: Bool

    public init(row: AccountRecord?, settings: MigrationSettings?, isKnown: Bool = false, isExcluded: Bool = false) {
        self.row = row
        self.settings = settings
        self.isKnown = isKnown
        self.isExcluded = isExcluded
    }

    /// The row of an account that is there.
    public var account: AccountRecord? { row.flatMap { $0.deletedAt == nil ? $0 : nil } }

    /// What the domain's lists say of the address.
    public var listedEvidence: AccountRecord.NonMigratingEvidence? {
        if isExcluded { return .excluded }
        return settings?.hasKnownAccounts == true && !isKnown ? .notKnown : nil
    }
}

/// All that a change of one account comes to. It is recorded whole, or not at all.
public struct AccountEffects: Sendable {
    /// What an account's mailbox is known by from now on.
    public enum Mailbox: Hashable, Sendable {
        case marked(String)
        /// It is taken as it is the next time, whatever stands there.
        case takenAsItIs
    }

    /// The row as it is to be, made of the one that was decided on, or a new one without `id`; nil where it stays.
    public var account: AccountRecord?
    /// In their order.
    public var events: [EventRecord]
    /// Its run has ended, and the process with it not.
    public var endsRun = false
    public var mailbox: Mailbox?
    /// Rows of its ledger that go, and that come.
    public var forgotten: [LedgerRow] = []
    public var added: [LedgerRow] = []
    /// Runs that are known from now on, as ``LedgerRecords/mailbox(of:keeping:)`` has them.
    public var runs: [Int64: Int64] = [:]
    /// As ``KeptRecords/keep(_:)``.
    public var kept: [String: [UInt8]] = [:]

    public init(_ account: AccountRecord? = nil, events: [EventRecord] = []) {
        self.account = account
        self.events = events
    }
}
