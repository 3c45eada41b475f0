// SPDX-License-Identifier: Apache-2.0

import Foundation
import Records
import Synchronization
import Testing
import Vocabulary
import Waiting

@testable import SQLiteRecords

@Suite struct WriterTests {
    private struct Refused: Error {}

    @Test func aBodyThatThrowsTakesNoneOfItsNeighboursWithIt() async throws {
        try await withRecords { records in
            _ = try await records.write { try $0.insert(newAccount("first@example.org")) }
            let gate = DispatchSemaphore(value: 0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                // While the first body waits, the others gather into one group.
                group.addTask { try await records.write { _ in gate.wait() } }
                for number in 0..<20 {
                    group.addTask {
                        do {
                            try await records.write { writer in
                                _ = try writer.insert(newAccount("user\(number)@example.org"))
                                if number % 3 == 0 { throw Refused() }
                            }
                            #expect(number % 3 != 0)
                        } catch is Refused {
                            #expect(number % 3 == 0)
                        }
                    }
                }
                try await Task.sleep(for: .milliseconds(50))
                gate.signal()
                try await group.waitForAll()
            }
            for number in 0..<20 {
                let account = try await records.read { try $0.account(address("user\(number)@example.org")) }
                #expect((account == nil) == (number % 3 == 0))
            }
            #expect(try await records.read { try $0.totals(of: example).accounts } == 14)
        }
    }

    @Test func aNewDomainOfABodyThatThrowsIsForgotten() async throws {
        try await withRecords { records in
            await #expect(throws: Refused.self) {
                try await records.write { writer in
                    _ = try writer.insert(newAccount("ann@example.org"))
                    throw Refused()
                }
            }
            _ = try await records.write { try $0.insert(newAccount("ann@example.com")) }
            _ = try await records.write { try $0.insert(newAccount("ann@example.org")) }
            #expect(try await records.read { try $0.totals(of: example).accounts } == 1)
        }
    }

    @Test func twentyWritersLoseNothing() async throws {
        try await withRecords { records in
            let id = try await records.write { try $0.insert(newAccount("ann@example.org")).id }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<20 {
                    group.addTask {
                        for number in 0..<25 {
                            try await records.write { records in
                                guard var account = try records.account(id: id) else { return }
                                account.moved += 1
                                try records.update(account)
                                let row = LedgerRow(
                                    uniqueID: Int64(writer * 1000 + number), occurrence: 0, content: 0, octets: 1,
                                    source: 0)
                                try records.insert([row], for: id)
                            }
                            // What was answered is what every later read sees.
                            let account = try await records.read { try $0.account(id: id) }
                            #expect((account?.moved ?? 0) > number)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await records.read { try $0.account(id: id)?.moved } == 500)
            #expect(try await records.read { try $0.ledger(of: id).count } == 500)
            #expect(try await records.read { try $0.totals(of: example).moved } == 500)
        }
    }

    @Test func cancellingACallerNeverTearsAChange() async throws {
        try await withRecords { records in
            let gate = DispatchSemaphore(value: 0)
            let begun = Latch<Void>()
            let cancelled = Task {
                try await records.write { writer in
                    _ = try writer.insert(newAccount("ann@example.org"))
                    begun.settle(())
                    gate.wait()
                    _ = try writer.insert(newAccount("bob@example.org"))
                }
            }
            await begun.wait()
            cancelled.cancel()
            gate.signal()
            try await cancelled.value
            let alreadyCancelled = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await records.write { try $0.insert(newAccount("eve@example.org")) }
                return try await records.read { try $0.totals(of: example).accounts }
            }
            #expect(try await alreadyCancelled.value == 3)
        }
    }

    @Test func aFullDiskFailsTheChangeAndNotTheWriter() async throws {
        try await withRecords { records in
            let id = try await records.write { try $0.insert(newAccount("ann@example.org")).id }
            let pages = try #require(try await records.sql("PRAGMA page_count"))
            try await records.sql("PRAGMA max_page_count = \(pages)")
            await #expect {
                try await records.write { writer in
                    for number in 0..<1000 {
                        try writer.set("value \(number)", to: [UInt8](repeating: 1, count: 1000))
                    }
                }
            } throws: {
                ($0 as? RecordsError)?.code == .unavailable && "\($0)".contains("full")
            }
            #expect(try await records.read { try $0.value("value 0") } == nil)
            try await records.sql("PRAGMA max_page_count = 1000000")
            try await records.write { try $0.set("after", to: [1]) }
            #expect(try await records.read { try $0.value("after") } == [1])
            #expect(try await records.read { try $0.account(id: id) } != nil)
        }
    }

    @Test func aBodyThatIgnoresAFullDiskChangesNothingOutsideItsTransaction() async throws {
        try await withRecords { records in
            try await records.write { try $0.set("before", to: [1]) }
            await #expect {
                try await records.write { writer in
                    try writer.set("torn", to: [1])
                    // As SQLite does by itself on some full disks and I/O errors.
                    try (writer as? Session)?.ask { try $0.execute(sql: "ROLLBACK") }
                    try? writer.set("outside", to: [1])
                }
            } throws: {
                ($0 as? RecordsError)?.code == .unavailable
            }
            #expect(try await records.read { try $0.value("torn") } == nil)
            #expect(try await records.read { try $0.value("outside") } == nil)
            try await records.write { try $0.set("after", to: [1]) }
            #expect(try await records.read { try $0.value("after") } == [1])
        }
    }

    @Test func aGroupThatCannotCommitFailsAsAWhole() async throws {
        try await withRecords { records in
            let ann = try await records.write { try $0.insert(newAccount("ann@example.org")).id }
            let gate = DispatchSemaphore(value: 0)
            let failures = Shared(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try? await records.write { _ in gate.wait() } }
                group.addTask {
                    // A foreign key that is checked only at COMMIT.
                    try? await records.write { writer in
                        try (writer as? Session)?.ask {
                            try $0.execute(sql: "PRAGMA defer_foreign_keys = ON")
                        }
                        let row = LedgerRow(uniqueID: 1, occurrence: 0, content: 0, octets: 1, source: 0)
                        try writer.insert([row], for: ann + 5)
                        try writer.set("broken", to: [1])
                    }
                }
                for number in 0..<5 {
                    group.addTask {
                        do {
                            try await records.write { try $0.set("value \(number)", to: [1]) }
                        } catch let error as RecordsError where error.code == .conflict {
                            failures.value.withLock { $0 += 1 }
                        }
                    }
                }
                try await Task.sleep(for: .milliseconds(50))
                gate.signal()
                try await group.waitForAll()
            }
            let kept = try await records.read { reader in
                try (0..<5).filter { try reader.value("value \($0)") != nil }.count
            }
            #expect(kept == 5 - failures.value.withLock { $0 })
            #expect(try await records.read { try $0.value("broken") } == nil)
            try await records.write { try $0.set("after", to: [1]) }
            #expect(try await records.read { try $0.value("after") } == [1])
        }
    }

    @Test func recordsAreUsableInsideTheirBodyAlone() async throws {
        try await withRecords { records in
            let escaped = Escaped()
            try await records.write { escaped.records = $0 }
            await #expect { try await records.write { _ in try escaped.records?.set("a", to: []) } } throws: {
                ($0 as? RecordsError)?.code == .closed
            }
            #expect(throws: RecordsError.self) { try escaped.records?.set("a", to: []) }
            try await records.read { escaped.reader = $0 }
            #expect(throws: RecordsError.self) { _ = try escaped.reader?.value("a") }
            try await records.read { reader in
                escaped.reader = reader
                let outcome = Shared<(any Error)?>(nil)
                let over = DispatchSemaphore(value: 0)
                NamedThread.startInTime("test") {
                    do { _ = try escaped.reader?.value("a") } catch { outcome.value.withLock { $0 = error } }
                    over.signal()
                }
                over.wait()
                #expect(outcome.value.withLock { $0 as? RecordsError }?.code == .closed)
            }
        }
    }

    /// @unchecked: breaks the rule on purpose; the test's own waiting orders the accesses.
    private final class Escaped: @unchecked Sendable {
        var records: (any RecordsWriter)?
        var reader: (any RecordsReader)?
    }

    @Test func readsAreAnsweredWhileAChangeIsGoingOn() async throws {
        try await withRecords { records in
            let gate = DispatchSemaphore(value: 0)
            let begun = DispatchSemaphore(value: 0)
            async let writing: Void = records.write { writer in
                try writer.set("key", to: [1])
                begun.signal()
                gate.wait()
            }
            let unseen = try await records.read { reader in
                begun.wait()
                return try reader.value("key")
            }
            #expect(unseen == nil)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<600 {
                    group.addTask {
                        let value = try await records.read { try $0.value("key") }
                        #expect(value == nil)
                    }
                }
                try await group.waitForAll()
            }
            gate.signal()
            try await writing
            #expect(try await records.read { try $0.value("key") } == [1])
        }
    }

    @Test func aReadThatThrowsIsAnsweredWithItsOwnError() async throws {
        try await withRecords { records in
            await #expect(throws: Refused.self) {
                try await records.read { (_) throws -> Void in throw Refused() }
            }
            let value = try await records.read { try $0.value("key") }
            #expect(value == nil)
        }
    }

    @Test func closingFinishesWhatWasAskedFor() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            let records = try await SQLiteRecords.open(path: path)
            let done = Shared(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        do {
                            try await records.write { try $0.set("value \(number)", to: [1]) }
                            done.value.withLock { $0 += 1 }
                        } catch let error as RecordsError where error.code == .closed {}
                    }
                }
                group.addTask { await records.close() }
                group.addTask { await records.close() }
                try await group.waitForAll()
            }
            await #expect { try await records.read { _ in } } throws: { ($0 as? RecordsError)?.code == .closed }
            await #expect { try await records.write { _ in } } throws: { ($0 as? RecordsError)?.code == .closed }
            await #expect(throws: RecordsError.self) { try await records.check() }
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"))

            let again = try await SQLiteRecords.open(path: path)
            let kept = try await again.read { reader in
                try (0..<50).filter { try reader.value("value \($0)") != nil }.count
            }
            #expect(kept == done.value.withLock { $0 })
            await again.close()
        }
    }
}
