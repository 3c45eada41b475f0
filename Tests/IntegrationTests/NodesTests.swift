// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Several daemons over one database and one tree of Maildirs.
    @Suite(.enabled(if: PostgreSQLServer.isAvailable)) struct NodesTests {
        private static let leaseSeconds = 5

        /// Daemons that share a database, and an old server with so many messages of each account.
        private struct Nodes {
            let database: (server: PostgreSQLServer, name: String)
            let old: MailboxServer
            let first: DaemonProcess
            let second: DaemonProcess
            let sent: [String: [MailboxServer.Message]]
            let mail: URL

            var platforms: [Platform] { [Platform(first), Platform(second)] }

            static func with(
                accounts: Int = 2, messages: Int = 60, pause: Int = 10, through port: Int? = nil,
                key: [UInt8] = [UInt8](repeating: 7, count: 32), starts: Bool = true,
                _ body: (Nodes) async throws -> Void
            ) async throws {
                let database = try await SharedPostgreSQL.shared.database()
                let users = (0..<accounts).map { "user\($0)@\(Platform.domain)" }
                let sent = Dictionary(
                    users.enumerated().map { place, user in
                        (user, (0..<messages).map { ("uid-\($0)", message(place * 1000 + $0)) })
                    }
                ) { $1 }
                var options = MailboxServer.Options()
                options.pauseMilliseconds = pause
                let old = try MailboxServer(
                    passwords: Dictionary(users.map { ($0, Platform.oldPassword) }) { $1 }, mail: sent, options: options
                )
                defer { old.stop() }
                let mail = URL(filePath: "/var/tmp/mailmove-nodes-\(UUID().uuidString.prefix(8))")
                try FileManager.default.createDirectory(at: mail, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(at: mail) }
                try FileManager.default.createDirectory(
                    at: mail.appending(path: "credentials"), withIntermediateDirectories: true)
                try Data(key).write(to: mail.appending(path: "credentials/seal-key"))
                try Data(PostgreSQLServer.password.utf8).write(
                    to: mail.appending(path: "credentials/database-password"))
                let url =
                    "postgresql://mailmove@127.0.0.1:\(port ?? database.server.port)/\(database.name)"
                func daemon(_ name: String, _ more: [String: String] = [:]) throws -> DaemonProcess {
                    try DaemonProcess(
                        environment: [
                            "MAILMOVE_DATABASE_URL": url, "MAILMOVE_NODE_NAME": name,
                            "MAILMOVE_DATABASE_LEASE_SECONDS": "\(leaseSeconds)",
                            "MAILMOVE_MAIL_STORE_MAILDIR_PATH": mail.path + "/%d/%n/Maildir",
                            "MAILMOVE_MAIL_STORE_MAILDIR_SHARED": "true",
                            "CREDENTIALS_DIRECTORY": mail.appending(path: "credentials").path,
                        ].merging(more) { $1 })
                }
                let nodes = Nodes(
                    database: database, old: old, first: try daemon("first"), second: try daemon("second"), sent: sent,
                    mail: mail)
                defer {
                    nodes.first.kill()
                    nodes.second.kill()
                }
                if starts {
                    try await nodes.first.start()
                    try await nodes.second.start()
                    try await Platform(nodes.first).create(users)
                    try await Platform(nodes.first).enable(.loopback(port: old.port))
                }
                try await body(nodes)
                for daemon in [nodes.first, nodes.second] {
                    #expect(!daemon.log.contains(PostgreSQLServer.password))
                }
            }

            /// Until all have moved, as this node tells it.
            func allDone(on platform: Platform) async throws {
                for user in sent.keys.sorted() {
                    var status: Status?
                    for _ in 0..<600 where status?.status != .completed {
                        // It may not answer as long as its database is away.
                        status = try? await platform.status(user)
                        try await Task.sleep(for: .milliseconds(100))
                    }
                    #expect(status?.status == .completed, "\(user): \(String(describing: status?.error))")
                    #expect(status?.moved == sent[user]?.count)
                }
            }

            /// Each message is there once, and no other.
            func expectArrived() throws {
                for (user, messages) in sent {
                    let inbox = mail.appending(path: "\(Platform.domain)/\(user.prefix { $0 != "@" })/Maildir")
                    let files = try ["new", "cur"].flatMap { part in
                        try FileManager.default.contentsOfDirectory(
                            at: inbox.appending(path: part), includingPropertiesForKeys: nil)
                    }
                    func sorted(_ all: [[UInt8]]) -> [String] {
                        all.map { String(decoding: $0, as: UTF8.self) }.sorted()
                    }
                    let arrived = try files.map { withoutUIDL([UInt8](try Data(contentsOf: $0))).octets }
                    #expect(sorted(arrived) == sorted(messages.map { withLineFeeds($0.octets) }), "\(user)")
                }
            }

            func logIn(_ user: String, on platform: Platform) async throws {
                #expect(try await platform.logIn(user).decision == .accept)
            }

            /// Until something has been fetched.
            func moving() async throws {
                for _ in 0..<600 where old.seen.count(where: { $0.hasPrefix("RETR") }) < 20 {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }

        @Test func eitherNodeAnswersForAll() async throws {
            try await Nodes.with { nodes in
                let (first, second) = (nodes.platforms[0], nodes.platforms[1])
                let users = nodes.sent.keys.sorted()
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
                let user = nodes.sent.keys.sorted()[0]
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

        @Test func aKilledNodesRunsBeginAgainOnTheOther() async throws {
            try await Nodes.with(accounts: 4, messages: 150, pause: 20) { nodes in
                for user in nodes.sent.keys.sorted() { try await nodes.logIn(user, on: nodes.platforms[0]) }
                try await nodes.moving()
                nodes.first.kill()
                try await nodes.allDone(on: nodes.platforms[1])
                try nodes.expectArrived()
            }
        }

        /// Its runs are the other's by then, and what it still writes does not count.
        @Test func aNodeThatWasStoppedForLongDoublesNothing() async throws {
            try await Nodes.with(accounts: 4, messages: 150, pause: 20) { nodes in
                for user in nodes.sent.keys.sorted() { try await nodes.logIn(user, on: nodes.platforms[0]) }
                try await nodes.moving()
                nodes.first.send(SIGSTOP)
                try await nodes.allDone(on: nodes.platforms[1])
                nodes.first.send(SIGCONT)
                try await Task.sleep(for: .seconds(3))
                try await nodes.allDone(on: nodes.platforms[0])
                try nodes.expectArrived()
            }
        }

        @Test func commitsThatAreCutLoseAndDoubleNothing() async throws {
            let (server, _) = try await SharedPostgreSQL.shared.database()
            let proxy = try PostgreSQLProxy(to: server.port)
            defer { proxy.stop() }
            try await Nodes.with(messages: 120, through: proxy.port) { nodes in
                proxy.cut { $0 % 3 == 1 ? .after : $0 % 7 == 3 ? .before : nil }
                for (place, user) in nodes.sent.keys.sorted().enumerated() {
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
            try await Nodes.with(messages: 150, pause: 20, through: proxy.port) { nodes in
                let users = nodes.sent.keys.sorted()
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
                            "CREDENTIALS_DIRECTORY": nodes.mail.appending(path: "credentials").path,
                        ].merging(change) { $1 })
                    #expect(try await other.outcome() == 78, "\(word)")
                    #expect(other.log.contains(word))
                    #expect(!other.log.contains(PostgreSQLServer.password))
                }
            }
        }

        @Test func oneNodesSQLiteGoesAlong() async throws {
            try await Nodes.with(starts: false) { nodes in
                let users = nodes.sent.keys.sorted()
                let credentials = ["CREDENTIALS_DIRECTORY": nodes.mail.appending(path: "credentials").path]
                let single = try DaemonProcess(
                    environment: credentials.merging(
                        ["MAILMOVE_MAIL_STORE_MAILDIR_PATH": nodes.mail.path + "/%d/%n/Maildir"]) { $1 })
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
