// SPDX-License-Identifier: Apache-2.0

import Foundation
import IMAP
import MailSource
import Support
import Testing
import Vocabulary

/// A whole mailbox of a real server: nested folders, names in Chinese, flags and dates; and it stays as it is.
@Suite(.timeLimit(.minutes(5))) struct DovecotTests {
    private struct Mail {
        var text: String
        /// As Maildir has them: `DFRST`.
        var flags: String
        var date: Int
    }

    private static func mail(_ name: String, _ count: Int) -> [Mail] {
        (0..<count).map { number in
            Mail(
                text:
                    "Subject: \(name) \(number)\n\n\(String(repeating: "Zeile \(number)\n", count: 1 + number * 37 % 400))",
                flags: ["", "S", "RS", "F", "DS", "ST", "DFRST"][number % 7], date: 1_000_000_000 + number * 2_678_400)
        }
    }

    private static let folders: [(path: [String], use: String?, mail: [Mail])] = [
        (["INBOX"], nil, mail("inbox", 120)), (["Gesendet"], "Sent", mail("sent", 9)),
        (["Drafts"], "Drafts", mail("draft", 1)),
        (["Projekte", "2024", "Größe"], nil, mail("size", 5)), (["客户"], nil, mail("clients", 3)),
        (["客户", "北京"], nil, mail("beijing", 4)), (["Leer"], nil, []), (["a&b"], nil, mail("and", 2)),
    ]

    private static let targets = [
        "INBOX": "INBOX", "Gesendet": "Sent", "Drafts": "Drafts", "Projekte/2024/Größe": "Projekte/2024/Größe",
        "客户": "客户",
        "客户/北京": "客户/北京", "Leer": "Leer", "a&b": "a&b",
    ]

    private func dovecot(_ configuration: String = "") async throws -> DovecotServer {
        var options = DovecotServer.Options()
        options.hasIMAP = true
        let uses = Self.folders.compactMap { folder in
            folder.use.map { "  mailbox \(folder.path[0]) {\n    special_use = \\\($0)\n  }\n" }
        }
        options.configuration = "namespace inbox {\n  inbox = yes\n  separator = /\n\(uses.joined())}\n" + configuration
        let dovecot = try await DovecotServer(users: [OldIMAP.user: OldIMAP.password], options: options)
        for folder in Self.folders { try fill(dovecot, folder.path, folder.mail) }
        return dovecot
    }

    private func fill(_ dovecot: DovecotServer, _ path: [String], _ mail: [Mail], from first: Int = 0) throws {
        let maildir = dovecot.maildir(of: OldIMAP.user)
        let name =
            path == ["INBOX"]
            ? "" : "." + path.map { String(decoding: MailboxName($0).octets, as: UTF8.self) }.joined(separator: ".")
        let folder = maildir.appending(path: name)
        for part in ["new", "cur", "tmp"] {
            try FileManager.default.createDirectory(at: folder.appending(path: part), withIntermediateDirectories: true)
        }
        for (number, message) in mail.enumerated() {
            let file = folder.appending(path: "cur/\(1_700_000_000 + first + number).M1P1.old:2,\(message.flags)")
            try Data(message.text.utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: TimeInterval(message.date))], ofItemAtPath: file.path)
        }
        try dovecot.giveMail(of: OldIMAP.user)
    }

    /// Every message's file, its flags in its name, with its octets and its time.
    private func snapshot(_ dovecot: DovecotServer) throws -> [String: String] {
        let maildir = dovecot.maildir(of: OldIMAP.user).path
        var files: [String: String] = [:]
        for path in FileManager.default.enumerator(atPath: maildir)?.compactMap({ $0 as? String }) ?? []
        where path.contains("cur/") || path.contains("new/") {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(maildir)/\(path)")
            files[path] = "\(attributes[.size] ?? "") \(attributes[.modificationDate] ?? "")"
        }
        return files
    }

    private func flags(_ letters: String) -> MessageFlags {
        let all: [Character: MessageFlags] = [
            "S": .seen, "R": .answered, "F": .flagged, "D": .draft, "T": .deleted,
        ]
        return letters.reduce(into: []) { flags, letter in flags.formUnion(all[letter] ?? []) }
    }

    @Test(arguments: ["", "imap_capability = IMAP4rev1 UIDPLUS\n"])
    func aWholeMailboxArrivesAsItIs(configuration: String) async throws {
        let dovecot = try await dovecot(configuration)
        defer { dovecot.stop() }
        let port = try #require(dovecot.imapPort)
        // Dovecot adds sizes to the names of files when it first looks at them.
        let first = try await OldIMAP.session(port)
        _ = try await OldIMAP.fetchAll(first)
        try await first.leave()
        let before = try snapshot(dovecot)
        let session = try await OldIMAP.session(port)
        let (folders, listing, sink, refused) = try await OldIMAP.fetchAll(session)
        try await session.leave()
        #expect(refused.isEmpty && session.vanished.isEmpty)
        let found = Dictionary(
            uniqueKeysWithValues: folders.map { ($0.path.joined(separator: "/"), $0.target.joined(separator: "/")) })
        #expect(found == (configuration.isEmpty ? Self.targets : Self.targets.merging(["Gesendet": "Sent"]) { $1 }))
        #expect(folders.first { $0.path == ["Gesendet"] }?.specialUse == .sent)
        for folder in Self.folders {
            let number = try #require(folders.first { $0.path == folder.path }?.number)
            let arrived = sink.messages.filter { $0.message.folder == number }
            #expect(arrived.map { String(decoding: $0.octets, as: UTF8.self) } == folder.mail.map(\.text))
            #expect(arrived.map(\.message.flags) == folder.mail.map { flags($0.flags) })
            #expect(arrived.map { ($0.message.date?.milliseconds ?? 0) / 1000 } == folder.mail.map { Int64($0.date) })
            #expect(folders[number].messages == folder.mail.count)
        }
        let identities = listing.map { folders[$0.folder].identity(of: $0) }
        #expect(Set(identities).count == listing.count && !identities.contains(nil))
        #expect(try snapshot(dovecot) == before, "the old mailbox has changed")
    }

    /// With and without the extensions that make it cheap.
    @Test(arguments: ["", "imap_capability = IMAP4rev1 UIDPLUS UNSELECT\n"])
    func onlyWhatHasChangedIsTold(configuration: String) async throws {
        let dovecot = try await dovecot(configuration)
        defer { dovecot.stop() }
        let port = try #require(dovecot.imapPort)
        let first = try await OldIMAP.session(port)
        let (folders, listing, _, _) = try await OldIMAP.fetchAll(first)
        try await first.leave()
        let marks = Dictionary(uniqueKeysWithValues: folders.map { ($0.path, $0.mark) })
        let again = try await OldIMAP.session(port)
        for folder in try await again.folders() {
            let mark = try #require(marks[folder.path] ?? nil)
            let changes = try await again.changes(in: folder, since: mark)
            #expect(changes?.added == [] && changes?.keeps(1) != false || folder.messages == 0)
        }
        // A few go, a few come.
        let inbox = listing.filter { folders[$0.folder].path == ["INBOX"] }
        _ = try await again.list(try await again.folders())
        try await again.leave()
        let deleting = try await OldIMAP.session(port)
        let theirs = try await deleting.list(try await deleting.folders()).filter { $0.folder == 0 }
        #expect(try await deleting.delete([theirs[3], theirs[5]]) == [])
        #expect(try await deleting.leave())
        try fill(dovecot, ["INBOX"], Self.mail("late", 3), from: 500)
        let last = try await OldIMAP.session(port)
        for folder in try await last.folders() {
            let mark = try #require(marks[folder.path] ?? nil)
            let changes = try #require(try await last.changes(in: folder, since: mark))
            if configuration.isEmpty, folder.messages > 0, case .kept = changes.before {
                Issue.record("QRESYNC is offered, and all of \(folder.path) was listed")
            }
            guard folder.path == ["INBOX"] else {
                #expect(changes.added.isEmpty)
                continue
            }
            #expect(changes.added.count == 3)
            let kept = inbox.map { message in
                changes.keeps(message.uniqueID.flatMap { UInt32(String(decoding: $0.octets, as: UTF8.self)) } ?? 0)
            }
            #expect(kept == inbox.indices.map { $0 != 3 && $0 != 5 })
            let sink = MemorySink()
            try await last.fetch(changes.added, into: sink, FetchOptions(oneByOne: false, windowOctets: 1 << 20)) {
                _, _ in
            }
            #expect(sink.texts == Self.mail("late", 3).map(\.text))
        }
        try await last.leave()
    }
}
