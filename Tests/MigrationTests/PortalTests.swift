// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import Records
import Secrets
import Synchronization
import Testing
import Vocabulary

@testable import Statuses

/// What a home page shows, and what its button does.
@Suite(.timeLimit(.minutes(15))) struct PortalTests {
    private static let new = NewPlatform.newPassword
    private static let domain = NewPlatform.ann.domain
    private typealias Portal = AccountStatus.Portal

    private func reason(_ body: () async throws -> AccountStatus) async -> Reason? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? MoveError)?.reason
        }
    }

    @Test func theAreaAsksForTheOldPasswordThenShowsTheMoveThenGoes() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            _ = try await platform.move.accounts.create(
                [
                    AccountRow(
                        address: NewPlatform.ann.description, password: Password(Self.new), passwordHash: nil,
                        displayName: nil, quotaOctets: nil)
                ], onExisting: .skip)
            #expect(try await platform.status().portal == Portal(visible: false, action: nil))
            #expect(try await platform.status().window == nil)
            try await platform.enable(server, days: 2)
            let before = try await platform.status()
            #expect(before.portal == Portal(visible: true, action: .trigger))
            #expect(before.window?.daysLeft == 2)
            #expect(before.message.zhCN.contains("未开始"))
            // Just after the button was pressed.
            let during = try await platform.trigger("old")
            #expect((during.status, during.portal.action) == (.inProgress, .query))
            #expect((during.startedBy, during.message.zhCN.contains("搬家中")) == (.portal, true))
            let after = try await platform.until { $0.status == .completed }
            #expect(after.portal == Portal(visible: true, action: .query))
            #expect(after.message.zhCN.contains("完成"))
            platform.advance(hours: 49)
            #expect(try await platform.status().portal == Portal(visible: false, action: nil))
            try await platform.enable(server)
            #expect(try await platform.status().portal == Portal(visible: true, action: .query))
            _ = try await platform.move.settings.disable(Self.domain)
            #expect(try await platform.status().portal == Portal(visible: false, action: nil))
        }
    }

    @Test func aWrongOldPasswordChangesNothingAndSaysWhatToDo() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            let before = try await platform.row()
            #expect(await reason { try await platform.trigger("wrong") } == .credentialsRejected)
            #expect(Reason.credentialsRejected.text.zhCN == "未开始搬家，请您与管理员核实账号和密码。")
            var after = try await platform.row()
            #expect(after?.lastAttempt?.outcome == .rejected)
            after?.lastAttempt = nil
            after?.version = before?.version ?? 0
            #expect(after == before)
            #expect(try await platform.status().portal.action == .trigger)
            let result = try await platform.login("wrong too")
            #expect(result.message.zhCN == "未开始搬家，请您与管理员核实账号和密码。")
        }
    }

    @Test func triggeringTakesTheOldPasswordOverUnlessOneWasBefore() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.trigger("old")
            _ = try await platform.until { $0.status == .completed }
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.login(Self.new).decision == .reject)
            try await platform.settle()
            // The old server's password changes: that one moves mail, and opens nothing here.
            server.state.withLock { state in
                state.password = "newer"
                state.messages.append(("late", OldMailServer.message(40)))
            }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.portal.action == .trigger }
            let triggered = try await platform.trigger("newer")
            #expect(triggered.portal.action == .query)
            #expect(try await platform.until { $0.status == .completed && $0.moved == 4 }.moved == 4)
            #expect(try await platform.login("newer").decision == .reject)
            #expect(try await platform.login("old").decision == .accept)
        }
    }

    @Test func withoutPasswordSyncTheOldPasswordMovesMailAndOpensNothing() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.syncPasswords = false }
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.login(Self.new).decision == .accept)
            try await platform.settle()
            #expect(server.shown.isEmpty)
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.login(Self.new).decision == .accept)
            try await platform.settle()
            #expect(Set(server.shown) == ["old"])
        }
    }

    @Test func aPasswordChangedHereIsKeptWhileTheOldOneMovesMail() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            let changed = Password("changed-Pass-1")
            try await platform.move.accounts.setPassword(NewPlatform.ann, password: changed, passwordHash: nil)
            #expect(try await platform.status().portal.action == .trigger)
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(try await platform.status().portal.action == .trigger)
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.login("changed-Pass-1").decision == .accept)
            try await platform.settle()
            #expect(Set(server.shown) == ["old"])
        }
    }

    /// A run with a password that the old server has ceased to take must not undo the trigger that brings the new one.
    @Test func aTriggerDuringARunThatIsRejectedIsFollowedByARunOfItsOwn() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            server.state.withLock { state in
                state.password = "newer"
                state.holdsAt = "PASS old"
                state.messages.append(("late", OldMailServer.message(40)))
            }
            _ = try await platform.login("old")
            for _ in 0..<3000 where server.shown.count < 3 { try await Task.sleep(for: .milliseconds(20)) }
            _ = try await platform.trigger("newer")
            server.state.withLock { $0.holdsAt = nil }
            let status = try await platform.until { $0.status == .completed && $0.moved == 4 }
            #expect((status.moved, status.portal.action) == (4, .query))
            #expect(status.error == nil)
        }
    }

    @Test func aTriggerDuringARunWithTheSamePasswordJoinsIt() async throws {
        let server = try OldMailServer(password: "old", messages: 10)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.state.withLock { $0.holdsAt = "RETR 5" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.total == 10 }
            _ = try await platform.trigger("old")
            server.state.withLock { $0.holdsAt = nil }
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            let status = try await platform.status()
            #expect((status.runs, status.moved) == (1, 10))
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func guessesAtTheButtonCountLikeLogins() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for number in 0..<3 {
                #expect(await reason { try await platform.trigger("t\(number)") } == .credentialsRejected)
            }
            for number in 0..<2 { #expect(try await platform.login("l\(number)").decision == .reject) }
            #expect(await reason { try await platform.trigger("old") } == .tooManyAttempts)
            #expect(server.shown.count == 5)
        }
    }

    @Test func anAccountThatHasMovedIsNeverCalledUnknown() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            server.state.withLock { $0.login = .say("-ERR no such user here") }
            #expect(await reason { try await platform.trigger("other") } == .credentialsRejected)
            _ = try await platform.login("old")
            let status = try await platform.until { $0.portal.action == .trigger }
            #expect((status.status, status.portal.visible) == (.completed, true))
        }
    }
}
