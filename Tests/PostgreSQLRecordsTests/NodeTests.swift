// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Records
import Support
import Testing
import Vocabulary

@testable import PostgreSQLRecords

/// What nodes that share a database agree on.
@Suite(.enabled(if: PostgreSQLServer.isAvailable)) struct NodeTests {
    private func wish(_ account: AccountRecord, most: Int = 10, between: Double = 0) -> RunClaim {
        RunClaim(account: account.id, server: "old.example:110", mostOfServer: most, secondsBetween: between)
    }

    private func lease(_ grant: RunGrant) throws -> Lease {
        guard case .granted(let lease?) = grant else {
            throw RecordsError(code: .conflict, detail: "it was not granted: \(grant)")
        }
        return lease
    }

    @Test func aRunIsOneNodesUntilItIsGivenBack() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                let ann = try await nodes[0].create(try account("ann"))
                let first = try lease(try await nodes[0].claim(wish(ann)))
                #expect(nodes[0].holds(first))
                #expect(try await nodes[1].claim(wish(ann)) == .elsewhere)
                #expect(try await nodes[1].facts(of: .id(ann.id)).isRunning)
                #expect(try await nodes[1].changes(since: Revision(number: 0)).running == [ann.id])
                try await nodes[0].release(first)
                #expect(!nodes[0].holds(first))
                guard case .later = try await nodes[1].claim(wish(ann, between: 60)) else {
                    Issue.record("another node's run has only just ended")
                    return
                }
                let second = try lease(try await nodes[1].claim(wish(ann)))
                #expect(second.token > first.token)
            }
        }
    }

    /// As after an hour in which its process was stopped.
    @Test func whatIsWrittenUnderAnOlderLeaseIsRefused() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                let ann = try await nodes[0].create(try account("ann"))
                let lost = try lease(try await nodes[0].claim(wish(ann)))
                try await database.server.sql(
                    "UPDATE node SET expires = clock_timestamp() - interval '1 hour' WHERE name = 'a'",
                    in: database.name)
                let row = LedgerRow(uniqueID: 1, occurrence: 0, content: 1, octets: 1, source: 1)
                let intent = Intent(account: ann.id, recordedAt: morning, batch: [1], rows: [row], octets: [1])
                let new = try lease(try await nodes[1].claim(wish(ann)))
                await #expect(
                    performing: { try await Lease.$current.withValue(lost) { try await nodes[0].count(ann.id) } },
                    throws: { code($0) == .superseded })
                await #expect(
                    performing: {
                        try await nodes[0].record(
                            moved: [], intended: [IntendedBatch(intent, lease: lost)], at: morning)
                    }, throws: { code($0) == .superseded })
                #expect(try await nodes[1].intents(of: nil).isEmpty)
                try await Lease.$current.withValue(new) { try await nodes[1].count(ann.id) }
                #expect(try await nodes[1].account(id: ann.id)?.runs == 1)
            }
        }
    }

    @Test func aNodeWhoseSignatureIsLateHoldsNothing() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", seconds: 0.5) { nodes in
                let ann = try await nodes[0].create(try account("ann"))
                let held = try lease(try await nodes[0].claim(wish(ann)))
                #expect(nodes[0].holds(held))
                try await Task.sleep(for: .seconds(0.6))
                #expect(!nodes[0].holds(held))
                guard case .later = try await nodes[0].claim(wish(ann)) else {
                    Issue.record("it claimed a run without having signed")
                    return
                }
            }
        }
    }

    @Test func aNodeThatWasLateBeginsAgain() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", seconds: 0.9) { nodes in
                let ann = try await nodes[0].create(try account("ann"))
                let held = try lease(try await nodes[0].claim(wish(ann)))
                try await database.server.sql("UPDATE node SET expires = '-infinity'", in: database.name)
                let told = AsyncStream<Void>.makeStream()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await nodes[0].keepSigning(.test("a", seconds: 0.9)) {
                            0
                        } lapsed: {
                            told.continuation.yield()
                        }
                    }
                    for await _ in told.stream { break }
                    #expect(!nodes[0].holds(held))
                    var again: Lease?
                    for _ in 0..<100 where again == nil {
                        again = try? lease(try await nodes[0].claim(wish(ann)))
                        try await Task.sleep(for: .milliseconds(50))
                    }
                    #expect(again.map { $0.token > held.token } == true)
                    group.cancelAll()
                }
            }
        }
    }

    @Test func anOldServersConnectionsAreCountedOverAllNodes() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                var granted: [Lease] = []
                for number in 0..<6 {
                    let account = try await nodes[0].create(try account("user\(number)"))
                    if case .granted(let lease?) = try await nodes[number % 2].claim(wish(account, most: 3)) {
                        granted.append(lease)
                    }
                }
                #expect(granted.count == 3)
            }
        }
    }

    @Test func whoeverLeavesLeavesItsRunsToOthers() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                var new = try account("ann")
                new.sealed = [1]
                new.pending = PendingRun(kind: .first, due: morning)
                let ann = try await nodes[0].create(new)
                _ = try lease(try await nodes[0].claim(wish(ann)))
                #expect(try await nodes[1].orphans().isEmpty)
                #expect(try await nodes[1].nodes().map(\.name) == ["a", "b"])
                await nodes[0].leave()
                #expect(try await nodes[1].orphans().map(\.id) == [ann.id])
                _ = try lease(try await nodes[1].claim(wish(ann)))
                #expect(try await nodes[1].nodes().map(\.name) == ["b"])
            }
        }
    }

    @Test func whoMayNotJoinIsToldWhy() async throws {
        func refusal(_ database: SharedDatabase, _ node: JoiningNode) async throws -> String? {
            let records = try await database.open()
            defer { Task { await records.close() } }
            do {
                try await records.join(node)
                return nil
            } catch let refusal as JoinRefusal {
                return refusal.description
            }
        }
        try await SharedDatabase.with { database in
            try await database.nodes("a") { _ in
                let otherKey = try await refusal(database, .test("b", key: [2]))
                #expect(otherKey?.contains("seal-key") == true)
                let ownMail = try await refusal(database, .test("b", sharesMail: false))
                #expect(ownMail?.contains("mailStore.maildir.shared") == true)
                let nothing = try await refusal(database, .test("b"))
                #expect(nothing == nil)
            }
            // Its name is free again.
            #expect(try await refusal(database, .test("a")) == nil)
        }
    }

    @Test func aNameOfALivingProcessIsRefusedAndOneOfADeadProcessIsNot() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a") { nodes in
                // As another process of this machine, alive: the parent.
                try await database.server.sql(
                    "UPDATE node SET process = 'other', host = 'elsewhere'", in: database.name)
                let records = try await database.open()
                let joining = Task { try await records.join(.test("a")) }
                try await Task.sleep(for: .milliseconds(300))
                try await database.server.sql("UPDATE node SET seenAt = clock_timestamp()", in: database.name)
                await #expect(throws: JoinRefusal.self) { try await joining.value }
                // A process of this machine that is not there any more is not waited for.
                let host = ProcessPlace.own.host
                try await database.server.sql(
                    "UPDATE node SET process = 'boot 4194305 1 1', host = '\(host)', pid = 4194305", in: database.name)
                try await records.join(.test("a"))
                await records.close()
            }
        }
    }

    @Test func everyChangeIsNewsToTheOthers() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                let ann = try await nodes[0].create(try account("ann"))
                var revision = try await nodes[1].changes(since: nil).revision
                try await nodes[0].count(ann.id)
                let changes = try await nodes[1].changes(since: revision)
                #expect(changes.accounts.map(\.runs) == [1])
                revision = changes.revision
                // What is still going on when somebody looks is not missed.
                let isLooking = AsyncStream<Void>.makeStream()
                let goesOn = DispatchSemaphore(value: 0)
                async let slow: Void = nodes[0].write { records in
                    guard var row = try records.account(id: ann.id) else { return }
                    row.runs = 2
                    try records.update(row)
                    isLooking.continuation.yield()
                    goesOn.wait()
                }
                for await _ in isLooking.stream { break }
                revision = try await nodes[1].changes(since: revision).revision
                _ = try await nodes[1].create(try account("bob"))
                revision = try await nodes[1].changes(since: revision).revision
                goesOn.signal()
                try await slow
                let last = try await nodes[1].changes(since: revision).accounts
                #expect(last.contains { $0.runs == 2 })
            }
        }
    }
}
