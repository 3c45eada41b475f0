// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Testing
import Vocabulary

/// Old servers that do the same wrong thing again and again: nothing is doubled, and no run goes on for ever.
@Suite(.timeLimit(.minutes(15))) struct StubbornServerTests {
    /// The line ends whenever this command comes.
    private func hangUp(_ server: OldMailServer, at command: String?) {
        let before: @Sendable (String) -> Void = { [weak server] line in
            if line == command { server?.state.withLock { $0.hangsUpAt = command } }
        }
        server.state.withLock { state in
            state.hangsUpAt = nil
            state.before = before
        }
    }

    /// Whether its unique-ids are others in each session.
    @Test(arguments: [false, true])
    func aLineThatEndsAtTheSamePlaceEachTimeHoldsUpOneMessage(isForgetful: Bool) async throws {
        let server = try OldMailServer(password: "old", messages: 5)
        defer { server.stop() }
        server.state.withLock { state in
            state.answer = { [weak server] line in
                if line.hasPrefix("DELE") { return "+OK\r\n" }
                guard isForgetful, line == "UIDL", let server else { return nil }
                let session = server.connections
                return "+OK\r\n" + (1...5).map { "\($0) \(session)-\($0)\r\n" }.joined() + ".\r\n"
            }
        }
        hangUp(server, at: "RETR 3")
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.options.deleteAfterMove = !isForgetful }
            #expect(try await platform.login("old").decision == .accept)
            let failed = try await platform.until { $0.status == .failed }
            #expect(failed.error?.reason == .messagesRefused)
            #expect(server.connections < 12)
            #expect((failed.moved, failed.remaining) == (4, 1))
            let named = try await platform.events().filter { $0.kind == .messageRefused }.compactMap(\.detail)
            #expect(!named.isEmpty && named.allSatisfy { $0.contains("message 3, UIDL") })
            hangUp(server, at: nil)
            platform.advance(hours: 1)
            let completed = try await platform.until { $0.status == .completed }
            #expect((completed.moved, completed.total) == (5, 5))
            #expect(platform.delivered().count == 5)
            let deleted = server.state.withLock { Set($0.lines.filter { $0.hasPrefix("DELE") }).count }
            #expect(deleted == (isForgetful ? 0 : 5))
        }
    }

    @Test func mailThatIsListedAfterItsDeletionArrivesOnce() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.answer = { $0.hasPrefix("DELE") ? "+OK\r\n" : nil } }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.options.deleteAfterMove = true }
            for run in 1...3 {
                #expect(try await platform.login("old").decision == .accept)
                let status = try await platform.until { $0.status == .completed && $0.runs == run }
                #expect((status.moved, status.total) == (3, 3))
            }
            // As after a restore of the old server: the settings have changed, and the listing is as it was.
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.until { $0.status == .completed && $0.runs == 4 }
            #expect(platform.delivered().count == 3)
            // The same text under another name is another message.
            server.state.withLock { $0.messages.append(("u9", OldMailServer.message(0))) }
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.until { $0.status == .completed && $0.moved == 4 }
            #expect(platform.delivered().count == 4)
        }
    }

    @Test func messagesThatNoListNamesAreFetchedAllTheSame() async throws {
        let server = try OldMailServer(password: "old", messages: 5)
        defer { server.stop() }
        server.state.withLock { state in
            state.answer = { line in
                switch line {
                case "UIDL": "+OK\r\n1 u0\r\n2 u1\r\n3 u2\r\n.\r\n"
                case "LIST": "+OK\r\n1 100\r\n2 100\r\n3 100\r\n.\r\n"
                default: nil
                }
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for run in 1...2 {
                #expect(try await platform.login("old").decision == .accept)
                let status = try await platform.until { $0.status == .completed && $0.runs == run }
                #expect((status.moved, status.total) == (5, 5))
            }
            #expect(platform.delivered().count == 5)
        }
    }

    @Test func listsThatNameFarFewerThanAreCountedAreNoMailbox() async throws {
        let server = try OldMailServer(password: "old", messages: 5)
        defer { server.stop() }
        server.state.withLock { $0.answer = { $0 == "STAT" ? "+OK 5000 100000\r\n" : nil } }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            let status = try await platform.until { $0.status == .failed }
            #expect(status.error?.reason == .oldServerProtocol)
            #expect(status.error?.detail.contains("5000 messages by STAT, and names 5") == true)
        }
    }

    @Test func aCertificateThatIsToBeJudgedNeedsTLS() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { request in
                request.oldServer.security = .opportunistic
                request.oldServer.certificate = CertificateCheck(verify: .full)
            }
            #expect(try await platform.login("old").decision == .unavailable)
            #expect(try await platform.status().error?.reason == .oldServerUntrusted)
            #expect(server.shown.isEmpty)
            try await platform.enable(server) { $0.oldServer.security = .opportunistic }
            #expect(try await platform.login("old").decision == .accept)
        }
    }

    @Test func whatIsHereAlreadyDoesNotRemain() async throws {
        let server = try OldMailServer(password: "old", messages: 5)
        defer { server.stop() }
        server.state.withLock { $0.answer = { $0.hasPrefix("UIDL") ? "-ERR no such command\r\n" : nil } }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.until { $0.status == .completed }
            server.state.withLock { $0.messages.append(("u5", OldMailServer.message(77) + "longer\r\n")) }
            hangUp(server, at: "RETR 2")
            #expect(try await platform.login("old").decision == .accept)
            let failed = try await platform.until { $0.status == .failed }
            // The second could not be confirmed.
            #expect((failed.moved, failed.remaining) == (6, 1))
            hangUp(server, at: nil)
            platform.advance(hours: 1)
            let completed = try await platform.until { $0.status == .completed }
            #expect((completed.moved, completed.remaining) == (6, 0))
            #expect(platform.delivered().count == 6)
        }
    }

    @Test func aFirstRunThatIsPutOffBeyondTheWindowHasFailed() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.answer = { $0 == "STAT" ? "-ERR [IN-USE] busy\r\n" : nil } }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1)
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.until { _ in server.state.withLock { $0.lines.contains("STAT") } }
            platform.advance(hours: 25)
            let status = try await platform.until { $0.status == .failed }
            #expect((status.status, status.error?.reason) == (.failed, .mailboxInUse))
            #expect(try await platform.row()?.sealed == nil)
            try await platform.settle()
            try await platform.move.settings.forget(NewPlatform.ann.domain)
        }
    }

    @Test func whatIsRefusedForGoodIsNotTriedAgainByItself() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.until { $0.status == .completed }
            server.state.withLock { $0.login = .say("-ERR [SYS/PERM] closed for ever") }
            #expect(try await platform.login("old").decision == .accept)
            let status = try await platform.until { $0.status == .failed }
            #expect(status.error?.reason == .oldServerProtocol)
            #expect(try await platform.row()?.pending == nil)
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func whoWasUnknownIsAskedForAgain() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let bob = NewPlatform.address("bob@example.com")
        try await NewPlatform.run { platform in
            try await platform.enable(server, accounts: [NewPlatform.ann, bob])
            server.state.withLock { $0.login = .say("-ERR no such user") }
            #expect(try await platform.login("old").decision == .reject)
            for _ in 0..<2 {
                let error = await #expect(throws: MoveError.self) { try await platform.trigger("old", as: bob) }
                #expect(error?.reason == .nonMigratingAccount)
                try await platform.enable(server)
            }
            server.state.withLock { $0.login = .judge }
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.trigger("old", as: bob).startedAt != nil)
        }
    }

    /// The old server's administrator has mended it meanwhile.
    @Test func aTriggerAsksAgainInAMoment() async throws {
        let server = try OldMailServer(password: "other")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for _ in 0..<2 {
                let error = await #expect(throws: MoveError.self) { try await platform.trigger("old") }
                #expect(error?.reason == .credentialsRejected)
            }
            #expect(server.shown == ["old"])
            server.state.withLock { $0.password = "old" }
            platform.advance(seconds: 11)
            #expect(try await platform.trigger("old").startedAt != nil)
        }
    }
}
