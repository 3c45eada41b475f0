// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Synchronization
import Testing

extension Integration {
    /// What guessing comes to, and what a dead old server costs, at the daemon's own socket.
    @Suite struct AttackTests {
        private final class Flag: Sendable {
            private let state = Mutex(false)

            var isSet: Bool { state.withLock { $0 } }

            func set() { state.withLock { $0 = true } }
        }

        @Test func ofTwoHundredGuessesAtOnceFiveReachTheOldServer() async throws {
            var options = DovecotServer.Options()
            options.configuration = "auth_verbose = yes"
            let dovecot = try await DovecotServer(users: [Platform.ann: Platform.oldPassword], options: options)
            defer { dovecot.stop() }
            try await Platform.migrating(
                from: .loopback(port: dovecot.port), environment: ["MAILMOVE_TIMEOUTS_LOGIN": "60"]
            ) { platform in
                let counts = try await withThrowingTaskGroup(of: String.self) { group in
                    for number in 0..<200 {
                        group.addTask {
                            do {
                                return try await platform.logIn(password: "guess \(number)").decision.rawValue
                            } catch let error as MailMoveError {
                                return error.reason.map(\.rawValue) ?? "\(error)"
                            }
                        }
                    }
                    return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                }
                #expect(counts == ["reject": 5, "tooManyAttempts": 195])
                let seen = dovecot.log.lowercased().split(separator: "\n").filter { $0.contains("password mismatch") }
                #expect(seen.count == 5)
                let inside = try await platform.logIn(password: Platform.newPassword)
                #expect(inside.decision == .accept)
            }
        }

        @Test func theNewPasswordOpensAtOnceBesideAnOldServerThatSaysNothing() async throws {
            let server = try ScriptedServer { $0.waitForEnd() }
            defer { server.stop() }
            let others = (0..<10).map { "user\($0)@\(Platform.domain)" }
            try await Platform.migrating(
                from: .loopback(port: server.port), accounts: [Platform.ann] + others,
                environment: ["MAILMOVE_TIMEOUTS_LOGIN": "300", "MAILMOVE_TIMEOUTS_CONNECT": "300"]
            ) { platform in
                let isAnswered = Flag()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let answer = try await platform.logIn()
                        isAnswered.set()
                        #expect(answer.decision == .unavailable)
                    }
                    for account in others {
                        let answer = try await platform.logIn(account, password: Platform.newPassword)
                        #expect(answer.decision == .accept)
                    }
                    #expect(!isAnswered.isSet)
                    server.stop()
                    try await group.waitForAll()
                }
            }
        }

        @Test func aDeadOldServerIsFoundAgainByItself() async throws {
            let users = (0..<12).map { "user\($0)@\(Platform.domain)" }
            let passwords = Dictionary(uniqueKeysWithValues: users.map { ($0, Platform.oldPassword) })
            let dovecot = try await DovecotServer(users: passwords)
            defer { dovecot.stop() }
            try await Platform.migrating(from: .loopback(port: dovecot.port), accounts: users) { platform in
                dovecot.stop()
                for user in users {
                    let answer = try await platform.logIn(user)
                    #expect(answer.decision == .unavailable)
                    #expect(answer.migration?.error?.reason == .oldServerUnreachable)
                }
                try await dovecot.start()
                for user in users {
                    var decision = LoginDecision.Decision.unavailable
                    for _ in 0..<600 where decision != .accept {
                        decision = try await platform.logIn(user).decision
                        if decision != .accept { try await Task.sleep(for: .milliseconds(100)) }
                    }
                    #expect(decision == .accept)
                }
            }
        }
    }
}
