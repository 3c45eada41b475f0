// SPDX-License-Identifier: Apache-2.0

import Records
import Support
import Testing
import Vocabulary

@testable import PostgreSQLRecords

/// What becomes of changes that several nodes make at the same time.
@Suite(.enabled(if: PostgreSQLServer.isAvailable)) struct ConflictTests {
    @Test func eachOfManyChangesOfAnAccountIsMadeOnce() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                let ann = try await nodes[0].create(try account("ann"))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<60 { group.addTask { try await nodes[number % 2].count(ann.id) } }
                    try await group.waitForAll()
                }
                #expect(try await nodes[0].account(id: ann.id)?.runs == 60)
                #expect(try await nodes[1].account(id: ann.id)?.version == 61)
            }
        }
    }

    @Test func anAccountThatAllCreateIsCreatedOnce() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                let new = try account("ann")
                let created = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<16 {
                        group.addTask {
                            try await nodes[number % 2].change(.address(new.address)) { facts in
                                facts.row == nil ? AccountEffects(new) : nil
                            } != nil
                        }
                    }
                    return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(created == 1)
            }
        }
    }

    @Test func aKeyThatAllMakeIsOne() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                let keys = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                    for number in 0..<16 {
                        group.addTask { try await nodes[number % 2].kept("key", orElse: [UInt8(number)]) }
                    }
                    return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
                }
                #expect(keys.count == 1)
            }
        }
    }

    @Test func nodesThatStartAtOnceMakeTheTablesOnce() async throws {
        try await SharedDatabase.with { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        let records = try await database.open()
                        try await records.join(.test("node\(number)"))
                        await records.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await database.server.sql("SELECT count(*) FROM migration", in: database.name)
                    == ["\(Migrations.all.count)"])
        }
    }

    /// Whoever changes a domain's settings and whoever changes its accounts decide one after the other.
    @Test func settingsAndAccountsAreNotDecidedOnPastEachOther() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                let domain = try DomainName("example.org")
                var rows: [AccountRecord] = []
                for number in 0..<20 { rows.append(try await nodes[0].create(try account("user\(number)"))) }
                let settings = MigrationSettings(
                    domain: domain, oldServer: OldServer(host: "192.0.2.1"), validDays: 30, hasKnownAccounts: false,
                    autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(), enabledAt: morning,
                    generation: 1, warnings: [])
                _ = try await nodes[0].settle(domain) { _ in
                    SettingsChange(settings, known: nil, excluded: nil)
                } _: { account, _, _ in
                    account
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for row in rows {
                        group.addTask {
                            // Sealed only as long as the window is open.
                            try await nodes[1].change(.id(row.id)) { facts in
                                guard facts.settings?.disabledAt == nil, var row = facts.account else { return nil }
                                row.sealed = [1]
                                row.pending = PendingRun(kind: .first, due: morning)
                                return AccountEffects(row)
                            }
                        }
                    }
                    group.addTask { _ = try await nodes[0].disable(domain, at: morning) }
                    try await group.waitForAll()
                }
                #expect(try await nodes[0].accountsWithSealedPassword().isEmpty)
            }
        }
    }

    /// Sums are kept by triggers, in slots; a recount must agree, whoever has changed what.
    @Test func sumsAgreeWithACount() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b", "c") { nodes in
                var rows: [AccountRecord] = []
                for number in 0..<12 { rows.append(try await nodes[0].create(try account("user\(number)"))) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<120 {
                        let id = rows[number % rows.count].id
                        let seed = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
                        group.addTask {
                            try await nodes[number % 3].change(.id(id)) { facts in
                                guard var row = facts.row else { return nil }
                                row.outcome = [.notStarted, .inProgress, .completed, .failed][Int(seed >> 60) % 4]
                                row.moved = Int64(seed >> 40 & 0xFFFF)
                                row.movedOctets = seed & 1 == 0 ? Int64.max : Int64(seed >> 30 & 0xFFFF)
                                row.remaining = Int64(seed >> 20 & 0xFF)
                                row.runs = Int64(seed & 1)
                                row.isPaused = seed & 2 == 0
                                row.deletedAt = seed & 12 == 0 ? morning : nil
                                return AccountEffects(row)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let drift = try await database.server.sql(
                    """
                    SELECT count(*) FROM (
                        SELECT domain, status, sum(accounts) a, sum(unlisted) u, sum(attention) t, sum(paused) p,
                            sum(moved) m, sum(movedOctets) o, sum(remaining) r FROM tally GROUP BY domain, status
                    ) kept FULL JOIN (
                        SELECT domain, status, count(*) a, count(*) FILTER (WHERE runs = 0) u, sum(attention) t,
                            sum(paused) p, sum(moved) m, sum(movedOctets::numeric) o, sum(remaining) r
                        FROM account WHERE deletedAt IS NULL GROUP BY domain, status
                    ) counted USING (domain, status)
                    WHERE (coalesce(kept.a, 0), coalesce(kept.u, 0), coalesce(kept.t, 0), coalesce(kept.p, 0),
                            coalesce(kept.m, 0), coalesce(kept.o, 0), coalesce(kept.r, 0))
                        <> (coalesce(counted.a, 0), coalesce(counted.u, 0), coalesce(counted.t, 0),
                            coalesce(counted.p, 0), coalesce(counted.m, 0), coalesce(counted.o, 0),
                            coalesce(counted.r, 0))
                    """, in: database.name)
                #expect(drift == ["0"])
                let slots = try await database.server.sql("SELECT count(DISTINCT slot) FROM tally", in: database.name)
                #expect(slots.first.flatMap { Int($0) }.map { $0 > 1 } == true)
            }
        }
    }
}
