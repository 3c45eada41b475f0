// SPDX-License-Identifier: Apache-2.0

import Configuring
import Dispatch
import Glibc
import JSONRPC
import Logging
import MailMoveAPI
import MaildirStore
import Methods
import Migration
import NIOCore
import NIOPosix
import Records
import SQLiteRecords
import Secrets
import ServiceLifecycle
import Systemd
import UnixSignals
import Vocabulary

/// The daemon, wired: configuration in, services out.
struct Daemon: Service {
    let records: SQLiteRecords
    let store: MaildirStore
    let move: MailMove
    let pool: HashingPool
    let server: JSONRPCServer<MethodTable>
    let report: ServiceReport
    let manager = ServiceManager()
    let group: MultiThreadedEventLoopGroup
    let configuration: DaemonConfiguration
    let source: ConfigurationSource
    let log: Logger

    /// Opens what is kept and makes what works with it; nothing runs yet.
    /// - Throws: `RecordsError`, `MailStoreError`, `SecretsError`, `SystemdError`.
    init(
        _ configuration: DaemonConfiguration, _ source: ConfigurationSource, listeners: [Listener<Role>],
        stored: [InheritedDescriptors.Descriptor], log: Logger
    ) async throws {
        self.configuration = configuration
        self.source = source
        self.log = log
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(2, System.coreCount))
        records = try await SQLiteRecords.open(path: configuration.databasePath)
        store = try MaildirStore(
            path: configuration.mailStore.maildirPath,
            hashKey: try await Keys.ledgerKey("content-key", in: records), pool: FilePool())
        let limits = MoveLimits(configuration)
        pool = try HashingPool(waitingLogins: 2048, decoyScheme: limits.passwordScheme)
        move = MailMove(
            records: records, store: store, pool: pool,
            sealKey: try Keys.sealKey(stored: stored, manager: manager, log: log),
            ledgerHash: try KeyedHash(key: try await Keys.ledgerKey("ledger-key", in: records)), limits: limits,
            group: group)
        let report = ServiceReport(records: records, store: store, move: move)
        self.report = report
        server = JSONRPCServer(
            listeners: listeners, handler: MethodTable(move: move) { await report.status() },
            limits: JSONRPC.Limits(configuration), errors: MethodTable.serverErrors, group: group, logger: log)
        report.serve(server)
    }

    func run() async throws {
        try await move.recover()
        let beat = Heartbeat(daemon: self)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await self.move.run() }
                tasks.addTask {
                    try await self.server.run { self.manager.ready() }
                }
                tasks.addTask { await beat.run() }
                // The first that ends ends all: by a stop, or because it cannot go on.
                try await tasks.next()
                self.stop()
                beat.stop()
                try await tasks.waitForAll()
            }
        } onGracefulShutdown: {
            self.stop()
        }
        await records.close()
        await pool.shutdown()
    }

    /// No new work; the batch in hand is finished. What is not done in time is as after a crash, which every state on
    /// disk is ready for.
    private func stop() {
        manager.stopping(status: "stopping")
        DispatchQueue.global().asyncAfter(deadline: .now() + 4.5) { _exit(0) }
        server.stop(grace: .seconds(3))
        move.stop()
    }

    /// `SIGHUP`: the configuration is read again. A bad file is refused with its line, and what was in force stays.
    func reloadWhenTold() async {
        var current = configuration
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            manager.reloading()
            do throws(ConfigurationError) {
                let (loaded, warnings) = try source.load()
                for warning in warnings { log.warning("\(warning)") }
                for key in current.needingRestart(for: loaded) {
                    log.warning("\(key) has changed; that takes effect with: systemctl restart mailmoved")
                }
                current = current.reloaded(with: loaded)
                move.reload(MoveLimits(current))
                LogLevel.current.set(current.logLevel)
                log.info("the configuration was read again")
            } catch {
                log.error("the configuration was not taken, and the old one stays: \(error)")
            }
            manager.ready()
        }
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
        // In the form in which clients' addresses are compared: an IPv4 address in IPv6 form is the IPv4 address.
        trustedAddresses = Set(configuration.limits.trustedAddresses.map { ClientAddress($0)?.description ?? $0 })
        connectTimeout = configuration.timeouts.connect
        readTimeout = configuration.timeouts.read
        loginTimeout = configuration.timeouts.login
        passwordScheme = configuration.passwords.scheme
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
