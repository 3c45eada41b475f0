// SPDX-License-Identifier: Apache-2.0

import MailStore
import Support
import Testing
import Vocabulary

@testable import IMAPStore

/// Connections, and a platform that cannot be used.
@Suite(.timeLimit(.minutes(5))) struct PlatformTests {
    private static let users = (0..<9).map { "user\($0)@example.com" }

    @Test func connectionsAreBoundedAndEverybodysTurnComes() async throws {
        try await Scene.playing(users: Self.users, connections: 3) { scene in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in Self.users {
                    group.addTask {
                        let account = try EmailAddress(user)
                        let writer = try await scene.store.open(
                            account, options: DeliveryOptions(preserveUIDL: false), intended: [], expecting: [:])
                        writer.begin(ListedMessage(number: 1, octets: nil, uniqueID: nil))
                        Scene.message(1).withUnsafeBytes { writer.append($0) }
                        writer.end()
                        writer.finish()
                        for try await staged in writer.staged {
                            _ = try await scene.store.publish(scene.store.prepare(writer.batch(of: staged)))
                        }
                        await writer.leave()
                    }
                }
                try await group.waitForAll()
            }
            #expect(scene.platform.line.most <= 3)
            for user in Self.users { #expect(try scene.platform.messages(of: user).count == 1) }
        }
    }

    @Test func aWrongMasterPasswordIsNotTriedAgainAndAgain() async throws {
        try await Scene.playing(password: "Wr0ng-Key") { scene in
            for _ in 0..<50 {
                let error = await #expect(throws: MailStoreError.self) {
                    _ = try await scene.store.open(scene.ann, options: DeliveryOptions(), intended: [], expecting: [:])
                }
                #expect(error?.code == .refused && error?.detail.contains("imap-master") == true)
                #expect(error?.detail.contains("Wr0ng-Key") == false)
            }
            #expect(scene.platform.line.asked("LOGIN").count < 4)
            await #expect(throws: MailStoreError.self) { try await scene.store.check() }
        }
    }

    @Test func aMailboxThatIsNotThereHoldsUpNoOther() async throws {
        try await Scene.playing { scene in
            try await scene.deliver([Scene.message(1)])
            let nobody = try EmailAddress("nobody@example.com")
            scene.platform.line.at { at, asked in
                asked.text.contains("nobody@") && at == .begun ? .say("NO [AUTHENTICATIONFAILED] no") : .goOn
            }
            await #expect(throws: MailStoreError.self) {
                _ = try await scene.store.open(nobody, options: DeliveryOptions(), intended: [], expecting: [:])
            }
            try await scene.deliver([Scene.message(2)])
            try scene.expectOnce([Scene.message(1), Scene.message(2)])
            try await scene.store.check()
        }
    }

    /// Several mailboxes that are not there, and all come at once: the others wait for no more than a few tries.
    @Test func manyMailboxesThatAreNotThereHoldUpNoOther() async throws {
        try await Scene.playing(users: Self.users) { scene in
            let missing = Set(Self.users.prefix(3))
            scene.platform.line.at { at, asked in
                at == .begun && missing.contains { asked.text.contains($0) }
                    ? .say("NO [AUTHENTICATIONFAILED] no") : .goOn
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in Self.users {
                    group.addTask {
                        let writer = try? await scene.store.open(
                            try EmailAddress(user), options: DeliveryOptions(), intended: [], expecting: [:])
                        #expect((writer == nil) == missing.contains(user), "\(user)")
                        writer?.finish()
                        await writer?.leave()
                    }
                }
                try await group.waitForAll()
            }
            #expect(scene.platform.line.asked("LOGIN").count <= Self.users.count)
        }
    }

    /// Whoever asks is answered in two seconds; the platform may take longer.
    @Test func aPlatformThatIsSlowToGreetTakesMail() async throws {
        try await Scene.playing(readTimeout: .seconds(30)) { scene in
            scene.platform.line.greetsAfter(seconds: 3)
            for _ in 0..<3 { try? await scene.store.check() }
            try await scene.deliver([Scene.message(1)])
            try scene.expectOnce([Scene.message(1)])
            try await scene.store.check()
        }
    }

    /// Nobody has to change a setting for that.
    @Test func aProxyThatHangsUpInTheHandshakeIsAway() async throws {
        try await Scene.playing { scene in
            scene.platform.dovecot.stop()
            let store = try Scene.store(scene.platform, security: .tls)
            defer { store.close() }
            let error = await #expect(throws: MailStoreError.self) {
                _ = try await store.open(scene.ann, options: DeliveryOptions(), intended: [], expecting: [:])
            }
            #expect(error?.code == .unresponsive, "\(error?.detail ?? "")")
            #expect(!store.breaker.isConfiguration)
        }
    }

    @Test func aLookAtThePlatformIsOneOfItsConnections() async throws {
        try await Scene.playing(connections: 1) { scene in
            scene.platform.line.greetsAfter(seconds: 0.3)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { _ = await scene.store.verify(entering: scene.ann) } }
                for _ in 0..<3 { group.addTask { try? await scene.store.check() } }
                for number in 1...3 { group.addTask { try await scene.deliver([Scene.message(number)]) } }
                try await group.waitForAll()
            }
            #expect(scene.platform.line.most == 1)
        }
    }

    @Test func aPlatformThatIsBackTakesMailAgain() async throws {
        try await Scene.playing { scene in
            try await scene.deliver([Scene.message(1)])
            scene.platform.dovecot.stop()
            await #expect(throws: MailStoreError.self) { try await scene.deliver([Scene.message(2)]) }
            let error = await #expect(throws: MailStoreError.self) { try await scene.store.check() }
            #expect(error?.code == .unresponsive)
            try await scene.platform.dovecot.start()
            var isBack = false
            for _ in 0..<100 where !isBack {
                isBack = (try? await scene.store.check()) != nil
                if !isBack { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(isBack)
            try await scene.deliver([Scene.message(2)])
            try scene.expectOnce([Scene.message(1), Scene.message(2)])
        }
    }

    /// Dovecot's Maildirs hold no dot in a name, though levels are parted by a slash.
    @Test(arguments: [MailPlatform.Storage.maildir, .mdbox])
    func whatAFoldersNameCannotHoldIsKnown(storage: MailPlatform.Storage) async throws {
        let slashes = "namespace inbox {\n  inbox = yes\n  separator = /\n}\n"
        try await Scene.playing(storage: storage, configuration: slashes) { scene in
            let names = try await scene.store.folderNames(of: scene.ann)
            #expect(names.unholdable.contains(".") == (storage == .maildir))
        }
    }

    @Test func thePlatformsOwnSpecialFoldersAreUsed() async throws {
        let boxes = """
            namespace inbox {
              inbox = yes
              mailbox "Gesendet" {
                auto = create
                special_use = \\Sent
              }
            }
            """
        try await Scene.playing(configuration: boxes) { scene in
            #expect(scene.store.folderNames.special[.sent] == "Sent")
            let names = try await scene.store.folderNames(of: scene.ann)
            #expect(names.special[.sent] == "Gesendet")
            #expect(scene.store.folderNames.special[.sent] == "Gesendet")
        }
    }

    // MARK: Restored backups

    @Test func whatTheRecordsDoNotKnowIsFound() async throws {
        try await Scene.playing { scene in
            let first = try await scene.deliver([Scene.message(1)])
            let standing = try #require(
                try await scene.store.standing(
                    of: scene.ann, in: [NewFolder.inbox], since: first.notes, readsNews: true))
            #expect(standing.news.count == 0 && !standing.isOlder && standing.notes == first.notes)
            let second = try await scene.deliver([Scene.message(2), Scene.message(3)])
            let older = try await scene.store.standing(
                of: scene.ann, in: [NewFolder.inbox], since: first.notes, readsNews: true)
            #expect(older?.news.count == 2)
            let unknown = try await scene.store.standing(
                of: scene.ann, in: [NewFolder.inbox, ["Sent"]], since: [:], readsNews: true)
            #expect(unknown?.news.count == 3)
            // As after a backup of the platform was restored: its UIDNEXT is a lower one.
            var later = try #require(Watermark(second.notes["INBOX"] ?? ""))
            later.next += 5
            let restored = try await scene.store.standing(
                of: scene.ann, in: [NewFolder.inbox], since: ["INBOX": later.note], readsNews: true)
            #expect(restored?.isOlder == true)
        }
    }

    /// Where UIDs mean other messages, or some are lost, the folder alone tells nothing: all of the mailbox has to be held
    /// against the records.
    @Test(arguments: [(0, 5), (1, 0)] as [(UInt32, UInt32)])
    func whatAnotherFolderTellsIsNotBelieved(validity: UInt32, next: UInt32) async throws {
        try await Scene.playing { scene in
            let (writer, staged) = try await scene.stage([Scene.message(1)])
            var batch = try #require(IMAPBatch(staged))
            let mark = try #require(batch.watermark)
            batch.watermark = Watermark(validity: mark.validity + validity, next: mark.next + next)
            let recovered = try await scene.store.recover(batch.staged, of: scene.ann, isRecent: true)
            #expect(recovered.fates == [.unknown] && recovered.notes.isEmpty)
            await writer.leave()
        }
    }
}
