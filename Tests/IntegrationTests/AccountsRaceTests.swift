// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Without mail servers around it.
    @Suite struct AccountsRaceTests {
        /// Killed between the platform's change and our record of it, or just before: what stands there tells.
        @Test(
            arguments: ["kill before", "kill after"],
            ["{SHA512-CRYPT}", "{SSHA512}", "plain"])
        func aKillBetweenTwoDatabasesLosesNothing(_ way: String, _ form: String) async throws {
            let program = try await AccountsProgram()
            try program.write([Platform.ann: ["password": "{PLAIN}\(Platform.newPassword)"]])
            let old = try MailboxServer(
                passwords: [Platform.ann: Platform.oldPassword], mail: [Platform.ann: messages(0..<5)])
            defer { old.stop() }
            let key = try Self.sealKey()
            defer { try? FileManager.default.removeItem(atPath: key) }
            let environment = [
                "MAILMOVE_ACCOUNTS_KIND": "command", "MAILMOVE_ACCOUNTS_COMMAND": program.path,
                "MAILMOVE_ACCOUNTS_HASH": form, "CREDENTIALS_DIRECTORY": key,
            ]
            try await DaemonProcess.running(environment: environment) { daemon in
                let platform = Platform(daemon)
                try await platform.enable(.loopback(port: old.port))
                try program.aim(at: daemon.identifier)
                try program.behave(["replace": way])
                _ = try? await platform.logIn()
                daemon.kill()
                try program.behave()
                try await daemon.start()
                if way == "kill before" {
                    #expect(try program.password(of: Platform.ann) == "{PLAIN}\(Platform.newPassword)")
                    #expect(try await platform.status().status == .notStarted)
                    #expect(try await platform.logIn().passwordReplaced)
                }
                let status = try await platform.settled()
                #expect(status.status == .completed && status.moved == 5)
                let login = try await platform.logIn()
                #expect(login.decision == .pass && !login.passwordReplaced)
                #expect(try await platform.logIn(password: Platform.newPassword).decision == .pass)
            }
        }

        private static func sealKey() throws -> String {
            let folder = "/var/tmp/mailmove-credentials-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data((0..<32).map { _ in UInt8.random(in: 0...255) }).write(to: URL(filePath: folder + "/seal-key"))
            return folder
        }

        @Test(.enabled(if: MariaDBServer.isAvailable)) func fiveHundredFirstLoginsAtOnceAreAllRepaired() async throws {
            let users = (0..<500).map { "user\($0)@example.com" }
            let old = try MailboxServer(
                passwords: Dictionary(uniqueKeysWithValues: users.map { ($0, "old of \($0)") }), mail: [:])
            defer { old.stop() }
            try await AccountsBackend.mariadb.running { accounts in
                for user in users { try await accounts.add(user, "{PLAIN}\(Platform.newPassword)") }
                let environment = accounts.environment.merging(["MAILMOVE_TIMEOUTS_LOGIN": "120"]) { $1 }
                try await DaemonProcess.running(environment: environment) { daemon in
                    let platform = Platform(daemon)
                    try await platform.enable(.loopback(port: old.port))
                    let idle = try daemon.threads
                    let repaired = try await withThrowingTaskGroup(of: Bool.self) { group in
                        for user in users {
                            group.addTask {
                                let client = MailMoveClient(socketPath: daemon.loginSocket, timeout: .seconds(240))
                                let login = try await client.authenticate(
                                    account: user, password: Password("old of \(user)"), via: .imap)
                                return login.decision == .pass && login.passwordReplaced
                            }
                        }
                        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                    }
                    #expect(repaired == 500)
                    #expect(try daemon.threads < idle + 60)
                    #expect(try await accounts.hash(users[499]).hasPrefix("{BLF-CRYPT}"))
                }
            }
        }

        /// `kill -9` at any moment of many first logins, while some users choose a password of their own as soon as their old
        /// one opens: in the end each comes in by their own, and nobody's newer password is gone. MAILMOVE_TEST_KILLS makes
        /// more of it (`make torture`).
        @Test(.enabled(if: MariaDBServer.isAvailable))
        func killsAtAnyMomentOfHandOversLeaveEverybodyTheirOwnPassword() async throws {
            let kills = ProcessInfo.processInfo.environment["MAILMOVE_TEST_KILLS"].flatMap { Int($0) } ?? 8
            let users = (0..<kills * 12).map { "user\($0)@example.com" }
            let old = try MailboxServer(
                passwords: Dictionary(uniqueKeysWithValues: users.map { ($0, "old of \($0)") }), mail: [:])
            defer { old.stop() }
            let key = try Self.sealKey()
            defer { try? FileManager.default.removeItem(atPath: key) }
            try await AccountsBackend.mariadb.running { accounts in
                for user in users { try await accounts.add(user, "{PLAIN}\(Platform.newPassword)") }
                let environment = accounts.environment.merging([
                    "MAILMOVE_ACCOUNTS_HASH": "{SHA512-CRYPT}", "MAILMOVE_PASSWORDS_SCHEME": "sha512",
                    "CREDENTIALS_DIRECTORY": key,
                ]) { $1 }
                try await DaemonProcess.running(environment: environment) { daemon in
                    let platform = Platform(daemon)
                    try await platform.enable(.loopback(port: old.port))
                    var chosen: Set<String> = []
                    for round in 0..<kills {
                        let crowd = users[(round * 12)..<(round * 12 + 12)]
                        let moment = Duration.milliseconds(Int.random(in: 0...400))
                        await withTaskGroup(of: Void.self) { group in
                            for user in crowd {
                                group.addTask {
                                    let client = MailMoveClient(socketPath: daemon.loginSocket, timeout: .seconds(20))
                                    _ = try? await client.authenticate(
                                        account: user, password: Password("old of \(user)"), via: .imap)
                                }
                            }
                            group.addTask {
                                try? await Task.sleep(for: moment)
                                daemon.kill()
                            }
                        }
                        for user in crowd.prefix(6) {
                            guard try await accounts.hash(user).hasPrefix("{SHA512-CRYPT}") else { continue }
                            try await accounts.set(user, "{PLAIN}own of \(user)")
                            chosen.insert(user)
                        }
                        try await daemon.start()
                    }
                    for user in users + users {
                        let login = try await platform.logIn(user, password: "old of \(user)")
                        #expect(login.decision == .pass)
                    }
                    for user in users {
                        let hash = try await accounts.hash(user)
                        if chosen.contains(user) {
                            #expect(hash == "{PLAIN}own of \(user)")
                        } else {
                            #expect(hash.hasPrefix("{SHA512-CRYPT}"), "\(user): \(hash)")
                        }
                    }
                    print("hand-overs: \(kills) kills, \(chosen.count) of \(users.count) users chose a newer password")
                }
            }
        }
    }
}
