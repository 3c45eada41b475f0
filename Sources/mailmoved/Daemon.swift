// SPDX-License-Identifier: Apache-2.0

import Configuring
import DNS
import Glibc
import Ground
import IMAPStore
import JSONRPC
import Logging
import MailConnection
import MailMoveAPI
import MailStore
import Measures
import Methods
import MetricsServer
import Migration
import NIOCore
import NIOPosix
import OpenMetrics
import PostgreSQLRecords
import Records
import SQLiteRecords
import Secrets
import ServiceLifecycle
import Synchronization
import Systemd
import Vocabulary
import Waiting

/// The daemon, wired together: configuration in, services out.
///
/// What works with the database (``Works``) is made when that has been opened. A file is opened before anything is
/// served; a database that nodes share may be away at the start: callers are told so until it is there.
final class Daemon: Service {
    /// What certificates are judged by, of old servers and of the platform.
    let trust: TLSTrust
    let reception: Reception
    let server: JSONRPCServer<Reception>
    let metricsServer: MetricsServer
    /// What is measured, from the first moment on.
    static let metrics = Registry(Measures.families)
    let manager = ServiceManager()
    /// The event loops for connections to old servers.
    let group: MultiThreadedEventLoopGroup
    /// The event loop for callers: a call waits for no move, and its connection is set up and served without thread
    /// switches.
    let callers: MultiThreadedEventLoopGroup
    let configuration: CurrentConfiguration
    let journal: EventJournal
    let descriptors: Descriptors
    let log: Logger
    let database: Database
    private let parts: Works.Parts
    private let present = Mutex<Works?>(nil)
    private let waiting: WaitingReport
    private let isStopping = StopSignal()
    private let lastResort = LastResort(seconds: 4.5)
    private let unfinished = Atomic(false)

    /// What remembers.
    enum Database: Sendable {
        case own(SQLiteRecords)
        case shared(PostgreSQLRecords, SharedDatabase)

        var records: any Records {
            switch self {
            case .own(let records): records
            case .shared(let records, _): records
            }
        }

        /// As `getServiceStatus` calls it.
        var kind: String {
            switch self {
            case .own: "sqlite"
            case .shared: "postgresql"
            }
        }
    }

    /// nil until the database has been reached.
    var works: Works? { present.withLock { $0 } }

    /// nil where nodes share them.
    var ownRecords: (any Records)? { if case .own(let records) = database { records } else { nil } }

    func status() async -> ServiceStatus { await works?.report.status() ?? waiting.status() }

    /// Opens the database and creates everything that works with it; nothing runs yet.
    /// - Throws: `RecordsError`, `MailStoreError`, `SecretsError`, `SystemdError`, `JoinRefusal`.
    static func open(
        _ configuration: DaemonConfiguration, _ source: ConfigurationSource, listeners: [Listener<Role>],
        _ inherited: InheritedDescriptors, log: Logger
    ) async throws -> Daemon {
        let journal = EventJournal()
        let manager = ServiceManager()
        let sealKey: SealKey
        let database: Database
        let onDamage = { @Sendable in log.error("a row is passed over: \($0 as RecordsError)") }
        if configuration.isDatabaseShared {
            sealKey = try Keys.commonSealKey()
            let shared = try SharedDatabase(configuration, sealKey: sealKey)
            database = .shared(try await shared.open(journal, onDamage: onDamage), shared)
        } else {
            database = .own(
                try await SQLiteRecords.open(
                    path: configuration.databasePath, onEvents: journal.tell, onDamage: onDamage))
            sealKey = try Keys.sealKey(stored: inherited.stored, manager: manager, log: log)
        }
        let daemon = try Daemon(
            configuration, source, database, journal, sealKey, listeners: listeners, inherited, log: log)
        do {
            try await daemon.begin()
        } catch let error as RecordsError where error.code == .unavailable && configuration.isDatabaseShared {
            log.error(
                "\(error) Until then nobody can log in, and moves wait.", metadata: ["reason": "databaseUnavailable"])
        } catch {
            await database.records.close()
            throw error
        }
        return daemon
    }

    private init(
        _ configuration: DaemonConfiguration, _ source: ConfigurationSource, _ database: Database,
        _ journal: EventJournal, _ sealKey: SealKey, listeners: [Listener<Role>], _ inherited: InheritedDescriptors,
        log: Logger
    ) throws {
        self.configuration = CurrentConfiguration(configuration, source)
        self.log = log
        self.database = database
        self.journal = journal
        let loops = Descriptors.loops(wanted: System.coreCount)
        group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        callers = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        trust = TLSTrust()
        let memory = Memory()
        var limits = MoveLimits(configuration)
        memory.fit(&limits, log: log)
        let descriptors = Descriptors(loops: loops + 1)
        descriptors.fit(&limits, log: log)
        self.descriptors = descriptors
        var clients = JSONRPC.Limits(configuration)
        memory.fit(&clients)
        clients.connections = descriptors.clients(of: clients.connections)
        Word.leave(configuration.accounts.kind, beside: listeners, log: log)
        parts = Works.Parts(
            configuration: self.configuration, sealKey: sealKey, limits: limits, group: group, trust: trust,
            log: log)
        let waiting = WaitingReport(kind: database.kind, mailStoreKind: configuration.mailStore.kind.rawValue)
        self.waiting = waiting
        reception = Reception { waiting.status() }
        server = JSONRPCServer(
            listeners: listeners, handler: reception, limits: clients, errors: MethodTable.serverErrors, group: callers,
            logger: log)
        let report = waiting.report
        metricsServer = MetricsServer(
            descriptors: inherited.metrics.map(\.number), group: callers, logger: log,
            contentType: Registry.contentType
        ) { await report.text() }
    }

    /// Whether work arrived just as the idle daemon was exiting: then it must be started again.
    var isUnfinished: Bool { unfinished.load(ordering: .relaxed) }

    /// Joins the nodes that share the database, if it is shared, makes what works with it, and takes up what was left
    /// unfinished.
    private func begin() async throws {
        if case .shared(let records, let shared) = database {
            try await records.join(shared.node)
            for warning in try await records.warnings() { log.warning("\(warning)") }
        }
        let works = try await Works(database.records, kind: database.kind, parts)
        do {
            try await manager.giveTime("taking up what was left unfinished") { try await works.move.recover() }
        } catch {
            await works.pool.shutdown()
            throw error
        }
        works.report.serve(server)
        waiting.report.open(works.report)
        present.withLock { $0 = works }
        reception.open(
            MethodTable(move: works.move, metrics: works.report.metrics) { await works.report.status() })
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.journal.run() }
            defer { journal.close() }
            do {
                try await serve()
            } catch {
                lastResort.begin(status: EX_OSERR)
                await close()
                throw error
            }
            await close()
        }
    }

    private func close() async {
        works?.close()
        if case .shared(let records, _) = database { await records.leave() }
        await database.records.close()
        await works?.pool.shutdown()
    }

    private func serve() async throws {
        let beat = Heartbeat(daemon: self)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await self.work() }
                tasks.addTask {
                    try await self.server.run { self.manager.ready() }
                }
                tasks.addTask { await beat.run() }
                // Not one of those whose end ends all.
                async let _ = self.metricsServer.run()
                // The first task to end ends all: because of a stop, or because it cannot continue.
                do {
                    try await tasks.next()
                } catch {
                    self.stop()
                    beat.stop()
                    throw error
                }
                self.stop()
                beat.stop()
                try await tasks.waitForAll()
            }
        } onGracefulShutdown: {
            self.stop()
        }
        if beat.hasLeft, let works {
            // Clients that came at the last moment were served; what they asked for must not be forgotten.
            unfinished.store(try await works.move.hasWork(), ordering: .relaxed)
        }
    }

    /// Moves until it is stopped, from the moment on when the database has been reached.
    private func work() async throws {
        let alarm = Alarm()
        isStopping.whenSet { alarm.ring() }
        while works == nil {
            await alarm.sleep(seconds: 1)
            if isStopping.isSet { return }
            do {
                try await begin()
                log.notice("the database has been reached")
            } catch let error as RecordsError where error.code == .unavailable {
                log.debug("\(error)")
            }
        }
        guard let works else { return }
        if isStopping.isSet { works.stop() }
        // Not one of those whose end ends all.
        async let _ = works.verifyPlatform()
        guard case .shared(let records, let shared) = database else { return await works.move.run() }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await works.move.run() }
            tasks.addTask {
                try await records.keepSigning(shared.node) {
                    works.move.scheduler.load.moving
                } lapsed: {
                    self.log.error("this node was silent for a lease: its runs begin again, here or on other nodes")
                    await works.move.yieldRuns()
                }
            }
            try await tasks.next()
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
    }

    /// No new work; the current batch is finished. Anything not done in time is as after a crash, which every state on
    /// disk can handle.
    private func stop() {
        manager.stopping(status: "finishing what is in hand")
        lastResort.begin()
        isStopping.signal()
        server.stop(grace: .seconds(3))
        metricsServer.stop()
        works?.stop()
    }
}

extension MoveLimits {
    init(_ configuration: DaemonConfiguration) {
        self.init()
        concurrentMoves = configuration.limits.concurrentMoves
        connectionsPerOldServer = configuration.limits.connectionsPerOldServer
        secondsBetweenRuns = configuration.limits.secondsBetweenRuns
        failuresPerAccount = configuration.limits.failuresPerAccount
        failuresPerAddress = configuration.limits.failuresPerAddress
        // In the form in which client addresses are compared: an IPv4 address in IPv6 form is the IPv4 address.
        trustedAddresses = Set(configuration.limits.trustedAddresses.map { ClientAddress($0)?.description ?? $0 })
        connectTimeout = configuration.timeouts.connect
        readTimeout = configuration.timeouts.read
        loginTimeout = configuration.timeouts.login
        ownNetworks = configuration.accounts.ownNetworks
        resolver = Resolver(server: configuration.dnsServer)
        passwordScheme = configuration.passwords.scheme
        noticeAddress = configuration.notifyTarget
        passwordCacheSeconds = configuration.passwords.cacheSeconds
    }
}

extension JSONRPC.Limits {
    init(_ configuration: DaemonConfiguration) {
        self.init()
        lineOctets = configuration.limits.requestBytes
        connections = configuration.limits.connections
    }
}
