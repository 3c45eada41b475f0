// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Records
import Testing
import Vocabulary

@testable import Delivery
@testable import MaildirStore
@testable import Migration

/// The start after a crash in the middle of many moves.
@Suite(.timeLimit(.minutes(15))) struct RecoveryTests {
    /// How far an account's deliveries had come.
    private enum Crash: Int, CaseIterable {
        /// Staged and intended.
        case beforePublishing
        /// One of two messages was visible.
        case amidPublishing
        /// All were visible, and the user has deleted one.
        case beforeRecording
        /// One batch as before, and the next one intended with it.
        case betweenBatches
        /// A file that the disk has not kept whole.
        case withDamage

        var moved: Int64 { self == .betweenBatches ? 4 : self == .withDamage ? 1 : 2 }
        var visible: Int { self == .betweenBatches ? 4 : self == .amidPublishing || self == .beforePublishing ? 2 : 1 }
    }

    /// Accounts that move when the daemon is killed; `MAILMOVE_TEST_INTERRUPTED` in the environment says how many.
    private static let accounts: [EmailAddress] = {
        let count = Int(ProcessInfo.processInfo.environment["MAILMOVE_TEST_INTERRUPTED"] ?? "") ?? 1100
        return (0..<count).map { NewPlatform.address("user\($0)@example.com") }
    }()

    private func crash(_ index: Int) -> Crash { Crash.allCases[index % Crash.allCases.count] }

    private func account(_ address: EmailAddress) -> AccountRecord {
        var account = AccountRecord(address: address, passwordHash: "*", createdAt: .now)
        account.outcome = .inProgress
        account.startedAt = .now
        account.remaining = 10
        account.remainingOctets = 1000
        return account
    }

    /// Stages `numbers` as one batch and records it as intended.
    private func intend(
        _ numbers: ClosedRange<Int>, for account: AccountRecord, _ platform: NewPlatform
    ) async throws -> StagedBatch {
        let writer = try await platform.move.store.open(account.address, options: .init(), intended: [])
        for number in numbers {
            let uniqueID = UniqueID(octets: Array("u\(number)".utf8))
            writer.begin(ListedMessage(number: number, octets: 20, uniqueID: uniqueID))
            Array("Subject: \(number)\n\nTo \(account.address)\n".utf8).withUnsafeBytes { writer.append($0) }
            writer.end()
        }
        writer.finish()
        var staged: [StagedMessage] = []
        for try await messages in writer.staged { staged += messages }
        let batch = writer.batch(of: staged)
        let intent = Intent(
            account: account.id, recordedAt: .now, batch: batch.encoded, rows: numbers.map(row),
            octets: staged.map { Int64($0.octets) })
        _ = try await platform.records.write { try $0.insert(intent) }
        return batch
    }

    private func row(_ number: Int) -> LedgerRow {
        LedgerRow(uniqueID: Int64(number), occurrence: 0, content: Int64(number), octets: 20, source: 1)
    }

    /// Leaves everything as a crash may.
    private func interrupt(_ index: Int, _ platform: NewPlatform) async throws {
        let (store, address) = (platform.move.store, Self.accounts[index])
        let account = try await platform.records.write { try $0.insert(self.account(address)) }
        let batch = try await intend(1...2, for: account, platform)
        let staged = try #require(MaildirBatch(batch))
        switch crash(index) {
        case .beforePublishing: break
        case .amidPublishing:
            var half = staged
            half.names.removeLast()
            try await store.publish(half.staged())
        case .beforeRecording:
            try await store.publish(batch)
            try FileManager.default.removeItem(atPath: "\(staged.place.path)/new/\(staged.names[0])")
        case .betweenBatches:
            try await store.publish(batch)
            _ = try await intend(3...4, for: account, platform)
        case .withDamage:
            let tmp = "\(staged.place.path)/tmp"
            let file = try #require(try FileManager.default.contentsOfDirectory(atPath: tmp).min())
            try Data("Subject".utf8).write(to: URL(filePath: "\(tmp)/\(file)"))
        }
    }

    private func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test func ofThousandsOfInterruptedMovesNothingIsLostAndNothingDoubled() async throws {
        try await inFolder { folder in
            try await NewPlatform.run(in: folder) { platform in
                for index in Self.accounts.indices { try await interrupt(index, platform) }
            }
            let start = ContinuousClock.now
            try await NewPlatform.run(in: folder) { platform in
                print("\(Self.accounts.count) interrupted moves were ended in \(ContinuousClock.now - start)")
                #expect(try await platform.records.read { try $0.intents(of: nil) }.isEmpty)
                for (index, address) in Self.accounts.enumerated() {
                    let crash = crash(index)
                    let row = try #require(try await platform.row(of: address))
                    let ledger = try await platform.records.read { try $0.ledger(of: row.id) }
                    #expect(row.moved == crash.moved && ledger.count == Int(crash.moved), "\(crash)")
                    #expect(row.remaining == 10 - crash.moved)
                    #expect(row.remainingOctets == 1000 - 20 * crash.moved)
                    #expect(row.error?.reason == .interrupted)
                    #expect(platform.delivered(to: address).count == crash.visible, "\(crash)")
                }
            }
        }
    }

    /// A mailbox that is not mounted yet, and a ledger that says otherwise, concern one account each.
    @Test func anAccountThatCannotBeRecoveredHoldsUpNoOther() async throws {
        try await inFolder { folder in
            let (missing, contradicting) = (Self.accounts[3], Self.accounts[5])
            try await NewPlatform.run(in: folder) { platform in
                for index in 0..<10 { try await interrupt(index, platform) }
                let id = try #require(try await platform.row(of: contradicting)).id
                try await platform.records.write { try $0.insert([self.row(2)], for: id) }
            }
            let mailbox = "\(folder)/mail/example.com/\(missing.localPart)"
            try FileManager.default.moveItem(atPath: mailbox, toPath: "\(folder)/away")
            try await NewPlatform.run(in: folder) { platform in
                for (index, address) in Self.accounts.prefix(10).enumerated() {
                    let isHeldUp = address == missing || address == contradicting
                    let row = try #require(try await platform.row(of: address))
                    #expect(row.moved == (isHeldUp ? 0 : crash(index).moved))
                    let left = try await platform.records.read { try $0.intents(of: row.id) }.count
                    #expect(left == (address == missing ? 2 : address == contradicting ? 1 : 0))
                }
            }
            try FileManager.default.moveItem(atPath: "\(folder)/away", toPath: mailbox)
            try await NewPlatform.run(in: folder) { platform in
                let row = try #require(try await platform.row(of: missing))
                #expect(row.moved == crash(3).moved)
                #expect(platform.delivered(to: missing).count == crash(3).visible)
            }
        }
    }
}
