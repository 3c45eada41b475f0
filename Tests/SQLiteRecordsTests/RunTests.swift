// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

/// Whom the end of the process is held against.
@Suite struct RunTests {
    private func accounts(_ count: Int, _ records: SQLiteRecords) async throws -> [AccountRecord] {
        try await records.write { writer in
            try (0..<count).map { try writer.insert(newAccount("user\($0)@example.org")) }
        }
    }

    @Test func aProcessThatDiesTwiceUnderOneRunIsHeldAgainstIt() async throws {
        try await withRecords { records in
            let ann = try await accounts(1, records)[0]
            for deaths in 1...3 {
                try await records.note { try $0.beginRun(of: ann.id, isSuspect: false) }
                let charged = try await records.write { try $0.chargeRuns() }
                #expect(charged == (deaths < 2 ? [] : [RunDeaths(account: ann.id, deaths: deaths, isCertain: true)]))
            }
            // It has not run since: no news, and no doubt less.
            #expect(
                try await records.write { try $0.chargeRuns() }
                    == [RunDeaths(account: ann.id, deaths: 3, isCertain: false)])
            try await records.note { try $0.beginRun(of: ann.id, isSuspect: true) }
            try await records.write { try $0.endRun(of: ann.id) }
            #expect(try await records.write { try $0.chargeRuns() } == [])
        }
    }

    @Test func whoMovesSomethingBetweenDeathsIsNoSuspect() async throws {
        try await withRecords { records in
            var ann = try await accounts(1, records)[0]
            for _ in 0..<5 {
                try await records.note { [ann] in try $0.beginRun(of: ann.id, isSuspect: false) }
                ann.moved += 1
                ann = try await records.write { [ann] in try $0.update(ann) }
                #expect(try await records.write { try $0.chargeRuns() } == [])
            }
        }
    }

    @Test func ofManyAllAreSuspectsUntilOneRunsAsTheOnlyOne() async throws {
        try await withRecords { records in
            let all = try await accounts(3, records)
            for _ in 0..<2 {
                try await records.note { writer in
                    for account in all { try writer.beginRun(of: account.id, isSuspect: false) }
                }
                _ = try await records.write { try $0.chargeRuns() }
            }
            let suspects = try await records.write { try $0.chargeRuns() }
            #expect(suspects.map(\.deaths) == [2, 2, 2])
            #expect(suspects.allSatisfy { !$0.isCertain })
            try await records.note { writer in
                try writer.beginRun(of: all[1].id, isSuspect: true)
                try writer.beginRun(of: all[2].id, isSuspect: false)
            }
            let charged = try await records.write { try $0.chargeRuns() }
            #expect(charged.map(\.deaths) == [2, 3, 2])
            #expect(charged.map(\.isCertain) == [false, true, false])
        }
    }

    @Test func aProcessThatIsToldToEndIsHeldAgainstNobody() async throws {
        try await withRecords { records in
            let all = try await accounts(2, records)
            for _ in 0..<3 {
                try await records.note { writer in
                    for account in all { try writer.beginRun(of: account.id, isSuspect: false) }
                }
                try await records.note { try $0.suspendRuns(of: nil) }
                #expect(try await records.write { try $0.chargeRuns() } == [])
            }
        }
    }

    @Test func aNoteIsThereAtOnceAndChangesAfterItAreDurableAgain() async throws {
        try await withRecords { records in
            let ann = try await accounts(1, records)[0]
            try await records.note { try $0.beginRun(of: ann.id, isSuspect: false) }
            #expect(try await records.sql("SELECT count(*) FROM run") == "1")
            #expect(try await records.sql("PRAGMA synchronous") == "2")
        }
    }
}
