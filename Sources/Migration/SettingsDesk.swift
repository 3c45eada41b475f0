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
    /// - Throws: ``InvalidParameter`` where the old server would be this platform itself, or a listed address belongs
    ///   to another domain; `RecordsError`.
    public func enable(_ request: MigrationRequest) async throws -> MigrationOverview {
        try Self.checkLists(request)
        do throws(MailStoreError) {
            try context.store.check(folder: request.options.folder)
        } catch {
            throw InvalidParameter("options.folder", "must be a folder that can be made: \(error.detail)")
        }
        let warnings = try await OldServerWarnings(context: context).warnings(for: request)
        let now = context.now()
        let (settings, excluded, resettled, reclassified) = try await context.records.write { records in
            let before = try records.settings(of: request.domain)
            // Forgotten settings leave no number behind; the clock gives one that none of them had.
            let settings = MigrationSettings(
                domain: request.domain, oldServer: request.oldServer, validDays: request.validDays,
                hasKnownAccounts: request.knownAccounts != nil, autoCreateAccounts: request.autoCreateAccounts,
                syncPasswords: request.syncPasswords, options: request.options, enabledAt: now,
                generation: before.map { $0.generation + 1 } ?? now.milliseconds, warnings: warnings)
            try records.put(settings, known: request.knownAccounts ?? [], excluded: request.excludedAccounts)
            let reclassified = try records.reclassify(request.domain)
            // Who does not move any more shows its password to nobody any more.
            var excluded: [AccountRecord] = []
            var resettled: [AccountRecord] = []
            for var account in try records.accountsWithSealedPassword()
            where account.address.domain == request.domain {
                if account.nonMigrating != nil {
                    account.eraseSealedPassword()
                    try records.update(account)
                    excluded.append(account)
                } else if let before, before.oldServer != settings.oldServer || before.options != settings.options {
                    if before.oldServer != settings.oldServer, account.askAnotherServer(at: now) {
                        try records.update(account)
                    }
                    resettled.append(account)
                }
            }
            let isAnother = before.map { $0.oldServer != settings.oldServer } ?? false
            return ((settings, isAnother: isAnother), excluded, resettled, reclassified)
        }
        if settings.isAnother { context.settingsWatch.changed(to: settings.0) }
        // In the order in which their turns would have come.
        for account in resettled.sorted(by: { ($0.pending?.due ?? now) < ($1.pending?.due ?? now) }) {
            scheduler.begin(account, under: settings.0)
        }
        if settings.isAnother { await context.checkedSessions.end(before: settings.0) }
        try await stop(excluded.map(\.id), .excluded)
        for account in excluded { statuses.changed(account) }
        return try await told(request.domain, reclassified: reclassified)
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
            var overview = try self.overview(settings, domain, records, now)
            overview.knownAccounts = settings.hasKnownAccounts ? try records.knownAccounts(of: domain) : nil
            overview.excludedAccounts = try records.excludedAccounts(of: domain)
            return overview
        }
    }

    /// Of every domain, without the lists, which may be long.
    public func overviews() async throws -> [MigrationOverview] {
        let now = context.now()
        return try await context.records.read { records in
            try records.allSettings().map { settings in
                try self.overview(settings, try DomainName(settings.domain), records, now)
            }
        }
    }

    private func overview(
        _ settings: MigrationSettings, _ domain: DomainName, _ records: any RecordsReader, _ now: Timestamp
    ) throws -> MigrationOverview {
        MigrationOverview(
            settings: settings, state: settings.state(at: now),
            figures: try statuses.figures(
                of: domain, running: statuses.activity.running(of: domain.name), records),
            reach: context.reach.state(of: settings.oldServer))
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
