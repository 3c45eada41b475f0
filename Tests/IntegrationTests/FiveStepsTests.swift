// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Testing

extension Integration {
    /// Create accounts, enable the migration, switch DNS, log in, watch: as an administrator and a user see it.
    @Suite struct FiveStepsTests {
        private static let mail = (0..<60).map { withLineFeeds(message($0)) }

        private static func withDovecot(
            _ mail: [[UInt8]] = mail, _ body: (DovecotServer, Platform) async throws -> Void
        ) async throws {
            let dovecot = try await DovecotServer(users: [Platform.ann: Platform.oldPassword])
            defer { dovecot.stop() }
            try dovecot.fill(Platform.ann, with: mail)
            try await Platform.migrating(from: .loopback(port: dovecot.port)) { try await body(dovecot, $0) }
        }

        @Test func theFirstLoginWithTheOldPasswordMovesTheMailbox() async throws {
            try await Self.withDovecot { _, platform in
                let before = try await platform.status()
                #expect(before.status == .notStarted)
                #expect(before.startedAt == nil)
                #expect(before.portal == Portal(visible: true, action: .trigger))

                let answer = try await platform.logIn(via: .pop3, from: "192.0.2.7")
                #expect(answer.decision == .accept, "\(String(describing: answer.migration?.error))")
                #expect(answer.passwordReplaced)
                let status = try await platform.settled()
                #expect(status.status == .completed)
                #expect(status.moved == 60)
                #expect(status.remaining == 0)
                #expect(status.startedBy == .pop3)
                #expect(status.finishedAt != nil)
                #expect(status.portal == Portal(visible: true, action: .query))
                platform.expectArrived(Self.mail)

                let page = try await platform.admin.listLog(ListLog(domain: try DomainName(Platform.domain)))
                #expect(page.counts == StatusCounts(completed: 1))
                #expect(page.total == 1)
            }
        }

        @Test func theOldPasswordIsTheNewAccountsFromThenOn() async throws {
            try await Self.withDovecot { dovecot, platform in
                _ = try await platform.logIn()
                _ = try await platform.settled()
                dovecot.stop()  // nobody over there is asked any more
                let again = try await platform.logIn(via: .webmail)
                #expect(again.decision == .accept)
                #expect(!again.passwordReplaced)
                #expect(try await platform.logIn(password: Platform.newPassword).decision == .reject)
            }
        }

        @Test func everyLoginBringsWhatHasComeSince() async throws {
            try await Self.withDovecot { dovecot, platform in
                _ = try await platform.logIn(via: .webmail)
                let first = try await platform.settled()
                let late = (100..<105).map { withLineFeeds(message($0)) }
                try dovecot.fill(Platform.ann, with: late)
                _ = try await platform.logIn(via: .smtp)
                let status = try await platform.status { $0.moved == 65 && $0.status == .completed }
                #expect(status.moved == 65)
                #expect(status.status == .completed)
                #expect(status.startedAt == first.startedAt)
                #expect(status.startedBy == .webmail)
                #expect(status.runs == 2)
                platform.expectArrived(Self.mail + late)
            }
        }

        @Test func aWrongPasswordChangesNothing() async throws {
            try await Self.withDovecot { _, platform in
                let answer = try await platform.logIn(password: "a wrong one")
                #expect(answer.decision == .reject)
                #expect(!answer.passwordReplaced)
                let status = try await platform.status()
                #expect(status.status == .notStarted)
                #expect(status.startedAt == nil)
                #expect(try await platform.logIn(password: Platform.newPassword).decision == .accept)
                #expect(platform.daemon.messages(of: Platform.ann).isEmpty)
            }
        }

        @Test func theHomePageTriggersWithTheOldPassword() async throws {
            try await Self.withDovecot { _, platform in
                let wrong = await failure { try await platform.trigger(password: "a wrong one") }
                #expect(wrong?.reason == .credentialsRejected)
                #expect(try await platform.status().status == .notStarted)

                let started = try await platform.trigger()
                #expect(started.startedBy == .portal)
                #expect(try await platform.settled().moved == 60)
                #expect(try await platform.logIn().decision == .accept)
                #expect(try await platform.logIn(password: Platform.newPassword).decision == .reject)
            }
        }

        @Test func figuresSurviveARestart() async throws {
            try await Self.withDovecot { _, platform in
                _ = try await platform.logIn()
                let before = try await platform.settled()
                #expect(try await platform.daemon.terminate().status == 0)
                try await platform.daemon.start()
                let after = try await platform.status()
                #expect(after == before)
                _ = try await platform.logIn()
                let again = try await platform.status { $0.runs == 2 && $0.status == .completed }
                #expect(again.moved == 60)
                platform.expectArrived(Self.mail)
            }
        }

        @Test func itStopsInTimeWithWorkInHandAndGoesOnLater() async throws {
            var options = MailboxServer.Options()
            options.pauseMilliseconds = 10
            let mail = messages(0..<400)
            let server = try MailboxServer(
                user: Platform.ann, password: Platform.oldPassword, messages: mail, options: options)
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                _ = try await platform.logIn()
                let moving = try await platform.status { $0.moved > 0 }
                #expect(moving.status == .inProgress)
                let end = try await platform.daemon.terminate()
                #expect(end.status == 0)
                #expect(end.took < .seconds(5.5))  // 5 s is the promise; the rest is this process's own
                try await platform.daemon.start()
                let interrupted = try await platform.status()
                #expect(interrupted.moved >= moving.moved)
                #expect(interrupted.moved < 400)
                #expect(interrupted.error?.reason == .interrupted)
                _ = try await platform.logIn()
                let status = try await platform.status { $0.status == .completed }
                #expect(status.moved == 400)
                platform.expectArrived(mail.map(\.octets))
            }
        }
    }
}
