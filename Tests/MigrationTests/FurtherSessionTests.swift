// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization
import Testing
import Vocabulary

/// Old servers that show a part of the mailbox in each session.
@Suite(.timeLimit(.minutes(15))) struct FurtherSessionTests {
    /// Shows the first `part` of what has not been fetched yet, as Gmail's POP3 does.
    private final class Parts: Sendable {
        let server: OldMailServer
        private let rest: Mutex<[(id: String, text: String)]>
        let part: Int

        init(of messages: Int, part: Int) throws {
            self.part = part
            server = try OldMailServer(password: "old", messages: 0)
            rest = Mutex((0..<messages).map { ("u\($0)", OldMailServer.message($0)) })
            server.state.withLock { state in
                state.before = { [weak self] line in
                    if line.hasPrefix("USER") { self?.show() }
                    if line.hasPrefix("RETR "), let number = Int(line.dropFirst(5)) { self?.fetched(number) }
                }
            }
        }

        private func show() {
            let shown = rest.withLock { Array($0.prefix(part)) }
            server.state.withLock { $0.messages = shown }
        }

        private func fetched(_ number: Int) {
            let id = server.state.withLock {
                $0.messages.indices.contains(number - 1) ? $0.messages[number - 1].id : ""
            }
            rest.withLock { rest in rest.removeAll { $0.id == id } }
        }

        func add(_ numbers: Range<Int>) {
            rest.withLock { $0 += numbers.map { ("u\($0)", OldMailServer.message($0)) } }
        }
    }

    @Test(arguments: [70, 75])
    func mailThatIsHandedOutInPartsArrivesInOneRun(messages: Int) async throws {
        let parts = try Parts(of: messages, part: 25)
        defer { parts.server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(parts.server)
            _ = try await platform.login("old")
            let completed = try await platform.until { $0.status != .inProgress }
            #expect((completed.status, completed.moved, completed.runs) == (.completed, Int64(messages), 1))
            #expect(platform.delivered().count == messages)
            #expect(parts.server.connections == (messages == 75 ? 4 : 3))
            // It is known to do that from now on, whoever logs in.
            parts.add(100..<160)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.moved == Int64(messages) + 60 }.moved == Int64(messages) + 60)
            #expect(try await platform.until { $0.status == .completed }.status == .completed)
        }
    }

    @Test func afterTheFirstRunAnOrdinaryServerIsAskedOnceARun() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            #expect(server.connections == 2)
            server.state.withLock { $0.messages.append(("u9", OldMailServer.message(9))) }
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.moved == 4 && $0.status == .completed }.moved == 4)
            #expect(server.connections == 3)
            // An account that had nothing there needs no second look either.
            let bob = NewPlatform.address("bob@example.com")
            let empty = try OldMailServer(password: "old", messages: 0)
            defer { empty.stop() }
            try await platform.enable(empty, accounts: [bob])
            _ = try await platform.login("old", as: bob)
            #expect(try await platform.until(bob) { $0.status == .completed }.moved == 0)
            #expect(empty.connections == 1)
        }
    }

    /// One of a part is refused, and all are counted by `STAT` that no list names.
    @Test func whatIsMissingInAPartDoesNotEndTheSearch() async throws {
        let parts = try Parts(of: 60, part: 20)
        defer { parts.server.stop() }
        parts.server.state.withLock { state in
            state.answer = { [weak server = parts.server] line in
                guard let server else { return nil }
                if line == "STAT" { return "+OK 60 6000\r\n" }
                guard line.hasPrefix("RETR "), let number = Int(line.dropFirst(5)) else { return nil }
                let id = server.state.withLock {
                    $0.messages.indices.contains(number - 1) ? $0.messages[number - 1].id : nil
                }
                return id == nil || id == "u30" ? "-ERR no such message\r\n" : nil
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(parts.server)
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status != .inProgress }
            #expect((failed.status, failed.moved, failed.error?.reason) == (.failed, 59, .messagesRefused))
        }
    }

    @Test func aLineThatDropsInAPartEndsNothing() async throws {
        let parts = try Parts(of: 60, part: 20)
        defer { parts.server.stop() }
        let drops = Mutex(0)
        parts.server.state.withLock { state in
            let before = state.before
            state.before = { [weak server = parts.server] line in
                before?(line)
                guard line == "RETR 11",
                    drops.withLock({
                        $0 += 1; return $0
                    }) % 2 == 1
                else { return }
                server?.state.withLock { $0.hangsUpAt = line }
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(parts.server) { $0.options.order = .newestFirst }
            _ = try await platform.login("old")
            let end = try await platform.until { $0.status != .inProgress }
            // What the server takes for fetched it shows no more; all the rest has come.
            #expect(end.status == .completed)
            #expect(end.moved >= 57)
        }
    }
}
