// SPDX-License-Identifier: Apache-2.0

import Foundation
import IMAPSource
import MailSource
import NIOPosix
import POP3Source
import Secrets
import Support
import Testing
import Vocabulary

/// From a real Dovecot, by IMAP, into Maildirs.
@Suite(.timeLimit(.minutes(15))) struct IMAPRealServerTests {
    private static let user = NewPlatform.ann.description

    private struct Mail {
        var directory: String
        var number: Int
        var flags: String

        var text: String { "Subject: \(directory) \(number)\n\nbody \(number)\n" }
        var date: Int { 1_500_000_000 + number * 86_400 }
    }

    /// By the directory over there, with how many messages are in it.
    private static let folders = ["": 12, ".Gesendet": 3, ".Projekte.2024": 2, ".&W6JiNw-": 2, ".Leer": 0]

    private static func mail(_ directory: String) -> [Mail] {
        (0..<(folders[directory] ?? 0)).map {
            Mail(directory: directory, number: $0, flags: ["", "S", "RS", "F"][$0 % 4])
        }
    }

    private static func source() -> SourcesByProtocol {
        let group = MultiThreadedEventLoopGroup.singleton
        return SourcesByProtocol(pop3: POP3Source(group: group), imap: IMAPSource(group: group))
    }

    private func dovecot() async throws -> DovecotServer {
        var options = DovecotServer.Options()
        options.hasIMAP = true
        options.configuration =
            "namespace inbox {\n  inbox = yes\n  mailbox Gesendet {\n    special_use = \\Sent\n  }\n}\n"
        let dovecot = try await DovecotServer(users: [Self.user: "old"], options: options)
        let maildir = dovecot.maildir(of: Self.user)
        for directory in Self.folders.keys {
            let folder = maildir.appending(path: directory)
            for part in ["new", "cur", "tmp"] {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: part), withIntermediateDirectories: true)
            }
            for mail in Self.mail(directory) {
                let file = folder.appending(path: "cur/\(1_700_000_000 + mail.number).M1P1.old:2,\(mail.flags)")
                try Data(mail.text.utf8).write(to: file)
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: TimeInterval(mail.date))], ofItemAtPath: file.path)
            }
        }
        try Data("Gesendet\nLeer\n".utf8).write(to: maildir.appending(path: "subscriptions"))
        try dovecot.giveMail(of: Self.user)
        return dovecot
    }

    private func run(
        _ change: @escaping @Sendable (inout OldServer, DovecotServer) -> Void = { _, _ in },
        _ body: (NewPlatform, DovecotServer) async throws -> Void
    ) async throws {
        let dovecot = try await dovecot()
        defer { dovecot.stop() }
        let port = try #require(dovecot.imapPort)
        try await NewPlatform.run(from: Self.source()) { platform in
            try await platform.enable(port: port) { request in
                request.oldServer = OldServer(.imap, host: "127.0.0.1", port: port, security: .none)
                change(&request.oldServer, dovecot)
            }
            try await body(platform, dovecot)
        }
    }

    /// What has arrived in a folder: text, flags and date of each message, in order.
    private func here(_ platform: NewPlatform, _ directory: String) throws -> [[String]] {
        try platform.delivered(in: directory).map { path in
            let flags = path.firstRange(of: ":2,").map { String(path[$0.upperBound...]) } ?? ""
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let date = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return [try String(contentsOfFile: path, encoding: .utf8), flags, "\(Int(date))"]
        }.sorted { $0[2] < $1[2] }
    }

    private func expectAll(on platform: NewPlatform) throws {
        for (directory, target) in ["": "", ".Gesendet": ".Sent", ".Projekte.2024": nil, ".&W6JiNw-": nil] {
            let wanted = Self.mail(directory).map { [$0.text, $0.flags, "\($0.date)"] }
            #expect(try here(platform, target ?? directory) == wanted, "\(directory)")
        }
        let maildir = "\(platform.folder)/mail/example.com/ann"
        #expect(FileManager.default.fileExists(atPath: "\(maildir)/.Leer/cur"))
        #expect(try String(contentsOfFile: "\(maildir)/subscriptions", encoding: .utf8) == "Leer\nSent\n")
    }

    @Test func aWholeMailboxArrivesOnceAsItIs() async throws {
        try await run { platform, _ in
            for _ in 0..<2 {
                _ = try await platform.trigger("old")
                #expect(try await platform.until { $0.status == .completed }.moved == 19)
                try await platform.settle()
                try expectAll(on: platform)
            }
            let folders = try await platform.move.accounts.folders(of: NewPlatform.ann)
            #expect(folders.reduce(0) { $0 + $1.moved } == 19)
            let findings = try await platform.move.integrity.check(
                NewPlatform.ann, password: Password("old"), repairs: false)
            #expect(findings.isOK && findings.present == 19 && findings.waiting == 0)
        }
    }

    /// An account that was half moved by POP3 goes on by IMAP.
    @Test func mailFromPOP3IsNotBroughtTwice() async throws {
        let dovecot = try await dovecot()
        defer { dovecot.stop() }
        let port = try #require(dovecot.imapPort)
        try await NewPlatform.run(from: Self.source()) { platform in
            try await platform.enable(port: dovecot.port)
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 12)
            try await platform.settle()
            try await platform.enable(port: port) {
                $0.oldServer = OldServer(.imap, host: "127.0.0.1", port: port, security: .none)
            }
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed && $0.moved == 19 }.remaining == 0)
            #expect(platform.delivered().count == 19)
        }
    }

    @Test func theInboxKeepsTheUIDLsOfPOP3() async throws {
        try await run { server, dovecot in
            server.pop3 = OldServer.POP3Service(host: "127.0.0.1", port: dovecot.port, security: .none)
        } _: { platform, _ in
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 19)
            let uidls = try platform.delivered(in: "").map { path in
                try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")[0]
            }
            #expect(uidls.allSatisfy { $0.hasPrefix("X-UIDL: ") } && Set(uidls).count == 12)
            for path in platform.delivered(in: ".Sent") {
                #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("X-UIDL"))
            }
            let settings = try await platform.move.settings.overview(of: NewPlatform.ann.domain).settings
            let verified = try await platform.move.verification.verify(
                settings.oldServer, account: NewPlatform.ann, password: Password("old"))
            #expect(verified.checks.map(\.name).suffix(4) == [.folders, .uidlMatch, .retrieve, .rejectsWrongPassword])
        }
    }
}
