// SPDX-License-Identifier: Apache-2.0

import GRDB
import Testing

@testable import SQLiteRecords

/// What becomes of a database that an earlier version has written.
@Suite struct UpgradeTests {
    @Test func whoNeedsAttentionIsCountedFromTheBeginning() throws {
        let database = try DatabaseQueue()
        try Migrations.all.migrate(database, upTo: "hand-overs to a directory of the platform's own")
        try database.write { db in
            try db.execute(sql: "INSERT INTO domain (id, name) VALUES (1, 'example.org')")
            let accounts = [
                ("given-up", "NULL, NULL"), ("retried", "NULL, 'retry'"), ("refused", "'messagesRefused', 'retry'"),
            ]
            for (name, error) in accounts {
                try db.execute(
                    sql: """
                        INSERT INTO account (
                            domain, address, createdAt, passwordHash, handover, revision, outcome, moved, movedOctets,
                            remaining, remainingOctets, runs, errorReason, pendingKind)
                        VALUES (1, '\(name)@example.org', 0, 'x', 'never', 1, 3, 2, 20, 5, 50, 1, \(error))
                        """)
            }
        }
        try Migrations.all.migrate(database)
        func failed() throws -> [Int64] {
            let columns = "accounts, moved, remaining, remainingOctets, attention, paused, pausedRemaining"
            let row = try database.read { db in
                try Row.fetchOne(db, sql: "SELECT \(columns) FROM tally WHERE domain = 1 AND status = 3")
            }
            return row?.databaseValues.compactMap { Int64.fromDatabaseValue($0) } ?? []
        }
        #expect(try failed() == [3, 6, 15, 150, 2, 0, 0])
        try database.write { db in
            try db.execute(sql: "UPDATE account SET paused = 1 WHERE address LIKE 're%'")
        }
        #expect(try failed() == [3, 6, 15, 150, 3, 2, 10])
        try database.write { db in
            try db.execute(sql: "UPDATE account SET paused = 0, pendingKind = NULL")
        }
        #expect(try failed() == [3, 6, 15, 150, 3, 0, 0])
    }
}
