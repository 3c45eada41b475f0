// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ground
import Logins
import Records
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// What users notice of an old server that is slow, dead, or talks nonsense.
@Suite(.timeLimit(.minutes(15))) struct TroubleTests {
    private static let new = NewPlatform.newPassword

    private func limits(login: Double) -> MoveLimits {
        var limits = NewPlatform.quick
        limits.loginTimeout = login
        return limits
    }

    @Test func aServerThatHangsAfterItsOKHasAcceptedAllTheSame() async throws {
        for command in ["QUIT", "CAPA"] {
            let server = try OldMailServer(password: "old")
            defer { server.stop() }
            let isIn = Mutex(false)
            server.state.withLock { state in
                state.answer = { line in
                    if line == "PASS old" { isIn.withLock { $0 = true } }
                    return line == command && isIn.withLock({ $0 }) ? "" : nil
                }
            }
            try await NewPlatform.run(limits: limits(login: 20)) { platform in
                try await platform.enable(server)
                #expect(try await platform.login("old").decision == .accept)
                #expect(try await platform.row()?.handover == .unchanged)
            }
        }
    }

    @Test func nonsenseAfterTheOKChangesNothing() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let isIn = Mutex(false)
        server.state.withLock { state in
            state.answer = { line in
                if line == "PASS old" { isIn.withLock { $0 = true } }
                return ["QUIT", "CAPA"].contains(line) && isIn.withLock({ $0 }) ? "BLAH BLAH\r\n" : nil
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
        }
    }

    @Test func theNewPasswordOpensAtOnceWhateverTheOldServerDoes() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.greeting = "" }
        // Had a login to wait for the old server, it would not be answered within this test.
        try await NewPlatform.run(limits: limits(login: 300)) { platform in
            let users = (0..<20).map { NewPlatform.address("user\($0)@example.com") }
            try await platform.enable(server, accounts: users)
            for user in users { #expect(try await platform.login(Self.new, as: user).decision == .accept) }
        }
    }

    /// Failed is what a server has left without an answer for as long as it may take; till then it is slow.
    @Test(arguments: [(3.0, 1...12), (60, 0...0)])
    func anOldPasswordIsAnsweredInTimeAndSlownessIsNoFailure(read: Double, expected: ClosedRange<Int>) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.login = .silence }
        var limits = limits(login: 8)
        limits.readTimeout = read
        try await NewPlatform.run(limits: limits) { platform in
            let users = (0..<12).map { NewPlatform.address("user\($0)@example.com") }
            try await platform.enable(server, accounts: users)
            try await withThrowingTaskGroup(of: LoginResult.Decision.self) { group in
                for user in users { group.addTask { try await platform.login("old", as: user).decision } }
                for try await decision in group { #expect(decision == .unavailable) }
            }
            var failed = 0
            for user in users where try await platform.status(of: user).status == .failed { failed += 1 }
            #expect(expected.contains(failed))
        }
    }

    @Test func loginsDoNotQueueBehindADeadServerAndItIsFoundAgainByItself() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run(clockStands: true) { platform in
            let users = (0..<40).map { NewPlatform.address("user\($0)@example.com") }
            try await platform.enable(server, accounts: users)
            server.stop()
            for user in users[..<4] { #expect(try await platform.login("old", as: user).decision == .unavailable) }
            // From here on it would take a connection: the door is open again, and still nobody goes through.
            try server.start()
            for user in users[4..<20] {
                let result = try await platform.login("old", as: user)
                #expect(result.decision == .unavailable)
                #expect(result.status?.error?.reason == .oldServerUnreachable)
            }
            #expect(server.connections == 0)
            platform.advance(seconds: 1)
            for user in users { #expect(try await platform.login("old", as: user).decision == .accept) }
        }
    }

    @Test func oneUsersSilenceKeepsNobodyElseOut() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let mallory = NewPlatform.address("mallory@example.com")
        server.state.withLock { state in state.answer = { $0 == "PASS evil" ? "" : nil } }
        try await NewPlatform.run(limits: limits(login: 3)) { platform in
            try await platform.enable(server, accounts: [mallory, NewPlatform.ann])
            for _ in 0..<5 {
                var limits = self.limits(login: 2)
                platform.move.reload(limits)
                #expect(try await platform.login("evil", as: mallory).decision == .unavailable)
                limits.loginTimeout = 60
                platform.move.reload(limits)
            }
            #expect(try await platform.login("old").decision == .accept)
        }
    }

    @Test func movesNeverStarveLogins() async throws {
        let server = try OldMailServer(password: "old", messages: 20)
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.connectionsPerOldServer = 2
        try await NewPlatform.run(limits: limits) { platform in
            let users = (0..<8).map { NewPlatform.address("user\($0)@example.com") }
            try await platform.enable(server, accounts: users)
            server.state.withLock { $0.holdsAt = "RETR 5" }
            for user in users { #expect(try await platform.login("old", as: user).decision == .accept) }
            #expect(platform.move.scheduler.load.moving == 2)
            server.state.withLock { $0.holdsAt = nil }
            for user in users { #expect(try await platform.until(user) { $0.status == .completed }.moved == 20) }
        }
    }

    @Test func questionsForWhichNobodyWaitsLeaveRoomForThoseForWhichSomebodyDoes() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { state in
            state.answer = { line in line == "PASS \(Self.new)" ? "" : nil }
        }
        try await NewPlatform.run { platform in
            let users = (0..<30).map { NewPlatform.address("user\($0)@example.com") }
            try await platform.enable(server, accounts: users + [NewPlatform.ann])
            for user in users { #expect(try await platform.login(Self.new, as: user).decision == .accept) }
            #expect(try await platform.login("old").decision == .accept)
            #expect(server.shown.filter { $0 == Self.new }.count <= 2)
        }
    }

    @Test func aQuestionForWhichNobodyWaitsMakesWayForALoginOfTheSameAccount() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { state in
            state.answer = { line in line == "PASS \(Self.new)" ? "" : nil }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login(Self.new).decision == .accept)
            for _ in 0..<3000 where server.shown.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            // Else it would wait behind the silence until its own time is over.
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
        }
    }

    /// Before the old server is asked, while it thinks, and after.
    @Test(arguments: [0, 20]) func whoeverGivesUpLeavesNoHalfHandOverBehind(thinking milliseconds: Int) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { state in
            state.answer = { line in
                if line.hasPrefix("PASS") { usleep(UInt32(milliseconds * 1000)) }
                return nil
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for milliseconds in stride(from: 0, to: 60, by: 3) {
                let login = Task { try await platform.login("old") }
                try await Task.sleep(for: .milliseconds(milliseconds))
                login.cancel()
                _ = await login.result
                let row = try #require(try await platform.row())
                #expect((row.handover == .unchanged) == (row.startedAt != nil))
                if row.handover == .never { #expect(row.sealed == nil && row.status == .notStarted) }
            }
            // What was shown and not judged is shown again after a pause.
            var decision = try await platform.login("old").decision
            for _ in 0..<20 where decision == .unavailable {
                platform.advance(seconds: 60)
                decision = try await platform.login("old").decision
            }
            #expect(decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(platform.delivered().count == 3)
        }
    }

    @Test func anOutageIsOneEventHoweverOftenAPhonePolls() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.stop()
            for _ in 0..<30 {
                #expect(try await platform.login("old").decision == .unavailable)
                platform.advance(seconds: 60)
            }
            let events = try await platform.events().filter { $0.kind == .failed }
            #expect((1...4).contains(events.count))
            #expect(try await platform.status().error?.reason == .oldServerUnreachable)
            #expect(try await platform.status().startedAt == nil)
        }
    }
}
