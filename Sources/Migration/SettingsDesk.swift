// SPDX-License-Identifier: Apache-2.0

import MailStore
public import Records
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
    /// nil where there is no list, and in an overview of all domains.
    public var knownAccounts: [EmailAddress]?
    /// nil in an overview of all domains.
    public var excludedAccounts: [EmailAddress]?
    public var figures: DomainFigures
    /// nil where the old server was not asked yet.
    public var reach: OldServerReach.State?

    public var totals: DomainTotals { figures.totals }
}

/// The settings of every domain's migration.
public final class SettingsDesk: Sendable {
    private let context: Context
    private let statuses: StatusBoard
    private let scheduler: MoveScheduler
    private let windows: WindowWatch

    init(context: Context, statuses: StatusBoard, scheduler: MoveScheduler, windows: WindowWatch) {
        self.context = context
        self.statuses = statuses
        self.scheduler = scheduler
        self.windows = windows
    }

    /// Opens a window, or changes the settings of an open one and starts a new window. What has been moved stays moved.
    /// - Throws: as ``plan(_:)``.
    public func enable(_ request: MigrationRequest) async throws -> MigrationOverview {
        while true {
            let plan = try await plan(request)
            if let overview = try await carryOut(plan, detail: nil) { return overview }
        }
    }

    /// What it would be to open a window with these settings.
    /// - Throws: ``InvalidParameter`` where the old server would be this platform itself, or a listed address belongs
    ///   to another domain; `RecordsError`.
    public func plan(_ request: MigrationRequest) async throws -> SettingsPlan {
        try check(request)
        let warnings = try await OldServerWarnings(context: context).warnings(for: request)
        let now = context.now()
        let settings = MigrationSettings(
            domain: request.domain, oldServer: request.oldServer, validDays: request.validDays,
            hasKnownAccounts: request.knownAccounts != nil, autoCreateAccounts: request.autoCreateAccounts,
            syncPasswords: request.syncPasswords, options: request.options, enabledAt: now, generation: 0,
            warnings: warnings)
        var plan = try await plan(settings, request, now)
        plan.opensWindow = true
        return plan
    }

    /// What it would be to change settings into these.
    /// - Parameter before: what the request was made of; the window stays but for the wish.
    /// - Throws: as ``plan(_:)``.
    public func plan(
        _ request: MigrationRequest, changing before: MigrationOverview, window: WindowWish
    ) async throws -> SettingsPlan {
        try check(request)
        let now = context.now()
        var settings = before.settings
        settings.oldServer = request.oldServer
        settings.hasKnownAccounts = request.knownAccounts != nil
        settings.autoCreateAccounts = request.autoCreateAccounts
        settings.syncPasswords = request.syncPasswords
        settings.options = request.options
        try settings.setWindow(window, at: now)
        if settings.oldServer != before.settings.oldServer {
            settings.warnings = try await OldServerWarnings(context: context).warnings(for: request)
        }
        var plan = try await plan(settings, request, now)
        plan.before = before
        plan.before?.state = before.settings.state(at: now)
        return plan
    }

    private func plan(
        _ settings: MigrationSettings, _ request: MigrationRequest, _ now: Timestamp
    ) async throws -> SettingsPlan {
        let (before, after) = try await context.records.read { records in
            let before = try records.settings(of: request.domain).map {
                try self.overview($0, request.domain, records, now)
            }
            return (before, try self.overview(settings, request.domain, records, now))
        }
        var plan = SettingsPlan(before: before, after: after)
        plan.after.knownAccounts = request.knownAccounts.map(Self.sorted)
        plan.after.excludedAccounts = Self.sorted(request.excludedAccounts)
        return plan
    }

    /// As the records give them back: each once, by address.
    private static func sorted(_ addresses: [EmailAddress]) -> [EmailAddress] { Set(addresses).sorted() }

    /// Makes a plan true.
    /// - Parameter detail: what an event says of it.
    /// - Returns: nil where the settings have changed since it was made.
    public func carryOut(_ plan: SettingsPlan, detail: String?) async throws -> MigrationOverview? {
        let now = context.now()
        let domain = try DomainName(plan.after.settings.domain)
        let changed = try await context.records.write { records -> Changed? in
            let before = try records.settings(of: domain)
            guard before == plan.before?.settings else { return nil }
            let changed = try Self.change(before, plan, domain, records, now)
            let kind: EventRecord.Kind = plan.opensWindow ? .enabled : .settingsChanged
            try records.append(EventRecord(at: now, domain: domain, kind: kind, detail: detail))
            return changed
        }
        guard let changed else { return nil }
        if plan.isAnotherServer { context.settingsWatch.changed(to: changed.settings) }
        // In the order in which their turns would have come.
        for account in changed.resettled.sorted(by: { ($0.pending?.due ?? now) < ($1.pending?.due ?? now) }) {
            scheduler.begin(account, under: changed.settings)
        }
        if plan.isAnotherServer { await context.checkedSessions.end(before: changed.settings) }
        try await stop(changed.excluded.map(\.id), .excluded)
        for account in changed.excluded { statuses.changed(account) }
        return try await told(domain, reclassified: changed.reclassified)
    }

    private struct Changed: Sendable {
        var settings: MigrationSettings
        var reclassified: [AccountRecord.ID] = []
        /// Who does not move any more shows its password to nobody any more.
        var excluded: [AccountRecord] = []
        /// Whose run begins again under the new settings.
        var resettled: [AccountRecord] = []
    }

    private static func change(
        _ before: MigrationSettings?, _ plan: SettingsPlan, _ domain: DomainName, _ records: any RecordsWriter,
        _ now: Timestamp
    ) throws -> Changed {
        var settings = plan.after.settings
        // What was decided stays so where nothing but the window's end is another. Forgotten settings leave no number
        // behind; the clock gives one that none of them had.
        settings.generation = before.map { $0.generation + (plan.changesMore ? 1 : 0) } ?? now.milliseconds
        try records.put(
            settings, known: plan.changesKnown ? plan.after.knownAccounts ?? [] : nil,
            excluded: plan.changesExcluded ? plan.after.excludedAccounts ?? [] : nil)
        var changed = Changed(settings: settings)
        guard plan.changesMore else { return changed }
        // What another server, or the same asked for other names, has said of users says nothing of these.
        let keepsReplies = !plan.opensWindow && !plan.isAnotherServer
        changed.reclassified = try records.reclassify(domain, keepsReplies: keepsReplies)
        for var account in try records.accountsWithSealedPassword(of: domain) {
            if account.nonMigrating != nil {
                account.eraseSealedPassword()
                try records.update(account)
                changed.excluded.append(account)
            } else if let before, before.oldServer != settings.oldServer || before.options != settings.options {
                if before.oldServer != settings.oldServer, account.askAnotherServer(at: now) {
                    try records.update(account)
                }
                changed.resettled.append(account)
            }
        }
        return changed
    }

    /// Ends the window: running moves finish their batch and stop, and the sealed passwords go.
    public func disable(_ domain: DomainName) async throws -> MigrationOverview {
        let now = context.now()
        let stopped = try await context.records.write { records -> [AccountRecord.ID] in
            guard var settings = try records.settings(of: domain) else { throw Self.neverEnabled(domain) }
            if settings.disabledAt == nil {
                settings.disabledAt = now
                settings.generation += 1
                try records.put(settings, known: nil, excluded: nil)
                try records.append(EventRecord(at: now, domain: domain, kind: .disabled, detail: nil))
            }
            return try records.eraseSealedPasswords(of: domain)
        }
        try await stop(stopped, .disabled)
        return try await told(domain)
    }

    /// Stops runs whose sealed password has gone. Those that were still waiting end here.
    private func stop(_ accounts: [AccountRecord.ID], _ reason: RunControl.StopReason) async throws {
        let waiting = accounts.filter { !scheduler.cancel($0, reason) }
        let clock = RunClock(now: context.now(), uptime: context.uptime(), spans: context.spans)
        let limits = context.limits
        for portion in stride(from: 0, to: waiting.count, by: 500).map({ waiting[$0..<min($0 + 500, waiting.count)] }) {
            let changed = try await context.records.write { records in
                try portion.compactMap { id -> AccountRecord? in
                    // A trigger that came meanwhile, under new settings, is none of this.
                    guard var row = try records.account(id: id), row.deletedAt == nil, row.sealed == nil,
                        row.outcome == .inProgress, let settings = try records.settings(of: row.address.domain)
                    else { return nil }
                    let mark = PasswordMark(revision: row.revision, generation: settings.generation)
                    let event = row.end(
                        .stopped(reason), keeps: false, brought: false, asked: mark, settings, limits, clock)
                    try records.update(row)
                    if let event { try records.append(event) }
                    return row
                }
            }
            for row in changed { statuses.changed(row) }
        }
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
        let reclassified = try await context.records.write { records in
            guard let settings = try records.settings(of: domain) else { throw Self.neverEnabled(domain) }
            guard settings.state(at: now) != .active else {
                throw InvalidParameter("domain", "has an active migration; disable it first")
            }
            let unfinished = try records.accountsInProgress(of: domain)
            guard unfinished.allSatisfy(\.isPaused) else {
                throw InvalidParameter("domain", "has moves that are still ending; try again in a moment")
            }
            guard unfinished.isEmpty else {
                throw InvalidParameter(
                    "domain", "has \(unfinished.count) moves that are paused; resume them, or disable the migration")
            }
            return try records.forget(domain)
        }
        statuses.forget(domain)
        try await statuses.windowChanged(domain, reclassified: reclassified)
    }

    /// - Throws: ``MoveError`` with `migrationNotEnabled`.
    public func overview(of domain: DomainName) async throws -> MigrationOverview {
        let now = context.now()
        return try await context.records.read { records in
            guard let settings = try records.settings(of: domain) else { throw Self.neverEnabled(domain) }
            return try self.overview(settings, domain, records, now)
        }
    }

    /// Of every domain, without the lists, which may be long.
    public func overviews() async throws -> [MigrationOverview] {
        let now = context.now()
        return try await context.records.read { records in
            try records.allSettings().map { settings in
                try self.overview(settings, try DomainName(settings.domain), records, now, withLists: false)
            }
        }
    }

    private func overview(
        _ settings: MigrationSettings, _ domain: DomainName, _ records: any RecordsReader, _ now: Timestamp,
        withLists: Bool = true
    ) throws -> MigrationOverview {
        MigrationOverview(
            settings: settings, state: settings.state(at: now),
            knownAccounts: withLists && settings.hasKnownAccounts ? try records.knownAccounts(of: domain) : nil,
            excludedAccounts: withLists ? try records.excludedAccounts(of: domain) : nil,
            figures: try statuses.figures(
                of: domain, running: statuses.activity.running(of: domain.name), records),
            reach: context.reach.state(of: settings.oldServer))
    }

    private func check(_ request: MigrationRequest) throws {
        do throws(MailStoreError) {
            try context.store.check(folder: request.options.folder)
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
