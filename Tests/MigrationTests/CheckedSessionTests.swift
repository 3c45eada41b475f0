// SPDX-License-Identifier: Apache-2.0

import Foundation
import OldServerPlaces
import OldServerPolicy
import Records
import Secrets
import Synchronization
import Testing
import Vocabulary

@testable import Logins
@testable import Runs

/// A run goes on in the session in which the password was found right.
@Suite(.timeLimit(.minutes(15))) struct CheckedSessionTests {
    private static let bob = NewPlatform.address("bob@example.com")

    @Test(arguments: [TriggerOrigin.imap, .portal])
    func aUserLogsInOnceOverThere(_ origin: TriggerOrigin) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            if origin == .portal {
                _ = try await platform.trigger("old")
            } else {
                #expect(try await platform.login("old").decision == .accept)
            }
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(platform.delivered().count == 3)
            // The check and the first run are one session; another one has looked whether there is more.
            #expect((server.connections, server.shown) == (2, ["old", "old"]))
            #expect(server.state.withLock { $0.lines.last } == "QUIT")
        }
    }

    /// RFC 2449 §6.5: such a server would put off a run that logs in just after the check, and puts off the session that
    /// looks whether there is more.
    @Test(arguments: [false, true])
    func aServerThatWantsAPauseBetweenLoginsPutsNoMailOff(isAnnounced: Bool) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let logins = Mutex(0)
        server.state.withLock { state in
            state.answer = { line in
                if line == "CAPA", isAnnounced { return "+OK\r\nUIDL\r\nLOGIN-DELAY 900\r\n.\r\n" }
                guard line.hasPrefix("PASS"),
                    logins.withLock({
                        $0 += 1; return $0
                    }) > 1
                else { return nil }
                return "-ERR [LOGIN-DELAY] once in 900 seconds\r\n"
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.moved == 3 }.moved == 3)
            while try await platform.events().allSatisfy({ $0.kind != .postponed }) {
                try await Task.sleep(for: .milliseconds(20))
            }
            // Nobody waits for it in vain meanwhile: the run ends, soon after its end is recorded.
            while platform.move.scheduler.load.moving > 0 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(try await platform.status().status == .inProgress)
            #expect(server.shown.count == (isAnnounced ? 1 : 2))
            logins.withLock { $0 = 0 }
            platform.advance(seconds: 901)
            let completed = try await platform.until { $0.status == .completed }
            #expect((completed.moved, completed.runs) == (3, 2))
            #expect(server.shown.count == (isAnnounced ? 2 : 3))
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func whereNoRunCanStartTheSessionIsEndedAtOnce() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.connectionsPerOldServer = 1
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server, accounts: [NewPlatform.ann, Self.bob])
            server.state.withLock { $0.holdsAt = "RETR 1" }
            #expect(try await platform.login("old").decision == .accept)
            while !server.state.withLock({ $0.lines.contains("RETR 1") }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await platform.login("old", as: Self.bob).decision == .accept)
            #expect(server.state.withLock { $0.lines.last } == "QUIT")
            server.state.withLock { $0.holdsAt = nil }
            #expect(try await platform.until(Self.bob) { $0.status == .completed }.moved == 3)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            // Each has been looked through once more.
            #expect(server.connections == 5)
        }
    }

    @Test func aSessionThatWasDroppedMeanwhileIsOpenedAgain() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.hangsUpAt = "STAT" }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect((server.connections, platform.delivered().count) == (3, 3))
        }
    }

    /// The settings changed while the old server thought: nothing has been taken over, and nothing stays open.
    /// The user's mailbox over there is locked as long as a session is open.
    @Test func aRunThatEndsBeforeItNeedsTheSessionLeavesNoneOpen() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            let domain = "\(platform.folder)/mail/example.com"
            #expect(FileManager.default.createFile(atPath: domain, contents: Data()))
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .failed }.error?.reason == .mailStoreUnavailable)
            while server.state.withLock({ $0.lines.last }) != "QUIT" { try await Task.sleep(for: .milliseconds(20)) }
            #expect(server.connections == 1)
        }
    }

    @Test func whatHasNotTakenEffectLeavesNoSessionOpen() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.holdsAt = "PASS old" }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            async let login = platform.login("old")
            while server.shown.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            _ = try await platform.move.settings.disable(NewPlatform.ann.domain)
            server.state.withLock { $0.holdsAt = nil }
            #expect(try await login.decision == .reject)
            #expect(server.state.withLock { $0.lines.last } == "QUIT")
            #expect(platform.delivered().isEmpty)
        }
    }

    /// Most old servers lock a mailbox for the session that is in it (RFC 1939 §4).
    private func lockingServer() throws -> OldMailServer {
        let server = try OldMailServer(password: "old")
        server.state.withLock { state in
            let isLocked = Mutex(false)
            state.answer = { line in
                if line == "QUIT" { isLocked.withLock { $0 = false } }
                guard line.hasPrefix("PASS ") else { return nil }
                let wasLocked = isLocked.withLock { isLocked in
                    defer { isLocked = true }
                    return isLocked
                }
                return wasLocked ? "-ERR [IN-USE] the mailbox is locked\r\n" : nil
            }
        }
        return server
    }

    @Test func aButtonPressedTwiceAsksTheOldServerOnce() async throws {
        let server = try lockingServer()
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.state.withLock { $0.holdsAt = "RETR 1" }
            async let first = platform.trigger("old")
            async let second = platform.trigger("old")
            #expect(try await [first.status, second.status] == [.inProgress, .inProgress])
            server.state.withLock { $0.holdsAt = nil }
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            // The second is the run's own, which looks whether there is more.
            #expect(server.shown.count == 2)
        }
    }

    /// The first login's session keeps the mailbox locked until its run has it; the others do not meet that lock.
    @Test func aTriggerAndALoginAtOnceBothGetIn() async throws {
        let server = try lockingServer()
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            async let trigger = platform.trigger("old")
            async let login = platform.login("old")
            #expect(try await (trigger.status, login.decision) == (.inProgress, .accept))
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(platform.delivered().count == 3)
        }
    }

    @Test func aSessionThatNoRunTakesEndsInAMoment() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.checkedSessionSeconds = 0.2
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server)
            let settings = try #require(try await platform.records.read { try $0.settings(of: NewPlatform.ann.domain) })
            let account = try #require(try await platform.row())
            let (desk, exposure) = (platform.move.logins, Exposure())
            let inquiry = Questions.Inquiry(
                server: settings.oldServer, user: "ann", password: Password("old"),
                question: OldServerPolicy.Question(
                    .account(account.id), domain: OldServerPolicy.Domain(settings),
                    deadline: platform.clock.uptime + .seconds(60)),
                exposure: exposure)
            let asked = await desk.questions.ask(inquiry, under: settings) { answer, kept in
                let kept = try #require(kept)
                kept.isHandedIn.settle(())
                desk.checkedSessions.put(kept.session, of: kept.ticket, for: account, settings, end: kept.end)
                return try answer.get()
            }
            guard case .answer(.success(.accepted)) = asked else {
                Issue.record("\(asked)")
                return
            }
            #expect(exposure.isSent)
            try await platform.settle()
            #expect(server.state.withLock { $0.lines.last } == "QUIT")
        }
    }
}
