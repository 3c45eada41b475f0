// SPDX-License-Identifier: Apache-2.0

import Glibc
import Measures
import PostgreSQL
import Records

/// Runs bodies in transactions, on a thread that may block, and sees to it that each is made once: it is run again after
/// a conflict or on a lost connection, and a commit without an answer is looked up.
struct Transactions: Sendable {
    let links: Links
    private var server: Server { links.server }

    /// A commit was sent and not answered.
    private struct InDoubt: Error {
        var id: String
        var cause: PostgreSQLFailure
    }

    /// For how long a transaction that others have overtaken, or that waits for them in vain, is run again, in seconds.
    private static let secondsOvertaken = 20.0
    /// How long a database that cannot be reached is tried, in seconds: as long as a failover of a pooler takes, for a
    /// login waits.
    private static let secondsAway = 1.5
    /// How long the fate of a commit is asked for; after that nobody waits for it, and what is recorded tells.
    private static let secondsInDoubt = 8.0

    func read<Result>(_ body: (Session) throws -> Result) throws -> Result {
        try untilMade {
            let connection = try begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let session = Session(connection, of: server, slot: nil)
            let result = try within(session, connection, body)
            // Nothing depends on how it ends.
            if (try? connection.run(script: "COMMIT", within: server.patience)) != nil { links.keep(connection) }
            return result
        }
    }

    /// - Parameters:
    ///   - isDurable: whether its end waits for the disk.
    ///   - told: called with the events that it appends, once they are durable.
    func write<Result>(
        isDurable: Bool, told: ([EventRecord]) -> Void, _ body: (Session) throws -> Result
    ) throws -> Result {
        try links.withSlot { slot in
            try untilMade { try write(in: slot, isDurable: isDurable, told: told, body) }
        }
    }

    private func write<Result>(
        in slot: Int, isDurable: Bool, told: ([EventRecord]) -> Void, _ body: (Session) throws -> Result
    ) throws -> Result {
        let durability = isDurable ? "" : "SET LOCAL synchronous_commit = off; "
        let connection = try begin("BEGIN; \(durability)SET LOCAL mailmove.slot = '\(slot)'")
        let session = Session(connection, of: server, slot: slot)
        let result = try within(session, connection, body)
        guard session.hasChanged else {
            if (try? connection.run(script: "COMMIT", within: server.patience)) != nil { links.keep(connection) }
            return result
        }
        let start = ContinuousClock.now
        do {
            try commit(connection, slot)
        } catch let doubt as InDoubt {
            guard try isMade(doubt, slot) else { throw doubt.cause }
        }
        Measures.databaseCommits.record(.now - start)
        links.keep(connection)
        if !session.appended.isEmpty { told(session.appended) }
        return result
    }

    private func begin(_ script: String) throws -> PostgreSQLConnection {
        let connection = try links.take()
        do {
            try connection.run(script: server.beginning(script, on: connection), within: server.patience)
            return connection
        } catch {
            end(connection)
            throw error
        }
    }

    private func within<Result>(
        _ session: Session, _ connection: PostgreSQLConnection, _ body: (Session) throws -> Result
    ) throws -> Result {
        defer { session.end() }
        do {
            return try body(session)
        } catch {
            end(connection)
            throw error
        }
    }

    /// Rolls back.
    private func end(_ connection: PostgreSQLConnection) {
        guard connection.isUsable else { return }
        if connection.isInTransaction { _ = try? connection.run(script: "ROLLBACK", within: 5) }
        links.keep(connection)
    }

    /// Leaves the transaction's own id behind in its slot, and commits.
    private func commit(_ connection: PostgreSQLConnection, _ slot: Int) throws {
        let id = Self.newID()
        do {
            try connection.run(
                script: """
                    INSERT INTO lastCommit (slot, id) VALUES (\(slot), '\(id)')
                    ON CONFLICT (slot) DO UPDATE SET id = excluded.id; COMMIT
                    """, within: server.patience)
        } catch {
            guard error.isLost else {
                end(connection)
                throw error
            }
            throw InDoubt(id: id, cause: error)
        }
    }

    /// Whether a commit without an answer was made. Waits for it to end, should it be going on still; one that is not
    /// there then cannot come any more.
    private func isMade(_ doubt: InDoubt, _ slot: Int) throws -> Bool {
        links.dropIdle()
        let end = ContinuousClock.now + .seconds(Self.secondsInDoubt)
        while true {
            do {
                let connection = try links.take()
                defer { links.keep(connection) }
                try connection.run(script: server.beginning("BEGIN", on: connection), within: server.patience)
                // Waits for whoever has written the slot's row and not ended.
                let rows = try connection.run(
                    """
                    INSERT INTO lastCommit (slot, id) VALUES ($1, '00000000-0000-0000-0000-000000000000')
                    ON CONFLICT (slot) DO UPDATE SET slot = excluded.slot RETURNING id::text
                    """, [.integer(Int64(slot))], within: server.patience)
                let last = rows.count > 0 ? rows.text(0, 0) : ""
                try connection.run(script: "COMMIT", within: server.patience)
                return last == doubt.id
            } catch {
                guard ContinuousClock.now < end else {
                    throw server.unavailable("has not said whether a change was made (\(error))")
                }
                usleep(300_000)
            }
        }
    }

    /// Runs `attempt` until it is not overtaken, nor its connection lost.
    private func untilMade<Result>(_ attempt: () throws -> Result) throws -> Result {
        let start = ContinuousClock.now
        let end = start + .seconds(Self.secondsAway)
        var overtaken = 0
        while true {
            do {
                return try attempt()
            } catch let failure as PostgreSQLFailure {
                switch failure.state {
                case "40001", "40P01", "55P03", "57014",
                    _ where PostgreSQLConnection.outdated.contains(failure.state):
                    overtaken += 1
                    guard ContinuousClock.now < start + .seconds(Self.secondsOvertaken) else {
                        throw server.error(failure)
                    }
                    usleep(UInt32.random(in: 1000...20_000) * UInt32(min(overtaken, 8)))
                case "25006", "57P01", "57P02", "57P03":
                    links.dropIdle()
                    guard ContinuousClock.now < end else { throw server.error(failure) }
                    usleep(200_000)
                case _ where failure.isLost:
                    links.dropIdle()
                    guard ContinuousClock.now < end else { throw server.error(failure) }
                    usleep(100_000)
                default: throw server.error(failure)
                }
            }
        }
    }

    /// A random UUID (RFC 9562 §5.4).
    private static func newID() -> String {
        func hex(_ number: UInt64, _ digits: Int) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: digits - text.count) + text
        }
        let (high, low) = (UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max))
        return [
            hex(high >> 32, 8), hex(high >> 16 & 0xFFFF, 4), hex(high & 0x0FFF | 0x4000, 4),
            hex(low >> 48 & 0x3FFF | 0x8000, 4), hex(low & 0xFFFF_FFFF_FFFF, 12),
        ].joined(separator: "-")
    }
}
