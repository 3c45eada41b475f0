// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing
import Vocabulary

@testable import IMAPStore

/// A platform that is set up wrongly is told from one that is in order, and what to do is said.
@Suite(.timeLimit(.minutes(5))) struct PlatformVerificationTests {
    /// What is wrong with a real Dovecot that is configured like this.
    private func wrong(
        _ configuration: String = "", password: String = MailPlatform.masterPassword,
        prepare: (Scene) throws -> Void = { _ in }
    ) async throws -> [String] {
        var wrong: [String] = []
        try await Scene.playing(password: password, configuration: configuration) { scene in
            try prepare(scene)
            let verification = await scene.store.verify(entering: scene.ann)
            wrong = verification.findings.filter { $0.severity == .wrong }.map(\.text)
            #expect((verification.proof == nil) == !wrong.isEmpty, "\(verification.findings)")
        }
        return wrong
    }

    private func folders(_ scene: Scene) throws -> [String] {
        let reader = try scene.platform.reader(of: scene.ann.description)
        defer { reader.leave() }
        return try reader.folders()
    }

    @Test func aPlatformInOrderGivesMessagesBack() async throws {
        try await Scene.playing { scene in
            let first = await scene.store.verify(entering: scene.ann)
            #expect(!first.findings.contains { $0.severity != .good }, "\(first.findings)")
            #expect(first.findings.contains { $0.text.contains("as they were sent, with date and flags") })
            #expect(try folders(scene) == ["INBOX"] && scene.platform.messages(of: scene.ann.description).isEmpty)
            let proof = try #require(first.proof)
            // It is not tried again before it is another.
            let sent = scene.platform.line.asked("APPEND").count
            #expect(await scene.store.verify(entering: scene.ann, knowing: proof).proof == proof)
            #expect(sent == 1 && scene.platform.line.asked("APPEND").count == 1)
            _ = await scene.store.verify(entering: scene.ann, knowing: "another")
            #expect(scene.platform.line.asked("APPEND").count == 2)
        }
    }

    /// The daemon may end in the middle of it.
    @Test func whatATrialHasLeftIsTakenAway() async throws {
        try await Scene.playing { scene in
            let reader = try scene.platform.reader(of: scene.ann.description)
            try reader.tell("CREATE mailmove-check-12345678")
            try reader.tell("APPEND mailmove-check-12345678 {2+}\r\na\n")
            try reader.tell("CREATE mailmove")
            reader.leave()
            #expect(await scene.store.verify(entering: scene.ann).proof != nil)
            #expect(try folders(scene).sorted() == ["INBOX", "mailmove"])
        }
    }

    @Test func withoutAMailboxTheMasterUserIsNotTried() async throws {
        try await Scene.playing { scene in
            let verification = await scene.store.verify(entering: nil)
            #expect(verification.findings.map(\.severity) == [.good, .advice] && verification.proof == nil)
            #expect(scene.platform.line.asked("LOGIN").isEmpty)
        }
    }

    @Test func aWrongMasterPassword() async throws {
        let wrong = try await wrong(password: "Wr0ng-Key")
        #expect(wrong.count == 1 && wrong[0].contains("imap-master") && !wrong[0].contains("Wr0ng-Key"))
    }

    /// Nobody knows whether the mailbox is there.
    @Test func aMailboxThatMayNotBeThere() async throws {
        try await Scene.playing(password: "Wr0ng-Key") { scene in
            let verification = await scene.store.verify(entering: scene.ann, isThere: false)
            #expect(verification.findings.map(\.severity) == [.good, .passing])
        }
    }

    /// The ACL plugin, with these rights of the master user's in all folders.
    private static func accessControl(_ rights: String?) throws -> (configuration: String, file: String) {
        let file = "/tmp/mailmove-acl-\(UUID().uuidString.prefix(8))"
        try Data((rights.map { "* user=\(MailPlatform.master) \($0)\n" } ?? "").utf8).write(to: URL(filePath: file))
        return (
            """
            mail_plugins = acl
            protocol imap {
              mail_plugins = $mail_plugins imap_acl
            }
            plugin {
              acl = vfile:\(file)
            }
            """, file
        )
    }

    @Test(arguments: [
        (String?.none, "shows the master user no INBOX"), ("lrs", "put no mail into the INBOX"),
        ("lrswite", "make no folders"),
    ])
    func aMasterUserWithoutRights(rights: String?, words: String) async throws {
        let (configuration, file) = try Self.accessControl(rights)
        defer { try? FileManager.default.removeItem(atPath: file) }  // left behind in /tmp at worst
        let wrong = try await wrong(configuration)
        #expect(wrong.count == 1 && wrong[0].contains(words) && wrong[0].contains("acl_user"), "\(wrong)")
    }

    @Test(arguments: [
        ("*:messages=1", "1 of 1 messages are in use"), ("*:storage=1K", "of 1 KiB are in use"),
        ("*:storage=2K", "no room"),
    ])
    func aMailboxWithoutRoom(rule: String, words: String) async throws {
        let wrong = try await wrong(
            """
            mail_plugins = quota
            protocol imap {
              mail_plugins = $mail_plugins imap_quota
            }
            plugin {
              quota = count:User quota
              quota_vsizes = yes
              quota_rule = \(rule)
            }
            """
        ) { scene in
            let reader = try scene.platform.reader(of: scene.ann.description)
            defer { reader.leave() }
            try reader.tell("APPEND INBOX {2+}\r\na\n")
        }
        #expect(wrong.count == 1 && wrong[0].contains(words) && wrong[0].contains("larger quota"), "\(wrong)")
    }

    @Test func aMessageThatIsChangedOnItsWay() async throws {
        let wrong = try await wrong { scene in scene.platform.line.edit { $0.replacing("Hello.", with: "Hallo.") } }
        #expect(wrong.count == 1 && wrong[0].contains("different from line 7 on"), "\(wrong)")
    }

    @Test func aDateThatIsNotKept() async throws {
        let wrong = try await wrong { scene in
            scene.platform.line.edit { $0.replacing("03-Feb-2001", with: "30-Nov-2026") }
        }
        #expect(wrong.count == 1 && wrong[0].contains("sorted"), "\(wrong)")
    }

    @Test func flagsThatAreNotKept() async throws {
        let wrong = try await wrong { scene in
            scene.platform.line.edit { $0.replacing("\\Flagged", with: "\\Answered") }
        }
        #expect(wrong.count == 1 && wrong[0].contains("flags"), "\(wrong)")
    }

    @Test func severalMessagesAtOnceThatAreAnnouncedAlone() async throws {
        try await Scene.playing { scene in
            scene.platform.line.at { stage, asked in
                asked.verb == "APPEND" && stage == .whole && asked.literals.count > 1
                    ? .say("BAD one at a time") : .goOn
            }
            let verification = await scene.store.verify(entering: scene.ann)
            #expect(verification.findings.contains { $0.severity == .advice && $0.text.contains("MULTIAPPEND") })
            #expect(!verification.findings.contains { $0.severity == .wrong } && verification.proof != nil)
        }
    }
}
