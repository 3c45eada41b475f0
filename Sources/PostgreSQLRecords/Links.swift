// SPDX-License-Identifier: Apache-2.0

import Glibc
import PostgreSQL
import Records
import Synchronization

/// The connections that no thread uses just now, and the numbers of slots.
final class Links: Sendable {
    /// A connection that no thread uses.
    private struct Idle: @unchecked Sendable {
        // Proof: it is taken out by the one thread that uses it, and put back after that.
        let connection: PostgreSQLConnection
    }

    let server: Server
    private let idle = Mutex<[Idle]>([])
    private let slots: Mutex<[Int]>
    private let isPrepared = Mutex(false)

    /// - Parameter slots: how many transactions change something at the same time.
    init(_ server: Server, slots: Int) {
        self.server = server
        self.slots = Mutex(Array(0..<min(slots, Self.slotsOfNode)))
    }

    /// Slots that a node has for itself.
    static let slotsOfNode = 16

    /// Runs `body` with a slot that nobody else uses meanwhile. There are as many as threads that ask.
    func withSlot<Result>(_ body: (Int) throws -> Result) throws -> Result {
        guard let slot = slots.withLock({ $0.popLast() }) else { throw server.unavailable("is busy") }
        defer { slots.withLock { $0.append(slot) } }
        return try body(Int(server.node) * Self.slotsOfNode + slot)
    }

    /// A connection that has stood idle, else a new one.
    func take() throws -> PostgreSQLConnection {
        if let kept = idle.withLock({ $0.popLast() }) { return kept.connection }
        return try connect()
    }

    func keep(_ connection: PostgreSQLConnection) {
        guard connection.isUsable, !connection.isInTransaction else { return }
        let kept = Idle(connection: connection)
        idle.withLock { $0.append(kept) }
    }

    /// The database was restarted, or is a standby by now: so it is with all connections.
    func dropIdle() { idle.withLock { $0.removeAll() } }

    /// Connects, and sees to the schema where this process has not yet.
    private func connect() throws -> PostgreSQLConnection {
        let connection = try server.library.connect(server.place)
        try connection.lookForPooler(within: server.patience)
        if connection.isDirect { try connection.run(script: server.limits(in: .session), within: server.patience) }
        // One at a time: the others wait for what it finds.
        try isPrepared.withLock { isPrepared in
            if isPrepared { return }
            try Schema(server, connection).bringUpToDate()
            isPrepared = true
        }
        return connection
    }
}

/// The database's tables, as its migrations have made them.
struct Schema {
    private let server: Server
    private let connection: PostgreSQLConnection

    init(_ server: Server, _ connection: PostgreSQLConnection) {
        self.server = server
        self.connection = connection
    }

    /// Runs what has not been run, if nobody else does, in one transaction.
    /// - Throws: a `RecordsError` `newer`, or `corrupt` where it is another program's; or a failure of the database.
    func bringUpToDate() throws {
        if try isUpToDate() { return }
        do {
            // Making an index may take its time, and so may another node that is at it.
            try run(
                "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(\(Lock.schema))"
            )
            guard try !isUpToDate() else {
                try run("ROLLBACK")
                return
            }
            try run(Migrations.foundation)
            let known = try names().count
            for (number, migration) in Migrations.all.enumerated().dropFirst(known) {
                try run(migration.sql)
                _ = try connection.run(
                    "INSERT INTO migration (number, name) VALUES ($1, $2)",
                    [.integer(Int64(number + 1)), .text(migration.name)], within: 60)
            }
            try run("COMMIT")
        } catch {
            if connection.isUsable, connection.isInTransaction { _ = try? run("ROLLBACK") }
            throw error
        }
    }

    private func isUpToDate() throws -> Bool {
        let own = try connection.run(
            """
            SELECT
                to_regclass('migration') IS NOT NULL,
                EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())
            """, isBinary: false, within: server.patience)
        guard own.text(0, 0) == "t" else {
            if own.text(0, 1) == "t" { throw server.foreign }
            return false
        }
        let names = try names()
        let ours = Migrations.all.map(\.name)
        guard names == Array(ours.prefix(names.count)) else { throw server.newer }
        return names.count == ours.count
    }

    private func names() throws -> [String] {
        let rows = try connection.run("SELECT name FROM migration ORDER BY number", within: server.patience)
        return (0..<rows.count).map { rows.text($0, 0) }
    }

    private func run(_ script: String) throws { try connection.run(script: script, within: 3600) }
}
