// SPDX-License-Identifier: Apache-2.0

// A login becomes a run; a run turns an old mailbox into durable messages and a ledger.
//
// 1. `Logins`: `LoginDesk` compares the password with the local hash. `LoginDecision`, a pure function, says what
//    follows; if need be, the old server is asked, one question per account at a time. A right answer takes effect in
//    one transaction, provided that hash and settings have not changed since: the old password is sealed, and a run is
//    queued.
// 2. `OldServerPolicy` decides, for each old server, who may open a connection to it: a login, a question that nobody
//    waits for, a run. `OldServerPlaces` hands these places out. `Runs`: a run lists the old mailbox,
//    compares it with the ledger, and streams what is missing into the mail store.
// 3. `Delivery` makes staged messages moved: sync, one commit for all accounts of a file system, publish; and again. A
//    message is moved when the commit that says so is durable.
// 4. `Statuses`: `StatusBoard` tells everyone who watches.
// 5. `Accounts` is what administrators change: accounts and settings; `Diagnosis` is what they ask; `Reports` is what
//    they show to others, and `Notices` what they are told without asking.
//
// Here these are wired together. `Recovery` ends what a crash interrupted before anybody is told how things stand.

public import AccountDirectory
public import Accounts
import Delivery
public import Diagnosis
public import Ground
public import Logging
public import Logins
public import MailSource
public import MailStore
import OldServerPlaces
import OldServerPolicy
public import NoticeTarget
import Notices
public import Records
public import Reports
public import Runs
public import Secrets
public import Statuses
import Synchronization
public import Vocabulary
import Waiting

/// The whole, wired together: accounts, settings, logins, runs, statuses.
public final class MailMove: Sendable {
    /// Takes a JSON object to somebody.
    public typealias Courier = @Sendable (_ octets: [UInt8], _ address: NoticeAddress) async throws -> Void

    public let accounts: AccountDesk
    public let masters: MasterMoves
    public let accountsVerification: AccountsVerification
    public let settings: SettingsDesk
    public let logins: LoginDesk
    public let statuses: StatusBoard
    public let detection: ServerDetection
    public let verification: OldServerVerification
    public let domains: DomainCheck
    public let integrity: IntegrityCheck
    public let reports: ReportDesk
    let notices: NoticeDesk
    /// Asked by health checks.
    public let scheduler: MoveScheduler
    let windows: WindowWatch
    private let intake: IntakeWatch
    let delivery: Delivery
    let context: Context
    let store: any MailStore
    private let vault: Vault
    private let news: OldServerNews
    private let unrecorded = Mutex<Recovery.Interruptions>([])

    /// - Parameters:
    ///   - probe: tries old servers out; of the same kind as `source`.
    ///   - sealKey: seals old passwords; unless it outlives this process, unfinished runs do not continue by themselves
    ///     after a restart.
    ///   - ledgerHash: its key must never change, since the ledger is written with it.
    ///   - courier: takes news to whom the limits name.
    ///   - now: the wall clock; tests set it.
    ///   - uptime: the clock by which things wait; tests set it, too.
    public init(
        records: any Records, directory: any AccountDirectory, source: any MailSource, probe: any OldServerProbe,
        store: any MailStore, pool: HashingPool,
        sealKey: SealKey, ledgerHash: KeyedHash, limits: MoveLimits, log: Logger = Logger(label: "mailmove.migration"),
        courier: @escaping Courier = { try await NoticeTarget.deliver($0, to: $1) },
        now: @escaping @Sendable () -> Timestamp = { .now },
        uptime: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        let context = Context(
            records: records, source: source, probe: probe, limits: limits, log: log, now: now, uptime: uptime)
        let vault = Vault(key: sealKey)
        let hash = LedgerHash(hash: ledgerHash)
        let checkedSessions = CheckedSessions()
        let statuses = StatusBoard(context: context)
        let delivery = Delivery(context: context, store: store, statuses: statuses)
        let news = OldServerNews(context: context)
        let places = OldServerPlaces(OldServerPolicy.Bounds(limits), clock: uptime) { news.tell($0, $1) }
        let commons = RunCommons(store: store, vault: vault, ledgerHash: hash, checkedSessions: checkedSessions)
        let runner = Runner(context: context, commons: commons, statuses: statuses, delivery: delivery)
        let scheduler = MoveScheduler(context: context, statuses: statuses, runner: runner, places: places)
        let windows = WindowWatch(context: context, statuses: statuses, scheduler: scheduler)
        let logins = LoginDesk(
            context: context, statuses: statuses, scheduler: scheduler, pool: pool, vault: vault,
            directory: directory, checkedSessions: checkedSessions)
        self.context = context
        self.news = news
        self.store = store
        self.vault = vault
        self.statuses = statuses
        self.delivery = delivery
        self.scheduler = scheduler
        self.windows = windows
        let accounts = AccountDesk(
            context: context, statuses: statuses, scheduler: scheduler, pool: pool, directory: directory)
        self.accounts = accounts
        self.accountsVerification = AccountsVerification(context: context, directory: directory, pool: pool)
        self.masters = MasterMoves(context: context, statuses: statuses, scheduler: scheduler, vault: vault)
        self.settings = SettingsDesk(
            context: context, accounts: accounts, store: store, statuses: statuses, scheduler: scheduler,
            windows: windows, checkedSessions: checkedSessions, news: news, oldServerChanged: logins.oldServerChanged)
        self.logins = logins
        self.intake = IntakeWatch(
            context: context, accounts: accounts, statuses: statuses, settleHandOver: logins.settleHandOver)
        self.detection = ServerDetection(context: context)
        self.verification = OldServerVerification(context: context, places: places, ledgerHash: hash)
        self.domains = DomainCheck(context: context)
        self.reports = ReportDesk(context: context)
        self.notices = NoticeDesk(
            context: context, statuses: statuses, scheduler: scheduler, news: news, courier: courier)
        self.integrity = IntegrityCheck(
            context: context, store: store, statuses: statuses, scheduler: scheduler, vault: vault, ledgerHash: hash)
    }

    /// Ends what a crash interrupted and queues what remains to be done. Comes before anybody is told how things stand.
    /// - Throws: `RecordsError`.
    public func recover() async throws {
        let left = try await recovery.run()
        unrecorded.withLock { $0 = left }
        await logins.restoreFailures()
    }

    private var recovery: Recovery {
        Recovery(context: context, store: store, statuses: statuses, scheduler: scheduler, vault: vault, logins: logins)
    }

    /// Runs until ``stop()``. Everything submitted before that is either recorded, or left as if it had never begun.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.delivery.run() }
            group.addTask { await self.logins.runBackground() }
            group.addTask { await self.windows.run() }
            group.addTask { await self.intake.run() }
            group.addTask { await self.recordInterruptions() }
            group.addTask { await self.recovery.endIntentsOfNobodysRuns() }
            group.addTask { await self.news.run() }
            group.addTask { await self.notices.run() }
            group.addTask { await self.excuseRuns() }
            group.addTask { await self.otherNodes.run() }
            await scheduler.run()
            await logins.stopBackground()
            delivery.close()
            news.close()
        }
    }

    private var otherNodes: OtherNodes {
        OtherNodes(
            context: context, statuses: statuses, scheduler: scheduler,
            settingsChanged: { try await self.settings.changedElsewhere(from: $0, to: $1) })
    }

    /// This node may have lost its runs to others. Returns when none goes on here.
    public func yieldRuns() async { await scheduler.yieldRuns() }

    /// When the program is told to stop: runs cut short by that are not blamed.
    private func excuseRuns() async {
        let alarm = Alarm()
        context.stopping.whenSet { alarm.ring() }
        while !context.stopping.isSet, !Task.isCancelled { await alarm.sleep(seconds: 3600) }
        do {
            try await context.records.suspendRuns(of: nil)
        } catch {
            context.log.debug("runs that are cut short now are taken for those that ended the daemon: \(error)")
        }
    }

    /// If the disk was full at the start: records interruptions as soon as there is room.
    private func recordInterruptions() async {
        let left = unrecorded.withLock { $0 }
        guard !left.isEmpty else { return }
        let alarm = Alarm()
        context.stopping.whenSet { alarm.ring() }
        let recovery = recovery
        while !context.stopping.isSet, !Task.isCancelled {
            await alarm.sleep(seconds: context.limits.recordsRetry)
            do {
                return try await recovery.interruptRuns(left)
            } catch {
                // Tried again; the health check says why.
            }
        }
    }

    /// Checks that the mail store can take mail, and is the one that mail was moved to.
    /// - Throws: `MailStoreError`; `RecordsError`.
    public func checkMailStore() async throws { try await StoreGuard(context: context, store: store).check() }

    /// An account that mail was moved to, and whose mailbox is there for that; if there is none, any.
    /// - Throws: `RecordsError`.
    public func anyAccount() async throws -> (address: EmailAddress, hasMail: Bool)? {
        let tried = try await context.records.kept(Self.trial).flatMap { octets in
            try? EmailAddress(String(decoding: octets, as: UTF8.self))
        }
        if let tried, let row = try await context.records.standing(of: .address(tried)).0, row.deletedAt == nil {
            return (tried, row.moved > 0)
        }
        var other: EmailAddress?
        for settings in try await context.records.allSettings() {
            guard let domain = try? DomainName(settings.domain) else { continue }
            let page = try await context.records.accounts(of: domain, search: nil, after: nil, limit: 100)
            let accounts = page.accounts.filter { $0.deletedAt == nil }
            if let account = accounts.first(where: { $0.moved > 0 }) { return (account.address, true) }
            other = other ?? accounts.first?.address
        }
        return other.map { ($0, false) }
    }

    /// By which a platform is known that has given a message back as it was sent.
    /// - Throws: `RecordsError`.
    public var platformProof: String? {
        get async throws {
            try await context.records.kept("platform-proof").map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// - Throws: `RecordsError`.
    public func keep(platformProof proof: String?) async throws {
        try await context.records.keep(["platform-proof": Array((proof ?? "").utf8), Self.trial: []])
    }

    /// The platform is tried in this mailbox: should that not come to its end, it is tried there again, and what was left
    /// is taken away.
    /// - Throws: `RecordsError`.
    public func beginTrial(in account: EmailAddress) async throws {
        try await context.records.keep([Self.trial: Array(account.description.utf8)])
    }

    private static let trial = "platform-trial"

    /// The wall clock.
    public var now: Timestamp { context.now() }

    /// Whether anything is under way or kept for later: a run, a question, a sealed password.
    /// - Throws: `RecordsError`.
    public func hasWork() async throws -> Bool {
        let load = scheduler.load
        guard load.moving == 0, load.queued == 0, logins.isIdle else { return true }
        return try await !context.records.accountsWithSealedPassword().isEmpty
    }

    /// Old servers that cannot be reached at present: host and since when, longest first.
    public var unreachable: [(host: String, since: Timestamp)] { news.unreachable(scheduler.places) }

    /// Old servers that were tried since the start, and whether each could be reached the last time.
    public var reachableServers: [(server: String, isReachable: Bool)] { news.reachableServers(scheduler.places) }

    /// Accounts of all domains whose move is complete.
    /// - Throws: `RecordsError`.
    public func completedAccounts() async throws -> Int64 {
        try await context.records.completedAccounts()
    }

    /// Takes new limits, and reads the trusted certificates again.
    public func reload(_ limits: MoveLimits) {
        context.limits = limits
        context.source.reload()
        scheduler.wake()
    }

    /// Starts nothing more; each run finishes its current delivery and records it.
    public func stop() { context.stopping.signal() }
}
