// SPDX-License-Identifier: Apache-2.0

import Foundation
import IMAPSource
import MailSource
import NIOPosix
import POP3Source
import Support
import Testing
import Vocabulary

/// A whole mailbox, from each kind of old IMAP server, as its user finds it on the new platform by IMAP and POP3; and once
/// more, after the user has tidied up here, and mail has come over there.
@Suite(.serialized, .timeLimit(.minutes(15))) struct WholeMailboxTests {
    private typealias Mailbox = [String: IMAPUser.Folder]

    private static let user = NewPlatform.ann

    /// An old server, as far as it matters here.
    private struct Old: Sendable {
        var port: Int
        var user: String
        var prefix = ""
        var delimiter = "."
        /// Whether it takes such a message at all.
        var takes: @Sendable ([UInt8]) -> Bool = { _ in true }

        func run<Result: Sendable>(
            _ body: @escaping @Sendable (IMAPUser) throws -> Result
        ) async throws -> Result {
            try await IMAPUser.run(
                port: port, user: user, password: "old", prefix: prefix, delimiter: delimiter, body)
        }
    }

    @Test func fromDovecot() async throws {
        var options = DovecotServer.Options()
        options.hasIMAP = true
        let server = try await DovecotServer(users: [Self.user.description: "old"], options: options)
        defer { server.stop() }
        try server.fill(Self.user.description, with: [])
        try await move(Old(port: try #require(server.imapPort), user: Self.user.description))
    }

    @Test(.enabled(if: CyrusServer.isAvailable, "needs root, for it runs as another user"))
    func fromCyrus() async throws {
        let server = try await CyrusServer(users: [Self.user.localPart: "old"])
        defer { server.stop() }
        // It refuses what has no header.
        let headless = Self.odd.filter { !$0.starts(with: Array("Subject".utf8)) && !$0.starts(with: Array("X-".utf8)) }
        try await move(
            Old(
                port: server.imapPort, user: Self.user.localPart, prefix: "INBOX.",
                takes: { !headless.contains($0) }))
    }

    @Test(.enabled(if: CourierServer.isAvailable, "needs root, for paths of its own"))
    func fromCourier() async throws {
        let server = try await CourierServer(users: [Self.user.description: "old"], perAddress: 20)
        defer { server.stop() }
        try await move(Old(port: server.imapPort, user: Self.user.description, prefix: "INBOX."))
    }

    private func move(_ old: Old) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let source = SourcesByProtocol(pop3: POP3Source(group: group), imap: IMAPSource(group: group))
        let filled = Self.mailbox.mapValues { folder in
            IMAPUser.Folder(folder.messages.filter { old.takes($0.octets) }, isSubscribed: folder.isSubscribed)
        }
        let before = try await old.run { session in
            try session.fill(filled)
            return try session.mailbox()
        }
        // What it was filled with is there, or this test would say nothing.
        #expect(before.keys.sorted() == filled.keys.sorted())
        for (name, folder) in filled { #expect(before[name]?.messages.count == folder.messages.count, "\(name)") }
        let count = Self.count(before)
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: old.port) { request in
                request.oldServer = OldServer(.imap, host: "127.0.0.1", port: old.port, security: .none)
                request.oldServer.usernameIncludesDomain = old.user == Self.user.description
            }
            try await moves(count, platform)
            try await expect(Self.onNewSide(before), on: platform)

            // Its user files, deletes and flags here; more comes there, where the rest stays as it was.
            var wanted = Self.onNewSide(before)
            try await tidyUp(platform)
            Self.tidyUp(&wanted)
            let late = Self.late
            try await old.run { session in
                for (folder, message) in late { try session.append(message, to: folder) }
            }
            for (folder, message) in late { wanted[folder]?.messages.append(message) }
            for _ in 0..<2 {
                try await moves(count + late.count, platform)
                try await expect(wanted, on: platform)
            }
        }
        var untouched = before
        for (folder, message) in Self.late { untouched[folder]?.messages.append(message) }
        let after = try await old.run { try $0.mailbox() }
        for (name, folder) in untouched { #expect(after[name] == folder, "\(name) was changed over there") }
    }

    private func moves(_ count: Int, _ platform: NewPlatform) async throws {
        _ = try await platform.trigger("old")
        let status = try await platform.until { $0.status == .completed && $0.moved == Int64(count) }
        #expect(status.moved == Int64(count) && status.remaining == 0 && status.error == nil, "\(status)")
        try await platform.settle()
    }

    // MARK: The mailbox

    private static func message(_ number: Int, _ body: String = "") -> [UInt8] {
        Array(
            """
            Received: from there by here; Mon, 1 Jan 2024 10:00:00 +0000\r
            From: Bob <bob@example.org>\r
            Message-ID: <\(number)@old.example>\r
            Subject: =?UTF-8?Q?Nummer_\(number)?=\r
            \r
            Message \(number).\r
            \(body)
            """.utf8)
    }

    private static let flags: [[String]] = [
        [], ["\\Seen"], ["\\Seen", "\\Answered"], ["\\Flagged"], ["\\Draft"], ["\\Seen", "\\Deleted"],
        ["\\Seen", "Projekt"], ["$Forwarded", "\\Seen", "\\Flagged"],
    ]

    private static func messages(_ range: Range<Int>) -> [IMAPUser.Message] {
        range.map { IMAPUser.Message(message($0), flags: flags[$0 % flags.count], date: 1_200_000_000 + $0 * 77_777) }
    }

    /// What servers take although it is not as it should be.
    private static var odd: [[UInt8]] {
        let long = String(repeating: "x", count: 20_000)
        let texts = [
            "\r\n", "Subject: no body\r\n\r\n", "Subject: no line end\r\n\r\nthe end",
            "no header at all\r\n\r\ntext\r\n",
            "Subject: dots\r\n\r\n.\r\n..\r\n.a dot\r\n.\r\n",
            "Subject: literal\r\n\r\n{3}\r\n) x OK {10+}\r\n* BYE\r\n",
            "Subject: long\r\n\r\n\(long)\r\n", "X-Folded: \(String(repeating: "a\r\n\t", count: 300))b\r\n\r\n.\r\n",
            "Subject: mbox\r\n\r\nFrom nobody\r\n>From nobody\r\n",
            "X-Status: A\r\nX-UID: 5\r\nSubject: fields\r\n\r\n\r\n\r\n",
        ]
        let eight = Array("Subject: eight\r\n\r\n".utf8) + (128...255).map { UInt8($0) } + [13, 10]
        return texts.map { Array($0.utf8) } + [eight]
    }

    /// About 60 MB.
    private static var large: [IMAPUser.Message] {
        let line = String(repeating: "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=", count: 1) + "\r\n"
        return [25, 10, 10, 5, 5, 3, 1].enumerated().map { index, megabytes in
            let body = String(repeating: line, count: megabytes * 1_048_576 / line.utf8.count)
            return IMAPUser.Message(message(900 + index, body), flags: ["\\Seen"], date: 1_300_000_000 + index)
        }
    }

    private static let mailbox: Mailbox = {
        let odd = Self.odd.enumerated().map { IMAPUser.Message($1, flags: ["\\Seen"], date: 800_000_000 + $0 * 60) }
        let twice = IMAPUser.Message(message(950), flags: [], date: 1_250_000_000)
        return [
            "INBOX": .init(messages(0..<60) + [twice, twice] + odd),
            "Sent": .init(messages(100..<120) + [twice]),
            "Papierkorb": .init(messages(120..<124)),
            "Projekte": .init(messages(200..<205)),
            "Projekte/2024": .init(messages(205..<210), isSubscribed: false),
            "Projekte/2024/Müller & Söhne": .init(messages(210..<215)),
            "客户/报价": .init(messages(300..<306)),
            "客户": .init(messages(306..<308)),
            "Anlagen": .init(large),
            "Leer": .init(),
        ]
    }()

    /// The folder that is known as special by its name is called here as the platform calls it.
    private static func onNewSide(_ mailbox: Mailbox) -> Mailbox {
        var mailbox = mailbox
        mailbox["Trash"] = mailbox.removeValue(forKey: "Papierkorb")
        return mailbox
    }

    private static func count(_ mailbox: Mailbox) -> Int { mailbox.values.reduce(0) { $0 + $1.messages.count } }

    private static let late: [(folder: String, message: IMAPUser.Message)] = [
        ("INBOX", .init(message(990), flags: ["\\Flagged"], date: 1_400_000_000)),
        ("Projekte/2024/Müller & Söhne", .init(message(991), flags: [], date: 1_400_000_001)),
        // The same as one that its user has deleted here.
        ("INBOX", .init(message(3), flags: [], date: 1_400_000_002)),
    ]

    // MARK: The new side

    /// Reads, and does what users do, by a mail server of the new platform.
    private func onPlatform<Result: Sendable>(
        _ platform: NewPlatform, _ body: (DovecotServer) async throws -> Result
    ) async throws -> Result {
        let maildir = "\(platform.folder)/mail/\(Self.user.domain)/\(Self.user.localPart)"
        var options = DovecotServer.Options()
        options.hasIMAP = true
        // Looking by POP3 is not to look like reading.
        options.configuration = "mail_location = maildir:\(maildir)\npop3_no_flag_updates = yes\n"
        let server = try await DovecotServer(users: [Self.user.description: "new"], options: options)
        defer { server.stop() }
        try server.give("\(platform.folder)/mail")
        return try await body(server)
    }

    private func expect(_ wanted: Mailbox, on platform: NewPlatform) async throws {
        try await onPlatform(platform) { server in
            let port = try #require(server.imapPort)
            let here = try await IMAPUser.run(port: port, user: Self.user.description, password: "new") {
                try $0.mailbox()
            }
            #expect(here.keys.sorted() == wanted.keys.sorted())
            for (name, folder) in wanted {
                Self.compare(here[name]?.messages ?? [], folder.messages, name)
                #expect(here[name]?.isSubscribed == folder.isSubscribed || name == "INBOX", "\(name)")
            }
            let byPOP3 = try await PlainRetrieval.mailbox(
                port: server.port, user: Self.user.description, password: "new")
            // POP3 ends each message with a line end.
            let octets = wanted["INBOX"]?.messages.map {
                $0.octets.ends(in: [13, 10]) ? $0.octets : $0.octets + [13, 10]
            }
            #expect(byPOP3.map(\.octets) == octets)
        }
    }

    private static func compare(
        _ found: [IMAPUser.Message], _ wanted: [IMAPUser.Message], _ folder: String
    ) {
        #expect(found.count == wanted.count, "\(folder)")
        for (one, other) in zip(found, wanted) where one != other {
            Issue.record("\(folder): \(one) instead of \(other)")
        }
    }

    private func tidyUp(_ platform: NewPlatform) async throws {
        try await onPlatform(platform) { server in
            let port = try #require(server.imapPort)
            try await IMAPUser.run(port: port, user: Self.user.description, password: "new") { session in
                try session.create("Kept")
                try session.select("INBOX")
                try session.command("STORE 2 +FLAGS.SILENT (\\Flagged)")
                try session.command("STORE 1:* -FLAGS.SILENT (\\Deleted)")
                try session.command("STORE 4 +FLAGS.SILENT (\\Deleted)")
                try session.command("EXPUNGE")
                try session.move("10", to: "Kept")
            }
        }
    }

    private static func tidyUp(_ mailbox: inout Mailbox) {
        guard var inbox = mailbox["INBOX"]?.messages else { return }
        inbox[1].flags = (inbox[1].flags + ["\\Flagged"]).sorted()
        for index in inbox.indices { inbox[index].flags.removeAll { $0 == "\\Deleted" } }
        inbox.remove(at: 3)
        let kept = inbox.remove(at: 9)
        mailbox["INBOX"]?.messages = inbox
        mailbox["Kept"] = .init([kept], isSubscribed: false)
    }
}

extension Array<UInt8> {
    fileprivate func ends(in suffix: [UInt8]) -> Bool {
        count >= suffix.count && Array(self.suffix(suffix.count)) == suffix
    }
}
