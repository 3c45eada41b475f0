// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import Records
import Secrets
import Synchronization
import Testing
import Vocabulary

@testable import Statuses

/// The window ends, by time or by the administrator, at whatever moment.
@Suite(.timeLimit(.minutes(15))) struct WindowTests {
    private static let new = NewPlatform.newPassword
    private static let domain = NewPlatform.ann.domain

    @Test func aWindowThatEndsWhileTheOldServerThinksHandsNothingOver() async throws {
        for password in ["old", Self.new] {
            let server = try OldMailServer(password: password)
            defer { server.stop() }
            try await NewPlatform.run { platform in
                try await platform.enable(server, days: 1)
                server.state.withLock { state in
                    state.before = { if $0.hasPrefix("PASS") { platform.advance(hours: 25) } }
                }
                let isRight = password == Self.new
                #expect(try await platform.login(password).decision == (isRight ? .accept : .reject))
                try await platform.settle()
                let row = try #require(try await platform.row())
                #expect(row.handover == .never && row.startedAt == nil && row.sealed == nil)
                #expect(platform.delivered().isEmpty)
            }
        }
    }

    @Test func aTriggerThatTheWindowOvertakesSaysSo() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1)
            server.state.withLock { state in
                state.before = { if $0.hasPrefix("PASS") { platform.setClock(by: 90_000) } }
            }
            await #expect { _ = try await platform.trigger("old") } throws: {
                ($0 as? MoveError)?.reason == .migrationExpired
            }
            let row = try #require(try await platform.row())
            #expect(row.handover == .never && row.startedAt == nil)
        }
    }

    @Test func lateMailEndsWithTheWindowAndWhatWasCompletedStaysSo() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1) { $0.options.followUp = .init(hours: 100, everyMinutes: 600) }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            #expect(try await platform.row()?.sealed != nil)
            platform.advance(hours: 25)
            for _ in 0..<3000 where try await platform.row()?.sealed != nil {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await platform.row()?.sealed == nil)
            let status = try await platform.status()
            #expect((status.status, status.error, status.runs) == (.completed, nil, 1))
        }
    }

    @Test func aRetryEndsWithTheWindowAndItsReasonStays() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            server.stop()
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .failed }
            platform.advance(hours: 25)
            for _ in 0..<3000 where try await platform.row()?.sealed != nil {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await platform.row()?.sealed == nil)
            #expect(try await platform.status().error?.reason == .oldServerUnreachable)
        }
    }

    @Test func whoeverWatchesSeesThePortalGo() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1)
            let seen = Mutex<[AccountStatus.Portal]>([])
            let watch = platform.move.statuses.watch(.account(NewPlatform.ann)) { status in
                seen.withLock { $0.append(status.portal) }
            }
            defer { platform.move.statuses.unwatch(watch) }
            platform.advance(hours: 25)
            for _ in 0..<3000 where seen.withLock({ $0.last?.visible != false }) {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(seen.withLock { $0.last } == .init(visible: false, action: nil))
            try await platform.enable(server, days: 1)
            #expect(seen.withLock { $0.last } == .init(visible: true, action: .trigger))
            _ = try await platform.move.settings.disable(Self.domain)
            #expect(seen.withLock { $0.last } == .init(visible: false, action: nil))
        }
    }

    @Test func whoeverWatchesADomainIsToldWhoMovesNoMore() async throws {
        let server = try OldMailServer(password: "old", messages: 1)
        defer { server.stop() }
        let eve = NewPlatform.address("eve@example.com")
        try await NewPlatform.run { platform in
            try await platform.enable(server, accounts: [NewPlatform.ann, eve])
            let seen = Mutex<[String]>([])
            let watch = platform.move.statuses.watch(.domain(Self.domain)) { status in
                seen.withLock { $0.append("\(status.account) \(status.status.rawValue)") }
            }
            defer { platform.move.statuses.unwatch(watch) }
            try await platform.enable(server) { $0.excludedAccounts = [eve] }
            #expect(seen.withLock { $0 } == ["eve@example.com nonMigrating"])
            try await platform.enable(server)
            #expect(seen.withLock { $0.last } == "eve@example.com notStarted")
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.until { $0.status == .completed }
            _ = try await platform.move.settings.disable(Self.domain)
            try await platform.settle()
            try await platform.move.settings.forget(Self.domain)
            #expect(seen.withLock { $0.last } == "ann@example.com notStarted")
            #expect(seen.withLock { $0.count { $0.hasPrefix("eve") } } == 2)
        }
    }

    @Test func disablingEndsMovesThatWaitForTheirTurn() async throws {
        let server = try OldMailServer(password: "old", messages: 20)
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.concurrentMoves = 1
        try await NewPlatform.run(limits: limits) { platform in
            let users = (0..<4).map { NewPlatform.address("user\($0)@example.com") }
            try await platform.enable(server, accounts: users)
            server.state.withLock { $0.holdsAt = "RETR 5" }
            for user in users { #expect(try await platform.login("old", as: user).decision == .accept) }
            _ = try await platform.move.settings.disable(Self.domain)
            for user in users {
                let status = try await platform.until(user) { $0.status == .failed }
                #expect((status.status, status.error?.reason) == (.failed, .migrationNotEnabled), "\(user)")
                #expect(try await platform.row(of: user)?.sealed == nil)
            }
            try await platform.settle()
            try await platform.move.settings.forget(Self.domain)
        }
    }

    @Test func anAccountThatIsTakenOutShowsItsPasswordToNobodyAnyMore() async throws {
        let server = try OldMailServer(password: "old", messages: 2)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let bob = NewPlatform.address("bob@example.com")
            let options: @Sendable (inout MigrationRequest) -> Void = { $0.options.followUp = .init(hours: 5) }
            try await platform.enable(server, accounts: [NewPlatform.ann, bob], options)
            for user in [NewPlatform.ann, bob] {
                _ = try await platform.login("old", as: user)
                _ = try await platform.until(user) { $0.status == .completed }
            }
            let shown = server.shown.count
            try await platform.enable(server) { request in
                options(&request)
                request.excludedAccounts = [NewPlatform.ann]
                request.knownAccounts = [NewPlatform.ann]
            }
            for user in [NewPlatform.ann, bob] {
                #expect(try await platform.row(of: user)?.sealed == nil)
                #expect(try await platform.login("old", as: user).decision == .accept)
                #expect(try await platform.status(of: user).status == .nonMigrating)
            }
            platform.advance(seconds: 7200)
            try await platform.settle()
            #expect(server.shown.count == shown)
        }
    }

    @Test func aRunThatIsTakenOutStops() async throws {
        let server = try OldMailServer(password: "old", messages: 20)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.state.withLock { $0.holdsAt = "RETR 5" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.total == 20 }
            try await platform.enable(server) { $0.excludedAccounts = [NewPlatform.ann] }
            try await platform.settle()
            let status = try await platform.status()
            #expect(status.status == .nonMigrating)
            #expect(status.moved < 20)
            #expect(try await platform.row()?.outcome == .failed)
        }
    }

    @Test func aLoginKeepsLateMailComing() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.options.followUp = .init(hours: 1, everyMinutes: 30) }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed && $0.runs == 1 }
            let first = try await platform.pendingFollowUp()
            platform.advance(seconds: 1500)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.runs == 2 && $0.status == .completed }
            let second = try await platform.pendingFollowUp()
            #expect(second.seconds(since: first) >= 1500)
        }
    }
}

extension NewPlatform {
    /// Until when late mail is looked for, as soon as it is.
    fileprivate func pendingFollowUp() async throws -> Timestamp {
        for _ in 0..<3000 {
            if let until = try await row()?.pending?.followUpUntil { return until }
            try await Task.sleep(for: .milliseconds(20))
        }
        return try #require(try await row()?.pending?.followUpUntil)
    }
}
