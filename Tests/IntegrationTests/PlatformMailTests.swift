// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Mail goes into the platform's own IMAP server, a real Dovecot, through the daemon.
    @Suite struct PlatformMailTests {
        private static let mail = messages(0..<400, lines: 30)

        /// The old server, and the file with the master user's password.
        private struct Scene {
            var server: MailboxServer
            var master: URL

            func add(_ mail: [MailboxServer.Message], for user: String) { server.add(mail, to: user) }
        }

        /// A daemon whose mail goes to `platform`, an old server with ann's mail, and the migration enabled.
        private func moving(
            _ mail: [MailboxServer.Message] = mail, storage: MailPlatform.Storage = .mdbox,
            password: String = MailPlatform.masterPassword, isUp: Bool = true, pause: Int = 0, isSealed: Bool = true,
            _ body: (Platform, MailPlatform, Scene) async throws -> Void
        ) async throws {
            let store = try await MailPlatform(users: [Platform.ann], storage: storage)
            defer { store.stop() }
            if !isUp { store.dovecot.stop() }
            let secrets = FileManager.default.temporaryDirectory.appending(path: "mm-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: secrets, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: secrets) }  // left behind in /tmp at worst
            if isSealed { try Data(repeating: 5, count: 32).write(to: secrets.appending(path: "seal-key")) }
            let master = secrets.appending(path: "imap-master")
            try Data("\(password)\n".utf8).write(to: master)
            var options = MailboxServer.Options()
            options.pauseMilliseconds = pause
            let server = try MailboxServer(
                user: Platform.ann, password: Platform.oldPassword, messages: mail, options: options)
            defer { server.stop() }
            let environment = [
                "CREDENTIALS_DIRECTORY": secrets.path, "MAILMOVE_MAIL_STORE_KIND": "imap",
                "MAILMOVE_MAIL_STORE_IMAP_ADDRESS": "127.0.0.1:\(store.line.port)",
                "MAILMOVE_MAIL_STORE_IMAP_SECURITY": "none",
                "MAILMOVE_MAIL_STORE_IMAP_MASTER_USER": MailPlatform.master,
                "MAILMOVE_TIMEOUTS_READ": "2",
            ]
            try await Platform.migrating(from: .loopback(port: server.port), environment: environment) { platform in
                try await body(platform, store, Scene(server: server, master: master))
            }
        }

        private func expectArrived(_ sent: [MailboxServer.Message], _ store: MailPlatform) throws {
            let arrived = try store.messages(of: Platform.ann).map { withoutUIDL(withLineFeeds($0.octets)).octets }
            let here = Dictionary(grouping: arrived) { $0 }.mapValues(\.count)
            let wanted = Dictionary(grouping: sent.map { withLineFeeds($0.octets) }) { $0 }.mapValues(\.count)
            #expect(wanted.reduce(0) { $0 + max(0, $1.value - here[$1.key, default: 0]) } == 0, "missing")
            #expect(here.reduce(0) { $0 + max(0, $1.value - wanted[$1.key, default: 0]) } == 0, "extra")
        }

        /// Logs in as mail programs do, until all of it has been moved.
        private func push(_ platform: Platform, _ count: Int) async throws {
            for _ in 0..<60 {
                _ = try? await platform.logIn()
                let status = try await platform.status(seconds: 3) { $0.status == .completed && $0.moved == count }
                if status.status == .completed, status.moved == count { return }
            }
            Issue.record("\(try await platform.status())")
        }

        @Test(arguments: MailPlatform.Storage.allCases)
        func mailArrivesAndPOP3ClientsKnowIt(storage: MailPlatform.Storage) async throws {
            try await moving(storage: storage) { platform, store, _ in
                #expect(try await platform.logIn().decision == .accept)
                let status = try await platform.settled()
                #expect((status.status, status.moved, status.remaining) == (.completed, 400, 0))
                let there = try store.messages(of: Platform.ann)
                #expect(there.map { withoutUIDL(withLineFeeds($0.octets)).uid } == Self.mail.map(\.uid))
                try expectArrived(Self.mail, store)
                let service = try await platform.admin.getServiceStatus()
                #expect(service.mailStore.kind == "imap" && service.mailStore.ok)
                // Nothing comes again.
                _ = try await platform.trigger()
                _ = try await platform.settled()
                #expect(try store.messages(of: Platform.ann).count == 400)
            }
        }

        @Test func killsLoseNothingAndDoubleNothing() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("PlatformMailTests: seed \(seed)")
            var random = SplitMix64(state: seed)
            try await moving(pause: 1) { platform, store, _ in
                store.line.at { at, asked in asked.verb == "APPEND" && at == .answered ? .wait(0.03) : .goOn }
                for _ in 0..<12 {
                    _ = try? await platform.logIn()
                    try await Task.sleep(for: .milliseconds(Int.random(in: 10...400, using: &random)))
                    platform.daemon.kill()
                    try await platform.daemon.start()
                }
                store.line.at { _, _ in .goOn }
                try await push(platform, 400)
                try expectArrived(Self.mail, store)
            }
        }

        /// Without a key that outlives the daemon no run goes on before the next login; what has arrived is counted all the
        /// same.
        @Test func whatHasArrivedIsKnownWithoutALogin() async throws {
            try await moving(isSealed: false) { platform, store, _ in
                store.line.at { at, asked in asked.verb == "APPEND" && at == .answered ? .wait(30) : .goOn }
                #expect(try await platform.logIn().decision == .accept)
                var arrived = 0
                for _ in 0..<400 where arrived == 0 {
                    try await Task.sleep(for: .milliseconds(25))
                    arrived = try store.messages(of: Platform.ann).count
                }
                #expect(try await platform.status().moved == 0 && arrived > 0)
                platform.daemon.kill()
                store.line.at { _, _ in .goOn }
                try await platform.daemon.start()
                let status = try await platform.status { $0.moved == arrived }
                #expect(status.moved == arrived && status.error?.reason == .interrupted, "\(status)")
                try await push(platform, 400)
                try expectArrived(Self.mail, store)
            }
        }

        @Test func aPlatformThatRestartsIsWaitedFor() async throws {
            try await moving(pause: 3) { platform, store, _ in
                #expect(try await platform.logIn().decision == .accept)
                for _ in 0..<3 {
                    try await Task.sleep(for: .milliseconds(300))
                    store.dovecot.stop()
                    try await Task.sleep(for: .milliseconds(500))
                    try await store.dovecot.start()
                }
                try await push(platform, 400)
                try expectArrived(Self.mail, store)
            }
        }

        @Test func logInsGoOnWhileThePlatformIsAway() async throws {
            try await moving(isUp: false) { platform, store, _ in
                #expect(try await platform.logIn().decision == .accept)
                let failed = try await platform.status { $0.error != nil }
                #expect(failed.error?.reason == .mailStoreUnavailable && failed.error?.retryable == true)
                #expect(try await platform.admin.getServiceStatus().mailStore.ok == false)
                try await store.dovecot.start()
                try await push(platform, 400)
                try expectArrived(Self.mail, store)
            }
        }

        @Test func aWrongMasterPasswordIsSaidAndTakenBack() async throws {
            try await moving(password: "Wr0ng-Key") { platform, store, scene in
                #expect(try await platform.logIn().decision == .accept)
                let failed = try await platform.status { $0.error != nil }
                #expect(failed.error?.reason == .mailStoreUnavailable)
                #expect(failed.error?.detail.contains("imap-master") == true)
                try await Task.sleep(for: .seconds(1))
                #expect(store.line.asked("LOGIN").count < 8)
                #expect(!platform.daemon.log.contains("Wr0ng-Key"))
                try Data(MailPlatform.masterPassword.utf8).write(to: scene.master)
                try await push(platform, 400)
                try expectArrived(Self.mail, store)
            }
        }

        @Test func whatThePlatformRefusesIsNamedAndTheRestMoves() async throws {
            try await moving(Array(Self.mail[..<40])) { platform, store, _ in
                store.line.at { at, asked in
                    let isBad = asked.literals.contains {
                        String(decoding: $0, as: UTF8.self).contains("Subject: message 17\r")
                    }
                    return asked.verb == "APPEND" && at == .whole && isBad
                        ? .say("NO Message contains bare newlines") : .goOn
                }
                _ = try await platform.logIn()
                let status = try await platform.settled()
                #expect((status.status, status.moved, status.remaining) == (.failed, 39, 1))
                #expect(status.error?.reason == .messagesRefused)
                let events = try await platform.events()
                #expect(events.contains { $0.detail?.contains("bare newlines") == true })
                store.line.at { _, _ in .goOn }
                try await push(platform, 40)
                try expectArrived(Array(Self.mail[..<40]), store)
            }
        }

        @Test func theDoctorReadsTheMailbox() async throws {
            try await moving(Array(Self.mail[..<20])) { platform, store, _ in
                try await push(platform, 20)
                let whole = try await platform.admin.checkIntegrity(
                    CheckIntegrity(account: try EmailAddress(Platform.ann), password: Password(Platform.oldPassword)))
                #expect(whole.ok && whole.accounts[0].present == 20)
                let reader = try store.reader(of: Platform.ann)
                try reader.tell("CREATE Kept")
                try reader.tell("SELECT INBOX")
                try reader.tell("MOVE 1:3 Kept")
                try reader.tell("STORE 1:2 +FLAGS (\\Deleted)")
                try reader.tell("EXPUNGE")
                reader.leave()
                let report = try await platform.admin.checkIntegrity(
                    CheckIntegrity(
                        account: try EmailAddress(Platform.ann), password: Password(Platform.oldPassword), repair: true)
                )
                #expect(report.accounts[0].present == 18 && report.accounts[0].missingCount == 2)
                try await push(platform, 20)
                #expect(try store.messages(of: Platform.ann).count == 17)
                #expect(try store.messages(of: Platform.ann, in: "Kept").count == 3)
            }
        }

        /// The records are put back to what they were yesterday; the mail is not.
        @Test func recordsFromABackupBringNothingAgain() async throws {
            try await moving(Array(Self.mail[..<20])) { platform, store, server in
                try await push(platform, 20)
                #expect(try await platform.daemon.terminate().status == 0)
                let state = platform.daemon.folder.appending(path: "state")
                let backup = platform.daemon.folder.appending(path: "backup")
                try FileManager.default.copyItem(at: state, to: backup)
                server.add(Array(Self.mail[20..<40]), for: Platform.ann)
                try await platform.daemon.start()
                try await push(platform, 40)
                #expect(try await platform.daemon.terminate().status == 0)
                try FileManager.default.removeItem(at: state)
                try FileManager.default.moveItem(at: backup, to: state)
                server.add(Array(Self.mail[40..<60]), for: Platform.ann)
                try await platform.daemon.start()
                try await push(platform, 60)
                try expectArrived(Array(Self.mail[..<60]), store)
            }
        }

        /// The platform is put back to what it was yesterday; the records are not.
        @Test func aPlatformFromABackupGetsAgainWhatItHasLost() async throws {
            try await moving(Array(Self.mail[..<20])) { platform, store, server in
                try await push(platform, 20)
                let (mail, backup) = (
                    store.dovecot.folder.appending(path: "mail"), store.dovecot.folder.appending(path: "backup")
                )
                store.dovecot.stop()
                _ = try await ProgramRun.output(of: "/bin/cp", ["-a", mail.path, backup.path])
                try await store.dovecot.start()
                server.add(Array(Self.mail[20..<40]), for: Platform.ann)
                try await push(platform, 40)
                store.dovecot.stop()
                try FileManager.default.removeItem(at: mail)
                try FileManager.default.moveItem(at: backup, to: mail)
                try await store.dovecot.start()
                server.add(Array(Self.mail[40..<60]), for: Platform.ann)
                try await push(platform, 60)
                try expectArrived(Array(Self.mail[..<60]), store)
                #expect(try await platform.events().contains { $0.detail?.contains("older than the records") == true })
            }
        }

        @Test func aConfigurationThatCanNeverWorkStopsTheStart() async throws {
            let daemon = try DaemonProcess(environment: [
                "MAILMOVE_MAIL_STORE_KIND": "imap", "MAILMOVE_MAIL_STORE_IMAP_ADDRESS": "127.0.0.1:9",
                "MAILMOVE_MAIL_STORE_IMAP_MASTER_USER": "mover",
            ])
            let error = await #expect(throws: DaemonProcess.Failure.self) { try await daemon.start() }
            #expect(error?.description.contains("ended with 78") == true)
            #expect(error?.description.contains("imap-master") == true)
        }
    }
}
