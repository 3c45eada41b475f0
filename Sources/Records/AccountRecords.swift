// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Accounts. A deleted account's row stays, with `deletedAt`, so that what was moved stays moved.
public protocol AccountRecords: Sendable {
    /// The facts on which a login or another change is decided.
    func facts(of account: AccountKey) async throws -> AccountFacts
    /// The row, deleted or not, and its domain's settings; for an address without a row, only the settings.
    func standing(of account: AccountKey) async throws -> (row: AccountRecord?, settings: MigrationSettings?)
    /// Rows, deleted or not, of those that have one that can be read, in the order asked for.
    func accounts(_ keys: [AccountKey]) async throws -> [AccountRecord]
    /// Accounts of `domain` that are not deleted, by address, after `cursor`; `search` matches address or display name.
    func accounts(
        of domain: DomainName, search: String?, after cursor: EmailAddress?, limit: Int
    ) async throws -> AccountRecordPage
    /// Accounts, deleted or not, whose password is sealed for a run, whatever their domain.
    func accountsWithSealedPassword() async throws -> [AccountRecord]
    /// Accounts of `domain` whose password is sealed for a run, and those that have failed without it (neither deleted nor
    /// paused, by address): only their next login tries again.
    func waitingAccounts(of domain: DomainName) async throws -> (sealed: [AccountRecord.ID], needLogin: [EmailAddress])
    /// Accounts in the middle of a hand-over to the platform's own directory, whatever their domain.
    func accountsHandingOver() async throws -> [AccountRecord]
    /// What a start finds: those with a sealed password, and the accounts, none of them deleted, whose status says that a run is going on.
    func unfinishedAccounts() async throws -> (sealed: [AccountRecord], moving: [AccountRecord])
    /// Accounts of all domains whose move is complete.
    func completedAccounts() async throws -> Int64

    /// - Returns: nil for a domain that has neither settings nor accounts.
    /// - Throws: ``InvalidCursor``.
    func log(_ query: LogQuery) async throws -> DomainLog?
    /// A domain's sums and the accounts that are in progress; nil as with ``log(_:)``.
    func progress(of domain: DomainName) async throws -> DomainProgress?

    /// Changes accounts, one after the other, in one transaction: each change is decided on the result of those before
    /// it.
    /// - Parameter decide: given an account's place in `accounts` and what is known about it, returns its change (nil
    ///   for none), and whatever else the caller wants to know.
    /// - Returns: for each account, its row as it stands now if it has changed, and what `decide` returned.
    /// - Throws: ``RecordsError`` `conflict` if a new row is another account's, or a row is based on one that has
    ///   changed since.
    func change<Verdict: Sendable>(
        _ accounts: [AccountKey],
        _ decide: @escaping @Sendable (Int, AccountFacts) throws -> (effects: AccountEffects?, verdict: Verdict)
    ) async throws -> [(changed: AccountRecord?, verdict: Verdict)]
}

extension AccountRecords {
    public func account(_ address: EmailAddress) async throws -> AccountRecord? {
        try await standing(of: .address(address)).row
    }

    public func account(id: AccountRecord.ID) async throws -> AccountRecord? {
        try await standing(of: .id(id)).row
    }

    /// Changes one account.
    /// - Returns: the row as it stands now; nil where nothing has changed.
    @discardableResult
    public func change(
        _ account: AccountKey, _ decide: @escaping @Sendable (AccountFacts) throws -> AccountEffects?
    ) async throws -> AccountRecord? {
        try await change([account]) { (try decide($1), ()) }.first?.changed
    }

    /// Changes several accounts in one transaction.
    /// - Returns: the rows of those that have changed, as they stand now.
    @discardableResult
    public func change(
        _ accounts: [AccountKey], _ decide: @escaping @Sendable (AccountFacts) throws -> AccountEffects?
    ) async throws -> [AccountRecord] {
        try await change(accounts) { (try decide($1), ()) }.compactMap(\.changed)
    }
}

/// Accounts of a domain, by address.
public struct AccountRecordPage: Sendable, Hashable {
    /// Those whose rows can be read.
    public var accounts: [AccountRecord]
    /// After whom the next page begins; nil where there is none.
    public var next: EmailAddress?

    public init(accounts: [AccountRecord], next: EmailAddress?) {
        self.accounts = accounts
        self.next = next
    }
}

/// A page of a domain's log, with the domain's settings.
public struct DomainLog: Sendable {
    public var page: LogPage
    public var settings: MigrationSettings?

    public init(page: LogPage, settings: MigrationSettings?) {
        self.page = page
        self.settings = settings
    }
}

/// How far a domain's migration has got.
public struct DomainProgress: Sendable {
    public var totals: DomainTotals
    /// By address.
    public var moving: [AccountRecord]
    public var settings: MigrationSettings?

    public init(totals: DomainTotals, moving: [AccountRecord], settings: MigrationSettings?) {
        self.totals = totals
        self.moving = moving
        self.settings = settings
    }
}
