// SPDX-License-Identifier: Apache-2.0

import IMAPSource
import MailStore
import NIOPosix
import Records
import Statuses
import Support
import Testing
import Vocabulary

/// Folders that a platform's own IMAP server, a real Dovecot, does not take: they are named, and others move.
@Suite(.timeLimit(.minutes(5))) struct PlatformFolderTests {
    private static func mail(_ name: String, _ uids: ClosedRange<UInt32>) -> [IMAPMailboxServer.Message] {
        uids.map { .init($0, "Subject: \(name) \($0)\r\n\r\nbody of \(name) \($0)\r\n") }
    }

    private func run(
        _ folders: [IMAPMailboxServer.Folder],
        _ body: (NewSide, IMAPMailboxServer, MailPlatform) async throws -> Void
    ) async throws {
        let server = try IMAPMailboxServer(user: NewPlatform.ann.description, password: "old", folders: folders)
        defer { server.stop() }
        try await NewSide.run(.mdbox, from: IMAPSource(group: MultiThreadedEventLoopGroup.singleton)) { new in
            try await new.platform.enable(port: server.port) { request in
                request.oldServer = OldServer(.imap, host: "127.0.0.1", port: server.port, security: .none)
            }
            try await body(new, server, try #require(new.server))
        }
    }

    /// A login, and the run that it brings, to its end.
    private func move(_ platform: NewPlatform) async throws -> AccountStatus {
        let runs = try await platform.status().runs
        _ = try await platform.trigger("old")
        _ = try await platform.until { $0.runs > runs && ($0.status == .completed || $0.status == .failed) }
        try await platform.rest()
        return try await platform.status()
    }

    private func count(_ platform: MailPlatform, in folder: String) throws -> Int {
        try platform.messages(of: NewPlatform.ann.description, in: folder).count
    }

    /// Dovecot keeps this name for itself.
    @Test func aFolderThatIsRefusedIsNamedAndOthersMove() async throws {
        let folders: [IMAPMailboxServer.Folder] = [
            .init("INBOX", Self.mail("inbox", 1...5)), .init("dbox-Mails", Self.mail("odd", 1...3)),
            .init("Work", Self.mail("work", 1...4)),
        ]
        try await run(folders) { new, server, dovecot in
            for _ in 0..<2 {
                let status = try await move(new.platform)
                #expect(status.status == .failed && status.error?.reason == .messagesRefused, "\(status)")
                #expect(status.moved == 9 && status.remaining == 3)
                #expect(try count(dovecot, in: "INBOX") == 5 && count(dovecot, in: "Work") == 4)
            }
            let events = try await new.platform.events().filter { $0.kind == .messageRefused }
            let words = events.first?.detail ?? ""
            #expect(words.contains("dbox-Mails") && words.contains("options.folders.map"), "\(events)")
            #expect(!server.seen.contains { $0.contains("dbox-Mails") && $0.contains("FETCH") })
            try await new.platform.enable(port: server.port) { request in
                request.oldServer = OldServer(.imap, host: "127.0.0.1", port: server.port, security: .none)
                request.options.folders.map = ["dbox-Mails": "Odd"]
            }
            let status = try await move(new.platform)
            #expect(status.status == .completed && status.moved == 12, "\(status)")
            #expect(try count(dovecot, in: "Odd") == 3)
        }
    }

    /// Folders are made even if they are empty: one that could not be is made by a later run.
    @Test func anEmptyFolderThatIsRefusedIsMadeLater() async throws {
        let folders: [IMAPMailboxServer.Folder] = [
            .init("INBOX", Self.mail("inbox", 1...2)), .init("Empty", []),
        ]
        try await run(folders) { new, _, dovecot in
            dovecot.line.at { at, asked in
                at == .whole && asked.verb == "CREATE" ? .say("NO [CANNOT] Not now") : .goOn
            }
            _ = try await move(new.platform)
            let events = try await new.platform.events().filter { $0.kind == .messageRefused }
            #expect(events.first?.detail?.contains("Empty") == true, "\(events)")
            dovecot.line.at { _, _ in .goOn }
            let status = try await move(new.platform)
            #expect(status.status == .completed && status.moved == 2, "\(status)")
            let reader = try dovecot.reader(of: NewPlatform.ann.description)
            defer { reader.leave() }
            #expect(try reader.folders().contains("Empty"))
        }
    }

    /// One that has been made once is gone again, and is refused from then on.
    @Test func aFolderThatIsRefusedLaterHoldsUpNoOther() async throws {
        let folders: [IMAPMailboxServer.Folder] = [
            .init("INBOX", Self.mail("inbox", 1...2)), .init("Odd", Self.mail("odd", 1...2)),
            .init("Work", Self.mail("work", 1...2)),
        ]
        try await run(folders) { new, server, dovecot in
            #expect(try await move(new.platform).moved == 6)
            let reader = try dovecot.reader(of: NewPlatform.ann.description)
            try reader.tell("DELETE Odd")
            reader.leave()
            dovecot.line.at { stage, asked in
                asked.verb == "CREATE" && stage == .begun ? .say("NO [CANNOT] not that one") : .goOn
            }
            server.change { folders in
                for index in folders.indices { folders[index].messages += Self.mail("late", 8...9) }
            }
            let status = try await move(new.platform)
            #expect(
                status.error?.reason == .messagesRefused && status.moved == 10 && status.remaining == 2, "\(status)")
            dovecot.line.at { _, _ in .goOn }
            let after = try await move(new.platform)
            #expect(after.status == .completed && after.moved == 12, "\(after)")
            #expect(try count(dovecot, in: "Odd") == 2)
        }
    }

    /// Nothing may be put into one folder.
    @Test func aFolderThatTakesNoMailHoldsUpNoOther() async throws {
        let folders: [IMAPMailboxServer.Folder] = [
            .init("INBOX", Self.mail("inbox", 1...2)), .init("Odd", Self.mail("odd", 1...3)),
            .init("Work", Self.mail("work", 1...2)),
        ]
        try await run(folders) { new, _, dovecot in
            dovecot.line.at { stage, asked in
                asked.verb == "APPEND" && stage == .whole && asked.text.contains("Odd")
                    ? .say("NO [NOPERM] you may not") : .goOn
            }
            let status = try await move(new.platform)
            #expect(status.error?.reason == .messagesRefused && status.moved == 4 && status.remaining == 3, "\(status)")
            dovecot.line.at { _, _ in .goOn }
            #expect(try await move(new.platform).moved == 7)
            #expect(try count(dovecot, in: "Odd") == 3)
        }
    }
}
