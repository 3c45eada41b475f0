// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MailStore
import Secrets
import Records
import Support
import Testing
import Vocabulary

/// Runs and recovery go their way whatever store the mail goes to, and whatever goes wrong there.
@Suite(.timeLimit(.minutes(15))) struct AnyStoreTests {
    private static let ann = NewPlatform.ann

    private static func source(_ messages: Int) -> MemorySource {
        MemorySource(
            password: "old",
            inbox: (0..<messages).map { number in
                MemorySource.Message(
                    id: "u\(number)", text: "Subject: \(number)\n\nbody \(number)\n",
                    flags: number.isMultiple(of: 3) ? [.seen, .answered] : [])
            })
    }

    /// All of them are here, once.
    private func expectAll(_ source: MemorySource, in store: MemoryStore) {
        let wanted = source.state.withLock { $0.folders.flatMap(\.messages) }
        let there = (store[Self.ann]?.messages ?? []).sorted { $0.listed.number < $1.listed.number }
        #expect(there.map(\.octets) == wanted.map(\.octets))
        #expect(there.map(\.flags) == wanted.map(\.flags))
        #expect(there.allSatisfy { $0.folder == "INBOX" })
    }

    @Test func mailArrivesAndIsKnownAgainAfterARestart() async throws {
        let (source, store) = (Self.source(60), try MemoryStore())
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let key = SealKey.random()
        try await NewPlatform.run(in: folder, from: source, into: store, sealKey: key) { platform in
            try await platform.enable(port: 1)
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 60)
            try await platform.settle()
            expectAll(source, in: store)
        }
        // What is recorded as moved is durable.
        store.cutPower()
        expectAll(source, in: store)
        try await NewPlatform.run(in: folder, from: source, into: store, sealKey: key) { platform in
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.trigger("old")
            try await platform.settle()
            #expect(try await platform.status().moved == 60)
            let findings = try await platform.move.integrity.check(
                Self.ann, password: Password("old"), repairs: false)
            #expect(findings.isOK && findings.present == 60 && findings.leftInTmp == 0)
        }
        expectAll(source, in: store)
    }

    @Test(arguments: [
        MemoryStore.Fault.fullAtStaging(after: 10), .fullAtSync, .fullAtPublishing, .publishLost, .takenAway,
    ])
    func whatGoesWrongInTheStoreEndsARunAndTheNextOneGoesOn(fault: MemoryStore.Fault) async throws {
        let (source, store) = (Self.source(60), try MemoryStore())
        store.state.withLock { $0.faults = [fault] }
        try await NewPlatform.run(from: source, into: store) { platform in
            try await platform.enable(port: 1)
            #expect(try await platform.login("old").decision == .accept)
            let failed = try await platform.until { $0.error != nil }
            #expect(failed.error?.reason == .mailStoreUnavailable)
            platform.advance(hours: 1)
            let status = try await platform.until { $0.status == .completed }
            #expect((status.status, status.moved, status.remaining) == (.completed, 60, 0))
            #expect(try await platform.records.read { try $0.intents(of: nil) }.isEmpty)
            try await platform.settle()
            expectAll(source, in: store)
        }
    }

    /// A sync costs the same for one message as for many.
    @Test func whatTricklesInIsMadeDurableTogether() async throws {
        let (source, store) = (Self.source(200), try MemoryStore())
        source.state.withLock { $0.pause = .milliseconds(5) }
        try await NewPlatform.run(from: source, into: store) { platform in
            try await platform.enable(port: 1)
            let start = ContinuousClock.now
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 200)
            let most = (ContinuousClock.now - start) / .milliseconds(50)
            let syncs = store.state.withLock(\.syncs)
            #expect(Double(syncs) <= most + 8 && syncs < 200, "\(syncs) syncs")
            expectAll(source, in: store)
        }
    }

    /// A store that may send mail a second time has that said of it.
    @Test func whatMayArriveTwiceIsAnEvent() async throws {
        let (source, store) = (Self.source(10), try MemoryStore())
        store.state.withLock { $0.faults = [.mayDouble] }
        try await NewPlatform.run(from: source, into: store) { platform in
            try await platform.enable(port: 1)
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 10)
            let events = try await platform.records.read { try $0.events(EventQuery(subject: .account(Self.ann))) }
            let told = events.events.filter { $0.kind == .perhapsDoubled }
            #expect(
                told.count == 1 && told[0].detail?.contains("messages were sent to the mail store once more") == true)
        }
    }

    /// What could arrive twice waits until that can be recorded.
    @Test func nothingIsSentAgainWhereNoEventCanBeRecorded() async throws {
        let (source, store, key) = (Self.source(10), try MemoryStore(), SealKey.random())
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func change(_ sql: String) async throws {
            let database = try DatabaseQueue(path: folder + "/mailmove.db")
            try await database.write { try $0.execute(sql: sql) }
            try database.close()
        }
        try await NewPlatform.run(in: folder, from: source, into: store, sealKey: key) { platform in
            try await platform.enable(port: 1)
        }
        try await change(
            """
            CREATE TRIGGER noEvent BEFORE INSERT ON event WHEN NEW.kind = 'perhapsDoubled'
            BEGIN SELECT RAISE(ABORT, 'no room for this'); END
            """)
        store.state.withLock { $0.faults = Array(repeating: .mayDouble, count: 1000) }
        try await NewPlatform.run(in: folder, from: source, into: store, sealKey: key) { platform in
            #expect(try await platform.login("old").decision == .accept)
            let failed = try await platform.until { $0.error != nil }
            #expect(failed.error?.reason == .mailStoreUnavailable)
            #expect(failed.moved == 0)
            #expect(store[Self.ann]?.messages.isEmpty ?? true)
        }
        try await change("DROP TRIGGER noEvent")
        store.state.withLock { $0.faults = [] }
        try await NewPlatform.run(in: folder, from: source, into: store, sealKey: key) { platform in
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 10)
            expectAll(source, in: store)
        }
    }

    @Test func aStoreThatDoesNotAnswerIsWaitedFor() async throws {
        let (source, store) = (Self.source(10), try MemoryStore())
        store.state.withLock { $0.faults = [.unresponsive] }
        try await NewPlatform.run(from: source, into: store) { platform in
            try await platform.enable(port: 1)
            #expect(try await platform.login("old").decision == .accept)
            let failed = try await platform.until { $0.error != nil }
            #expect(failed.error?.reason == .mailStoreUnavailable)
            store.state.withLock { $0.faults = [] }
            platform.advance(hours: 1)
            #expect(try await platform.until { $0.status == .completed }.moved == 10)
            expectAll(source, in: store)
        }
    }

    @Test func nothingIsBroughtToAnotherMailbox() async throws {
        let (source, store) = (Self.source(10), try MemoryStore())
        try await NewPlatform.run(from: source, into: store) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 10)
            try await platform.settle()
            store[Self.ann] = nil
            source.state.withLock { $0.folders[0].messages.append(.init(id: "new", text: "Subject: new\n\n")) }
            _ = try await platform.login("old")
            _ = try await platform.trigger("old")
            let failed = try await platform.until { $0.error != nil }
            #expect(failed.error?.reason == .mailStoreUnavailable)
            #expect(store[Self.ann] == nil)
        }
    }
}
