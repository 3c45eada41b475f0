// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Support
import Testing
import Vocabulary

@testable import MaildirStore

@Suite struct FailureTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Brings messages until the writer fails, as a reader that knows nothing of it would.
    private func fail(_ writer: any MailboxWriter, _ messages: [[UInt8]]) async -> ([StagedMessage], MailStoreError?) {
        for (index, octets) in messages.enumerated() { await writer.bring(listed(index + 1), octets) }
        writer.finish()
        var staged: [StagedMessage] = []
        do {
            for try await messages in writer.staged { staged += messages }
            return (staged, nil)
        } catch {
            return (staged, error as? MailStoreError)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "mounting takes root"))
    func aFullDiskEndsTheRunAndLeavesOnlyWholeMessages() async throws {
        scratch.mountTmpfs("size=2m")
        let store = try scratch.store()
        let writer = try await store.open(ann, options: DeliveryOptions(preserveUIDL: false), intended: [])
        let message = Array(repeating: UInt8(ascii: "m"), count: 300_000)
        let (staged, error) = await fail(writer, Array(repeating: message, count: 40))
        #expect(error?.code == .full)
        #expect(error?.detail.contains("free space") == true)
        #expect(error?.detail.hasPrefix("\(scratch.maildir)/tmp/") == true)
        #expect(!staged.isEmpty && staged.count < 40)
        #expect(try scratch.names("tmp") == staged.map { MessageName.temporary($0.name) })
        let batch = writer.batch(of: staged)
        #expect(await store.sync([batch]).isEmpty)
        try await store.publish(batch)
        #expect(try staged.allSatisfy { try scratch.octets("new/\($0.name)") == message })
    }

    @Test(.enabled(if: geteuid() == 0, "mounting takes root"))
    func aFileSystemThatTurnsReadOnlyIsSaidSo() async throws {
        scratch.mountTmpfs("size=2m")
        let store = try scratch.store()
        let (batch, _) = try await store.stage([[65]])
        let writer = try await store.open(ann, options: DeliveryOptions(), intended: [batch])
        Scratch.run("mount", "-o", "remount,ro", scratch.path)
        let (staged, error) = await fail(writer, oddMessages(60))
        #expect(staged == [])
        #expect(error?.code == .readOnly)
        var thrown = await #expect(throws: MailStoreError.self) { try await store.check() }
        #expect(thrown?.code == .readOnly)
        thrown = await #expect(throws: MailStoreError.self) { try await store.publish(batch) }
        #expect(thrown?.code == .readOnly)
        thrown = await #expect(throws: MailStoreError.self) {
            _ = try await store.recover(batch, of: ann, isRecent: true)
        }
        #expect(thrown?.code == .readOnly)
    }

    @Test(arguments: ["", "/Maildir", "/Maildir/tmp", "/Maildir/new"])
    func aFileOrALinkInADirectorysPlaceIsMisplaced(place: String) async throws {
        let ancestor = "\(scratch.path)/example.org/ann"
        for isLink in [false, true] where !(isLink && place.isEmpty) {
            let store = try scratch.store()
            _ = try await store.open(ann, options: DeliveryOptions(), intended: [])
            try FileManager.default.removeItem(atPath: ancestor + place)
            if isLink {
                try FileManager.default.createSymbolicLink(atPath: ancestor + place, withDestinationPath: "/tmp")
            } else {
                #expect(FileManager.default.createFile(atPath: ancestor + place, contents: nil))
            }
            let error = await #expect(throws: MailStoreError.self) {
                _ = try await store.open(ann, options: DeliveryOptions(), intended: [])
            }
            #expect(error?.code == .misplaced)
            #expect(error?.detail.hasPrefix("\(ancestor + place): ") == true)
            try FileManager.default.removeItem(atPath: ancestor + place)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "chattr takes root"))
    func missingRightsAreSaidSo() async throws {
        let store = try scratch.store()
        let writer = try await store.open(ann, options: DeliveryOptions(), intended: [])
        // What not even root may do.
        guard Scratch.run("chattr", "+i", "\(scratch.maildir)/tmp") else { return }
        let (_, error) = await fail(writer, oddMessages(3))
        #expect(Scratch.run("chattr", "-i", "\(scratch.maildir)/tmp"))
        #expect(error?.code == .refused)
        #expect(error?.detail.contains("write access") == true)
    }

    @Test func afterAnErrorNobodyWaitsForTheWriter() async throws {
        let store = try scratch.store()
        let writer = try await store.open(ann, options: DeliveryOptions(), intended: [])
        try FileManager.default.removeItem(atPath: "\(scratch.maildir)/tmp")
        #expect(FileManager.default.createFile(atPath: "\(scratch.maildir)/tmp", contents: nil))
        for number in 1...200 { await writer.bring(listed(number), Array(repeating: 65, count: 20000)) }
        await #expect(throws: MailStoreError.self) { _ = try await writer.all() }
        writer.begin(listed(1))
        for _ in 0..<100 { writer.append(Array(repeating: 65, count: 100_000)) }
        writer.flush()
        #expect(!writer.isFull)
        await writer.ready()
        writer.finish()
    }

    @Test func errorsTellWhatToDo() {
        for number: Int32 in [
            ENOSPC, EDQUOT, EROFS, EACCES, EPERM, ENOENT, ENOTDIR, ELOOP, EMFILE, EIO, ENAMETOOLONG, EBUSY,
        ] {
            let error = FileError.system(number, path: "/mail")
            #expect(error.errno == number)
            #expect(MailStoreError(error).description.hasPrefix("/mail: "))
            #expect(MailStoreError(error).detail.contains(";"))
        }
    }
}
