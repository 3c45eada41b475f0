// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Testing

extension Integration {
    /// Mail programs that log in again and again, and what that costs the daemon.
    @Suite struct PollingTests {
        /// bcrypt with cost 12: a quarter of a second of a processor's time, next to which all else is little.
        private static let hash = "{BLF-CRYPT}$2b$12$abcdefghijklmnopqrstuu.poosvt3u4oA94CxJ1/KpO0gLjlFsoK"
        private static let password = "polling-4711"
        private static let programs = (0..<4).map { "program\($0)@example.com" }

        private static func withAccounts(
            remembering seconds: Int? = nil, _ body: (Platform) async throws -> Void
        ) async throws {
            let environment = seconds.map { ["MAILMOVE_PASSWORDS_CACHE_SECONDS": "\($0)"] } ?? [:]
            try await Platform.running(environment: environment) { platform in
                let rows = programs.map { CreateAccounts.Row(address: $0, passwordHash: hash) }
                #expect(try await platform.admin.createAccounts(rows).created == rows.count)
                try await body(platform)
            }
        }

        /// Each program logs in so often.
        private static func poll(_ platform: Platform, times: Int) async throws -> Duration {
            let before = try platform.daemon.processorTime
            try await withThrowingTaskGroup(of: Void.self) { group in
                for program in programs {
                    group.addTask {
                        for _ in 0..<times {
                            let answer = try await platform.logIn(program, password: password)
                            #expect(answer.decision == .accept)
                        }
                    }
                }
                try await group.waitForAll()
            }
            return try platform.daemon.processorTime - before
        }

        @Test func pollingCostsOneHashAProgramAndNotOneALogin() async throws {
            try await Self.withAccounts { platform in
                let first = try await Self.poll(platform, times: 1)
                let further = try await Self.poll(platform, times: 75)
                // 300 logins, for which less is spent than 20 hashes cost.
                #expect(further < first * 5, "the first logins \(first), 75 times as many \(further)")
            }
        }

        @Test func withNothingRememberedEachLoginCostsAHash() async throws {
            try await Self.withAccounts(remembering: 0) { platform in
                let first = try await Self.poll(platform, times: 1)
                let further = try await Self.poll(platform, times: 4)
                #expect(further > first * 2, "the first logins \(first), 4 times as many \(further)")
            }
        }

        @Test func aChangedPasswordEndsWhatIsRememberedAtOnce() async throws {
            try await Self.withAccounts { platform in
                _ = try await Self.poll(platform, times: 2)
                let program = Self.programs[0]
                try await platform.admin.setPassword(account: program, password: Password("changed-4711"))
                #expect(try await platform.logIn(program, password: Self.password).decision == .reject)
                #expect(try await platform.logIn(program, password: "changed-4711").decision == .accept)
                #expect(try await platform.logIn(program, password: Self.password).decision == .reject)
                // Nor does it come back when the account is made anew.
                #expect(try await platform.admin.deleteAccounts([program]).deleted == 1)
                #expect(try await platform.logIn(program, password: "changed-4711").decision == .reject)
            }
        }
    }
}
