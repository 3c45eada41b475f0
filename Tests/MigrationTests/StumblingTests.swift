// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization
import Testing
import Vocabulary

/// Messages at which the old server hangs up, falls silent, or makes no sense, each time.
@Suite(.timeLimit(.minutes(15))) struct StumblingTests {
    private func stumble(_ server: OldMailServer, at numbers: Set<Int>) {
        let commands = Set(numbers.map { "RETR \($0)" })
        let before: @Sendable (String) -> Void = { [weak server] line in
            if commands.contains(line) { server?.state.withLock { $0.hangsUpAt = line } }
        }
        server.state.withLock { state in
            state.hangsUpAt = nil
            state.before = before
        }
    }

    @Test(arguments: [
        [1], [30], [1, 2, 3], [4, 5], [28, 29, 30], [3, 6, 9, 12, 15, 18, 21, 24, 27, 30], Array(4...13),
    ])
    func allOthersArriveInOneRun(numbers: [Int]) async throws {
        let server = try OldMailServer(password: "old", messages: 30)
        defer { server.stop() }
        stumble(server, at: Set(numbers))
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect((failed.moved, Int(failed.remaining)) == (30 - Int64(numbers.count), numbers.count))
            #expect(failed.error?.reason == .messagesRefused)
            let named = try await platform.events().filter { $0.kind == .messageRefused }
            #expect(named.count == numbers.count)
            // Two for each, and a few that have brought something.
            #expect(server.connections <= 2 * numbers.count + 6)
            stumble(server, at: [])
            platform.advance(hours: 1)
            #expect(try await platform.until { $0.status == .completed }.moved == 30)
            #expect(platform.delivered().count == 30)
        }
    }

    @Test func oneIsNeitherDeletedNorInTheWayOfTheOthers() async throws {
        let server = try OldMailServer(password: "old", messages: 7)
        defer { server.stop() }
        stumble(server, at: [4])
        server.state.withLock { $0.answer = { $0.hasPrefix("DELE") ? "+OK\r\n" : nil } }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.options.deleteAfterMove = true }
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .failed }.moved == 6)
            let deleted = server.state.withLock { Set($0.lines.filter { $0.hasPrefix("DELE") }) }
            #expect(deleted == Set([1, 2, 3, 5, 6, 7].map { "DELE \($0)" }))
        }
    }

    /// It still counts connections that have ended: some seconds later it takes another.
    @Test func aServerThatTurnsTheNextFewConnectionsAwayIsNotOutOfReach() async throws {
        let server = try OldMailServer(password: "old", messages: 7)
        defer { server.stop() }
        server.state.withLock { state in
            state.before = { [weak server] line in
                guard line == "RETR 4" else { return }
                server?.state.withLock { state in
                    state.before = nil
                    state.hangsUpAt = line
                    state.refused = 4
                }
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            let end = try await platform.until { $0.status == .failed || $0.status == .completed }
            #expect((end.status, end.moved) == (.completed, 7))
        }
    }

    @Test func aServerThatStumblesOverEveryMessageIsOutOfOrder() async throws {
        let server = try OldMailServer(password: "old", messages: 30)
        defer { server.stop() }
        stumble(server, at: Set(1...30))
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect((failed.moved, failed.error?.reason) == (0, .oldServerUnreachable))
            #expect(server.connections <= 6)
        }
    }

    /// As where a quota of traffic is used up.
    @Test func soIsOneThatServesNobodyFromSomeMomentOn() async throws {
        let server = try OldMailServer(password: "old", messages: 40)
        defer { server.stop() }
        let served = Mutex(0)
        server.state.withLock { state in
            state.before = { [weak server] line in
                guard line.hasPrefix("RETR "),
                    served.withLock({
                        $0 += 1; return $0
                    }) > 10
                else { return }
                server?.state.withLock { $0.hangsUpAt = line }
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect((failed.moved, failed.error?.reason) == (10, .oldServerUnreachable))
            #expect(server.connections < 25)
        }
    }

    @Test(arguments: ["+OK\r\nSubject: 3\r\n\r\nhalf of it\r\n", "+OK\r\nSubject: 3\r\n\r\nall of it\r\n.\r", ""])
    func silenceIsNoEnd(text: String) async throws {
        let server = try OldMailServer(password: "old", messages: 6)
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.readTimeout = 1
        server.state.withLock { $0.answer = { $0 == "RETR 3" ? text : nil } }
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect((failed.moved, failed.remaining, failed.error?.reason) == (5, 1, .messagesRefused))
            server.state.withLock { $0.answer = nil }
            platform.advance(hours: 1)
            #expect(try await platform.until { $0.status == .completed }.moved == 6)
            #expect(platform.delivered().count == 6)
        }
    }

    // MARK: Places

    /// Without names, what is in a place is known by its header alone, and where the server gives none, not at all.
    @Test(arguments: [false, true], [false, true])
    func withoutUIDLWhatHasShiftedIsFetched(knowsTop: Bool, areNumbers: Bool) async throws {
        let server = try OldMailServer(password: "old", messages: 8)
        defer { server.stop() }
        let drops = Mutex(0)
        server.state.withLock { state in
            state.answer = { [weak server] line in
                guard let server else { return nil }
                let words = line.split(separator: " ")
                if words.first == "UIDL" {
                    guard areNumbers else { return "-ERR no such command\r\n" }
                    let count = server.state.withLock { $0.messages.count }
                    if words.count == 2 { return "+OK \(words[1]) \(words[1])\r\n" }
                    return "+OK\r\n" + (1...count).map { "\($0) \($0)\r\n" }.joined() + ".\r\n"
                }
                guard words.first == "TOP", knowsTop, let number = Int(words[1]) else { return nil }
                let text = server.state.withLock { $0.messages[number - 1].text }
                let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
                return "+OK\r\n" + lines.prefix { !$0.isEmpty }.map { "\($0)\r\n" }.joined() + "\r\n.\r\n"
            }
            state.before = { [weak server] line in
                guard line == "RETR 6",
                    drops.withLock({
                        $0 += 1; return $0
                    }) == 1
                else { return }
                server?.state.withLock { state in
                    state.hangsUpAt = line
                    state.messages.removeFirst()
                    state.messages.append(("", OldMailServer.message(60)))
                }
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            let completed = try await platform.until { $0.status == .completed }
            #expect((completed.status, completed.moved) == (.completed, 9))
            #expect(platform.delivered().count == 9)
        }
    }

    @Test func withoutUIDLWhatHasNotShiftedIsKnownByItsHeader() async throws {
        let server = try OldMailServer(password: "old", messages: 40)
        defer { server.stop() }
        let retrieved = Mutex(0)
        server.state.withLock { state in
            state.answer = { [weak server] line in
                guard let server else { return nil }
                if line.hasPrefix("UIDL") { return "-ERR no such command\r\n" }
                let words = line.split(separator: " ")
                guard words.first == "TOP", let number = Int(words[1]) else { return nil }
                let text = server.state.withLock { $0.messages[number - 1].text }
                let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
                return "+OK\r\n" + lines.prefix { !$0.isEmpty }.map { "\($0)\r\n" }.joined() + "\r\n.\r\n"
            }
            state.before = { [weak server] line in
                guard line.hasPrefix("RETR "),
                    retrieved.withLock({
                        $0 += 1; return $0
                    }) % 12 == 0
                else { return }
                server?.state.withLock { $0.hangsUpAt = line }
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            let completed = try await platform.until { $0.status != .inProgress }
            #expect((completed.status, completed.moved) == (.completed, 40))
            #expect(platform.delivered().count == 40)
            #expect(retrieved.withLock { $0 } < 50)
        }
    }
}
