// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Synchronization
import Testing

extension Integration {
    /// Many who get nowhere, and one who wants in.
    @Suite(.enabled(if: PlatformDovecot.isAvailable, "Dovecot and Postfix beside other users' mail want root"))
    struct GlueCrowdTests {
        private static let users = [
            Platform.ann: Platform.oldPassword, "bob@example.com": "old bob", "carol@example.com": "old carol",
        ]

        /// How long somebody's logins by IMAP take, in seconds.
        private func waits(of user: String, _ servers: MailServers, count: Int = 6) async throws -> [Double] {
            var waits: [Double] = []
            for _ in 0..<count {
                let start = ContinuousClock.now
                try await servers.expect(.accepted, .imap, user, password: Platform.newPassword)
                waits.append((.now - start) / .seconds(1))
                try await Task.sleep(for: .milliseconds(300))
            }
            return waits
        }

        @Test func guessingAtSMTPStopsNobodyElseAndOthersAreToldTheTruth() async throws {
            let environment = ["MAILMOVE_LIMITS_FAILURES_PER_ADDRESS": "100000"]
            try await MailServers.running(users: Self.users, environment: environment) { servers in
                for guess in 0..<5 { try await servers.expect(.wrongPassword, .smtp, password: "guess \(guess)") }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<60 {
                        group.addTask {
                            for round in 0... {
                                try Task.checkCancellation()
                                _ = try? await servers.logIn(.smtp, password: "guess \(number) \(round)")
                            }
                        }
                    }
                    try await Task.sleep(for: .seconds(4))
                    let waits = try await waits(of: "bob@example.com", servers)
                    // A penance is eleven seconds; a busy machine takes its time as well.
                    #expect(waits.allSatisfy { $0 < 8 }, "\(waits)")
                    // Wrong is wrong, and what nobody has looked at is not called so.
                    try await servers.expect(.wrongPassword, .smtp, "carol@example.com", password: "not hers")
                    servers.old.stop()
                    try await servers.expect(.temporaryFailure, .smtp, "carol@example.com", password: "old carol")
                    group.cancelAll()
                }
            }
        }

        @Test func anOldServerThatFallsSilentHoldsUpNoLoginOfOthers() async throws {
            try await MailServers.running(users: Self.users) { servers in
                let crowd = (0..<60).map { "user\($0)@example.com" }
                try await servers.platform.create(crowd)
                // It takes connections, and says nothing.
                let silent = try LoopbackSocket.silentListener()
                defer { silent.close() }
                try await servers.platform.enable(.loopback(port: silent.port))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for user in crowd {
                        group.addTask {
                            for _ in 0... {
                                try Task.checkCancellation()
                                try await servers.expect(.temporaryFailure, .imap, user, password: "old")
                            }
                        }
                    }
                    try await Task.sleep(for: .seconds(3))
                    let waits = try await waits(of: "bob@example.com", servers, count: 12)
                    #expect(waits.allSatisfy { $0 < 8 }, "\(waits)")
                    group.cancelAll()
                }
            }
        }
    }
}
