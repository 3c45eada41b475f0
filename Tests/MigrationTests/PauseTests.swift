// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import Ground
import Records
import Secrets
import Testing
import Vocabulary

/// An administrator's hand on single accounts: pause, go on, try again now.
@Suite(.timeLimit(.minutes(15))) struct PauseTests {
    private static let ann = NewPlatform.ann
    private static let bob = NewPlatform.address("bob@example.com")
    private static let ghost = NewPlatform.address("ghost@example.com")
    private static let domain = NewPlatform.ann.domain

    @Test func aRunThatIsPausedEndsAndStaysWhatItIs() async throws {
        let server = try OldMailServer(password: "old", messages: 30)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.state.withLock { $0.holdsAt = "RETR 20" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .inProgress && $0.remaining > 0 && !$0.isQueued }
            let outcome = try await platform.move.accounts.pause([Self.ann, Self.ghost, Self.ann])
            #expect(outcome.changed == 1 && outcome.notFound == [Self.ghost])
            server.state.withLock { $0.holdsAt = nil }
            try await platform.settle()
            let paused = try await platform.status()
            #expect(paused.isPaused && paused.status == .inProgress && !paused.isQueued && paused.moved < 30)
            #expect(paused.message.en.contains("paused") && paused.message.zhCN.contains("暂停"))
            #expect(try await platform.row()?.sealed != nil)
            platform.advance(hours: 1)
            try await platform.settle()
            #expect(try await platform.status().moved == paused.moved)
            #expect(try await platform.move.accounts.pause([Self.ann]).changed == 0)
            let resumed = try await platform.move.accounts.resume([Self.ann, Self.ghost])
            #expect(resumed.changed == 1 && resumed.notFound == [Self.ghost] && resumed.needsLogin.isEmpty)
            #expect(try await platform.until { $0.status == .completed }.moved == 30)
            #expect(platform.delivered().count == 30)
            let kinds = try await platform.events().map(\.kind)
            #expect(kinds.contains(.paused) && kinds.contains(.resumed) && !kinds.contains(.failed))
        }
    }

    @Test func aPausedAccountLogsInAndIsHandedOverAndDoesNotMove() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.move.accounts.pause([Self.ann])
            let result = try await platform.login("old")
            #expect(result.decision == .accept && result.passwordReplaced && result.status?.isPaused == true)
            try await platform.settle()
            _ = try await platform.login("old")
            try await platform.settle()
            let figures = try await platform.move.statuses.figures(of: Self.domain)
            #expect((figures.totals.paused, figures.queued, platform.delivered().count) == (1, 0, 0))
            #expect(try await platform.status().moved == 0)
            _ = try await platform.move.accounts.resume([Self.ann])
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
        }
    }

    @Test func aPauseOutlivesARestart() async throws {
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        let server = try OldMailServer(password: "old")
        defer {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let key = SealKey.random()
        try await NewPlatform.run(in: folder, sealKey: key) { platform in
            try await platform.enable(server)
            _ = try await platform.move.accounts.pause([Self.ann])
            _ = try await platform.login("old")
        }
        try await NewPlatform.run(in: folder, sealKey: key) { platform in
            try await platform.settle()
            #expect(try await platform.status().isPaused && platform.delivered().isEmpty)
            _ = try await platform.move.accounts.resume([Self.ann])
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
        }
    }

    @Test func changedSettingsStartNoPausedRun() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.move.accounts.pause([Self.ann])
            _ = try await platform.login("old")
            try await platform.enable(server) { $0.options.order = .newestFirst }
            try await platform.settle()
            #expect(platform.delivered().isEmpty)
        }
    }

    @Test func aPausedMoveEndsWhenTheMigrationIsDisabled() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1)
            _ = try await platform.move.accounts.pause([Self.ann])
            _ = try await platform.login("old")
            platform.advance(hours: 25)
            await #expect { try await platform.move.settings.forget(Self.domain) } throws: {
                ($0 as? InvalidParameter)?.detail.contains("paused") == true
            }
            _ = try await platform.move.settings.disable(Self.domain)
            let status = try await platform.status()
            #expect(status.status == .failed && status.error?.reason == .migrationNotEnabled)
            #expect(try await platform.row()?.sealed == nil)
            try await platform.move.settings.forget(Self.domain)
        }
    }

    /// A run would have given up after a day; so does the pause.
    @Test func noPasswordIsKeptForLongerThanItsRunWouldKeepIt() async throws {
        let server = try OldMailServer(password: "old")
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            server.stop()
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .failed }
            _ = try await platform.move.accounts.pause([Self.ann])
            #expect(try await platform.status().retryAt == nil)
            platform.advance(hours: 23)
            #expect(try await platform.row()?.sealed != nil)
            platform.advance(hours: 2)
            for _ in 0..<3000 where try await platform.row()?.sealed != nil {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await platform.row()?.sealed == nil)
            let resumed = try await platform.move.accounts.resume([Self.ann])
            #expect(resumed.needsLogin == [Self.ann])
        }
    }

    @Test func lateMailOfAPausedAccountEndsWithTheWindow() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1) { $0.options.followUp = .init(hours: 100, everyMinutes: 600) }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            _ = try await platform.move.accounts.pause([Self.ann])
            platform.advance(hours: 25)
            for _ in 0..<3000 where try await platform.row()?.sealed != nil {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await platform.row()?.sealed == nil)
            #expect(try await platform.status().status == .completed)
        }
    }

    @Test func whatIsDeletedIsPausedNoMore() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.move.accounts.pause([Self.ann])
            _ = try await platform.move.accounts.delete([Self.ann])
            #expect(try await platform.move.accounts.pause([Self.ann]).notFound == [Self.ann])
            try await platform.enable(server)
            #expect(try await platform.status().isPaused == false)
        }
    }

    // MARK: Trying again

    @Test func whatIsPutOffIsTriedAtOnce() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.firstRetry = 3600
        limits.lastRetry = 3600
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server, accounts: [Self.ann, Self.bob])
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            server.stop()
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .failed }
            // He was never handed over: nothing of his is kept.
            _ = try await platform.login("old", as: Self.bob)
            try server.start()
            let outcome = try await platform.move.accounts.retry(Self.domain)
            #expect((outcome.queued, outcome.needsLogin) == (1, [Self.bob]))
            #expect(try await platform.until { $0.status == .completed }.status == .completed)
            #expect(try await platform.events().contains { $0.kind == .retried })
            let again = try await platform.move.accounts.retry([Self.ann, Self.bob])
            #expect((again.queued, again.needsLogin) == (0, [Self.bob]))
        }
    }

    @Test func whatIsPausedIsNotTriedAgain() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.move.accounts.pause([Self.ann])
            _ = try await platform.login("old")
            #expect(try await platform.move.accounts.retry([Self.ann]).queued == 0)
            #expect(try await platform.move.accounts.retry(Self.domain).queued == 0)
            try await platform.settle()
            #expect(platform.delivered().isEmpty)
        }
    }

    @Test func nothingIsTriedWhereTheWindowIsNotOpen() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        func reason(_ body: () async throws -> RetryOutcome) async -> Reason? {
            do {
                _ = try await body()
                return nil
            } catch {
                return (error as? MoveError)?.reason
            }
        }
        try await NewPlatform.run { platform in
            #expect(await reason { try await platform.move.accounts.retry(Self.domain) } == .migrationNotEnabled)
            try await platform.enable(server, days: 1)
            #expect(await reason { try await platform.move.accounts.retry([Self.ghost]) } == .accountNotFound)
            platform.advance(hours: 25)
            #expect(await reason { try await platform.move.accounts.retry([Self.ann]) } == .migrationExpired)
            _ = try await platform.move.settings.disable(Self.domain)
            #expect(await reason { try await platform.move.accounts.retry(Self.domain) } == .migrationNotEnabled)
        }
    }
}
