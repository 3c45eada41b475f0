// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logins
import Records
import Statuses
import Testing
import Vocabulary

/// The contract's table of logins, each row as it is seen from outside, with each way of logging in.
@Suite(.timeLimit(.minutes(15))) struct LoginTests {
    /// A row: what the account is before, what the old server says, what is given, and what follows.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var isHandedOver = false
        var changedHere = false
        /// The old server's words to whatever password is shown; nil: it judges.
        var oldServer: OldMailServer.Login = .judge
        /// What the old server takes.
        var oldPassword: String
        var given: String
        var decision: LoginResult.Decision
        var status: MigrationStatus
        var reason: Reason?
        var action: AccountStatus.Portal.Action?
        var replaces = false

        var testDescription: String { name }
    }

    static let new = NewPlatform.newPassword
    static let rows = [
        Row(
            name: "matches, handed over, accepted: incremental run", isHandedOver: true, oldPassword: "old",
            given: "old",
            decision: .accept, status: .completed, action: .query),
        Row(
            name: "matches, handed over, rejected: figures stay, the portal asks", isHandedOver: true,
            oldServer: .say("-ERR [AUTH] no"), oldPassword: "old", given: "old", decision: .accept, status: .completed,
            action: .trigger),
        Row(
            name: "matches, changed here since: nobody is asked", isHandedOver: true, changedHere: true,
            oldPassword: "old", given: "changed-Pass-1", decision: .accept, status: .completed, action: .trigger),
        Row(
            name: "matches, never handed over, accepted: handed over, first run", oldPassword: new, given: new,
            decision: .accept, status: .completed, action: .query),
        Row(
            name: "matches, never handed over, no such account: not migrating",
            oldServer: .say("-ERR no such user here"), oldPassword: "old", given: new, decision: .accept,
            status: .nonMigrating),
        Row(
            name: "matches, never handed over, rejected: the portal asks", oldPassword: "old", given: new,
            decision: .accept, status: .notStarted, action: .trigger),
        Row(
            name: "matches, handed over, in use: put off", isHandedOver: true, oldServer: .say("-ERR [IN-USE] locked"),
            oldPassword: "old", given: "old", decision: .accept, status: .completed, action: .query),
        Row(
            name: "matches, handed over, too early: put off", isHandedOver: true,
            oldServer: .say("-ERR [LOGIN-DELAY] wait"), oldPassword: "old", given: "old", decision: .accept,
            status: .completed, action: .query),
        Row(
            name: "matches, handed over, hangs up: failed, figures stay", isHandedOver: true, oldServer: .hangUp,
            oldPassword: "old", given: "old", decision: .accept, status: .failed, reason: .oldServerUnreachable,
            action: .query),
        Row(
            name: "matches, handed over, out of order: put off", isHandedOver: true,
            oldServer: .say("-ERR [SYS/TEMP] disk"), oldPassword: "old", given: "old", decision: .accept,
            status: .completed, action: .query),
        Row(
            name: "matches, never handed over, cannot be asked: stays, the portal asks", oldServer: .hangUp,
            oldPassword: "old", given: new, decision: .accept, status: .notStarted, action: .trigger),
        Row(
            name: "differs, hangs up: a temporary failure", oldServer: .hangUp, oldPassword: "old", given: "old",
            decision: .unavailable, status: .failed, reason: .oldServerUnreachable, action: .trigger),
        Row(
            name: "differs, too early: a temporary failure, the status stays",
            oldServer: .say("-ERR [LOGIN-DELAY] wait"), oldPassword: "old", given: "old", decision: .unavailable,
            status: .notStarted, action: .trigger),
        Row(
            name: "differs, +OK and a bit less: a temporary failure", oldServer: .say("+OKAY"), oldPassword: "old",
            given: "old", decision: .unavailable, status: .failed, reason: .oldServerProtocol, action: .trigger),
        Row(
            name: "differs, accepted: handed over, first run", oldPassword: "old", given: "old", decision: .accept,
            status: .completed, action: .query, replaces: true),
        Row(
            name: "differs, rejected", oldPassword: "old", given: "wrong", decision: .reject, status: .notStarted,
            action: .trigger),
        Row(
            name: "differs, no such account: not migrating", oldServer: .say("-ERR no such user here"),
            oldPassword: "old", given: "wrong", decision: .reject, status: .nonMigrating),
        Row(
            name: "differs, silent: a temporary failure", oldServer: .silence, oldPassword: "old", given: "old",
            decision: .unavailable, status: .failed, reason: .oldServerUnreachable, action: .trigger),
        Row(
            name: "differs, in use: a temporary failure, the status stays", oldServer: .say("-ERR [IN-USE] locked"),
            oldPassword: "old", given: "old", decision: .unavailable, status: .notStarted, action: .trigger),
        Row(
            name: "differs, out of order: a temporary failure, the status stays",
            oldServer: .say("-ERR [SYS/TEMP] disk"),
            oldPassword: "old", given: "old", decision: .unavailable, status: .notStarted, action: .trigger),
        Row(
            name: "differs, nonsense: a temporary failure", oldServer: .say("HELLO"), oldPassword: "old", given: "old",
            decision: .unavailable, status: .failed, reason: .oldServerProtocol, action: .trigger),
        Row(
            name: "differs, handed over: the old password is dead", isHandedOver: true, changedHere: true,
            oldPassword: "old", given: "old", decision: .reject, status: .completed, action: .trigger),
    ]

    @Test(arguments: rows)
    func eachRowOfTheTableHolds(_ row: Row) async throws {
        for via in [TriggerOrigin.imap, .webmail] { try await check(row, via: via) }
    }

    private func check(_ row: Row, via: TriggerOrigin) async throws {
        let server = try OldMailServer(password: row.oldPassword)
        defer { server.stop() }
        var limits = NewPlatform.quick
        if row.oldServer == .silence { limits.readTimeout = 4 }
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server)
            if row.isHandedOver {
                _ = try await platform.login("old", via: .pop3)
                _ = try await platform.until { $0.status == .completed }
                try await platform.settle()
            }
            if row.changedHere {
                try await platform.move.accounts.setPassword(
                    NewPlatform.ann, password: .init("changed-Pass-1"), passwordHash: nil)
            }
            let before = try await platform.status()
            server.state.withLock { $0.login = row.oldServer }
            let result = try await platform.login(row.given, via: via)
            #expect(result.decision == row.decision)
            #expect(result.passwordReplaced == row.replaces)
            let isPutOff = row.name.hasSuffix("put off") || (row.isHandedOver && row.status == .failed)
            if !isPutOff { try await platform.settle() }
            let status = try await platform.until { status in
                status.status == row.status && status.portal.action == row.action
            }
            #expect(status.status == row.status)
            #expect(status.error?.reason == row.reason)
            #expect(status.portal.action == row.action)
            #expect(status.moved == before.moved || status.status == .completed)
            if row.isHandedOver {
                #expect(status.startedBy == .pop3)
                #expect(status.startedAt == before.startedAt)
            } else if status.status == .completed {
                #expect(status.startedBy == via)
            } else {
                #expect(status.startedAt == nil)
            }
        }
    }

    @Test func aPasswordOfTheNewAccountIsShownToTheOldServerOnce() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for _ in 0..<5 {
                #expect(try await platform.login(Self.new).decision == .accept)
                try await platform.settle()
            }
            #expect(server.shown == [Self.new])
            try await platform.enable(server)
            _ = try await platform.login(Self.new)
            try await platform.settle()
            #expect(server.shown == [Self.new, Self.new])
        }
    }

    @Test func manyLoginsAtOnceAskOnceAndAllGetIn() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            try await withThrowingTaskGroup(of: LoginResult.Decision.self) { group in
                for _ in 0..<10 { group.addTask { try await platform.login("old").decision } }
                for try await decision in group { #expect(decision == .accept) }
            }
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            #expect(try await platform.events().filter { $0.kind == .handedOver }.count == 1)
            #expect(platform.delivered().count == 3)
        }
    }

    @Test func wrongPasswordsBeyondTheLimitReachNobodyAndTheRightOneStillOpens() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for number in 0..<5 { #expect(try await platform.login("wrong \(number)").decision == .reject) }
            await #expect { _ = try await platform.login("wrong 5") } throws: { error in
                (error as? MoveError)?.reason == .tooManyAttempts && (error as? MoveError)?.retryAfter != nil
            }
            await #expect(throws: MoveError.self) { _ = try await platform.trigger("old") }
            #expect(server.shown.count == 5)
            #expect(try await platform.login(Self.new).decision == .accept)
            platform.advance(seconds: 601)
            #expect(try await platform.login("old").decision == .accept)
        }
    }

    @Test func settingsChangedWhileTheOldServerThinksAreDecidedAfresh() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            let move = platform.move
            server.state.withLock { state in
                state.before = { line in
                    guard line.hasPrefix("PASS") else { return }
                    let done = DispatchSemaphore(value: 0)
                    Task {
                        _ = try await move.settings.disable(NewPlatform.ann.domain)
                        done.signal()
                    }
                    done.wait()
                }
            }
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.status().startedAt == nil)
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func aTriggerTellsWhyItCannotStart() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        func reason(_ body: () async throws -> AccountStatus) async -> Reason? {
            do {
                _ = try await body()
                return nil
            } catch {
                return (error as? MoveError)?.reason
            }
        }
        try await NewPlatform.run { platform in
            let nobody = NewPlatform.address("nobody@example.com")
            let robot = NewPlatform.address("robot@example.com")
            try await platform.enable(server, accounts: [NewPlatform.ann, robot]) { $0.excludedAccounts = [robot] }
            #expect(await reason { try await platform.trigger("old", as: nobody) } == .accountNotFound)
            #expect(await reason { try await platform.trigger("old", as: robot) } == .nonMigratingAccount)
            #expect(await reason { try await platform.trigger("wrong") } == .credentialsRejected)
            #expect(await reason { try await platform.trigger("a\nb") } == .credentialsRejected)
            server.state.withLock { $0.login = .say("-ERR [IN-USE] locked") }
            #expect(await reason { try await platform.trigger("x1") } == .mailboxInUse)
            server.state.withLock { $0.login = .say("what?") }
            #expect(await reason { try await platform.trigger("x2") } == .oldServerProtocol)
            server.stop()
            #expect(await reason { try await platform.trigger("x3") } == .oldServerUnreachable)
            platform.advance(hours: 31 * 24)
            #expect(await reason { try await platform.trigger("old") } == .migrationExpired)
            _ = try await platform.move.settings.disable(NewPlatform.ann.domain)
            #expect(await reason { try await platform.trigger("old") } == .migrationNotEnabled)
            #expect(try await platform.status().status == .notStarted)
        }
    }
}
