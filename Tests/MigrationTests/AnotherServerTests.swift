// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization
import Testing
import Vocabulary

/// The settings name another old server while something goes on with the first.
@Suite(.timeLimit(.minutes(15))) struct AnotherServerTests {
    @Test func aMoveGoesOnAtTheOtherOne() async throws {
        let (first, second) = (
            try OldMailServer(password: "old", messages: 200), try OldMailServer(password: "old", messages: 0)
        )
        defer {
            first.stop()
            second.stop()
        }
        second.state.withLock { $0.messages = [("n1", OldMailServer.message(900))] }
        try await NewPlatform.run { platform in
            try await platform.enable(first)
            first.state.withLock { $0.holdsAt = "RETR 90" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.moved > 0 }
            try await platform.enable(second)
            let shown = first.shown.count
            first.state.withLock { $0.holdsAt = nil }
            let completed = try await platform.until { $0.status != .inProgress }
            #expect(completed.status == .completed)
            #expect(second.shown.allSatisfy { $0 == "old" } && !second.shown.isEmpty)
            #expect(first.shown.count == shown)
            #expect(first.state.withLock { $0.lines.last } != "QUIT")
            #expect(platform.delivered().count == Int(completed.moved))
            #expect(completed.remaining == 0)
        }
    }

    @Test func oneThatRejectsThePasswordEndsTheMove() async throws {
        let (first, second) = (
            try OldMailServer(password: "old", messages: 200), try OldMailServer(password: "other")
        )
        defer {
            first.stop()
            second.stop()
        }
        try await NewPlatform.run { platform in
            try await platform.enable(first)
            first.state.withLock { $0.holdsAt = "RETR 90" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.moved > 0 }
            try await platform.enable(second)
            first.state.withLock { $0.holdsAt = nil }
            let failed = try await platform.until { $0.status != .inProgress }
            #expect((failed.status, failed.error?.reason) == (.failed, .credentialsRejected))
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func whatHasFailedIsTriedThereAtOnce() async throws {
        let (first, second) = (try OldMailServer(password: "old"), try OldMailServer(password: "old"))
        defer {
            first.stop()
            second.stop()
        }
        first.state.withLock { $0.refuses = [2] }
        var limits = NewPlatform.quick
        limits.firstRetry = 600
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(first)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .failed }
            let shown = first.shown.count
            try await platform.enable(second)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(first.shown.count == shown)
            #expect(platform.delivered().count == 3)
        }
    }

    /// Each kind of question: a login's, one for which nobody waits, a trigger's.
    @Test(arguments: ["old", NewPlatform.newPassword, "trigger"])
    func aQuestionIsPutToTheOtherOne(_ kind: String) async throws {
        let password = kind == "trigger" ? "old" : kind
        let (first, second) = (try OldMailServer(password: password), try OldMailServer(password: password))
        defer {
            first.stop()
            second.stop()
        }
        first.state.withLock { $0.holdsAt = "PASS \(password)" }
        try await NewPlatform.run { platform in
            try await platform.enable(first)
            async let answer: Bool =
                kind == "trigger"
                ? platform.trigger(password).startedAt != nil : platform.login(password).decision == .accept
            while first.shown.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            try await platform.enable(second)
            #expect(try await answer)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(first.shown.count == 1)
            #expect(second.shown.first == password)
            first.state.withLock { $0.holdsAt = nil }
        }
    }

    @Test func otherOptionsHoldForAMoveThatGoesOn() async throws {
        let server = try OldMailServer(password: "old", messages: 20)
        defer { server.stop() }
        server.state.withLock { $0.answer = { $0.hasPrefix("DELE") ? "+OK\r\n" : nil } }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.options.deleteAfterMove = true }
            server.state.withLock { $0.holdsAt = "RETR 9" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.moved > 0 }
            try await platform.enable(server)
            server.state.withLock { $0.holdsAt = nil }
            #expect(try await platform.until { $0.status == .completed }.moved == 20)
            #expect(server.state.withLock { $0.lines.allSatisfy { !$0.hasPrefix("DELE") } })
        }
    }
}
