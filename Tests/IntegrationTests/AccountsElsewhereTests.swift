// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Passwords in the platform's own database, which alone lets users in; mailmoved repairs them there.
    @Suite(.enabled(if: PlatformDovecot.isAvailable, "Dovecot and Postfix beside other users' mail want root"))
    struct AccountsElsewhereTests {
        private static let users = [
            "ann@example.com": "old of ann", "bob@example.com": "old öf bob", "carol@example.com": "old of carol",
        ]
        /// Of all accounts: `new-Pass-9word`.
        static func newHash() async throws -> String {
            let outcome = try await CommandOutcome.of("openssl", ["passwd", "-6", Platform.newPassword])
            return "{SHA512-CRYPT}" + outcome.output.filter { !$0.isNewline }
        }

        /// The platform's servers, with the Lua passdb in front of the platform's own, as the shipped example has it.
        private func running(
            _ backend: AccountsBackend, users: [String: String] = users, environment: [String: String] = [:],
            dovecot configuration: String = "",
            _ body: (MailServers, AccountsBackend.Running) async throws -> Void
        ) async throws {
            try await backend.running { accounts in
                let file = "/var/tmp/mailmove-passdb-\(UUID().uuidString.prefix(8)).conf"
                try Data((accounts.query + "\n").utf8).write(to: URL(filePath: file))
                defer { try? FileManager.default.removeItem(atPath: file) }
                let hash = try await Self.newHash()
                for user in users.keys { try await accounts.add(user, hash) }
                let old = try await DovecotServer(users: users)
                defer { old.stop() }
                for user in users.keys { try old.fill(user, with: MailServers.mail) }
                let environment = accounts.environment.merging(environment) { $1 }
                try await DaemonProcess.running(environment: environment, user: PlatformDovecot.owner) { daemon in
                    let platform = Platform(daemon)
                    let migration = try await platform.enable(.loopback(port: old.port))
                    #expect(migration.counts.notStarted == users.count)
                    let dovecot = try await PlatformDovecot(for: daemon, configuration: configuration) {
                        try Self.edited($0, daemon, driver: accounts.driver, file)
                    }
                    defer { dovecot.stop() }
                    let postfix = try await PostfixServer(for: dovecot, domain: Platform.domain)
                    defer { postfix.stop() }
                    try await body(
                        MailServers(old: old, platform: platform, dovecot: dovecot, postfix: postfix), accounts)
                }
            }
        }

        /// The shipped example of passdbs in place of the one for accounts that are mailmove's, with this test's paths.
        static func edited(
            _ shipped: String, _ daemon: DaemonProcess, driver: String, _ file: String
        ) throws -> String {
            guard shipped.contains("driver = lua") else { return shipped }
            let example = try String(
                contentsOf: PlatformDovecot.shipped("auth-mailmove-platform.conf.ext"), encoding: .utf8)
            let lines = example.replacing(
                "/etc/dovecot/mailmove.lua", with: PlatformDovecot.shipped("mailmove.lua").path
            )
            .replacing(
                "driver = sql\n  args = /etc/dovecot/dovecot-sql.conf.ext\n}\nuserdb",
                with: "driver = \(driver)\n  args = \(file)\n}\nuserdb"
            )
            .replacing(
                "driver = sql\n  args = /etc/dovecot/dovecot-sql.conf.ext",
                with: "driver = static\n  args = uid=\(PlatformDovecot.owner) gid=\(PlatformDovecot.owner) "
                    + "home=\(daemon.folder.path)/mail/%d/%n allow_all_users=yes")
            #expect(lines.contains(file) && lines.contains("driver = static"))
            return lines
        }

        @Test(arguments: AccountsBackend.available)
        func usersComeInByOldPasswordsAndThePlatformAloneKnowsThemAfterwards(_ backend: AccountsBackend) async throws {
            try await running(backend) { servers, accounts in
                let findings = try await servers.platform.admin.verifyAccounts(account: Platform.ann)
                #expect(findings.ok, "\(findings.checks)")
                let before = try await accounts.hash(Platform.ann)
                for (access, user) in zip(MailLogin.Access.allCases, Self.users.keys.sorted()) {
                    try await servers.expect(.wrongPassword, access, user, password: "a guess")
                    let password = Self.users[user] ?? ""
                    try await servers.expect(.accepted, access, user, password: password)
                    let status = try await servers.platform.settled(user)
                    #expect(status.status == .completed && status.startedBy == access.origin)
                    servers.platform.expectArrived(MailServers.mail, user)
                    try await servers.expect(.wrongPassword, access, user, password: Platform.newPassword)
                }
                #expect(try await accounts.hash(Platform.ann) != before)
                // What mailmove has done stays done without it.
                _ = try await servers.platform.daemon.terminate()
                servers.old.stop()
                for access in MailLogin.Access.allCases {
                    for (user, password) in Self.users {
                        try await servers.expect(.accepted, access, user, password: password)
                    }
                    try await servers.expect(.wrongPassword, access, password: Platform.newPassword)
                }
            }
        }

        /// A daemon that was killed, one that hangs, and one that cannot read the accounts leave logins to the platform.
        @Test func withoutTheDaemonLoginsGoOn() async throws {
            try await running(.postgresql) { servers, accounts in
                try await servers.expect(.accepted, .imap, password: Self.users[Platform.ann] ?? "")
                let daemon = servers.platform.daemon
                daemon.send(SIGSTOP)
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.accepted, access, "bob@example.com", password: Platform.newPassword)
                    try await servers.expect(.wrongPassword, access, "bob@example.com", password: "old öf bob")
                }
                daemon.send(SIGCONT)
                try await servers.expect(.accepted, .imap, "bob@example.com", password: "old öf bob")
                daemon.kill()
                // Also for Dovecot that was started without it.
                servers.dovecot.stop()
                try await servers.dovecot.start()
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.accepted, access, "bob@example.com", password: "old öf bob")
                    try await servers.expect(.accepted, access, "carol@example.com", password: Platform.newPassword)
                }
                try await daemon.start()
                try await servers.expect(.accepted, .pop3, "carol@example.com", password: "old of carol")
                #expect(try await accounts.hash("carol@example.com").isEmpty == false)
            }
        }

        /// Packets to the database get lost; the platform's own way to it is well.
        @Test func aDirectoryThatHangsHoldsUpNoLogin() async throws {
            try await running(.postgresql, environment: ["MAILMOVE_TIMEOUTS_LOGIN": "60"]) { servers, accounts in
                let (bob, old) = ("bob@example.com", "old öf bob")
                try await servers.expect(.accepted, .imap, password: Self.users[Platform.ann] ?? "")
                accounts.hang(true)
                let start = ContinuousClock.now
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.accepted, access, bob, password: Platform.newPassword)
                    try await servers.expect(.wrongPassword, access, bob, password: old)
                }
                // The first alone would have waited for a minute.
                #expect(.now - start < .seconds(45))
                #expect(try await servers.platform.status(bob).lastAttempt?.reason == .directoryUnavailable)
                accounts.hang(false)
                for _ in 0..<300 {
                    if try await servers.logIn(.imap, bob, password: old).hasPrefix("OK ") { break }
                    try await Task.sleep(for: .milliseconds(200))
                }
                #expect(try await servers.platform.settled(bob).status == .completed)
            }
        }

        /// Nobody has looked whether the old password is right, so nobody is told that it is wrong.
        @Test func anOldServerThatIsAwayIsATemporaryFailure() async throws {
            try await running(.postgresql) { servers, _ in
                servers.old.stop()
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.temporaryFailure, access, password: Self.users[Platform.ann] ?? "")
                    try await servers.expect(.accepted, access, password: Platform.newPassword)
                }
            }
        }

        @Test(arguments: AccountsBackend.available)
        func aDirectoryThatIsAwayIsUnavailableAndComesBackByItself(_ backend: AccountsBackend) async throws {
            try await running(backend, environment: ["MAILMOVE_TIMEOUTS_LOGIN": "5"]) { servers, accounts in
                let platform = servers.platform
                accounts.stop()
                let login = try await platform.logIn(password: Self.users[Platform.ann] ?? "")
                #expect(login.decision == .unavailable && login.reason == Reason.directoryUnavailable.rawValue)
                #expect(try await platform.status().lastAttempt?.reason == .directoryUnavailable)
                let trigger = await failure { try await platform.trigger() }
                #expect(trigger?.reason == .directoryUnavailable && trigger?.code == .refused(-32042))
                // It starts without it, too.
                _ = try await platform.daemon.terminate()
                try await platform.daemon.start()
                #expect(try await platform.logIn().decision == .unavailable)
                let findings = try await platform.admin.verifyAccounts()
                #expect(!findings.ok && findings.checks.count == 1)
                try await accounts.start()
                for _ in 0..<300 {
                    let login = try await platform.logIn(password: Platform.newPassword)
                    if login.decision == .pass { break }
                    try await Task.sleep(for: .milliseconds(100))
                }
                let repaired = try await platform.logIn(password: Self.users[Platform.ann] ?? "")
                #expect(repaired.decision == .pass && repaired.passwordReplaced)
                #expect(try await platform.settled().status == .completed)
            }
        }

        /// Dovecot remembers that the old password was wrong, and that the new one is right, until it is told.
        @Test(arguments: [true, false]) func dovecotsCacheIsFlushedBeforeTheLoginIsPassedOn(byKey: Bool) async throws {
            let port = try LoopbackSocket.freePort()
            let key = byKey ? "doveadm_api_key = flush-Key-5" : "doveadm_password = flush-Key-5"
            // The one in the clear, the other inside TLS.
            let certificate = "/var/tmp/mailmove-doveadm-\(UUID().uuidString.prefix(8))"
            let made = try await CommandOutcome.of(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", certificate + ".key", "-out", certificate,
                ])
            #expect(made.status == 0, "\(made.output)")
            defer { for file in [certificate, certificate + ".key"] { unlink(file) } }
            let tls =
                byKey
                ? ""
                : "ssl = yes\nssl_cert = <\(certificate)\nssl_key = <\(certificate).key\nssl_min_protocol = TLSv1.2"
            let configuration = """
                auth_cache_size = 1M
                auth_cache_ttl = 1h
                auth_cache_negative_ttl = 1h
                \(key)
                \(tls)
                service doveadm {
                  inet_listener http {
                    port = \(port)
                    ssl = \(byKey ? "no" : "yes")
                  }
                }
                """
            let environment = [
                "MAILMOVE_ACCOUNTS_FLUSH": byKey
                    ? "doveadm:http://doveadm:flush-Key-5@127.0.0.1:\(port)/doveadm/v1"
                    : "doveadm:https://doveadm:flush-Key-5@127.0.0.1:\(port)/doveadm/v1?ssl-ca=\(certificate)"
            ]
            try await running(.postgresql, environment: environment, dovecot: configuration) { servers, _ in
                let daemon = servers.platform.daemon
                _ = try await daemon.terminate()
                let old = Self.users[Platform.ann] ?? ""
                try await servers.expect(.accepted, .imap, password: Platform.newPassword)
                try await servers.expect(.wrongPassword, .imap, password: old)
                try await daemon.start()
                #expect(try await servers.platform.logIn(password: old).passwordReplaced)
                _ = try await daemon.terminate()
                try await servers.expect(.accepted, .imap, password: old)
                try await servers.expect(.wrongPassword, .imap, password: Platform.newPassword)
                #expect(!daemon.log.contains("cache may still"), "\(daemon.log.suffix(500))")
            }
        }
    }
}
