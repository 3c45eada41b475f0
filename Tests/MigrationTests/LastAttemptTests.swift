// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

/// What an administrator sees of the latest time that the old server was asked.
@Suite(.timeLimit(.minutes(15))) struct LastAttemptTests {
    private static let new = NewPlatform.newPassword

    private func attempt(_ platform: NewPlatform) async throws -> PasswordAttempt? {
        try await platform.status().lastAttempt
    }

    /// Once background questions and runs have said theirs.
    private func settled(_ platform: NewPlatform) async throws -> PasswordAttempt? {
        try await platform.settle()
        return try await attempt(platform)
    }

    @Test func nobodyWasAskedBeforeTheFirstLogin() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            #expect(try await attempt(platform) == nil)
            #expect(try await platform.login("").decision == .reject)
            #expect(try await attempt(platform) == nil)
        }
    }

    @Test func aWrongPasswordIsSeenAndSoIsTheRightOne() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            let result = try await platform.login("wrong", via: .webmail)
            let rejected = PasswordAttempt(
                at: platform.now, via: .webmail, outcome: .rejected, reason: .credentialsRejected)
            #expect(result.status?.lastAttempt == rejected)
            #expect(try await attempt(platform) == rejected)
            platform.advance(seconds: 60)
            #expect(try await platform.login("old", via: .imap).status?.lastAttempt?.outcome == .accepted)
            #expect(
                try await settled(platform) == PasswordAttempt(at: platform.now, via: .imap, outcome: .accepted))
        }
    }

    /// Known from a moment ago, it would have been asked about all the same.
    @Test func aPasswordThatIsKnownToBeWrongIsAnAttemptAgain() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            _ = try await platform.login("wrong", via: .webmail)
            platform.advance(seconds: 1)
            _ = try await platform.login("wrong", via: .pop3)
            #expect(server.shown == ["wrong"])
            let attempt = try await attempt(platform)
            #expect(attempt?.at == platform.now && attempt?.via == .pop3 && attempt?.outcome == .rejected)
        }
    }

    @Test func aServerThatIsAwayIsAnAttemptInVain() async throws {
        let server = try OldMailServer(password: "old")
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            server.stop()
            #expect(try await platform.login("old", via: .pop3).decision == .unavailable)
            let attempt = try await attempt(platform)
            #expect(attempt?.outcome == .unavailable && attempt?.reason == .oldServerUnreachable)
            #expect(attempt?.via == .pop3)
        }
    }

    @Test func aServerThatAsksToComeBackLaterIsUnavailableForAReason() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            server.state.withLock { $0.login = .say("-ERR [IN-USE] locked") }
            #expect(try await platform.login("old").decision == .unavailable)
            let attempt = try await attempt(platform)
            #expect(attempt?.outcome == .unavailable && attempt?.reason == .mailboxInUse)
            #expect(try await platform.status().status == .notStarted)
        }
    }

    @Test func anUnknownUserIsNoSuchUser() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            server.state.withLock { $0.login = .say("-ERR no such user here") }
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await attempt(platform)?.outcome == .noSuchUser)
        }
    }

    @Test func tooManyGuessesAreUnavailable() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.failuresPerAccount = 1
        try await NewPlatform.run(limits: limits, clockStands: true) { platform in
            try await platform.enable(server)
            _ = try await platform.login("wrong")
            await #expect(throws: MoveError.self) { _ = try await platform.login("another") }
            // Recorded once it has been refused.
            let attempt = try await platform.until { $0.lastAttempt?.reason == .tooManyAttempts }.lastAttempt
            #expect(attempt?.outcome == .unavailable && attempt?.reason == .tooManyAttempts)
            #expect(server.shown == ["wrong"])
        }
    }

    @Test(arguments: ["old", new])
    func aQuestionThatNobodyWaitsForIsAnAttempt(password: String) async throws {
        let server = try OldMailServer(password: password)
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            #expect(try await platform.login(Self.new, via: .smtp).decision == .accept)
            let attempt = try await settled(platform)
            #expect(attempt?.outcome == (password == Self.new ? .accepted : .rejected) && attempt?.via == .smtp)
        }
    }

    @Test func thePortalsTriggerIsAnAttempt() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            await #expect(throws: MoveError.self) { _ = try await platform.trigger("wrong") }
            #expect(try await attempt(platform)?.outcome == .rejected)
            #expect(try await platform.trigger("old").lastAttempt?.via == .portal)
            #expect(try await attempt(platform)?.outcome == .accepted)
        }
    }

    /// The account's own password opens here; the run that it starts is turned away over there.
    @Test func aRunThatIsTurnedAwayIsAnAttemptOfItsLogin() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            _ = try await platform.login("old", via: .imap)
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            server.state.withLock { $0.password = "changed" }
            platform.advance(seconds: 60)
            #expect(try await platform.login("old", via: .webmail).decision == .accept)
            let attempt = try await settled(platform)
            #expect(attempt?.outcome == .rejected && attempt?.via == .webmail && attempt?.at == platform.now)
            server.state.withLock { $0.password = "old" }
            platform.advance(seconds: 60)
            _ = try await platform.trigger("old")
            #expect(try await settled(platform)?.outcome == .accepted)
            server.stop()
            platform.advance(seconds: 60)
            #expect(try await platform.login("old", via: .pop3).decision == .accept)
            let lost = try await platform.until { $0.status == .failed }
            #expect(lost.lastAttempt?.outcome == .unavailable && lost.lastAttempt?.via == .pop3)
            #expect(lost.lastAttempt?.reason == .oldServerUnreachable)
        }
    }

    @Test func aFailedRunSaysWhenItIsTriedAgain() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            server.stop()
            _ = try await platform.login("old")
            let lost = try await platform.until { $0.status == .failed }
            let retryAt = try #require(lost.retryAt)
            #expect(abs(retryAt.seconds(since: platform.now) - NewPlatform.quick.firstRetry) < 60)
        }
    }

    @Test func aPasswordThatIsNotKeptIsNotTriedAgain() async throws {
        let server = try OldMailServer(password: "old")
        try await NewPlatform.run(clockStands: true) { platform in
            try await platform.enable(server)
            server.stop()
            _ = try await platform.login("old")
            let status = try await platform.status()
            #expect(status.status == .failed && status.retryAt == nil)
        }
    }

    @Test func whoHasToBeLookedAtIsFound() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let accounts = ["ann", "bob", "eve", "tom"].map { NewPlatform.address("\($0)@example.com") }
            try await platform.enable(server, accounts: accounts)
            _ = try await platform.login("old", as: accounts[0])
            _ = try await platform.until(accounts[0]) { $0.status == .completed }
            _ = try await platform.login("wrong", as: accounts[1])
            try await platform.settle()
            server.stop()
            _ = try await platform.login("old", as: accounts[2])
            let query = LogQuery(domain: accounts[0].domain, needsAttention: true)
            let page = try await platform.move.statuses.log(query)
            #expect(page.entries.map(\.account) == [accounts[1], accounts[2]] && page.total == 2)
        }
    }
}
