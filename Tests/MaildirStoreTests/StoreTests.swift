// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Support
import Testing
import Vocabulary

@testable import MaildirStore

@Suite struct StoreTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: [
        ("/var/mail/%d/%n/Maildir", "/var/mail", ["example.org", "ann", "Maildir"]),
        ("/m/%u/", "/m", ["ann@example.org"]), ("//m//100%%/x-%n.%d", "/m/100%", ["x-ann.example.org"]),
        ("/%n", "/", ["ann"]),
    ])
    func templatesNameEachAccountsMaildir(template: String, base: String, components: [String]) throws {
        let template = try PathTemplate(template)
        #expect(template.base == base)
        #expect(template.components(of: ann) == components)
    }

    @Test(arguments: ["Maildir/%n", "/m/%x", "/m/%", "/m/all", "/m/%d", "/m/../%n", "", "/m/%n\0"])
    func templatesThatCannotWorkAreRefusedAtTheStart(template: String) {
        #expect(throws: FileError.self) { try PathTemplate(template) }
    }

    @Test(arguments: ["", ".x", "x.", "a..b", "a/b", "../x", "a\nb", "\0", String(repeating: "é", count: 150)])
    func foldersThatCannotBeAreRefused(name: String) {
        #expect(throws: FileError.self) { try FolderName.check(name) }
    }

    @Test func foldersLieInAWholeMaildir() async throws {
        let options = DeliveryOptions(preserveUIDL: false, folders: [["Entwürfe"]])
        let staged = try await scratch.store().deliver([Array("x\n".utf8)], options: options)
        #expect(try scratch.names(".") == [".Entw&APw-rfe", "cur", "mailmove.marker", "new", "tmp"])
        #expect(try scratch.names(".Entw&APw-rfe") == ["cur", "maildirfolder", "new", "tmp"])
        #expect(try scratch.names(".Entw&APw-rfe/new") == staged.map(\.name))
    }

    @Test(arguments: [(UInt32(0o700), UInt32(0o600)), (0o2770, 0o660)])
    func whatIsMadeHasTheRightsAskedForWhateverTheUmask(directories: UInt32, files: UInt32) async throws {
        let staged = try await scratch.store(directoryMode: directories, fileMode: files).deliver([Array("x\n".utf8)])
        func mode(_ path: String) throws -> Int? {
            (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int).map { $0 & 0o7777 }
        }
        // Foundation leaves the set-group-ID bit out in some versions; stat(2) does not.
        for path in ["example.org", "example.org/ann", "example.org/ann/Maildir", "example.org/ann/Maildir/tmp"] {
            var status = stat()
            #expect(stat("\(scratch.path)/\(path)", &status) == 0)
            #expect(status.st_mode & 0o7777 == directories, "\(path)")
        }
        #expect(try mode("\(scratch.maildir)/new/\(staged[0].name)") == Int(files))
    }

    @Test func theFilesTimeIsTheMessagesArrival() async throws {
        let future = "Received: by x; 1 Jan 2199 00:00:00 Z\n\n"
        let messages = [
            "Received: by x; Tue, 1 Jan 2019 00:00:00 +0000\nDate: 1 Jan 2000 00:00 Z\n\n", "\nno time\n", future,
        ]
        let before = Date()
        let staged = try await scratch.store().deliver(messages.map { Array($0.utf8) })
        let times = try staged.map {
            try #require(
                FileManager.default.attributesOfItem(atPath: "\(scratch.maildir)/new/\($0.name)")[.modificationDate]
                    as? Date)
        }
        #expect(times[0] == Date(timeIntervalSince1970: 1_546_300_800))
        for time in times[1...] {
            #expect(time.timeIntervalSince(before) > -2 && time.timeIntervalSinceNow <= 0)
        }
    }

    /// One in the far future is a mistake of the source's.
    @Test(arguments: [(1_500_000_000, 1_500_000_000), (4_070_908_800, 1_546_300_800)])
    func aDateThatTheSourceTellsIsTheFilesTime(told: Int64, kept: TimeInterval) async throws {
        let store = try scratch.store()
        let writer = try await store.open(ann, options: DeliveryOptions(preserveUIDL: false), intended: [])
        var message = listed(1)
        message.date = Timestamp(milliseconds: told * 1000)
        await writer.bring(message, Array("Received: by x; Tue, 1 Jan 2019 00:00:00 +0000\n\n".utf8))
        writer.finish()
        try await store.publish(writer.batch(of: try await writer.all()))
        let name = try #require(try scratch.names("new").first)
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(scratch.maildir)/new/\(name)")
        #expect(attributes[.modificationDate] as? Date == Date(timeIntervalSince1970: kept))
    }

    @Test func flagsAreInTheNameThatOthersRead() async throws {
        let store = try scratch.store()
        let flags: [MessageFlags] = [[], .seen, [.answered, .seen], [.draft, .flagged, .deleted]]
        for (markSeen, infos) in [
            (MoveOptions.MarkSeen.none, ["S", "RS", "DFT"]), (.all, ["S", "S", "RS", "DFST"]),
        ] {
            let options = DeliveryOptions(preserveUIDL: false, markSeen: markSeen)
            let writer = try await store.open(ann, options: options, intended: [])
            for (index, flags) in flags.enumerated() {
                var message = listed(index + 1)
                message.flags = flags
                await writer.bring(message, Array("x\n".utf8))
            }
            writer.finish()
            let batch = writer.batch(of: try await writer.all())
            #expect(try await store.recover(batch, of: ann, isRecent: false).fates == flags.map { _ in .delivered })
            let names = try scratch.names("cur")
            #expect(names.compactMap { $0.split(separator: ":2,").last.map(String.init) } == infos)
            #expect(try await store.publish(batch).wereStaged == flags.map { _ in false })
            #expect(try await store.recover(batch, of: ann, isRecent: false).fates == flags.map { _ in .delivered })
            for name in names { try FileManager.default.removeItem(atPath: "\(scratch.maildir)/cur/\(name)") }
        }
    }

    /// As intents of every version so far hold them.
    @Test(arguments: [
        "1\0/mail/ann\02049\0131\0S\0a,S=1,W=1\0b,S=2,W=2\0",
        "2\0/mail/ann\02049\0131\0S\05e7b\0472\0a,S=1,W=1\0b,S=2,W=2\0",
    ])
    func batchesOfAllFormsAreRead(encoded: String) throws {
        let store = try scratch.store()
        let batch = try #require(store.batch(encoded: Array(encoded.utf8)))
        #expect(batch.count == 2)
        #expect(batch.lane == StoreLane("2049"))
        let read = try #require(MaildirBatch(batch))
        #expect(read.place == MailboxPlace(path: "/mail/ann", device: 2049, inode: 131))
        #expect(read.names == ["a,S=1,W=1", "b,S=2,W=2"] && read.seen)
        #expect(MaildirBatch(read.staged()) == read)
    }

    @Test(arguments: ["", "1", "1\0/mail\0x\01\0-\0", "3\0/mail\01\01\0-\0", "memory\0a@b\0INBOX\0"])
    func octetsThatAreNoBatchAreNone(encoded: String) throws {
        #expect(try scratch.store().batch(encoded: Array(encoded.utf8)) == nil)
    }

    @Test func anEarlierRunsLeftoversAreRemovedAndNobodyElses() async throws {
        let store = try scratch.store("all/%d-%n")
        let maildir = "\(scratch.path)/all/example.org-ann"
        func stage() async throws -> StagedBatch { try await store.stage(oddMessages(5)).batch }
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/all", withIntermediateDirectories: true)
        let intended = try await stage()
        let leftover = try await store.stage(oddMessages(5), intended: [intended]).batch
        for name in ["1790000000.M1P2.host", "1790000000.M00000001P00Q00000000.mailmove", "note"] {
            #expect(FileManager.default.createFile(atPath: "\(maildir)/tmp/\(name)", contents: nil))
        }
        _ = try await store.open(ann, options: DeliveryOptions(), intended: [intended])
        let left = Set(try FileManager.default.contentsOfDirectory(atPath: "\(maildir)/tmp"))
        #expect(left.count == 8)
        #expect(left.isSuperset(of: intended.names.map(MessageName.temporary)))
        #expect(left.isDisjoint(with: leftover.names.map(MessageName.temporary)))
    }

    @Test func accountsThatShareAMaildirKeepTheirHandsOffEachOthersMail() async throws {
        let store = try scratch.store("%n")
        let (batch, _) = try await store.stage(oddMessages(3))
        let other = try EmailAddress("ann@example.net")
        _ = try await store.open(other, options: DeliveryOptions(), intended: [])
        let there = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/ann/tmp")
        #expect(Set(there) == Set(batch.names.map(MessageName.temporary)))
    }

    @Test func syncCanBeAskedForByManyAtOnce() async throws {
        let store = try scratch.store()
        var batches: [StagedBatch] = []
        for index in 0..<5 {
            let options = DeliveryOptions(preserveUIDL: false, folders: [["F\(index)"]])
            batches.append(try await store.stage(oddMessages(20), options: options).batch)
        }
        await withTaskGroup(of: Int.self) { group in
            for index in 0..<200 {
                let batch = batches[index % 5]
                group.addTask { await store.sync([batch]).count }
            }
            for await failures in group { #expect(failures == 0) }
        }
    }

    @Test func whenTheWholeFileSystemTakesTooLongFilesAreSyncedOneByOne() async throws {
        let store = try scratch.store(syncBudget: .zero)
        for _ in 0..<3 {
            let (batch, staged) = try await store.stage(oddMessages(60))
            #expect(await store.sync([batch]).isEmpty)
            try await store.publish(batch)
            #expect(await store.sync([batch]).isEmpty)
            #expect(try staged.allSatisfy { try scratch.names("new").contains($0.name) })
        }
    }

    @Test func aPlaceThatIsGoneFailsAloneInASync() async throws {
        let store = try scratch.store()
        let gone = try await store.stage([[65]], options: DeliveryOptions(folders: [["Gone"]])).batch
        let here = try await store.stage([[65]]).batch
        try FileManager.default.removeItem(atPath: "\(scratch.maildir)/.Gone")
        let failures = await store.sync([gone, here])
        #expect(failures.mapValues(\.code) == [0: .misplaced])
        try FileManager.default.removeItem(atPath: scratch.maildir)
        #expect(try await scratch.store().sync([gone, here]).count == 2)
        #expect(await store.sync([]).isEmpty)
    }

    @Test func checkSaysWhatToDoWhereTheBaseIsMissing() async throws {
        try await scratch.store().check()
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
        let store = try scratch.store("unmounted/%n")
        let error = await #expect(throws: MailStoreError.self) { try await store.check() }
        #expect(error?.code == .misplaced)
        #expect(error?.detail.contains("install -d") == true)
        await #expect(throws: MailStoreError.self) {
            _ = try await store.open(ann, options: DeliveryOptions(), intended: [])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
    }
}
