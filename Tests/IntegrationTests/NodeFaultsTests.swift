// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSONWire
import MailMoveClient
import Support
import Synchronization
import Testing

extension Integration {
    /// Nodes that die, hang and are upgraded, and databases that do, while mail moves.
    @Suite(.enabled(if: PostgreSQLServer.isAvailable)) struct NodeFaultsTests {
        /// Its runs are others' by then, and what it still writes does not count.
        @Test(arguments: [false, true])
        func whatAKilledAndAStoppedNodeLeaveIsTakenOverByAThird(byIMAP: Bool) async throws {
            try await Nodes.with(nodes: 3, accounts: 6, messages: 150, pause: 20, byIMAP: byIMAP) { nodes in
                try await nodes.logInEverybody()
                try await nodes.moving()
                nodes.first.kill()
                nodes.second.send(SIGSTOP)
                try await nodes.allDone(on: nodes.platforms[2])
                nodes.second.send(SIGCONT)
                try await Task.sleep(for: .seconds(3))
                try await nodes.allDone(on: nodes.platforms[1])
                try nodes.expectArrived()
            }
        }

        /// As when its machine crashes: it recovers when it is started.
        @Test func aDatabaseThatCrashesLosesAndDoublesNothing() async throws {
            let server = try await PostgreSQLServer()
            defer { server.stop() }
            try await Nodes.with(
                nodes: 3, accounts: 6, messages: 150, pause: 20, database: try await server.shared()
            ) { nodes in
                try await nodes.logInEverybody()
                try await nodes.moving()
                for _ in 0..<2 {
                    server.crash()
                    try await Task.sleep(for: .milliseconds(500))
                    try await server.start()
                    try await Task.sleep(for: .milliseconds(500))
                }
                for platform in nodes.platforms { try await nodes.allDone(on: platform) }
                try nodes.expectArrived()
            }
        }

        @Test func aFailoverToASynchronousStandbyLosesAndDoublesNothing() async throws {
            let primary = try await PostgreSQLServer()
            defer { primary.stop() }
            let database = try await primary.shared()
            let standby = try await PostgreSQLServer(standbyOf: primary)
            defer { standby.stop() }
            try await Nodes.with(
                nodes: 3, accounts: 6, messages: 150, pause: 20, database: database,
                through: "127.0.0.1:\(primary.port),127.0.0.1:\(standby.port)"
            ) { nodes in
                #expect(!nodes.first.log.contains("synchronous"))
                try await nodes.logInEverybody()
                try await nodes.moving()
                primary.crash()
                try await standby.promote()
                for platform in nodes.platforms { try await nodes.allDone(on: platform) }
                try nodes.expectArrived()
                for user in nodes.users {
                    #expect(
                        try await nodes.platforms[0].logIn(user, password: Platform.newPassword).decision == .reject)
                }
            }
        }

        /// As `systemctl restart` on one after the other, under sockets that a service manager keeps.
        @Test func anUpgradeNodeByNodeRefusesNoLogin() async throws {
            try await Nodes.with(nodes: 3, accounts: 6, messages: 150, pause: 20, keepsSockets: true) { nodes in
                let logins = Logins()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (place, user) in nodes.users.enumerated() {
                        let socket = nodes.daemons[place % nodes.daemons.count].loginSocket
                        group.addTask {
                            repeat {
                                let answer = await Self.answer(to: user, at: socket)
                                logins.answers.withLock { $0[answer, default: 0] += 1 }
                                try await Task.sleep(for: .milliseconds(20))
                            } while !logins.isOver.withLock { $0 }
                        }
                    }
                    try await nodes.moving()
                    for (daemon, platform) in zip(nodes.daemons, nodes.platforms) {
                        let before = try await platform.admin.getServiceStatus().startedAt
                        daemon.send(SIGUSR1)
                        var after = before
                        for _ in 0..<300 where after == before {
                            try await Task.sleep(for: .milliseconds(100))
                            after = try await platform.admin.getServiceStatus().startedAt
                        }
                        #expect(after > before)
                    }
                    logins.isOver.withLock { $0 = true }
                    try await group.waitForAll()
                }
                let answers = logins.answers.withLock { $0 }
                #expect(Array(answers.keys) == ["accept"], "\(answers)")
                for platform in nodes.platforms { try await nodes.allDone(on: platform) }
                try nodes.expectArrived()
            }
        }

        private final class Logins: Sendable {
            let isOver = Mutex(false)
            let answers = Mutex<[String: Int]>([:])
        }

        /// By a connection of its own, as a mail server asks.
        private static func answer(to user: String, at socket: String) async -> String {
            do {
                let client = try RawClient(path: socket)
                let reply = try await client.call(
                    "authenticate",
                    params: #"{"account": "\#(user)", "password": "\#(Platform.oldPassword)", "via": "imap"}"#)
                guard case .string(let decision)? = reply["result"]?["decision"] else { return "\(reply)" }
                return decision
            } catch {
                return "\(error)"
            }
        }
    }
}
