// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Secrets
import Statuses
import Testing
import Vocabulary

@testable import Logins

/// An old server's answer that comes when its login's time is up.
@Suite(.timeLimit(.minutes(15))) struct LateAnswerTests {
    private static var limits: MoveLimits {
        var limits = NewPlatform.quick
        limits.loginTimeout = 1
        limits.readTimeout = 60
        return limits
    }

    /// Runs with an old server that holds its answers back until it is told otherwise.
    private func run(of password: String = "old", _ body: @escaping (NewPlatform, OldMailServer) async throws -> Void)
        async throws
    {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.holdsAt = "PASS \(password)" }
        try await NewPlatform.run(limits: Self.limits) { platform in
            try await platform.enable(server)
            try await body(platform, server)
            server.state.withLock { $0.holdsAt = nil }
            try await platform.settle()
        }
    }

    @Test func itTakesEffectAndSlownessIsNoFailure() async throws {
        try await run { (platform, server) async throws in
            #expect(try await platform.login("old").decision == .unavailable)
            #expect(try await platform.status().status == .notStarted)
            server.state.withLock { $0.holdsAt = nil }
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(try await platform.row()?.handover == .unchanged)
            let asked = server.shown.count
            #expect(try await platform.login("old").decision == .accept)
            try await platform.settle()
            #expect(platform.delivered().count == 3 && asked >= 1)
        }
    }

    @Test func whoAsksTheSameAgainJoinsTheQuestion() async throws {
        try await run { (platform, server) async throws in
            for _ in 0..<3 { #expect(try await platform.login("old").decision == .unavailable) }
            #expect(server.connections == 1)
        }
    }

    /// Nor is the account's turn held meanwhile.
    @Test func aWrongOneCountsAsAGuess() async throws {
        try await run(of: "wrong") { (platform, server) async throws in
            #expect(try await platform.login("wrong").decision == .unavailable)
            platform.move.reload(NewPlatform.quick)
            #expect(try await platform.login("other").decision == .reject)
            server.state.withLock { $0.holdsAt = nil }
            try await platform.settle()
            let asked = server.shown.count
            #expect(try await platform.login("wrong").decision == .reject)
            #expect(server.shown.count == asked)
        }
    }

    @Test func aPasswordThatWasSetMeanwhileStays() async throws {
        try await run { (platform, server) async throws in
            #expect(try await platform.login("old").decision == .unavailable)
            try await platform.move.accounts.setPassword(
                NewPlatform.ann, password: Password("chosen by hand"), passwordHash: nil)
            server.state.withLock { $0.holdsAt = nil }
            try await platform.settle()
            #expect(try await platform.row()?.handover == .changedHere)
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.login("chosen by hand").decision == .accept)
            #expect(platform.delivered().isEmpty)
        }
    }

    @Test func itIsNoneWhenTheSettingsNameAnotherServer() async throws {
        let other = try OldMailServer(password: "another")
        defer { other.stop() }
        try await run { (platform, server) async throws in
            #expect(try await platform.login("old").decision == .unavailable)
            try await platform.enable(other)
            server.state.withLock { $0.holdsAt = nil }
            try await platform.settle()
            #expect(try await platform.row()?.handover == .never)
            #expect(try await platform.status().status == .notStarted)
        }
    }
}
