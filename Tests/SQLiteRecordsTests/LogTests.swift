// SPDX-License-Identifier: Apache-2.0

import Foundation
import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

@Suite struct LogTests {
    /// 120 accounts with ties in every key, times that are not set, deleted ones among them.
    private func fill(_ records: SQLiteRecords) async throws {
        try await records.write { writer in
            var random = Numbers(seed: 7)
            for number in 0..<120 {
                var account = newAccount("user\(number % 2 == 0 ? "" : ".")\(number * 37 % 120)@example.org")
                account.outcome = [.notStarted, .inProgress, .completed, .failed][random.next(4)]
                account.nonMigrating = random.next(5) == 0 ? .notKnown : nil
                account.startedAt = random.next(3) == 0 ? nil : morning.adding(seconds: Double(random.next(5)))
                account.startedBy = account.startedAt == nil ? nil : [.imap, .pop3][random.next(2)]
                account.lastTriggeredAt = random.next(4) == 0 ? nil : morning.adding(seconds: Double(random.next(3)))
                account.remaining = Int64(random.next(4))
                account.deletedAt = random.next(10) == 0 ? morning : nil
                account.isPaused = random.next(6) == 0
                if random.next(2) == 0 {
                    account.lastAttempt = PasswordAttempt(at: morning, via: .imap, outcome: .rejected)
                }
                _ = try writer.insert(account)
            }
            _ = try writer.insert(newAccount("user@example.com"))
        }
    }

    private func expected(_ accounts: [AccountRecord], _ query: LogQuery) -> [String] {
        func key(_ account: AccountRecord) -> Int64 {
            switch query.sort {
            case .account: 0
            case .status: account.status.code
            case .startedAt: account.startedAt?.milliseconds ?? .min
            case .lastTriggeredAt: account.lastTriggeredAt?.milliseconds ?? .min
            case .remaining: account.remaining
            }
        }
        let wanted = accounts.filter {
            $0.deletedAt == nil && $0.address.domain == query.domain
                && (query.statuses.isEmpty || query.statuses.contains($0.status))
                && (query.startedBy == nil || $0.startedBy == query.startedBy)
                && (!query.needsAttention || $0.needsAttention)
        }
        let sorted = wanted.sorted { (key($0), $0.address.description) < (key($1), $1.address.description) }
        return (query.descending ? sorted.reversed() : sorted).map(\.address.description)
    }

    private func everyAccount(_ records: SQLiteRecords) async throws -> [AccountRecord] {
        try await records.read { reader in try (1...121).compactMap { try reader.account(id: $0) } }
    }

    @Test(arguments: LogQuery.Sort.allCases, [false, true])
    func pagesNeitherRepeatNorSkip(_ sort: LogQuery.Sort, _ descending: Bool) async throws {
        try await withRecords { records in
            try await fill(records)
            let accounts = try await everyAccount(records)
            let filters: [(Set<MigrationStatus>, TriggerOrigin?, Bool)] = [
                ([], nil, false), ([.failed], nil, false), ([.notStarted, .completed, .nonMigrating], nil, false),
                ([.inProgress], .imap, false), ([], nil, true), ([.failed, .notStarted], nil, true), ([], .pop3, true),
            ]
            for (statuses, startedBy, needsAttention) in filters {
                for limit in [1, 7, 1000] {
                    var query = LogQuery(
                        domain: example, statuses: statuses, startedBy: startedBy, needsAttention: needsAttention,
                        sort: sort, descending: descending, limit: limit)
                    let whole = expected(accounts, query)
                    var walked: [String] = []
                    repeat {
                        let asked = query
                        let page = try await records.read { try $0.log(asked) }
                        #expect(page.entries.count <= limit)
                        #expect(page.total == Int64(whole.count))
                        walked += page.entries.map(\.address.description)
                        query.cursor = page.nextCursor
                    } while query.cursor != nil && walked.count <= whole.count
                    #expect(walked == whole)
                }
            }
        }
    }

    @Test func accountsThatDoNotChangeArePagedOnceWhileOthersDo() async throws {
        try await withRecords { records in
            try await fill(records)
            let still = try await everyAccount(records).filter { $0.deletedAt == nil && $0.id % 2 == 0 && $0.id < 121 }
            var query = LogQuery(domain: example, sort: .remaining, limit: 5)
            var walked: [AccountRecord.ID] = []
            repeat {
                let asked = query
                let page = try await records.read { try $0.log(asked) }
                walked += page.entries.map(\.id)
                query.cursor = page.nextCursor
                try await records.sql(
                    """
                    UPDATE account SET remaining = (remaining + 3) % 5, outcome = (outcome + 1) % 4
                    WHERE id % 2 = 1 RETURNING ''
                    """)
            } while query.cursor != nil && walked.count < 1000
            let seen = walked.filter { $0 % 2 == 0 }
            #expect(seen.sorted() == still.map(\.id).sorted())
        }
    }

    @Test func aForeignCursorIsRefused() async throws {
        try await withRecords { records in
            try await fill(records)
            let query = LogQuery(domain: example, sort: .remaining, limit: 5)
            let cursor = try #require(try await records.read { try $0.log(query) }.nextCursor)
            #expect(cursor.utf8.allSatisfy { ($0 | 0x20) >= 0x61 || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2d })
            var foreign: [LogQuery] = []
            for (sort, descending, name, cursor) in [
                (LogQuery.Sort.account, false, "example.org", cursor), (.startedAt, false, "example.org", cursor),
                (.remaining, true, "example.org", cursor), (.remaining, false, "example.com", cursor),
                (.remaining, false, "example.org", ""), (.remaining, false, "example.org", "?"),
                (.remaining, false, "example.org", "bG9n"), (.remaining, false, "example.org", cursor + "AAAA"),
                (.remaining, false, "example.org", String(repeating: "A", count: 5000)),
            ] {
                foreign.append(
                    LogQuery(domain: domain(name), sort: sort, descending: descending, cursor: cursor))
            }
            for query in foreign {
                await #expect(throws: InvalidCursor.self) { _ = try await records.read { try $0.log(query) } }
            }
        }
    }

    @Test(arguments: ["account", "attention"])
    func eachPageIsAWalkOverAnIndex(_ kind: String) async throws {
        try await withRecords { records in
            try await fill(records)
            for (sort, condition) in [
                ("address", "address > ''"), ("start", "(startedSort, address) > (0, '')"),
                ("remaining", "(remaining, address) > (0, '')"), ("trigger", "(triggeredSort, address) > (0, '')"),
            ] {
                let index = "\(kind)_by_\(sort)"
                let plan = try await records.write { writer -> String in
                    guard let session = writer as? Session else { return "" }
                    return try session.ask { db in
                        try db.all(
                            """
                            EXPLAIN QUERY PLAN SELECT id, remaining, address FROM account INDEXED BY \(index)
                            WHERE domain = 1 AND status = 0 AND deletedAt IS NULL AND attention = 1 AND \(condition)
                            ORDER BY \(condition.prefix { $0 != ">" }.filter { $0 != "(" && $0 != ")" }) LIMIT 5
                            """
                        ) { columns in
                            _ = try columns.integer()
                            _ = try columns.integer()
                            _ = try columns.integer()
                            return try columns.text()
                        }.joined(separator: "\n")
                    }
                }
                #expect(plan.contains("SEARCH account USING") && plan.contains(index) && plan.contains(">"))
                #expect(!plan.contains("B-TREE"), "\(plan)")
            }
        }
    }

    @Test func anUnknownDomainHasAnEmptyLog() async throws {
        try await withRecords { records in
            let page = try await records.read { try $0.log(LogQuery(domain: example)) }
            #expect(page.entries.isEmpty && page.nextCursor == nil && page.total == 0)
            #expect(page.totals.accounts == 0)
            #expect(page.totals.counts.count == MigrationStatus.allCases.count)
        }
    }
}

/// Random numbers that are the same in every run (SplitMix64).
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
