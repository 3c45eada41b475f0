// SPDX-License-Identifier: Apache-2.0

import Diagnosis
package import Ground
package import MailStore
public import Records
package import Runs
public import Statuses
public import Vocabulary

/// What the administrator asks for when enabling a domain's migration.
public struct MigrationRequest: Sendable {
    public var domain: DomainName
    public var oldServer: OldServer
    public var validDays: Int
    /// nil: there is no list.
    public var knownAccounts: [EmailAddress]?
    public var excludedAccounts: [EmailAddress]
    public var autoCreateAccounts: Bool
    public var syncPasswords: Bool
    public var options: MoveOptions

    public init(
        domain: DomainName, oldServer: OldServer, validDays: Int = 30, knownAccounts: [EmailAddress]? = nil,
        excludedAccounts: [EmailAddress] = [], autoCreateAccounts: Bool = false, syncPasswords: Bool = true,
        options: MoveOptions = MoveOptions()
    ) {
        self.domain = domain
        self.oldServer = oldServer
        self.validDays = validDays
        self.knownAccounts = knownAccounts
        self.excludedAccounts = excludedAccounts
        self.autoCreateAccounts = autoCreateAccounts
        self.syncPasswords = syncPasswords
        self.options = options
    }
}

/// A domain's migration as the administrator sees it.
public struct MigrationOverview: Sendable {
    public var settings: MigrationSettings
    public var state: WindowState
    /// nil where there is no list.
    public var knownAccounts: [EmailAddress]?
    public var excludedAccounts: [EmailAddress]
    public var figures: DomainFigures

    public var totals: DomainTotals { figures.totals }
}

/// The settings of every domain's migration.
public final class SettingsDesk: Sendable {
    private let context: Context
    private let store: any MailStore
    private let statuses: StatusBoard
    private let scheduler: MoveScheduler
    private let windows: WindowWatch
    private let checkedSessions: CheckedSessions
    private let oldServerChanged: @Sendable (MigrationSettings) -> Void

    /// - Parameter oldServerChanged: called as soon as a domain's settings name a different old server.
    package init(
        context: Context, store: any MailStore, statuses: StatusBoard, scheduler: MoveScheduler, windows: WindowWatch,
        checkedSessions: CheckedSessions, oldServerChanged: @escaping @Sendable (MigrationSettings) -> Void
    ) {
        self.context = context
        self.store = store
        self.statuses = statuses
        self.scheduler = scheduler
        self.windows = windows
        self.checkedSessions = checkedSessions
        self.oldServerChanged = oldServerChanged
    }

    /// Opens a window, or changes the settings of an open one and starts a new window. What has been moved stays moved.
    /// - Throws: ``InvalidParameter`` where the old server would be this platform itself, or a listed address belongs
    ///   to another domain; `RecordsError`.
    public func enable(_ request: MigrationRequest) async throws -> MigrationOverview {
        try Self.checkLists(request)
        do throws(MailStoreError) {
            try store.check(folder: request.options.folder)
        } catch {
            throw InvalidParameter("options.folder", "must be a folder that can be made: \(error.detail)")
        }
        let warnings = try await OldServerWarnings(context: context)
            .warnings(of: request.oldServer, for: request.domain)
        let now = context.now()
        let settlement = try await context.records.settle(request.domain) { before in
            // Forgotten settings leave no generation behind; the clock gives one that none of them had.
            let settings = MigrationSettings(
                domain: request.domain, oldServer: request.oldServer, validDays: request.validDays,
                hasKnownAccounts: request.knownAccounts != nil, autoCreateAccounts: request.autoCreateAccounts,
                syncPasswords: request.syncPasswords, options: request.options, enabledAt: now,
                generation: before.map { $0.generation + 1 } ?? now.milliseconds, warnings: warnings)
            return SettingsChange(settings, known: request.knownAccounts ?? [], excluded: request.excludedAccounts)
        } _: { account, before, settings in
            var account = account
            if account.nonMigrating != nil {
                // An account that no longer moves shows its password to nobody.
                account.eraseSealedPassword()
            } else if before.map({ $0.oldServer != settings.oldServer }) ?? false {
                account.askAnotherServer(at: now)
            }
            return account
        }
        let settings = settlement.settings
        let isAnother = settlement.before.map { $0.oldServer != settings.oldServer } ?? false
        if isAnother { oldServerChanged(settings) }
        let excluded = settlement.sealed.filter { $0.sealed == nil }
        if isAnother || settlement.before.map({ $0.options != settings.options }) ?? false {
            // In the order in which they would have had their turns.
            let moving = settlement.sealed.filter { $0.sealed != nil }
            for account in moving.sorted(by: { ($0.pending?.due ?? now) < ($1.pending?.due ?? now) }) {
                scheduler.begin(account, under: settings)
            }
        }
        if isAnother { await checkedSessions.end(before: settings) }
        try await scheduler.stop(excluded.map(\.id), .excluded)
        for account in excluded { statuses.changed(account) }
        return try await told(request.domain, reclassified: settlement.reclassified)
    }

    /// Ends the window: running moves finish their batch and stop, and the sealed passwords are erased.
    public func disable(_ domain: DomainName) async throws -> MigrationOverview {
        guard let stopped = try await context.records.disable(domain, at: context.now()) else {
            throw Self.neverEnabled(domain)
        }
        try await scheduler.stop(stopped, .disabled)
        return try await told(domain)
    }

    private func told(
        _ domain: DomainName, reclassified: [AccountRecord.ID] = []
    ) async throws -> MigrationOverview {
        let overview = try await overview(of: domain)
        statuses.remember(overview.settings)
        windows.wake()
        try await statuses.windowChanged(domain, reclassified: reclassified)
        return overview
    }

    /// Forgets what has been moved, so that the next migration of the domain moves everything again.
    /// - Throws: ``InvalidParameter`` while the window is open.
    public func forget(_ domain: DomainName) async throws {
        let now = context.now()
        let reclassified = try await context.records.forget(domain) { settings, moving in
            guard let settings else { throw Self.neverEnabled(domain) }
            guard settings.state(at: now) != .active else {
                throw InvalidParameter("domain", "has an active migration; disable it first")
            }
            guard moving.allSatisfy(\.isPaused) else {
                throw InvalidParameter("domain", "has moves that are still ending; try again in a moment")
            }
            guard moving.isEmpty else {
                throw InvalidParameter(
                    "domain", "has \(moving.count) moves that are paused; resume them, or disable the migration")
            }
        }
        statuses.forget(domain)
        try await statuses.windowChanged(domain, reclassified: reclassified)
    }

    /// - Throws: ``MoveError`` with `migrationNotEnabled`.
    public func overview(of domain: DomainName) async throws -> MigrationOverview {
        guard let overview = try await context.records.overview(of: domain, running: statuses.runningAccounts) else {
            throw Self.neverEnabled(domain)
        }
        return self.overview(overview, at: context.now())
    }

    public func overviews() async throws -> [MigrationOverview] {
        let now = context.now()
        return try await context.records.overviews(running: statuses.runningAccounts)
            .map { self.overview($0, at: now) }
    }

    private func overview(_ overview: DomainOverview, at now: Timestamp) -> MigrationOverview {
        let settings = overview.settings
        return MigrationOverview(
            settings: settings, state: settings.state(at: now),
            knownAccounts: settings.hasKnownAccounts ? overview.knownAccounts : nil,
            excludedAccounts: overview.excludedAccounts,
            figures: statuses.figures(overview.totals, running: overview.running, of: settings.domain))
    }

    private static func checkLists(_ request: MigrationRequest) throws {
        let lists = [("knownAccounts", request.knownAccounts ?? []), ("excludedAccounts", request.excludedAccounts)]
        for (name, addresses) in lists {
            guard let index = addresses.firstIndex(where: { $0.domain != request.domain }) else { continue }
            throw InvalidParameter(
                "\(name)[\(index)]", "must be an address of \(request.domain), not \(addresses[index])")
        }
    }

    private static func neverEnabled(_ domain: DomainName) -> MoveError {
        MoveError(.migrationNotEnabled, "migration of \(domain) was never enabled")
    }
}
