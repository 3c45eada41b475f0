// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Logins at a real Dovecot and a real Postfix, as mail programs see them.
    @Suite(.enabled(if: PlatformDovecot.isAvailable, "Dovecot and Postfix beside other users' mail want root"))
    struct MailServerLoginTests {
        @Test func aLoginByAnyProtocolMovesTheMailAndShowsAsThat() async throws {
            let users = Dictionary(
                uniqueKeysWithValues: MailLogin.Access.allCases.map { ("by-\($0)@example.com", "old of \($0)") })
            try await MailServers.running(users: users) { servers in
                let platform = servers.platform
                for access in MailLogin.Access.allCases {
                    let user = "by-\(access)@example.com"
                    let password = "old of \(access)"
                    let answer = try await servers.logIn(access, user, password: password)
                    #expect(answer.hasPrefix(Verdict.accepted.words(access)), "\(answer) \(servers.dovecot.log)")
                    let status = try await platform.settled(user)
                    #expect(status.status == .completed)
                    #expect(status.startedBy == access.origin)
                    #expect(status.moved == MailServers.mail.count)
                    platform.expectArrived(MailServers.mail, user)
                    #expect(try await servers.mailbox(user, password: password).count == MailServers.mail.count)
                }
            }
        }

        @Test func aPOP3ClientThatLeftItsMailOnTheServerDownloadsNothingAgain() async throws {
            try await MailServers.running { servers in
                let before = try await PlainRetrieval.mailbox(
                    port: servers.old.port, user: Platform.ann, password: Platform.oldPassword)
                #expect(before.count == MailServers.mail.count)
                #expect(try await servers.logIn(.pop3).hasPrefix("+OK"))
                _ = try await servers.platform.settled()
                let after = try await servers.mailbox()
                #expect(after.map(\.uid) == before.map(\.uid))
                #expect(after.map { withoutUIDL(withLineFeeds($0.octets)).octets } == MailServers.mail)

                // New mail has another UIDL, behind them.
                let more = try await servers.send(from: Platform.ann, to: Platform.ann)
                #expect(more.status == 0, "\(more.output)")
                let now = try await servers.mailbox(holding: before.count + 1)
                #expect(now.count == before.count + 1, "\(servers.postfix.log)")
                #expect(Array(now.map(\.uid).prefix(before.count)) == before.map(\.uid))
            }
        }

        @Test func aWrongPasswordIsCalledWrongAndChangesNothing() async throws {
            try await MailServers.running { servers in
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.wrongPassword, access, password: "not hers")
                    try await servers.expect(.wrongPassword, access, "nobody@example.com", password: "not theirs")
                    try await servers.expect(.wrongPassword, access, "no address", password: "not theirs")
                    try await servers.expect(.accepted, access, password: Platform.newPassword)
                }
                #expect(try await servers.platform.status().status == .notStarted)
                #expect(try await servers.platform.status().startedAt == nil)
            }
        }

        @Test func withoutTheDaemonNobodyIsToldThatThePasswordWasWrong() async throws {
            try await MailServers.running { servers in
                servers.platform.daemon.kill()
                for access in MailLogin.Access.allCases { try await servers.expect(.temporaryFailure, access) }
                // Mail programs try again, and then it works.
                try await servers.platform.daemon.start()
                for access in MailLogin.Access.allCases { try await servers.expect(.accepted, access) }
            }
        }

        @Test func withoutTheOldServerNobodyIsToldThatThePasswordWasWrong() async throws {
            try await MailServers.running { servers in
                servers.old.stop()
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.temporaryFailure, access)
                    #expect(try await servers.platform.reason() == .oldServerUnreachable)
                    // Whoever has the new password is let in.
                    try await servers.expect(.accepted, access, password: Platform.newPassword)
                }
            }
        }

        @Test func anAccountThatDoesNotMigrateHasItsNewPasswordAlone() async throws {
            let exclude: (inout EnableMigration) throws -> Void = {
                $0.excludedAccounts = [try EmailAddress(Platform.ann)]
            }
            try await MailServers.running(changing: exclude) { servers in
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.wrongPassword, access)
                    try await servers.expect(.accepted, access, password: Platform.newPassword)
                }
                let status = try await servers.platform.status()
                #expect(status.status == .nonMigrating)
                #expect(status.startedAt == nil)
                #expect(servers.platform.daemon.messages(of: Platform.ann).isEmpty)
            }
        }

        /// Dovecot's own cache is off by the shipped configuration: a cached login would outlive the password.
        @Test func aChangedPasswordHoldsAtOnce() async throws {
            try await MailServers.running { servers in
                for access in MailLogin.Access.allCases { try await servers.expect(.accepted, access) }
                _ = try await servers.platform.settled()
                let changed = "Changed-4711"
                try await servers.platform.admin.setPassword(account: Platform.ann, password: Password(changed))
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.wrongPassword, access)
                    try await servers.expect(.accepted, access, password: changed)
                }
            }
        }
    }
}
