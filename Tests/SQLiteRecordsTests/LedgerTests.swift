// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

@Suite struct LedgerTests {
    private let rows = [
        LedgerRow(uniqueID: .max, occurrence: 0, content: .min, octets: -1, source: 5),
        LedgerRow(uniqueID: 0, occurrence: 0, content: 1, octets: 10, source: 5),
        LedgerRow(uniqueID: nil, occurrence: 0, content: 1, octets: 10, source: 5),
        LedgerRow(uniqueID: nil, occurrence: 1, content: 1, octets: 10, source: 5),
        LedgerRow(uniqueID: 7, occurrence: .max, content: 2, octets: 0, source: -5, deleted: true),
    ]

    @Test func rowsAreKeptAndRemovedExactly() async throws {
        try await withRecords { records in
            let rows = rows
            let (ann, bob) = try await records.write { writer in
                let ann = try writer.insert(newAccount("ann@example.org")).id
                let bob = try writer.insert(newAccount("bob@example.org")).id
                try writer.insert(rows, for: ann)
                try writer.insert([rows[0]], for: bob)
                return (ann, bob)
            }
            #expect(try await Set(records.read { try $0.ledger(of: ann) }) == Set(rows))
            #expect(try await records.read { try $0.ledger(of: bob) } == [rows[0]])
            var unlike = rows[3]
            unlike.deleted = true
            let removed = [rows[0], rows[2], unlike]
            try await records.write { try $0.remove(removed, for: ann) }
            #expect(try await Set(records.read { try $0.ledger(of: ann) }) == [rows[1], rows[3], rows[4]])
            #expect(try await records.read { try $0.ledger(of: bob) } == [rows[0]])
        }
    }

    @Test func aRowTwiceOrOfNoAccountIsAConflict() async throws {
        try await withRecords { records in
            let row = rows[2]
            let ann = try await records.write { try $0.insert(newAccount("ann@example.org")).id }
            try await records.write { try $0.insert([row], for: ann) }
            for id in [ann, ann + 1] {
                await #expect {
                    try await records.write { try $0.insert([row], for: id) }
                } throws: {
                    ($0 as? RecordsError)?.code == .conflict
                }
            }
            #expect(try await records.read { try $0.ledger(of: ann) } == [row])
        }
    }

    @Test func intentsAreThereUntilTheyAreRemoved() async throws {
        try await withRecords { records in
            let rows = rows
            let (ann, bob, first, second) = try await records.write { writer in
                let ann = try writer.insert(newAccount("ann@example.org")).id
                let bob = try writer.insert(newAccount("bob@example.org")).id
                let first = try writer.insert(
                    Intent(account: ann, recordedAt: morning, batch: [1, 2], rows: rows, octets: [1, 2, 3, 4, .max]))
                let second = try writer.insert(
                    Intent(account: bob, recordedAt: morning, batch: [], rows: [], octets: []))
                return (ann, bob, first, second)
            }
            let all = try await records.read { try $0.intents(of: nil) }
            #expect(all.map(\.id) == [first, second])
            #expect(all[0].account == ann && all[0].recordedAt == morning && all[0].batch == [1, 2])
            #expect(all[0].rows == rows && all[0].octets == [1, 2, 3, 4, .max])
            #expect(try await records.read { try $0.intents(of: bob) }.map(\.id) == [second])
            try await records.write { try $0.removeIntent(second) }
            let third = try await records.write {
                try $0.insert(Intent(account: bob, recordedAt: morning, batch: [3], rows: [], octets: []))
            }
            #expect(third != second)
            #expect(try await records.read { try $0.intents(of: nil) }.map(\.id) == [first, third])
        }
    }

    @Test func anIntentWhoseSizesDoNotMatchIsRefused() async throws {
        try await withRecords { records in
            let rows = rows
            let ann = try await records.write { try $0.insert(newAccount("ann@example.org")).id }
            await #expect {
                _ = try await records.write {
                    try $0.insert(Intent(account: ann, recordedAt: morning, batch: [], rows: rows, octets: [1]))
                }
            } throws: {
                ($0 as? RecordsError)?.code == .conflict
            }
        }
    }

    @Test func aDamagedIntentIsAnErrorOfItsAccountAlone() async throws {
        let told = Shared<[String]>([])
        var options = Options()
        options.onDamage = { error in told.value.withLock { $0.append(error.detail) } }
        try await withRecords(options: options) { records in
            let (ann, bob) = try await records.write {
                let ids = (
                    try $0.insert(newAccount("ann@example.org")).id, try $0.insert(newAccount("bob@example.org")).id
                )
                for id in [ids.0, ids.1] {
                    _ = try $0.insert(Intent(account: id, recordedAt: morning, batch: [], rows: [], octets: []))
                }
                return ids
            }
            try await records.sql("UPDATE intent SET messages = x'0102' WHERE account = \(ann) RETURNING ''")
            await #expect { _ = try await records.read { try $0.intents(of: ann) } } throws: {
                ($0 as? RecordsError)?.code == .corrupt
            }
            for _ in 0..<2 { #expect(try await records.read { try $0.intents(of: nil) }.map(\.account) == [bob]) }
            #expect(told.value.withLock { $0.count } == 1)
            #expect(told.value.withLock { $0.first?.contains("of account \(ann) cannot be read") } == true)
        }
    }

    @Test func aForgottenDomainIsAsIfNeverStarted() async throws {
        try await withRecords { records in
            let rows = rows
            try await records.write { writer in
                for name in ["example.org", "example.com"] {
                    try writer.put(settings(name), known: [address("ann@\(name)")], excluded: [address("eve@\(name)")])
                }
                for name in ["ann@example.org", "deleted@example.org", "other@example.com"] {
                    var account = newAccount(name)
                    account.handover = .unchanged
                    account.outcome = .failed
                    account.nonMigrating = .reply
                    account.shown = PasswordMark(revision: 1, generation: 1)
                    account.rejected = PasswordMark(revision: 1, generation: 1)
                    account.startedAt = morning
                    account.startedBy = .imap
                    account.lastTriggeredAt = morning
                    account.finishedAt = morning
                    account.moved = 5
                    account.movedOctets = 50
                    account.remaining = 1
                    account.remainingOctets = 10
                    account.runs = 2
                    account.error = RunFailure(reason: .mailboxInUse, detail: "", at: morning)
                    account.sealed = [1]
                    account.pending = PendingRun(kind: .retry, due: morning)
                    account.deletedAt = name.hasPrefix("deleted") ? morning : nil
                    let id = try writer.insert(account).id
                    try writer.insert(rows, for: id)
                    _ = try writer.insert(
                        Intent(account: id, recordedAt: morning, batch: [], rows: [], octets: []))
                }
                try writer.forget(example)
                try writer.forget(domain("none.example"))
            }
            let (ann, deleted, other) = try await records.read {
                (try $0.account(id: 1), try $0.account(id: 2), try $0.account(id: 3))
            }
            var fresh = newAccount("ann@example.org")
            fresh.id = 1
            fresh.handover = .unchanged
            fresh.version = 2
            #expect(ann == fresh)
            #expect(deleted?.moved == 0 && deleted?.deletedAt == morning)
            #expect(other?.moved == 5)
            #expect(try await records.read { try $0.ledger(of: 1) + $0.ledger(of: 2) } == [])
            #expect(try await records.read { try $0.ledger(of: 3).count } == 5)
            #expect(try await records.read { try $0.intents(of: nil) }.map(\.account) == [3])
            #expect(try await records.read { try $0.totals(of: example) }.moved == 0)
            #expect(try await records.read { try $0.allSettings() } == [settings("example.com")])
            #expect(try await records.read { try $0.listing(of: address("ann@example.org")) } == (false, false))
            #expect(try await records.read { try $0.listing(of: address("eve@example.org")) } == (false, false))
            #expect(try await records.read { try $0.listing(of: address("ann@example.com")) } == (true, false))
        }
    }
}
