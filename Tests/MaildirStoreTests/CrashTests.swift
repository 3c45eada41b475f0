// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Support
import Testing
import Vocabulary

@testable import MaildirStore

/// Each test drops the store where a crash would, and goes on with a new one.
@Suite struct CrashTests {
    let scratch: Scratch
    let messages = oddMessages(20)

    init() throws { scratch = try Scratch() }

    private func move(_ from: String, _ to: String) throws {
        try FileManager.default.moveItem(atPath: "\(scratch.maildir)/\(from)", toPath: "\(scratch.maildir)/\(to)")
    }

    private func mailbox() throws -> [[UInt8]] { try scratch.names("new").map { try scratch.octets("new/\($0)") } }

    @Test func aCrashBeforeIntendingLeavesNothing() async throws {
        _ = try await scratch.store().stage(messages)
        _ = try await scratch.store().open(ann, options: DeliveryOptions(), intended: [])
        #expect(try scratch.names("tmp") == [])
        #expect(try scratch.names("new") == [])
    }

    @Test func aCrashBeforePublishingLosesNothing() async throws {
        let (batch, _) = try await scratch.store().stage(messages)
        _ = try await scratch.store().open(ann, options: DeliveryOptions(), intended: [batch])
        #expect(
            try await scratch.store().recover(batch, of: ann, isRecent: true).fates == messages.map { _ in .delivered })
        #expect(try mailbox() == messages)
    }

    @Test(arguments: [0, 1, 7, 19, 20])
    func aCrashAmidPublishingNeitherLosesNorDoubles(published: Int) async throws {
        let store = try scratch.store()
        let (batch, _) = try await store.stage(messages)
        var part = batch
        part.names = Array(batch.names.prefix(published))
        try await store.publish(part)
        #expect(
            try await scratch.store().recover(batch, of: ann, isRecent: true).fates == messages.map { _ in .delivered })
        #expect(try mailbox() == messages)
        // And a crash amid the recovery.
        #expect(
            try await scratch.store().recover(batch, of: ann, isRecent: true).fates == messages.map { _ in .delivered })
        #expect(try mailbox() == messages)
    }

    @Test func whatTheUserDidMeanwhileDoesNotMatter() async throws {
        let store = try scratch.store()
        let (batch, _) = try await store.stage(messages)
        try await store.publish(batch)
        try move("new/\(batch.names[0])", "cur/\(batch.names[0]):2,RS")
        try FileManager.default.removeItem(atPath: "\(scratch.maildir)/new/\(batch.names[1])")
        #expect(
            try await scratch.store().recover(batch, of: ann, isRecent: true).fates == messages.map { _ in .delivered })
        #expect(try scratch.names("new").count == 18)
        // A day later only what is there counts: better twice than never.
        var expected = messages.map { _ in MessageFate.delivered }
        expected[1] = .unknown
        #expect(try await scratch.store().recover(batch, of: ann, isRecent: false).fates == expected)
        #expect(try scratch.names("new").count == 18)
    }

    @Test func aTmpThatWasCleanedAfterADayIsFetchedAgain() async throws {
        let (batch, _) = try await scratch.store().stage(messages)
        for name in try scratch.names("tmp").prefix(3) {
            try FileManager.default.removeItem(atPath: "\(scratch.maildir)/tmp/\(name)")
        }
        let fates = try await scratch.store().recover(batch, of: ann, isRecent: false)
        #expect(fates.fates == messages.indices.map { $0 >= 3 ? .delivered : .unknown })
        #expect(try mailbox() == Array(messages.dropFirst(3)))
    }

    @Test func whatTheUserHasFiledIsFoundUnderItsNameInAnyFolder() async throws {
        let store = try scratch.store()
        let (batch, _) = try await store.stage(messages)
        try await store.publish(batch)
        for folder in [".Archive", ".Archive.2019"] {
            for place in ["cur", "new", "tmp"] {
                try FileManager.default.createDirectory(
                    atPath: "\(scratch.maildir)/\(folder)/\(place)", withIntermediateDirectories: true)
            }
        }
        try move("new/\(batch.names[0])", ".Archive/cur/\(batch.names[0]):2,RS")
        try move("new/\(batch.names[1])", ".Archive.2019/new/\(batch.names[1])")
        try move("new/\(batch.names[2])", ".Archive/cur/1790000000.M2P77.host:2,S")
        let fates = try await scratch.store().recover(batch, of: ann, isRecent: false).fates
        #expect(fates == messages.indices.map { $0 == 2 ? .unknown : .delivered })
    }

    @Test func aMaildirThatIsMissingIsWaitedFor() async throws {
        let (batch, _) = try await scratch.store().stage(messages)
        let away = "\(scratch.path)/away"
        try FileManager.default.moveItem(atPath: scratch.maildir, toPath: away)
        let store = try scratch.store()
        for _ in 0..<2 {
            var error = await #expect(throws: MailStoreError.self) {
                _ = try await store.recover(batch, of: ann, isRecent: true)
            }
            #expect(error?.code == .misplaced)
            error = await #expect(throws: MailStoreError.self) { try await store.publish(batch) }
            #expect(error?.code == .misplaced)
        }
        try FileManager.default.moveItem(atPath: away, toPath: scratch.maildir)
        #expect(
            try await store.recover(batch, of: ann, isRecent: true).fates == messages.map { _ in .delivered })
        #expect(try mailbox() == messages)
    }

    @Test func aMaildirThatWasReplacedIsLookedThrough() async throws {
        let store = try scratch.store()
        let (batch, _) = try await store.stage(messages)
        var part = batch
        part.names = Array(batch.names.prefix(10))
        try await store.publish(part)
        try move("new/\(batch.names[0])", "cur/\(batch.names[0]):2,S")
        try move("tmp", "tmp.old")
        try FileManager.default.createDirectory(atPath: "\(scratch.maildir)/tmp", withIntermediateDirectories: false)
        // One that came along, and one of which only a part did.
        for (index, octets) in [(10, messages[10]), (11, Array(messages[11].dropLast()) + [1, 2])] {
            let path = "\(scratch.maildir)/tmp/\(MessageName.temporary(batch.names[index]))"
            #expect(FileManager.default.createFile(atPath: path, contents: Data(octets)))
        }
        await #expect(throws: MailStoreError.self) { try await store.publish(batch) }
        for _ in 0..<2 {
            let fates = try await scratch.store().recover(batch, of: ann, isRecent: true)
            #expect(
                fates.fates == messages.indices.map { $0 <= 10 ? .delivered : $0 == 11 ? .notDelivered : .unknown })
        }
        #expect(try scratch.octets("new/\(batch.names[10])") == messages[10])
    }

    @Test func aFileThatIsDamagedIsNeitherDeliveredNorTakenForDelivered() async throws {
        let (batch, _) = try await scratch.store().stage(messages)
        let path = "\(scratch.maildir)/tmp/\(MessageName.temporary(batch.names[4]))"
        try Data(messages[4] + [1]).write(to: URL(fileURLWithPath: path))
        for _ in 0..<2 {
            let fates = try await scratch.store().recover(batch, of: ann, isRecent: true)
            #expect(fates.fates == messages.indices.map { $0 != 4 ? .delivered : .notDelivered })
        }
        _ = try await scratch.store().open(ann, options: DeliveryOptions(), intended: [])
        #expect(try scratch.names("tmp") == [])
    }

    @Test func aBatchMarkedAsReadIsRecoveredAsRead() async throws {
        let options = DeliveryOptions(preserveUIDL: false, markSeen: .all)
        let (batch, _) = try await scratch.store().stage(messages, options: options)
        _ = try await scratch.store().recover(batch, of: ann, isRecent: true)
        #expect(try scratch.names("cur") == batch.names.map { $0 + ":2,S" })
        #expect(
            try await scratch.store().recover(batch, of: ann, isRecent: false).fates == messages.map { _ in .delivered }
        )
    }

    @Test func aFileThatIsInBothPlacesIsOneMessage() async throws {
        let store = try scratch.store()
        let (batch, _) = try await store.stage([messages[6]])
        let name = batch.names[0]
        try FileManager.default.linkItem(
            atPath: "\(scratch.maildir)/tmp/\(MessageName.temporary(name))", toPath: "\(scratch.maildir)/new/\(name)")
        try await store.publish(batch)
        #expect(try scratch.names("tmp") == [])
        #expect(try mailbox() == [messages[6]])
    }
}
