// SPDX-License-Identifier: Apache-2.0

import Diagnosis
package import Ground
package import MailStore
package import Records
package import Runs
package import Statuses
public import Vocabulary

/// The settings of every domain's migration.
public final class SettingsDesk: Sendable {
    private let context: Context
    private let store: any MailStore
    private let statuses: StatusBoard
    private let scheduler: MoveScheduler
    private let windows: WindowWatch
    private let checkedSessions: CheckedSessions
    private let news: OldServerNews
    private let accounts: AccountDesk
    private let oldServerChanged: @Sendable (MigrationSettings) -> Void

    /// - Parameter oldServerChanged: called as soon as a domain's settings name a different old server.
    package init(
        context: Context, accounts: AccountDesk, store: any MailStore, statuses: StatusBoard, scheduler: MoveScheduler,
        windows: WindowWatch,
        checkedSessions: CheckedSessions, news: OldServerNews,
        oldServerChanged: @escaping @Sendable (MigrationSettings) -> Void
    ) {
        self.context = context
        self.accounts = accounts
        self.store = store
        self.statuses = statuses
        self.scheduler = scheduler
        self.windows = windows
        self.checkedSessions = checkedSessions
        self.news = news
        self.oldServerChanged = oldServerChanged
    }

    /// Opens a window, or changes the settings of an open one and starts a new window. What has been moved stays moved.
    /// - Throws: as ``plan(_:)``.
    @discardableResult
    public func enable(_ request: MigrationRequest) async throws -> MigrationOverview {
        while true {
            let plan = try await plan(request)
            if let overview = try await carryOut(plan, detail: nil) { return overview }
        }
    }

    /// Plans to open a window with these settings.
    /// - Throws: ``InvalidParameter`` where the old server would be this platform itself, or a listed address belongs
    ///   to another domain; `RecordsError`.
    public func plan(_ request: MigrationRequest) async throws -> SettingsPlan {
        try check(request)
        let warnings = try await OldServerWarnings(context: context)
            .warnings(of: request.oldServer, for: request.domain)
        let settings = MigrationSettings(
            domain: request.domain, oldServer: request.oldServer, validDays: request.validDays,
            hasKnownAccounts: request.knownAccounts != nil, autoCreateAccounts: request.autoCreateAccounts,
            syncPasswords: request.syncPasswords, options: request.options, enabledAt: context.now(), generation: 0,
            warnings: warnings)
        let before = try await context.records.overview(of: request.domain, running: statuses.runningAccounts)
            .map { overview($0, at: context.now()) }
        return try await plan(settings, request, changing: before, opensWindow: true)
    }

    /// Plans to change settings into these.
    /// - Parameter before: the settings that the request was derived from. The window stays, but for the wish.
    /// - Throws: as ``plan(_:)``.
    public func plan(
        _ request: MigrationRequest, changing before: MigrationOverview, window: WindowWish
    ) async throws -> SettingsPlan {
        try check(request)
        var settings = before.settings
        settings.oldServer = request.oldServer
        settings.hasKnownAccounts = request.knownAccounts != nil
        settings.autoCreateAccounts = request.autoCreateAccounts
        settings.syncPasswords = request.syncPasswords
        settings.options = request.options
        try settings.setWindow(window, at: context.now())
        if settings.oldServer != before.settings.oldServer {
            settings.warnings = try await OldServerWarnings(context: context)
                .warnings(of: request.oldServer, for: request.domain)
        }
        return try await plan(settings, request, changing: before, opensWindow: false)
    }

    private func plan(
        _ settings: MigrationSettings, _ request: MigrationRequest, changing before: MigrationOverview?,
        opensWindow: Bool
    ) async throws -> SettingsPlan {
        let figures: DomainFigures =
            if let before { before.figures } else { try await statuses.figures(of: request.domain) }
        let after = MigrationOverview(
            settings: settings, state: settings.state(at: context.now()),
            knownAccounts: request.knownAccounts.map(Self.sorted),
            excludedAccounts: Self.sorted(request.excludedAccounts), figures: figures)
        return SettingsPlan(before: before, after: after, opensWindow: opensWindow)
    }

    /// As the records return them: each once, by address.
    private static func sorted(_ addresses: [EmailAddress]) -> [EmailAddress] { Set(addresses).sorted() }

    /// - Parameter detail: what an event says of it.
    /// - Returns: nil where the settings have changed since the plan was made: then nothing changes.
    public func carryOut(_ plan: SettingsPlan, detail: String?) async throws -> MigrationOverview? {
        let now = context.now()
        let domain = try DomainName(plan.after.settings.domain)
        let settlement = try await context.records.settle(domain) { before in
            before == plan.before?.settings ? plan.change(of: domain, at: now, detail: detail) : nil
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
        guard let settlement else { return nil }
        let settings = settlement.settings
        if plan.isAnotherServer { oldServerChanged(settings) }
        let excluded = settlement.sealed.filter { $0.sealed == nil }
        if plan.isAnotherServer || settlement.before.map({ $0.options != settings.options }) ?? false {
            // In the order in which they would have had their turns.
            let moving = settlement.sealed.filter { $0.sealed != nil }
            for account in moving.sorted(by: { ($0.pending?.due ?? now) < ($1.pending?.due ?? now) }) {
                scheduler.begin(account, under: settings)
            }
        }
        if plan.isAnotherServer { await checkedSessions.end(before: settings) }
        try await scheduler.stop(excluded.map(\.id), .excluded)
        for account in excluded { statuses.changed(account) }
        return try await told(domain, reclassified: settlement.reclassified)
    }

    /// Another node has changed the settings: what goes on here follows.
    package func changedElsewhere(from before: MigrationSettings?, to settings: MigrationSettings) async throws {
        let domain = try DomainName(settings.domain)
        let isAnotherServer = before.map { $0.oldServer != settings.oldServer } ?? false
        statuses.remember(settings)
        if isAnotherServer { oldServerChanged(settings) }
        let busy = try await context.records.accounts(scheduler.begun.map(AccountKey.id))
            .filter { $0.address.domain == domain }
        if settings.disabledAt != nil {
            for account in busy { scheduler.cancel(account.id, .disabled) }
        } else if isAnotherServer || before.map({ $0.options != settings.options }) ?? false {
            for account in busy { scheduler.begin(account, under: settings) }
        }
        if isAnotherServer { await checkedSessions.end(before: settings) }
        windows.wake()
        try await statuses.windowChanged(domain)
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
        if accounts.areElsewhere { try await accounts.forgetHashes(of: domain) }
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
            figures: statuses.figures(overview.totals, running: overview.running, of: settings.domain),
            reachability: news.reachability(of: settings.oldServer, scheduler.places))
    }

    /// A warning where known accounts have none here, so that their logins would be rejected; nil where all have, or a
    /// login creates them.
    public func warning(aboutKnownAccountsOf overview: MigrationOverview) async throws -> String? {
        guard let known = overview.knownAccounts, !overview.settings.autoCreateAccounts else { return nil }
        var missing = Set(known)
        for start in stride(from: 0, to: known.count, by: 1000) {
            let keys = known[start..<min(start + 1000, known.count)].map(AccountKey.address)
            for account in try await context.records.accounts(keys) where account.deletedAt == nil {
                missing.remove(account.address)
            }
        }
        guard let first = missing.min() else { return nil }
        return "\(missing.count) of the known accounts have no account here, such as \(first): create them, or set "
            + "autoCreateAccounts (--auto-create)"
    }

    /// Takes in what a platform lists of the domain.
    /// - Returns: a warning where it cannot be read.
    /// - Throws: `RecordsError`.
    public func takeInAccounts(of domain: DomainName) async throws -> String? {
        do {
            try await accounts.takeIn(domain)
            return nil
        } catch let error as MoveError where error.reason == .directoryUnavailable {
            return "the platform's list of accounts cannot be read, and is tried again each minute: \(error.detail)"
        }
    }

    private func check(_ request: MigrationRequest) throws {
        if request.autoCreateAccounts, !accounts.directory.canCreate {
            throw InvalidParameter(
                "autoCreateAccounts", "needs a way to create accounts on the platform, such as accounts.sql.create")
        }
        do throws(MailStoreError) {
            try store.check(folder: request.options.folder)
        } catch {
            throw InvalidParameter("options.folder", "must be a folder that can be made: \(error.detail)")
        }
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
