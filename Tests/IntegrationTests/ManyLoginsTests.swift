// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Testing

extension Integration {
    /// The morning after the switch, at a modest count; `Tests/Benchmarks/morning` has 500.
    @Suite(.enabled(if: PlatformDovecot.isAvailable, "Dovecot and Postfix beside other users' mail want root"))
    struct ManyLoginsTests {
        private static let users = Dictionary(
            uniqueKeysWithValues: (0..<60).map { ("user\($0)@example.com", "old of \($0)") })

        @Test func allWhoLogInAtOnceAreLetInAndMoved() async throws {
            // Patience for a slow machine: what is tested is that nobody is turned away.
            let environment = ["MAILMOVE_TIMEOUTS_LOGIN": "60"]
            try await MailServers.running(users: Self.users, environment: environment) { servers in
                let daemon = servers.platform.daemon
                let idle = try daemon.threads
                let most = try await withThrowingTaskGroup(of: Void.self) { group in
                    for (user, password) in Self.users {
                        group.addTask {
                            try await servers.expect(.accepted, .imap, user, password: password)
                        }
                    }
                    var most = 0
                    for try await _ in group { most = max(most, try daemon.threads) }
                    return most
                }
                // Threads are counted by processors and pools, not by users.
                #expect(most < idle + 40, "\(idle) before, \(most) while 60 logged in")
                for user in Self.users.keys {
                    let status = try await servers.platform.settled(user)
                    #expect(status.status == .completed, "\(user): \(String(describing: status.error))")
                    #expect(status.startedBy == .imap)
                    servers.platform.expectArrived(MailServers.mail, user)
                }
                #expect(try daemon.memory.peak < 256 << 20)
            }
        }
    }
}
