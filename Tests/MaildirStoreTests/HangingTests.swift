// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Support
import Testing
import Vocabulary

@testable import MaildirStore

/// A file system that does not answer: really frozen, so that whoever writes there waits.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: FileSystem.hasLoopDevices, "needs loop devices"))
struct HangingTests {
    private let scratch: Scratch
    private let messages = oddMessages(20)

    init() throws { scratch = try Scratch() }

    private func disk(_ name: String = "frozen.example") throws -> FileSystem {
        try FileSystem(.ext4(megabytes: 32), at: URL(filePath: "\(scratch.path)/\(name)"))
    }

    private func account(_ number: Int) throws -> EmailAddress { try EmailAddress("user\(number)@frozen.example") }

    private func names(_ place: MailboxPlace, _ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/\(directory)").sorted()
    }

    private func octets(_ place: MailboxPlace, _ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(place.path)/\(file)")))
    }

    @Test func aFileSystemThatHangsHoldsUpNoOther() async throws {
        let disk = try disk()
        defer { disk.remove() }
        // More of them than a file system has threads.
        let store = try scratch.store(patience: .seconds(10))
        var writers: [any MailboxWriter] = []
        for number in 0..<6 {
            writers.append(
                try await store.open(account(number), options: DeliveryOptions(preserveUIDL: false), intended: []))
        }
        try disk.freeze()
        for writer in writers {
            await writer.bring(listed(1), Array("Subject: waits\n\n".utf8))
            writer.finish()
        }
        _ = try await store.deliver(messages)
        #expect(try scratch.names("new").map { try scratch.octets("new/\($0)") } == messages)
        disk.thaw()
        for writer in writers {
            let batch = writer.batch(of: try await writer.all())
            #expect(batch.names.count == 1)
            #expect(await store.sync([batch]).isEmpty)
            #expect(try await store.publish(batch).wereStaged == [true])
        }
    }

    @Test func aMailboxOnAFileSystemThatHangsIsSaidToBe() async throws {
        let disk = try disk()
        defer { disk.remove() }
        let store = try scratch.store(patience: .milliseconds(200))
        _ = try await scratch.store().open(account(0), options: DeliveryOptions(), intended: [])
        try disk.freeze()
        for number in 1..<6 {
            let account = try account(number)
            let error = await #expect(throws: MailStoreError.self) {
                _ = try await store.open(account, options: DeliveryOptions(), intended: [])
            }
            #expect(error?.code == .unresponsive)
            #expect(error?.detail.contains("has not answered") == true)
        }
        disk.thaw()
        for number in 0..<6 {
            _ = try await scratch.store().open(account(number), options: DeliveryOptions(), intended: [])
        }
    }

    /// Who gave up sweeps nothing when the file system answers again: others stage there by then.
    @Test func whatNobodyWaitsForAnyMoreTakesNothingAway() async throws {
        let disk = try disk()
        defer { disk.remove() }
        let (patient, hasty) = (try scratch.store(), try scratch.store(patience: .milliseconds(200)))
        let account = try account(0)
        func stage() async throws -> StagedBatch {
            let writer = try await patient.open(account, options: DeliveryOptions(preserveUIDL: false), intended: [])
            for (index, octets) in messages.enumerated() { await writer.bring(listed(index + 1), octets) }
            writer.finish()
            return writer.batch(of: try await writer.all())
        }
        _ = try await stage()
        try disk.freeze()
        let error = await #expect(throws: MailStoreError.self) {
            _ = try await hasty.open(account, options: DeliveryOptions(), intended: [])
        }
        #expect(error?.code == .unresponsive)
        disk.thaw()
        let batch = try await stage()
        #expect(try names(batch.place, "tmp") == batch.names.map(MessageName.temporary).sorted())
        #expect(try await patient.publish(batch).wereStaged == messages.map { _ in true })
        #expect(try batch.names.map { try octets(batch.place, "new/\($0)") } == messages)
    }

    @Test func aRecoveryThatWasGivenUpIsBegunAgain() async throws {
        let disk = try disk()
        defer { disk.remove() }
        let writer = try await scratch.store().open(
            account(0), options: DeliveryOptions(preserveUIDL: false), intended: [])
        for (index, octets) in messages.enumerated() { await writer.bring(listed(index + 1), octets) }
        writer.finish()
        let batch = writer.batch(of: try await writer.all())
        let store = try scratch.store(patience: .milliseconds(200))
        try disk.freeze()
        for _ in 0..<4 {
            let error = await #expect(throws: MailStoreError.self) {
                _ = try await store.recover(batch, of: account(0), isRecent: true)
            }
            #expect(error?.code == .unresponsive)
        }
        disk.thaw()
        #expect(
            try await scratch.store().recover(batch, of: account(0), isRecent: true).fates
                == messages.map { _ in .delivered })
        #expect(try names(batch.place, "new") == batch.names.sorted())
        #expect(try batch.names.map { try octets(batch.place, "new/\($0)") } == messages)
        #expect(try names(batch.place, "tmp").isEmpty)
    }

    @Test func whetherItTakesMailIsAnsweredWhateverHangs() async throws {
        let disk = try disk("base")
        defer { disk.remove() }
        let store = try scratch.store("base/%d/%n")
        try await store.check()
        try disk.freeze()
        for _ in 0..<20 {  // which takes the time of one
            let error = await #expect(throws: MailStoreError.self) { try await store.check() }
            #expect(error?.code == .unresponsive)
        }
        disk.thaw()
        for _ in 0..<600 {
            do {
                try await store.check()
                break
            } catch {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        try await store.check()
    }
}
