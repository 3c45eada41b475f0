// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

@Suite struct EventTests {
    @Test func whatHappensToADomainIsNoAccounts() async throws {
        try await withRecords { records in
            try await records.write { writer in
                try writer.append(EventRecord(at: morning, account: address("ann@example.org"), kind: .created))
                for detail in ["order: oldestFirst → newestFirst", "order: newestFirst → oldestFirst"] {
                    try writer.append(EventRecord(at: morning, domain: example, kind: .settingsChanged, detail: detail))
                }
            }
            let page = try await records.read { try $0.events(EventQuery(subject: .domain(example))) }
            #expect(page.events.map(\.account) == [address("ann@example.org"), nil, nil])
            #expect(page.events.allSatisfy { $0.domain == example && $0.count == 1 })
            #expect(page.events.last?.detail == "order: newestFirst → oldestFirst")
            let hers = try await records.read {
                try $0.events(EventQuery(subject: .account(address("ann@example.org"))))
            }
            #expect(hers.events.map(\.kind) == [.created])
        }
    }

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
            #expect(first.events.first?.account?.givenLocalPart == "Ann")
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

    /// What a mail program that polls leaves behind in a run that brings nothing.
    private func poll(_ minute: Int, _ account: EmailAddress, _ writer: any RecordsWriter) throws {
        let at = morning.adding(seconds: Double(minute) * 60)
        try writer.append(EventRecord(at: at, account: account, kind: .triggered, via: .pop3))
        try writer.append(EventRecord(at: at, account: account, kind: .connected, detail: "0 to fetch", isIdle: true))
        try writer.append(EventRecord(at: at, account: account, kind: .completed, detail: "5 here", isIdle: true))
    }

    @Test func whatRepeatsIsCountedInOneRowAndWhatBroughtSomethingStays() async throws {
        try await withRecords { records in
            let ann = address("ann@example.org")
            func events() async throws -> [EventRecord] {
                try await records.read { try $0.events(EventQuery(subject: .account(ann), limit: 100)).events }
            }
            for round in 0..<2 {
                try await records.write { writer in
                    let at = morning.adding(seconds: Double(round) * 60 * 1000)
                    try writer.append(EventRecord(at: at, account: ann, kind: .triggered, via: .pop3))
                    try writer.append(EventRecord(at: at, account: ann, kind: .connected, detail: "5 to fetch"))
                    try writer.append(EventRecord(at: at, account: ann, kind: .completed, detail: "5 here"))
                }
                for minute in 1...100 { try await records.write { try self.poll(1000 * round + minute, ann, $0) } }
            }
            let told = try await events()
            #expect(told.count <= 12)
            #expect(told.filter { $0.kind == .completed && !$0.isIdle }.count == 2)
            let idle = try #require(told.last)
            #expect((idle.kind, idle.count, idle.isIdle) == (.completed, 100, true))
            #expect(idle.since == morning.adding(seconds: 1001 * 60))
            #expect(idle.at == morning.adding(seconds: 1100 * 60))
            // A day later they are gone, and so is what asked for them.
            let later = morning.adding(seconds: 1100 * 60 + 1)
            #expect(try await records.note { try $0.removeIdleEvents(before: later) } == false)
            let left = try await events()
            #expect(left.allSatisfy { !$0.isIdle })
            // The trigger of the second move that brought something repeats the polls' before it.
            #expect(left.map(\.kind) == [.triggered, .connected, .completed, .triggered, .connected, .completed])
            #expect(left.map(\.count) == [1, 1, 1, 101, 1, 1])
        }
    }

    @Test func aFailureThatRepeatsInOtherWordsIsOneRowAndEachRefusedMessageIsItsOwn() async throws {
        try await withRecords { records in
            let ann = address("ann@example.org")
            for number in 0..<50 {
                try await records.write { writer in
                    try writer.append(
                        EventRecord(
                            at: morning.adding(seconds: Double(number)), account: ann, kind: .failed,
                            reason: .oldServerUnreachable, detail: "try again in \(50 - number) s"))
                    for message in 1...3 {
                        try writer.append(
                            EventRecord(
                                at: morning, account: ann, kind: .messageRefused, reason: .messagesRefused,
                                detail: "message \(message): no"))
                    }
                }
            }
            let told = try await records.read { try $0.events(EventQuery(subject: .account(ann))).events }
            #expect(told.map(\.count) == [50, 50, 50, 50])
            #expect(told.first?.detail == "try again in 1 s")
            // Another account's are its own.
            try await records.write {
                try $0.append(EventRecord(at: morning, account: address("bob@example.org"), kind: .failed))
            }
            let bobs = try await records.read {
                try $0.events(EventQuery(subject: .account(address("bob@example.org")))).events
            }
            #expect(bobs.map(\.count) == [1])
        }
    }

    @Test func eventsGoWithTheLedger() async throws {
        try await withRecords { records in
            try await records.write { writer in
                _ = try writer.insert(newAccount("ann@example.org"))
                try writer.append(EventRecord(at: morning, account: address("ann@example.org"), kind: .failed))
                try writer.append(EventRecord(at: morning, account: address("ann@example.com"), kind: .failed))
                _ = try writer.forget(example)
            }
            func count(_ name: String) async throws -> Int {
                try await records.read { try $0.events(EventQuery(subject: .domain(domain(name)))).events.count }
            }
            #expect(try await count("example.org") == 0)
            #expect(try await count("example.com") == 1)
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
