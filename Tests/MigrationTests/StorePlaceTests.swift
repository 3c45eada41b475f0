// SPDX-License-Identifier: Apache-2.0

import Foundation
import Records
import Secrets
import Testing
import Vocabulary

/// Mail goes to the place that it was moved to before, and is known there whatever the records have forgotten.
@Suite(.timeLimit(.minutes(5))) struct StorePlaceTests {
    private static let ann = NewPlatform.ann

    private func moved(_ body: (OldMailServer, NewPlatform) async throws -> Void) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed && $0.moved == 3 }
            try await platform.settle()
            try await body(server, platform)
        }
    }

    @Test(arguments: ["mail/example.com/ann", "mail/example.com/ann/mailmove.marker", "mail/.mailmove"])
    func aMailboxThatVanishedIsNotMadeAnewBeforeSomebodySaysSo(path: String) async throws {
        try await moved { server, platform in
            try await platform.move.checkMailStore()
            try FileManager.default.removeItem(atPath: "\(platform.folder)/\(path)")
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect(failed.error?.reason == .mailStoreUnavailable && failed.moved == 3)
            #expect(!FileManager.default.fileExists(atPath: "\(platform.folder)/\(path)"))
            try await platform.rest()
            let doubtful = try await platform.move.integrity.check(Self.ann, password: nil, repairs: false)
            #expect(!doubtful.isOK)
            if path.hasSuffix(".mailmove") {
                await #expect(throws: (any Error).self) { try await platform.move.checkMailStore() }
            }
            let accepted = try await platform.move.integrity.check(
                Self.ann, password: nil, repairs: false, acceptsEmpty: true)
            #expect(accepted.findings.allSatisfy { $0.severity != .error })
            try await platform.move.checkMailStore()
            _ = try await platform.login("old")
            let status = try await platform.until { $0.status == .completed }
            #expect(status.moved == 3)
            #expect(platform.delivered().count == (path == "mail/example.com/ann" ? 0 : 3))
        }
    }

    @Test func whatWasMovedBeforeIsBroughtAgainWhereThatIsAskedFor() async throws {
        try await moved { server, platform in
            try FileManager.default.removeItem(atPath: "\(platform.folder)/mail/example.com")
            let findings = try await platform.move.integrity.check(
                Self.ann, password: Password("old"), repairs: true, acceptsEmpty: true)
            #expect(findings.movedAgain == 3)
            _ = try await platform.until { $0.status == .completed && $0.moved == 3 }
            #expect(platform.delivered().count == 3)
        }
    }

    @Test func anAccountThatWasDeletedIsTakenAsItIs() async throws {
        try await moved { server, platform in
            _ = try await platform.move.accounts.delete([Self.ann])
            try FileManager.default.removeItem(atPath: "\(platform.folder)/mail/example.com")
            try await platform.enable(server)
            _ = try await platform.login("old")
            let status = try await platform.until { $0.status == .completed }
            #expect(status.moved == 3 && platform.delivered().isEmpty)
        }
    }

    /// Filed under its name, filed under another, and deleted; what never came from the old server is not counted.
    @Test(arguments: [false, true])
    func recordsThatAreOlderThanTheMailAreMadeWhole(isFiled: Bool) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = FileManager.default
        try await NewPlatform.run(in: folder) { platform in try await platform.enable(server) }
        try files.copyItem(atPath: "\(folder)/mailmove.db", toPath: "\(folder)/backup")
        try await NewPlatform.run(in: folder) { platform in
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed && $0.moved == 3 }
        }
        let maildir = "\(folder)/mail/example.com/ann"
        if isFiled {
            try files.createDirectory(atPath: "\(maildir)/.Filed/cur", withIntermediateDirectories: true)
            for (index, name) in try files.contentsOfDirectory(atPath: "\(maildir)/new").enumerated() {
                try files.moveItem(
                    atPath: "\(maildir)/new/\(name)", toPath: "\(maildir)/.Filed/cur/179000000\(index).M1P7.host:2,S")
            }
            try Data("Subject: local\n\nx\n".utf8).write(to: URL(filePath: "\(maildir)/new/1790000009.M1P7.host"))
        }
        for name in try files.contentsOfDirectory(atPath: folder) where name.hasPrefix("mailmove.db") {
            if name.hasSuffix("-wal") || name.hasSuffix("-shm") { try files.removeItem(atPath: "\(folder)/\(name)") }
        }
        try files.removeItem(atPath: "\(folder)/mailmove.db")
        try files.copyItem(atPath: "\(folder)/backup", toPath: "\(folder)/mailmove.db")
        try await NewPlatform.run(in: folder) { platform in
            _ = try await platform.login("old")
            let status = try await platform.until { $0.status == .completed }
            #expect(status.moved == 3 && status.remaining == 0)
            try await platform.settle()
            #expect(platform.delivered(in: "").count == (isFiled ? 1 : 3))
            let row = try #require(try await platform.row(of: Self.ann))
            let ledger = try await platform.records.read { try $0.ledger(of: row.id) }
            #expect(ledger.count == 3 && ledger.allSatisfy { $0.uniqueID != nil })
            let events = try await platform.records.read { try $0.events(EventQuery(subject: .account(Self.ann))) }
            #expect(events.events.contains { $0.kind == .perhapsDoubled })
        }
    }
}
