// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Testing
import Vocabulary

@testable import Accounts

/// Settings that change, and what stays as it is.
@Suite(.timeLimit(.minutes(15))) struct SettingsPlanTests {
    private static let ann = NewPlatform.ann
    private static let bob = NewPlatform.address("bob@example.com")
    private static let domain = NewPlatform.ann.domain

    // MARK: The window

    private func settings(days: Int, from start: Timestamp) throws -> MigrationSettings {
        MigrationSettings(
            domain: Self.domain, oldServer: OldServer(host: "192.0.2.1"), validDays: days, hasKnownAccounts: false,
            autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(), enabledAt: start, generation: 1,
            warnings: [])
    }

    private func days(_ days: Double, after time: Timestamp) -> Timestamp { time.adding(seconds: days * 86400) }

    @Test func aWindowIsExtendedFromItsEndAndSetAnewFromNow() throws {
        let start = Timestamp.now
        let now = days(4, after: start)
        var extended = try settings(days: 10, from: start)
        try extended.setWindow(.extended(days: 5), at: now)
        #expect(extended.expiresAt == days(15, after: start) && extended.enabledAt == start)
        #expect(extended.validDays == 10)
        var anew = try settings(days: 10, from: start)
        try anew.setWindow(.days(5), at: now)
        #expect(anew.expiresAt == days(5, after: now) && anew.enabledAt == start && anew.validDays == 5)
        var stays = anew
        try stays.setWindow(.stays, at: now)
        #expect(stays == anew)
    }

    @Test(arguments: [WindowWish.days(5), .extended(days: 5)])
    func aWindowThatIsOverIsOpenedAgainFromNow(_ wish: WindowWish) throws {
        let start = Timestamp.now
        let now = days(40, after: start)
        var expired = try settings(days: 10, from: start)
        try expired.setWindow(wish, at: now)
        #expect(expired.expiresAt == days(5, after: now) && expired.enabledAt == now)
        var disabled = try settings(days: 100, from: start)
        disabled.disabledAt = days(1, after: start)
        try disabled.setWindow(wish, at: now)
        #expect(disabled.expiresAt == days(5, after: now) && disabled.state(at: now) == .active)
    }

    @Test func noWindowIsLongerThanAnyMayBe() throws {
        var settings = try settings(days: 3650, from: .now)
        #expect(throws: InvalidParameter.self) { try settings.setWindow(.extended(days: 10), at: .now) }
    }

    // MARK: Changes

    private func request(_ overview: MigrationOverview) -> MigrationRequest {
        MigrationRequest(
            domain: Self.domain, oldServer: overview.settings.oldServer, validDays: overview.settings.validDays,
            knownAccounts: overview.knownAccounts, excludedAccounts: overview.excludedAccounts,
            autoCreateAccounts: overview.settings.autoCreateAccounts, syncPasswords: overview.settings.syncPasswords,
            options: overview.settings.options)
    }

    /// Makes a change as it is asked for.
    @discardableResult
    private func change(
        _ platform: NewPlatform, window: WindowWish = .stays, _ change: (inout MigrationRequest) -> Void = { _ in }
    ) async throws -> MigrationOverview? {
        let before = try await platform.move.settings.overview(of: Self.domain)
        var request = request(before)
        change(&request)
        let plan = try await platform.move.settings.plan(request, changing: before, window: window)
        return plan.isVoid ? nil : try await platform.move.settings.carryOut(plan, detail: "as asked for")
    }

    @Test func whatNobodyNamedStays() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let first = try await platform.enable(server, accounts: [Self.ann, Self.bob], days: 10) {
                $0.knownAccounts = [Self.ann, Self.bob]
                $0.excludedAccounts = [Self.bob]
                $0.options.markSeen = .all
            }
            #expect(try await change(platform) == nil)
            platform.advance(hours: 1)
            let second = try #require(try await change(platform) { $0.options.order = .newestFirst })
            var expected = first.settings
            expected.options.order = .newestFirst
            expected.generation += 1
            #expect(second.settings == expected)
            #expect(second.knownAccounts == [Self.ann, Self.bob] && second.excludedAccounts == [Self.bob])
            let events = try await platform.records.read { try $0.events(EventQuery(subject: .domain(Self.domain))) }
            let told = events.events.filter { $0.account == nil }
            #expect(told.map(\.kind) == [.enabled, .settingsChanged] && told.last?.detail == "as asked for")
        }
    }

    @Test func aPlanIsNotCarriedOutOnOtherSettings() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            let before = try await platform.move.settings.overview(of: Self.domain)
            var request = request(before)
            request.syncPasswords = false
            let plan = try await platform.move.settings.plan(request, changing: before, window: .stays)
            try await change(platform) { $0.autoCreateAccounts = true }
            #expect(try await platform.move.settings.carryOut(plan, detail: nil) == nil)
            let after = try await platform.move.settings.overview(of: Self.domain).settings
            #expect(after.syncPasswords && after.autoCreateAccounts)
        }
    }

    /// What was decided under these settings stays so; a password is shown once for all that.
    @Test func aLongerWindowDecidesNothingAfresh() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 10)
            _ = try await platform.login(NewPlatform.newPassword)
            try await platform.settle()
            try await change(platform, window: .extended(days: 5))
            _ = try await platform.login(NewPlatform.newPassword)
            try await platform.settle()
            #expect(server.shown == [NewPlatform.newPassword])
            #expect(try await platform.status().portal.action == .trigger)
        }
    }

    @Test func listsDecideWhoMovesAndRepliesStay() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, accounts: [Self.ann, Self.bob])
            server.state.withLock { $0.login = .say("-ERR no such user here") }
            _ = try await platform.login("old", as: Self.bob)
            #expect(try await platform.status(of: Self.bob).status == .nonMigrating)
            try await change(platform) { $0.excludedAccounts = [Self.ann] }
            #expect(try await platform.status().status == .nonMigrating)
            #expect(try await platform.status(of: Self.bob).status == .nonMigrating)
            try await change(platform) { $0.excludedAccounts = [] }
            #expect(try await platform.status().status == .notStarted)
            // Asked for other names, the old server may know him.
            try await change(platform) { $0.oldServer.usernameIncludesDomain = false }
            #expect(try await platform.status(of: Self.bob).status == .notStarted)
        }
    }

    @Test func aRunGoesOnUnderItsNewOptions() async throws {
        let server = try OldMailServer(password: "old", messages: 30)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.state.withLock { $0.holdsAt = "RETR 20" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .inProgress && $0.remaining > 0 }
            try await change(platform) { $0.options.maxConnections = 1 }
            server.state.withLock { $0.holdsAt = nil }
            let done = try await platform.until { $0.status == .completed }
            #expect((done.status, done.moved, done.remaining, done.error?.detail) == (.completed, 30, 0, nil))
        }
    }

    @Test func onlyTheDomainsOwnAddressesAreListed() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            await #expect(throws: InvalidParameter.self) {
                try await change(platform) { $0.excludedAccounts = [NewPlatform.address("ann@example.org")] }
            }
        }
    }
}
