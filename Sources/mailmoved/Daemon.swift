// SPDX-License-Identifier: Apache-2.0

import BuiltinDirectory
import Configuring
import DNS
import Glibc
import Ground
import IMAPSource
import IMAPStore
import JSONRPC
import Logging
import MailConnection
import MailMoveAPI
import MailSource
import MailStore
import Measures
import MessageContent
import Methods
import MetricsServer
import Migration
import NIOCore
import NIOPosix
import OpenMetrics
import POP3Source
import Records
import SQLiteRecords
import Secrets
import ServiceLifecycle
import Synchronization
import Systemd
import Vocabulary

/// The daemon, wired together: configuration in, services out.
final class Daemon: Service {
    let records: SQLiteRecords
    let store: any MailStore
    /// What certificates are judged by, of old servers and of the platform.
    let trust: TLSTrust
    let move: MailMove
    let pool: HashingPool
    let server: JSONRPCServer<MethodTable>
    let metricsServer: MetricsServer
    /// What is measured, from the first moment on.
    static let metrics = Registry(Measures.families)
    let report: ServiceReport
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
    private let lastResort = LastResort(seconds: 4.5)
    private let unfinished = Atomic(false)

    /// Opens the database and creates everything that works with it; nothing runs yet.
    /// - Throws: `RecordsError`, `MailStoreError`, `SecretsError`, `SystemdError`.
    static func open(
        _ configuration: DaemonConfiguration, _ source: ConfigurationSource, listeners: [Listener<Role>],
        _ inherited: InheritedDescriptors, log: Logger
    ) async throws -> Daemon {
        let journal = EventJournal()
        let records = try await SQLiteRecords.open(
            path: configuration.databasePath, onEvents: journal.tell,
            onDamage: { log.error("a row is passed over: \($0)") })
        do {
            return try await Daemon(
                configuration, source, records, journal, listeners: listeners, inherited, log: log)
        } catch {
            await records.close()
            throw error
        }
    }

    private init(
        _ configuration: DaemonConfiguration, _ source: ConfigurationSource, _ records: SQLiteRecords,
        _ journal: EventJournal, listeners: [Listener<Role>], _ inherited: InheritedDescriptors, log: Logger
    ) async throws {
        self.configuration = CurrentConfiguration(configuration, source)
        self.log = log
        self.records = records
        self.journal = journal
        let loops = Descriptors.loops(wanted: System.coreCount)
        group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        callers = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let current = self.configuration
        trust = TLSTrust()
        store = try Stores.open(
            configuration, contentKey: try await .kept(in: records), group: group, trust: trust
        ) {
            let timeouts = current.value.timeouts
            return Timeouts(connect: .seconds(timeouts.connect), read: .seconds(timeouts.read))
        }
        let memory = Memory()
        var limits = MoveLimits(configuration)
        memory.fit(&limits, log: log)
        let descriptors = Descriptors(loops: loops + 1)
        descriptors.fit(&limits, log: log)
        self.descriptors = descriptors
        var clients = JSONRPC.Limits(configuration)
        memory.fit(&clients)
        clients.connections = descriptors.clients(of: clients.connections)
        let sealKey = try Keys.sealKey(stored: inherited.stored, manager: manager, log: log)
        let ledgerHash = try KeyedHash(key: try await Keys.ledgerKey("ledger-key", in: records))
        // Last of the steps that may fail, because its owner must end it.
        pool = try HashingPool(waitingLogins: 2048, decoyScheme: limits.passwordScheme)
        let source = SourcesByProtocol(pop3: POP3Source(group: group, trust: trust), imap: IMAPSource(group: group, trust: trust))
        move = MailMove(
            records: records, directory: BuiltinDirectory(records: records), source: source, probe: source,
            store: store,
            pool: pool, sealKey: sealKey, ledgerHash: ledgerHash, limits: limits)
        let report = ServiceReport(records: records, move: move, storeKind: store.traits.kind)
        self.report = report
        server = JSONRPCServer(
            listeners: listeners,
            handler: MethodTable(move: move, metrics: report.metrics) { await report.status() },
            limits: clients, errors: MethodTable.serverErrors, group: callers, logger: log)
        metricsServer = MetricsServer(
            descriptors: inherited.metrics.map(\.number), group: callers, logger: log,
            contentType: Registry.contentType, text: report.metrics)
        report.serve(server)
    }

    /// Whether work arrived just as the idle daemon was exiting: then it must be started again.
    var isUnfinished: Bool { unfinished.load(ordering: .relaxed) }

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
        (store as? IMAPStore)?.close()
        await records.close()
        await pool.shutdown()
    }

    private func serve() async throws {
        try await manager.giveTime("taking up what was left unfinished") { try await move.recover() }
        let beat = Heartbeat(daemon: self)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await self.move.run() }
                tasks.addTask {
                    try await self.server.run { self.manager.ready() }
                }
                tasks.addTask { await beat.run() }
                // Not one of those whose end ends all.
                async let _ = self.metricsServer.run()
                // The first task to end ends all: because of a stop, or because it cannot continue.
                try await tasks.next()
                self.stop()
                beat.stop()
                try await tasks.waitForAll()
            }
        } onGracefulShutdown: {
            self.stop()
        }
        if beat.hasLeft {
            // Clients that came at the last moment were served; what they asked for must not be forgotten.
            unfinished.store(try await move.hasWork(), ordering: .relaxed)
        }
    }

    /// No new work; the current batch is finished. Anything not done in time is as after a crash, which every state on
    /// disk can handle.
    private func stop() {
        manager.stopping(status: "finishing what is in hand")
        lastResort.begin()
        server.stop(grace: .seconds(3))
        metricsServer.stop()
        move.stop()
        (store as? IMAPStore)?.stop()
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
