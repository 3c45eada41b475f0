// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Everybody at once, on the first morning: 200 here, beside the 500 of ``AccountsRaceTests`` that ask the daemon alone;
    /// MAILMOVE_TEST_USERS makes more of them.
    @Suite(.enabled(if: PlatformDovecot.isAvailable, "Dovecot beside other users' mail wants root"))
    struct AccountsCrowdTests {
        /// By IMAP, through Dovecot: mailmove's Lua passdb, and behind it the platform's own, in SQL. A mail program that is
        /// told of a temporary failure, or of nothing, comes again.
        @Test(.enabled(if: PostgreSQLServer.isAvailable), .timeLimit(.minutes(5)))
        func everybodyComesInAtOnceThroughDovecot() async throws {
            let count = ProcessInfo.processInfo.environment["MAILMOVE_TEST_USERS"].flatMap { Int($0) } ?? 200
            let users = (0..<count).map { "user\($0)@example.com" }
            let old = try MailboxServer(
                passwords: Dictionary(uniqueKeysWithValues: users.map { ($0, "old of \($0)") }), mail: [:])
            defer { old.stop() }
            let file = "/var/tmp/mailmove-passdb-\(UUID().uuidString.prefix(8)).conf"
            defer { try? FileManager.default.removeItem(atPath: file) }
            try await AccountsBackend.postgresql.running { accounts in
                try Data((accounts.query + "\n").utf8).write(to: URL(filePath: file))
                let hash = try await AccountsElsewhereTests.newHash()
                try await accounts.addAll(users, hash)
                let environment = accounts.environment.merging([
                    "MAILMOVE_PASSWORDS_SCHEME": "sha512", "MAILMOVE_TIMEOUTS_LOGIN": "30",
                    "MAILMOVE_LIMITS_CONNECTIONS_PER_OLD_SERVER": "256",
                ]) { $1 }
                try await DaemonProcess.running(environment: environment, user: PlatformDovecot.owner) { daemon in
                    let platform = Platform(daemon)
                    #expect(try await platform.enable(.loopback(port: old.port)).counts.notStarted == count)
                    let dovecot = try await PlatformDovecot(for: daemon, configuration: Self.busy) {
                        try AccountsElsewhereTests.edited($0, daemon, driver: accounts.driver, file)
                    }
                    defer { dovecot.stop() }
                    let start = ContinuousClock.now
                    let port = dovecot.imapPort
                    let answers = try await withThrowingTaskGroup(of: [String].self) { group in
                        for user in users { group.addTask { try await Self.answers(to: user, port: port) } }
                        return try await group.reduce(into: [String: Int]()) { counts, said in
                            for word in said { counts[word, default: 0] += 1 }
                        }
                    }
                    print("\(count) first logins by IMAP took \(ContinuousClock.now - start): \(answers)")
                    #expect(answers["OK"] == count, "\(answers): \(dovecot.log.suffix(1000))")
                    #expect(answers["NO [AUTHENTICATIONFAILED]"] == nil, "\(answers): \(dovecot.log.suffix(1000))")
                    // Without mailmove, too.
                    _ = try await daemon.terminate()
                    for user in [users[0], users[count / 2], users[count - 1]] {
                        let answer = try await MailLogin.answer(
                            .imap, port: dovecot.imapPort, user: user, password: Array("old of \(user)".utf8))
                        #expect(answer.hasPrefix("OK"), "\(answer)")
                    }
                }
            }
        }

        /// What a user's mail program is told, until it is in or knows that it will not be.
        private static func answers(to user: String, port: Int) async throws -> [String] {
            var answers: [String] = []
            for _ in 0..<20 {
                let password = Array("old of \(user)".utf8)
                guard let answer = try? await MailLogin.answer(.imap, port: port, user: user, password: password) else {
                    answers.append("none")
                    continue
                }
                let words = answer.split(separator: " ").prefix(2).joined(separator: " ")
                answers.append(answer.hasPrefix("OK") ? "OK" : words)
                guard answer.hasPrefix("NO [UNAVAILABLE]") else { break }
                try await Task.sleep(for: .seconds(1))
            }
            return answers
        }

        /// As many sessions as there are users.
        private static let busy = """
            service imap-login {
              service_count = 0
              client_limit = 1000
              process_min_avail = 2
            }
            service imap {
              process_limit = 1024
            }
            service auth {
              client_limit = 5000
            }
            default_client_limit = 5000
            """
    }
}
