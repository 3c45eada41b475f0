// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Domains' settings, and their lists of addresses.
public protocol SettingsRecords: Sendable {
    func settings(of domain: DomainName) async throws -> MigrationSettings?
    func allSettings() async throws -> [MigrationSettings]
    /// - Parameter running: accounts that have a run right now.
    func overview(of domain: DomainName, running: Set<AccountRecord.ID>) async throws -> DomainOverview?
    /// The overviews of all domains that have settings.
    func overviews(running: Set<AccountRecord.ID>) async throws -> [DomainOverview]
    /// The sums alone, without the lists, which may be long.
    /// - Returns: as in ``DomainOverview``.
    func totals(
        of domain: DomainName, running: Set<AccountRecord.ID>
    ) async throws -> (totals: DomainTotals, running: Int64)

    /// Gives a domain other settings, sets its accounts' `nonMigrating` from its lists, and adjusts the runs to come.
    /// - Parameters:
    ///   - decide: given the current settings, nil if there are none, returns the new ones; nil changes nothing.
    ///   - resettle: given each account of the domain whose password is sealed, with `nonMigrating` set, returns what
    ///     becomes of it.
    func settle(
        _ domain: DomainName, _ decide: @escaping @Sendable (MigrationSettings?) throws -> SettingsChange?,
        _ resettle:
            @escaping @Sendable (AccountRecord, _ before: MigrationSettings?, _ after: MigrationSettings) ->
            AccountRecord
    ) async throws -> Settlement?
    /// Ends a domain's window at `now`, unless it was ended already, and erases its sealed passwords.
    /// - Returns: the accounts whose passwords were erased; nil if the domain has no settings.
    func disable(_ domain: DomainName, at now: Timestamp) async throws -> [AccountRecord.ID]?
    /// Forgets the settings, lists and events of `domain`, and the ledger, intents and figures of each of its accounts,
    /// deleted or not: each is as if never started, and its mailbox is accepted as it is. Accounts and their passwords
    /// stay; so do known runs, so that mail they brought is not mistaken for mail of a lost ledger.
    /// - Parameter permit: given the domain's settings and its accounts in progress, throws if the domain must not be
    ///   forgotten.
    /// - Returns: the accounts whose status has changed.
    func forget(
        _ domain: DomainName,
        _ permit: @escaping @Sendable (MigrationSettings?, _ moving: [AccountRecord]) throws -> Void
    ) async throws -> [AccountRecord.ID]
}

/// A domain's new settings, and its lists, each replaced unless nil.
public struct SettingsChange: Sendable {
    public var settings: MigrationSettings
    public var known: [EmailAddress]?
    public var excluded: [EmailAddress]?
    /// What becomes of the accounts' `nonMigrating`.
    public var evidence = Evidence.judgedAfresh
    public var events: [EventRecord] = []

    public enum Evidence: Sendable {
        /// It follows the lists; what an old server's reply once said is revoked.
        case judgedAfresh
        /// It follows the lists where they say something; what a reply said stays.
        case listsAlone
        case stays
    }

    public init(_ settings: MigrationSettings, known: [EmailAddress]?, excluded: [EmailAddress]?) {
        self.settings = settings
        self.known = known
        self.excluded = excluded
    }
}

/// The effect of new settings on a domain's accounts.
public struct Settlement: Sendable {
    public var before: MigrationSettings?
    public var settings: MigrationSettings
    /// The accounts whose password was sealed, as they stand now.
    public var sealed: [AccountRecord]
    /// Accounts whose `nonMigrating` has changed.
    public var reclassified: [AccountRecord.ID]

    public init(
        before: MigrationSettings?, settings: MigrationSettings, sealed: [AccountRecord],
        reclassified: [AccountRecord.ID]
    ) {
        self.before = before
        self.settings = settings
        self.sealed = sealed
        self.reclassified = reclassified
    }
}

/// A domain's settings, lists and sums.
public struct DomainOverview: Sendable {
    public var settings: MigrationSettings
    public var knownAccounts: [EmailAddress]
    public var excludedAccounts: [EmailAddress]
    public var totals: DomainTotals
    /// How many of the running accounts are in progress and not paused.
    public var running: Int64

    public init(
        settings: MigrationSettings, knownAccounts: [EmailAddress], excludedAccounts: [EmailAddress],
        totals: DomainTotals, running: Int64
    ) {
        self.settings = settings
        self.knownAccounts = knownAccounts
        self.excludedAccounts = excludedAccounts
        self.totals = totals
        self.running = running
    }
}
