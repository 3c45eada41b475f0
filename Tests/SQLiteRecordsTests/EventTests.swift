// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

@Suite struct EventTests {
    @Test func eventsArePagedInTheOrderTheyWereRecorded() async throws {
        try await withRecords { records in
            // The clock was put back in between.
            let seconds = [10, 20, 30, 5, 40, 50, 60].map(Double.init)
            try await records.write { writer in
                for (number, second) in seconds.enumerated() {
                    try writer.append(
                        EventRecord(
                            at: morning.adding(seconds: second),
                            account: address(number % 2 == 0 ? "Ann@example.org" : "bob@example.org"),
                            kind: EventRecord.Kind.allCases[number], via: number == 0 ? .pop3 : nil,
                            reason: number == 1 ? .mailboxInUse : nil, detail: number == 2 ? "text" : nil))
                }
                try writer.append(
                    EventRecord(at: morning, account: address("ann@example.com"), kind: .created))
            }
            func walk(_ query: EventQuery) async throws -> [Int] {
                var query = query
                var found: [Int] = []
                repeat {
                    let asked = query
                    let page = try await records.read { try $0.events(asked) }
                    found += page.events.compactMap { EventRecord.Kind.allCases.firstIndex(of: $0.kind) }
                    query.cursor = page.nextCursor
                } while query.cursor != nil && found.count < 100
                return found
            }
            for limit in [1, 2, 3, 100] {
                #expect(
                    try await walk(EventQuery(subject: .domain(example), limit: limit)) == [0, 1, 2, 3, 4, 5, 6])
                #expect(
                    try await walk(EventQuery(subject: .account(address("ann@example.org")), limit: limit))
                        == [0, 2, 4, 6])
                #expect(
                    try await walk(
                        EventQuery(subject: .domain(example), since: morning.adding(seconds: 30), limit: limit))
                        == [2, 4, 5, 6])
            }
            let first = try await records.read {
                try $0.events(EventQuery(subject: .account(address("ann@example.org")), limit: 1))
            }
            #expect(
                first.events == [
                    EventRecord(
                        at: morning.adding(seconds: 10), account: address("ann@example.org"), kind: .triggered,
                        via: .pop3)
                ])
            #expect(first.events.first?.account.givenLocalPart == "Ann")
            #expect(try await walk(EventQuery(subject: .domain(domain("none.example")))) == [])

            let cursor = try #require(first.nextCursor)
            for (subject, cursor) in [
                (EventQuery.Subject.domain(example), cursor), (.account(address("bob@example.org")), cursor),
                (.account(address("ann@example.org")), "x"), (.account(address("ann@example.org")), "ZXZlbnRz"),
            ] {
                await #expect(throws: InvalidCursor.self) {
                    _ = try await records.read { try $0.events(EventQuery(subject: subject, cursor: cursor)) }
                }
            }
        }
    }

    @Test func wrongGuessesAreKeptUntilTheyAreForgotten() async throws {
        try await withRecords { records in
            let guesses = (0..<6).map { number -> GuessFailure in
                let account = number % 2 == 0 ? "ann@example.org" : "bob@example.org"
                let client: String? = number == 0 ? nil : "192.0.2.\(number)"
                return GuessFailure(uptime: Int64(number) * 1000, account: account, remoteAddress: client)
            }
            try await records.write { writer in for guess in guesses.reversed() { try writer.insert(guess) } }
            #expect(try await records.read { try $0.failures() } == guesses)
            try await records.write { try $0.removeFailures(before: 2000) }
            try await records.write { try $0.removeFailures(ofAccount: "bob@example.org") }
            #expect(try await records.read { try $0.failures() } == [guesses[2], guesses[4]])
        }
    }

    @Test func wrongGuessesOfTheMachinesEarlierLifeCountFromItsStart() async throws {
        try await withRecords { records in
            let uptimes: [Int64] = [100, 5000, 6000, .max]
            try await records.write { writer in
                for uptime in uptimes {
                    try writer.insert(GuessFailure(uptime: uptime, account: "ann@example.org", remoteAddress: nil))
                }
                try writer.restartFailures(at: 5000)
            }
            #expect(try await records.read { try $0.failures().map(\.uptime) } == [0, 0, 100, 5000])
        }
    }

    @Test func smallValuesAreKeptUnderTheirName() async throws {
        try await withRecords { records in
            #expect(try await records.read { try $0.value("key") } == nil)
            try await records.write { try $0.set("key", to: [1, 0, 255]) }
            try await records.write { try $0.set("empty", to: []) }
            #expect(try await records.read { try $0.value("key") } == [1, 0, 255])
            #expect(try await records.read { try $0.value("empty") } == [])
            try await records.write { try $0.set("key", to: [2]) }
            #expect(try await records.read { try $0.value("key") } == [2])
        }
    }
}
