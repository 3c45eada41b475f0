// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Several daemons over one database and one tree of Maildirs.
    @Suite(.enabled(if: PostgreSQLServer.isAvailable)) struct NodesTests {
        @Test func eitherNodeAnswersForAll() async throws {
            try await Nodes.with { nodes in
                let (first, second) = (nodes.platforms[0], nodes.platforms[1])
                let users = nodes.users
                try await nodes.logIn(users[0], on: first)
                try await nodes.logIn(users[1], on: second)
                for platform in nodes.platforms { try await nodes.allDone(on: platform) }
                try nodes.expectArrived()
                let service = try await second.admin.getServiceStatus()
                #expect(service.store.kind == "postgresql")
                #expect(service.nodes.map(\.name) == ["first", "second"])
                // The old password is the account's own, on both; the one it was created with opens nothing.
                #expect(try await second.logIn(users[0]).decision == .accept)
                #expect(try await second.logIn(users[0], password: Platform.newPassword).decision == .reject)
            }
        }

        @Test func whatIsWatchedOnOneNodeIsToldWhenItHappensOnAnother() async throws {
            try await Nodes.with { nodes in
                let user = nodes.users[0]
                let watch = try nodes.platforms[1].admin.watchStatus(account: user)
                try await nodes.logIn(user, on: nodes.platforms[0])
                var moved: [Int] = []
                for try await status in watch {
                    moved.append(Int(status.moved))
                    if status.status == .completed { break }
                }
                #expect(moved == moved.sorted())
                #expect(moved.last == nodes.sent[user]?.count)
            }
        }

        @Test func commitsThatAreCutLoseAndDoubleNothing() async throws {
            let (server, _) = try await SharedPostgreSQL.shared.database()
            let proxy = try PostgreSQLProxy(to: server.port)
            defer { proxy.stop() }
            try await Nodes.with(messages: 120, through: "127.0.0.1:\(proxy.port)") { nodes in
                proxy.cut { $0 % 3 == 1 ? .after : $0 % 7 == 3 ? .before : nil }
                for (place, user) in nodes.users.enumerated() {
                    try await nodes.logIn(user, on: nodes.platforms[place])
                }
                try await nodes.allDone(on: nodes.platforms[0])
                #expect(proxy.cuts > 5)
                proxy.cut { _ in nil }
                try nodes.expectArrived()
            }
        }

        @Test func withoutItsDatabaseANodeSaysSoAndRecovers() async throws {
            let (server, _) = try await SharedPostgreSQL.shared.database()
            let proxy = try PostgreSQLProxy(to: server.port)
            defer { proxy.stop() }
            try await Nodes.with(messages: 150, pause: 20, through: "127.0.0.1:\(proxy.port)") { nodes in
                let users = nodes.users
                try await nodes.logIn(users[0], on: nodes.platforms[0])
                try await nodes.moving()
                proxy.freeze()
                let refused = await failure { try await nodes.platforms[1].logIn(users[1]) }
                #expect(refused?.reason == .databaseUnavailable)
                _ = try await nodes.platforms[1].login.ping()
                // Another start, without it: it serves, and says what it waits for.
                #expect(try await nodes.second.terminate().status == 0)
                try await nodes.second.start()
                #expect(try await nodes.platforms[1].admin.getServiceStatus().store.ok == false)
                proxy.freeze(false)
                proxy.cutAll()
                var decision: LoginDecision.Decision?
                for _ in 0..<150 where decision != .accept {
                    decision = try? await nodes.platforms[1].logIn(users[1]).decision
                    try await Task.sleep(for: .milliseconds(200))
                }
                #expect(decision == .accept)
                try await nodes.allDone(on: nodes.platforms[0])
                try nodes.expectArrived()
            }
        }

        @Test func whoMayNotJoinEndsWith78() async throws {
            try await Nodes.with { nodes in
                let environment: [(String, [String: String])] = [
                    ("node.name", ["MAILMOVE_NODE_NAME": "first"]),
                    ("mailStore.maildir.shared", ["MAILMOVE_MAIL_STORE_MAILDIR_SHARED": "false"]),
                    ("seal-key", ["CREDENTIALS_DIRECTORY": "/nonexistent"]),
                ]
                for (word, change) in environment {
                    let other = try DaemonProcess(
                        environment: [
                            "MAILMOVE_DATABASE_URL": nodes.database.server.url(of: nodes.database.name),
                            "MAILMOVE_NODE_NAME": "third", "MAILMOVE_MAIL_STORE_MAILDIR_SHARED": "true",
                            "CREDENTIALS_DIRECTORY": nodes.ground.credentials.path,
                        ].merging(change) { $1 })
                    #expect(try await other.outcome() == 78, "\(word)")
                    #expect(other.log.contains(word))
                    #expect(!other.log.contains(PostgreSQLServer.password))
                }
            }
        }

        @Test func oneNodesSQLiteGoesAlong() async throws {
            try await Nodes.with(starts: false) { nodes in
                let users = nodes.users
                let credentials = ["CREDENTIALS_DIRECTORY": nodes.ground.credentials.path]
                let single = try DaemonProcess(
                    environment: credentials.merging(
                        ["MAILMOVE_MAIL_STORE_MAILDIR_PATH": nodes.ground.folder.path + "/mail/%d/%n/Maildir"]) { $1 })
                defer { single.kill() }
                try await single.start()
                let platform = Platform(single)
                try await platform.create(users)
                try await platform.enable(.loopback(port: nodes.old.port))
                try await nodes.logIn(users[0], on: platform)
                _ = try await platform.settled(users[0])
                let before = try await platform.status(users[0])
                #expect(try await single.terminate().status == 0)
                let migration = try DaemonProcess(
                    environment: credentials,
                    arguments: [
                        "--migrate-database", "sqlite:\(single.folder.path)/state/mailmove.db",
                        "postgresql://mailmove@127.0.0.1:\(nodes.database.server.port)/\(nodes.database.name)",
                    ])
                #expect(try await migration.outcome() == 0, "\(migration.log)")
                try await nodes.first.start()
                let after = try await nodes.platforms[0].status(users[0])
                #expect(
                    after.moved == before.moved && after.startedAt == before.startedAt && after.status == .completed)
                try await nodes.logIn(users[0], on: nodes.platforms[0])
                try await nodes.logIn(users[1], on: nodes.platforms[0])
                try await nodes.allDone(on: nodes.platforms[0])
                try nodes.expectArrived()
            }
        }
    }
}
