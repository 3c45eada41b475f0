// SPDX-License-Identifier: Apache-2.0

import Records
import Support
import Testing
import Vocabulary

@testable import PostgreSQLRecords

/// The database goes, hangs, answers too late, or is none of ours.
@Suite(.enabled(if: PostgreSQLServer.isAvailable), .serialized) struct OutageTests {
    /// Each change is made once, whether its COMMIT never arrived, or its answer was lost.
    @Test func aCommitWithoutAnAnswerIsLookedUp() async throws {
        try await SharedDatabase.with { database in
            let proxy = try PostgreSQLProxy(to: database.server.port)
            defer { proxy.stop() }
            let records = try await database.open(
                "postgresql://mailmove:\(PostgreSQLServer.password)@127.0.0.1:\(proxy.port)/\(database.name)")
            let ann = try await records.create(try account("ann"))
            let intent = Intent(
                account: ann.id, recordedAt: morning, batch: [1],
                rows: [LedgerRow(uniqueID: 1, occurrence: 0, content: 1, octets: 1, source: 1)], octets: [1])
            proxy.cut { $0 % 2 == 0 ? .after : $0 % 3 == 0 ? .before : nil }
            for _ in 0..<30 { try await records.count(ann.id) }
            let epoch = try await records.record(moved: [], intended: [IntendedBatch(intent)], at: morning)
            let batch = MovedBatch(
                intent: epoch.intents[0], account: ann.id, rows: intent.rows, octets: 1, listedOctets: 1)
            _ = try await records.record(moved: [batch], intended: [], at: morning)
            let cuts = proxy.cuts
            proxy.cut { _ in nil }
            #expect(cuts > 10)
            let after = try await records.account(id: ann.id)
            #expect(after?.runs == 30)
            #expect(after?.moved == 1)
            #expect(try await records.intents(of: nil).isEmpty)
            await records.close()
        }
    }

    @Test func aDatabaseThatIsAwayIsUnavailableUntilItIsBack() async throws {
        let server = try await PostgreSQLServer()
        try await server.sql("CREATE DATABASE records OWNER mailmove", in: "postgres")
        let database = SharedDatabase(server: server, name: "records")
        server.stop()
        // It need not be there at the start.
        let records = try await database.open()
        await #expect(performing: { try await records.allSettings() }, throws: { code($0) == .unavailable })
        try await server.start()
        let ann = try await records.create(try account("ann"))
        server.stop()
        await #expect(performing: { try await records.count(ann.id) }, throws: { code($0) == .unavailable })
        await #expect(performing: { try await records.check() }, throws: { code($0) == .unavailable })
        try await server.start()
        try await records.count(ann.id)
        #expect(try await records.account(id: ann.id)?.runs == 1)
        await records.close()
    }

    @Test func aDatabaseThatHangsIsUnavailableSoonAndGoesOn() async throws {
        try await SharedDatabase.with { database in
            let proxy = try PostgreSQLProxy(to: database.server.port)
            defer { proxy.stop() }
            let records = try await database.open(
                "postgresql://mailmove:\(PostgreSQLServer.password)@127.0.0.1:\(proxy.port)/\(database.name)")
            let ann = try await records.create(try account("ann"))
            proxy.freeze()
            await #expect(performing: { try await records.account(id: ann.id) }, throws: { code($0) == .unavailable })
            proxy.freeze(false)
            proxy.cutAll()
            try await records.count(ann.id)
            #expect(try await records.account(id: ann.id)?.runs == 1)
            await records.close()
        }
    }

    @Test(.enabled(if: PgBouncer.isAvailable)) func aPoolerInTransactionModeMayStandBetween() async throws {
        try await SharedDatabase.with { database in
            let bouncer = try await PgBouncer(before: database.server)
            try await database.nodes("a", "b", through: bouncer.url(of: database.name)) { nodes in
                let ann = try await nodes[0].create(try account("ann"))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<60 { group.addTask { try await nodes[number % 2].count(ann.id) } }
                    try await group.waitForAll()
                }
                #expect(try await nodes[1].account(id: ann.id)?.runs == 60)
                #expect(try await nodes[0].totals(of: ann.address.domain, running: []).totals.accounts == 1)
            }
        }
    }

    @Test func aDatabaseOfANewerVersionOrOfOthersIsLeftAsItIs() async throws {
        try await SharedDatabase.with { database in
            let records = try await database.open()
            await records.close()
            try await database.server.sql("INSERT INTO migration VALUES (99, 'of the future')", in: database.name)
            await #expect(performing: { try await database.open() }, throws: { code($0) == .newer })
        }
        try await SharedDatabase.with { database in
            try await database.server.sql("CREATE TABLE theirs (x integer)", in: database.name)
            await #expect(performing: { try await database.open() }, throws: { code($0) == .corrupt })
            #expect(
                try await database.server.sql(
                    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", in: database.name) == ["1"])
        }
    }

    @Test func aPasswordIsInNoError() async throws {
        let records = try await SharedDatabase(server: try await SharedPostgreSQL.shared.database().server, name: "x")
            .open("postgresql://nobody:hunter2@127.0.0.1:1/none")
        do {
            try await records.check()
            Issue.record("nothing listens there")
        } catch {
            #expect("\(error)".contains("none at 127.0.0.1:1"))
            #expect(!"\(error)".contains("hunter2"))
        }
        await records.close()
    }
}
