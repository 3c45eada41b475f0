// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// What passes through the Lua password database, and what it makes of a daemon that is out of order.
    @Suite(.enabled(if: PlatformDovecot.isAvailable, "Dovecot and Postfix beside other users' mail want root"))
    struct GlueTests {
        private static let oddPasswords = [
            #"qu"otes' and \back\\slashes/"#, "  spaces at both ends  ", "pass wörd 密码 🔑", "\u{1b}[1mescape\u{7f}",
            "%u %{user} $HOME `id`", "{PLAIN}x", String(repeating: "ä", count: 200), "null",
        ]

        @Test func passwordsOfOddOctetsPassWhole() async throws {
            let users = Dictionary(
                uniqueKeysWithValues: Self.oddPasswords.enumerated().map { index, password in
                    ("odd\(index)@example.com", password)
                })
            try await MailServers.running(users: users) { servers in
                for (index, password) in Self.oddPasswords.enumerated() {
                    let user = "odd\(index)@example.com"
                    let access = MailLogin.Access.allCases[index % 3]
                    try await servers.expect(.wrongPassword, access, user, password: password + " ")
                    try await servers.expect(.accepted, access, user, password: password)
                }
                // Taken over as it is: the daemon's own hash decides now.
                servers.old.stop()
                for (index, password) in Self.oddPasswords.enumerated() {
                    let user = "odd\(index)@example.com"
                    for access in MailLogin.Access.allCases {
                        try await servers.expect(.accepted, access, user, password: password)
                    }
                    try await servers.expect(.wrongPassword, .imap, user, password: String(password.dropLast()))
                }
            }
        }

        @Test func aPasswordThatIsNoUTF8IsWrongAndTheLogSaysWhy() async throws {
            try await MailServers.running { servers in
                let latin1: [UInt8] = [0x70, 0xe4, 0x73, 0x73]
                for access in MailLogin.Access.allCases {
                    let answer = try await servers.logIn(access, Platform.ann, octets: latin1)
                    #expect(answer.hasPrefix(Verdict.wrongPassword.words(access)), "\(answer)")
                }
                #expect(servers.dovecot.log.contains("the password is not UTF-8"))
                try await servers.expect(.accepted, .imap)
            }
        }

        @Test func caseAndAMissingDomainDoNotMatterToTheUser() async throws {
            let settings = "auth_default_realm = example.com\nauth_username_format = %u"
            try await MailServers.running(dovecot: settings) { servers in
                try await servers.expect(.accepted, .imap, "ANN@Example.COM")
                _ = try await servers.platform.settled()
                // One mailbox, however the address is typed.
                for user in ["Ann@EXAMPLE.com", "ann", "ANN"] {
                    #expect(try await servers.mailbox(user).count == MailServers.mail.count, "\(user)")
                }
                try await servers.expect(.accepted, .smtp, "ann")
            }
        }

        /// With one failure allowed for each address, the second is refused: by it one sees whose it was counted as.
        @Test func wrongPasswordsCountForTheAddressThatAWebmailForwardsFrom() async throws {
            let users = [Platform.ann: Platform.oldPassword, "bob@example.com": "old bob", "carol@example.com": "old"]
            try await MailServers.running(
                users: users, environment: ["MAILMOVE_LIMITS_FAILURES_PER_ADDRESS": "1"],
                dovecot: "login_trusted_networks = 127.0.0.1"
            ) { servers in
                for (number, access) in MailLogin.Access.allCases.enumerated() {
                    let guesser = "192.0.2.\(number + 1)"
                    try await servers.expect(.wrongPassword, access, password: "guess \(number)", from: guesser)
                    try await servers.expect(
                        .temporaryFailure, access, "bob@example.com", password: "guess \(number)", from: guesser)
                    try await servers.expect(
                        .wrongPassword, access, "carol@example.com", password: "guess \(number)",
                        from: "198.51.100.\(number + 1)")
                }
                #expect(servers.dovecot.log.contains("tooManyAttempts"))
            }
        }

        @Test func beyondTheLimitNobodyIsToldThatAPasswordIsWrongUnseen() async throws {
            try await MailServers.running(environment: ["MAILMOVE_LIMITS_FAILURES_PER_ACCOUNT": "2"]) { servers in
                for guess in ["one", "two"] { try await servers.expect(.wrongPassword, .imap, password: guess) }
                for access in MailLogin.Access.allCases { try await servers.expect(.temporaryFailure, access) }
                // The account's own opens all the same.
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.accepted, access, password: Platform.newPassword)
                }
            }
        }

        /// A lookup without a password: what `doveadm` and deliveries by LMTP do.
        @Test func mailIsDeliveredAndUsersAreLookedUpWithoutALogin() async throws {
            let users = [Platform.ann: Platform.oldPassword, "bob@example.com": "old bob"]
            let strict: @Sendable (String) -> String = { $0.replacingOccurrences(of: " allow_all_users=yes", with: "") }
            try await MailServers.running(users: users, editing: strict) { servers in
                let sent = try await servers.send(from: Platform.ann, to: "bob@example.com")
                #expect(sent.status == 0, "\(sent.output)")
                let maildir = servers.platform.daemon
                for _ in 0..<600 where maildir.messages(of: "bob@example.com").isEmpty {
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(maildir.messages(of: "bob@example.com").count == 1, "\(servers.postfix.log)")
                // He reads it beside his old mail.
                try await servers.expect(.accepted, .imap, "bob@example.com", password: "old bob")
                _ = try await servers.platform.settled("bob@example.com")
                let read = try await CommandOutcome.of(
                    "curl",
                    [
                        "--silent", "--show-error", "--user", "bob@example.com:old bob", "--request",
                        "STATUS INBOX (MESSAGES)", "imap://127.0.0.1:\(servers.dovecot.imapPort)/",
                    ])
                #expect(read.output.contains("MESSAGES \(MailServers.mail.count + 1)"), "\(read.output)")

                let doveadm = ["-c", servers.dovecot.configurationFile, "user"]
                let bob = try await CommandOutcome.of("doveadm", doveadm + ["bob@example.com"])
                #expect(bob.status == 0)
                #expect(bob.output.contains("mail/example.com/bob"))
                let nobody = try await CommandOutcome.of("doveadm", doveadm + ["nobody@example.com"])
                #expect(nobody.status == 67, "EX_NOUSER: \(nobody.output)")
                servers.platform.daemon.kill()
                let unknown = try await CommandOutcome.of("doveadm", doveadm + ["bob@example.com"])
                #expect(unknown.status == 75, "EX_TEMPFAIL: \(unknown.output)")
            }
        }

        /// Mechanisms that never show the password cannot work with mailmoved; they must not open anything either.
        @Test func aMechanismThatHidesThePasswordOpensNothing() async throws {
            try await MailServers.running(dovecot: "auth_mechanisms = plain login cram-md5") { servers in
                for password in ["", Platform.newPassword, "*"] {
                    let outcome = try await CommandOutcome.of(
                        "curl",
                        [
                            "--silent", "--show-error", "--login-options", "AUTH=CRAM-MD5", "--user",
                            "\(Platform.ann):\(password)", "imap://127.0.0.1:\(servers.dovecot.imapPort)/",
                        ])
                    #expect(outcome.status == 67, "CURLE_LOGIN_DENIED: \(outcome.output)")
                }
            }
        }

        @Test(arguments: [
            "nonsense", "", "{}", "[]", "null", #"{"jsonrpc":"2.0","id":1,"result":{"decision":"perhaps"}}"#,
            #"{"jsonrpc":"2.0","id":1,"result":{"decision":null}}"#, #"{"jsonrpc":"2.0","id":1,"error":"no"}"#,
            #"{"jsonrpc":"2.0","id":1,"error":{"code":-32603}}"#,
        ])
        func nonsenseFromTheOtherEndIsATemporaryFailure(_ line: String) async throws {
            let daemon = try DaemonProcess(user: PlatformDovecot.owner)  // its folder alone
            let path = daemon.loginSocket
            let answerFile = daemon.folder.appending(path: "answer")
            try Data((line + "\n").utf8).write(to: answerFile)
            let listener = Process()
            listener.executableURL = URL(filePath: "/usr/bin/socat")
            listener.arguments = ["UNIX-LISTEN:\(path),fork,mode=666", "SYSTEM:read request; cat \(answerFile.path)"]
            try listener.runTakingSignals()
            defer {
                listener.terminate()
                listener.waitUntilExit()
            }
            let dovecot = try await PlatformDovecot(for: daemon)
            defer { dovecot.stop() }
            for _ in 0..<200 where !FileManager.default.fileExists(atPath: path) {
                try await Task.sleep(for: .milliseconds(20))
            }
            let answer = try await MailLogin.answer(
                .imap, port: dovecot.imapPort, user: Platform.ann, password: Array("old".utf8))
            #expect(answer.hasPrefix(Verdict.temporaryFailure.words(.imap)), "\(answer)")
        }

        /// Postfix waits 10 s for Dovecot.
        @Test func aDaemonThatDoesNotAnswerIsATemporaryFailure() async throws {
            try await MailServers.running { servers in
                servers.platform.daemon.send(SIGSTOP)
                defer { servers.platform.daemon.send(SIGCONT) }
                try await servers.expect(.temporaryFailure, .smtp)
            }
        }
    }
}
