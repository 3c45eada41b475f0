// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Synchronization
import Testing

extension Integration {
    /// What an old server does is its accounts' trouble alone, and loses nothing.
    @Suite struct HostileOldServerTests {
        /// Falls silent, never ends a line, a list or a message, or drips; another connection, another misdeed.
        private static func villain() throws -> ScriptedServer {
            let flood = Array(String(repeating: "1 endless\r\n", count: 4096).utf8)
            return try ScriptedServer { peer in
                let kind = peer.number % 5
                if kind == 0 { return peer.waitForEnd() }
                if kind == 1 { while peer.send("+OK without end ") {} }
                peer.send("+OK ready\r\n")
                while let line = peer.line() {
                    switch line.prefix(4) {
                    case "CAPA": peer.send("+OK\r\nUSER\r\nUIDL\r\n.\r\n")
                    case "STAT": peer.send("+OK 2000000 2000000\r\n")
                    case "UIDL" where kind == 2:
                        peer.send("+OK\r\n")
                        while peer.send(flood) {}
                    case "UIDL", "LIST": peer.send("+OK\r\n1 1\r\n2 2\r\n.\r\n")
                    case "RETR" where kind == 3:
                        peer.send("+OK\r\n")
                        while peer.send("x") { peer.pause(milliseconds: 20) }
                    case "RETR":
                        peer.send("+OK\r\n")
                        while peer.send(flood) {}
                    default: peer.send("+OK\r\n")
                    }
                }
            }
        }

        @Test func theOtherWorkDoesNotNotice() async throws {
            let villain = try Self.villain()
            defer { villain.stop() }
            let victims = (0..<12).map { "user\($0)@bad.example" }
            let users = (0..<6).map { "user\($0)@example.com" }
            let mail = messages(0..<40)
            let server = try MailboxServer(
                passwords: Dictionary(uniqueKeysWithValues: users.map { ($0, Platform.oldPassword) }),
                mail: Dictionary(uniqueKeysWithValues: users.map { ($0, mail) }))
            defer { server.stop() }
            try await Platform.running(environment: ["MAILMOVE_TIMEOUTS_READ": "2"]) { platform in
                try await platform.create(victims + users)
                try await platform.enable(.loopback(port: server.port))
                _ = try await platform.admin.enableMigration(
                    EnableMigration(domain: DomainName("bad.example"), oldServer: .loopback(port: villain.port)))
                await withTaskGroup(of: Void.self) { group in
                    for victim in victims {
                        // Whatever comes of it: some are let in, some not.
                        group.addTask { _ = try? await platform.logIn(victim) }
                    }
                }
                for user in users {
                    #expect(try await platform.logIn(user).decision == .accept)
                }
                for user in users {
                    let status = try await platform.settled(user)
                    #expect(status.status == .completed)
                    #expect(status.moved == mail.count)
                }
                #expect(try platform.daemon.memory.peak < 600 << 20)
                #expect(try await platform.admin.getServiceStatus().mailStore.ok)
            }
        }

        /// It proves to bear pipelining, and then loses an answer now and then, once with the one that would have told.
        @Test func noMessageArrivesUnderAnothersName() async throws {
            let lost = Mutex<Set<String>>([])
            var options = MailboxServer.Options()
            options.answer = { line in
                guard ["RETR 9", "RETR 21", "UIDL 21", "UIDL 33"].contains(line) else { return nil }
                return lost.withLock { $0.insert(line).inserted } ? "" : nil
            }
            let mail = messages(0..<60)
            let server = try MailboxServer(
                user: Platform.ann, password: Platform.oldPassword, messages: mail, options: options)
            defer { server.stop() }
            try await Platform.migrating(
                from: .loopback(port: server.port), environment: ["MAILMOVE_TIMEOUTS_READ": "2"]
            ) { platform in
                #expect(try await platform.logIn().decision == .accept)
                let status = try await platform.settled()
                #expect(status.status == .completed, "\(String(describing: status.error))")
                platform.expectArrived(mail.map(\.octets))
                for message in platform.daemon.messages(of: Platform.ann) {
                    let (uid, octets) = withoutUIDL(message)
                    let number = uid.flatMap { Int($0.dropFirst(4)) }
                    #expect(number.map { withLineFeeds(mail[$0].octets) } == octets, "\(uid ?? "no X-UIDL")")
                }
            }
        }

        /// A message that is cut at a lone dot, each time: it is named, and the others arrive.
        @Test func aMessageThatCannotBeReadHoldsUpNoOther() async throws {
            var options = MailboxServer.Options()
            options.answer = { line in
                line == "RETR 3" ? "+OK\r\nSubject: cut\r\n\r\nbefore\r\n.\r\nbehind the dot\r\n.\r\n" : nil
            }
            let mail = messages(0..<8)
            let server = try MailboxServer(
                user: Platform.ann, password: Platform.oldPassword, messages: mail, options: options)
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                #expect(try await platform.logIn().decision == .accept)
                let status = try await platform.settled()
                #expect(status.status == .failed)
                #expect(status.error?.reason == .messagesRefused, "\(String(describing: status.error))")
                #expect(status.moved == 7)
                #expect(status.remaining == 1)
                platform.expectArrived(mail.enumerated().filter { $0.offset != 2 }.map(\.element.octets))
                let told = try await platform.events().compactMap(\.detail)
                #expect(told.contains { $0.contains("message 3, UIDL uid-2") && $0.contains("goes on behind") })
                #expect(platform.daemon.files(of: Platform.ann, in: "tmp").isEmpty)
            }
        }
    }
}
