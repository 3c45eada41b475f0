// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailSource
import Support
import Testing
import Vocabulary

/// Mail of folders that an administrator has excluded does not move by a folder that shows all mail either.
@Suite(.timeLimit(.minutes(5))) struct ExcludedMailTests {
    typealias Folder = IMAPMailboxServer.Folder
    typealias Message = IMAPMailboxServer.Message

    private static func message(_ uid: UInt32, _ number: Int, name: String = "") -> Message {
        var message = Message(uid, "Message-ID: <\(number)@x>\r\n\r\nbody\r\n")
        message.name = name
        return message
    }

    /// What the folder of all mail lists, by UID, and what was asked for.
    private func listed(
        _ folders: [Folder], excluding patterns: [String] = ["Trash"], capabilities: [String] = [],
        ahead: Bool = false
    ) async throws -> (uids: [String], seen: [String]) {
        let server = try OldIMAP.server(folders) { $0.capabilitiesAfterLogin += capabilities }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        var rules = FolderRules()
        rules.exclude = patterns
        let moving = try await session.folders(by: rules)
        let all = try #require(moving.first { $0.showsOthers })
        let listing =
            ahead
            ? try await session.list(moving, ahead: true).filter { $0.folder == all.number }
            : try await session.list(all)
        let sink = MemorySink()
        try await session.fetch(listing, into: sink, FetchOptions(oneByOne: false, windowOctets: 1 << 20)) { _, _ in }
        #expect(sink.whole.count == listing.count)
        try await session.leave()
        #expect(!server.seen.contains { $0.hasPrefix("SELECT") || $0.contains(" BODY[") }, "nothing is changed")
        return (
            listing.compactMap { $0.uniqueID.map { String(decoding: $0.withOctets { Array($0) }, as: UTF8.self) } },
            server.seen
        )
    }

    @Test(arguments: [("OBJECTID", "EMAILID"), ("X-GM-EXT-1", "X-GM-MSGID")])
    func itIsKnownByTheServersNames(capability: String, attribute: String) async throws {
        let (uids, seen) = try await listed(
            [
                Folder("INBOX"),
                Folder(
                    "Everything", attributes: ["\\All"],
                    [
                        Self.message(1, 1, name: "101"), Self.message(2, 2, name: "102"),
                        Self.message(3, 3, name: "103"),
                    ]),
                // The same header and size, and another message all the same.
                Folder("Trash", [Self.message(8, 2, name: "102"), Self.message(9, 3, name: "109")]),
            ], capabilities: [capability])
        #expect(uids == ["1", "3"])
        #expect(seen.contains { $0.contains(attribute) } && !seen.contains { $0.contains("HEADER") })
    }

    @Test func itIsKnownByItsSizeDateAndHeader() async throws {
        var later = Self.message(7, 3)
        later.date = "25-Nov-2026 03:10:41 +0000"
        let (uids, _) = try await listed([
            Folder("INBOX"), Folder("Everything", attributes: ["\\All"], (1...4).map { Self.message(UInt32($0), $0) }),
            Folder("Trash", [Self.message(6, 2), later, Self.message(9, 5)]),
        ])
        #expect(uids == ["1", "3", "4"])
    }

    @Test(arguments: [[], ["X-GM-EXT-1"]])
    func itIsKnownAlsoWhereFoldersAreListedAhead(capabilities: [String]) async throws {
        let (uids, _) = try await listed(
            [
                Folder("INBOX"), Folder("Work", [Self.message(1, 9, name: "109")]),
                Folder("Everything", attributes: ["\\All"], (1...3).map { Self.message($0, Int($0), name: "10\($0)") }),
                Folder("Trash", [Self.message(8, 2, name: "102")]),
            ], capabilities: capabilities, ahead: true)
        #expect(uids == ["1", "3"])
    }

    /// A folder that only shows mail has none of its own: nobody has said that this must not move.
    @Test func whatIsOnlyShownIsNotExcluded() async throws {
        let (uids, seen) = try await listed(
            [
                Folder("INBOX"), Folder("Everything", attributes: ["\\All"], [Self.message(1, 1)]),
                Folder("Starred", attributes: ["\\Flagged"], [Self.message(1, 1)]),
            ], excluding: ["Starred"])
        #expect(uids == ["1"] && !seen.contains("EXAMINE \"Starred\""))
    }

    @Test func aFolderThatIsNeverOpenedHidesNothing() async throws {
        var trash = Folder("Trash", [Self.message(6, 1)])
        trash.refusal = "NO [NOPERM] not you"
        let (uids, _) = try await listed([
            Folder("INBOX"), Folder("Everything", attributes: ["\\All"], [Self.message(1, 1)]), trash,
        ])
        #expect(uids == ["1"])
    }

    /// What cannot be read just now is not taken for mail that moves.
    @Test func aFolderThatIsBusyIsWaitedFor() async throws {
        var trash = Folder("Trash", [Self.message(6, 1)])
        trash.refusal = "NO [UNAVAILABLE] later"
        let folders = [Folder("INBOX"), Folder("Everything", attributes: ["\\All"], [Self.message(1, 1)]), trash]
        let error = await #expect(throws: SourceError.self) { _ = try await listed(folders) }
        #expect(error.map { if case .wait = $0.remedy { true } else { false } } == true)
    }

    /// A real folder of all mail: Dovecot's virtual folders.
    @Test func aRealServersFolderOfAllMailShowsItInVain() async throws {
        var options = DovecotServer.Options()
        options.hasIMAP = true
        let virtual = "/tmp/mailmove-virtual-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: virtual) }  // left behind in /tmp at worst
        try FileManager.default.createDirectory(atPath: "\(virtual)/All", withIntermediateDirectories: true)
        try Data("*\n  all\n".utf8).write(to: URL(filePath: "\(virtual)/All/dovecot-virtual"))
        options.configuration = """
            mail_plugins = virtual
            namespace inbox {
              inbox = yes
              separator = /
            }
            namespace virtual {
              prefix = virtual/
              separator = /
              location = virtual:\(virtual):INDEX=MEMORY
              mailbox All {
                special_use = \\All
              }
            }
            """
        let dovecot = try await OldIMAP.dovecot(options)
        defer { dovecot.stop() }
        func text(_ number: Int) -> [UInt8] { Array("Message-ID: <\(number)@x>\n\nHello\n".utf8) }
        try dovecot.fill(OldIMAP.user, with: [text(1)], in: ".Work")
        try dovecot.fill(OldIMAP.user, with: [text(2), text(3)], in: ".Trash")
        let session = try await OldIMAP.session(try #require(dovecot.imapPort))
        var rules = FolderRules()
        rules.exclude = ["Trash"]
        let folders = try await session.folders(by: rules)
        let all = try #require(folders.first { $0.showsOthers })
        #expect(all.messages == 4 && !folders.contains { $0.path == ["Trash"] })
        let listing = try await session.list(all)
        let sink = MemorySink()
        try await session.fetch(listing, into: sink, FetchOptions(oneByOne: false, windowOctets: 1 << 20)) { _, _ in }
        #expect(sink.texts.sorted() == ["Message-ID: <1@x>\n\nHello\n", "Subject: one\n\nHello\n"])
        try await session.leave()
    }
}
