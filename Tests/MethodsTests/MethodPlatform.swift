// SPDX-License-Identifier: Apache-2.0

import BuiltinDirectory
import DNS
import Ground
import JSONWire
import Logging
import MailMoveAPI
import MailSource
import MailStore
import Migration
import Records
import Secrets
import Support
import Synchronization
import Vocabulary

@testable import JSONRPC
@testable import Methods

/// The contract's methods, called as a connection calls them, over a platform and an old server in memory.
final class MethodPlatform: Sendable {
    static let password = "open sesame"

    let source = MemorySource(password: password, inbox: [])
    private let move: MailMove
    private let table: MethodTable
    private let clock = Clock()

    /// Where accounts live, if they are the platform's own.
    let directory: MemoryDirectory?

    private init(
        _ records: any Records, _ store: any MailStore, _ pool: HashingPool, _ directory: MemoryDirectory?
    ) throws {
        self.directory = directory
        let clock = clock
        var limits = MoveLimits()
        limits.loginTimeout = 60
        // Nobody answers there.
        limits.resolver = Resolver(server: .init(host: "127.0.0.1", port: 1))
        move = MailMove(
            records: records, directory: directory ?? BuiltinDirectory(records: records), source: source,
            probe: NoProbe(),
            store: store, pool: pool, sealKey: .random(),
            ledgerHash: try KeyedHash(key: Array(repeating: 2, count: 32)), limits: limits,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { clock.now })
        table = MethodTable(move: move, metrics: { "# EOF\n" }) {
            ServiceStatus(
                startedAt: .now, moving: 0, queued: 0, clients: 0, store: .init(kind: "sqlite", ok: true),
                mailStore: .init(kind: "maildir", ok: true), statusText: "")
        }
    }

    private final class Clock: Sendable {
        private let ahead = Mutex(0.0)

        var now: Timestamp { Timestamp.now.adding(seconds: ahead.withLock { $0 }) }

        func advance(days: Double) { ahead.withLock { $0 += days * 86_400 } }
    }

    func advance(days: Double) { clock.advance(days: days) }

    /// - Parameters:
    ///   - failure: what every use of the records comes to.
    ///   - directory: where accounts live, if they are the platform's own.
    static func run(
        failing failure: (any Error)? = nil, accounts directory: MemoryDirectory? = nil,
        _ body: (MethodPlatform) async throws -> Void
    ) async throws {
        let pool = try HashingPool(threads: 1)
        let records: any Records = failure.map { FailingRecords(error: $0) } ?? MemoryRecords()
        let platform = try MethodPlatform(records, try MemoryStore(), pool, directory)
        let result: Result<Void, any Error>
        // Old servers are asked for as long as it runs.
        async let life: Void = platform.move.run()
        do {
            result = .success(try await body(platform))
        } catch {
            result = .failure(error)
        }
        platform.move.stop()
        await life
        await pool.shutdown()
        try result.get()
    }

    /// - Returns: nil where it is done.
    func call(_ method: String, _ parameters: JSONValue, as role: Role = .admin) async throws -> RPCError? {
        let outbound = Outbound(limits: Limits(), unsentOfAll: UnsentOctets()) {}
        let peer = Peer(outbound: outbound, subscriptions: Subscriptions(limit: 1))
        let call = Call(
            method: method, params: try JSONDocument(JSONText.encode(parameters)).root, role: role, peer: peer,
            isNotification: false)
        do {
            if try table.answerAtOnce(call) != nil { return nil }
            try await table.handle(call).subscription?.drop()
            return nil
        } catch let error as RPCError {
            return error
        }
    }

    /// - Throws: the error that it is answered with.
    func result(_ method: String, _ parameters: JSONValue) async throws -> JSONValue {
        let outbound = Outbound(limits: Limits(), unsentOfAll: UnsentOctets()) {}
        let peer = Peer(outbound: outbound, subscriptions: Subscriptions(limit: 1))
        let call = Call(
            method: method, params: try JSONDocument(JSONText.encode(parameters)).root, role: Role.admin, peer: peer,
            isNotification: false)
        return try JSONDocument(try await table.handle(call).result).root.decode()
    }

    /// Ann is there, and her domain's migration is enabled.
    func enable(adding members: JSONObject = [:]) async throws {
        var settings: JSONObject = [
            "domain": "example.com", "oldServer": ["host": "192.0.2.10", "security": "none"],
        ]
        for member in members.members { settings[member.name] = member.value }
        let created: JSONValue = ["accounts": [["address": "ann@example.com", "password": "Str0ng-0-pass"]]]
        let errors = [try await call("createAccounts", created), try await call("enableMigration", .object(settings))]
        for case let error? in errors { throw error }
    }
}

/// What no test here asks.
private struct NoProbe: OldServerProbe {
    func visit(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password?,
        progress: @escaping @Sendable (ProbeStep) -> Void
    ) async throws(SourceError) -> any ProbedConnection {
        throw SourceError(code: .unreachable, step: .connect, detail: "nobody is there")
    }

    func addresses(of server: OldServer, timeouts: Timeouts) async throws(SourceError) -> [IPAddress] { [] }

    func allAddresses(of server: OldServer) async -> [IPAddress] { [] }

    func leadsHere(_ address: IPAddress, port: Int) -> Bool { false }
}

/// Records that cannot be had.
private struct FailingRecords: TransactionalRecords {
    let error: any Error

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsReader) throws -> Result
    ) async throws -> Result { throw error }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result { throw error }

    func note<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result { throw error }

    func check() async throws { throw error }

    func close() async {}
}
