// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization
import Testing
import Vocabulary

@testable import Statuses

/// How far a domain's migration has got, and how fast it goes.
@Suite(.timeLimit(.minutes(15))) struct ProgressTests {
    private static let domain = NewPlatform.ann.domain
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    // MARK: The last minute

    @Test func aRateIsThatOfTheTimeSinceItBegan() {
        var minute = LastMinute()
        minute.add(50, 5000, since: at(0), now: at(4))
        minute.add(50, 5000, since: at(3), now: at(10))
        #expect(minute.rate(now: at(10)) == LastMinute.Rate(messages: 10, octets: 1000))
    }

    @Test func aRateIsThatOfTheLastMinute() {
        var minute = LastMinute()
        for second in 0..<300 { minute.add(second < 200 ? 100 : 2, 1, since: at(0), now: at(Double(second))) }
        #expect((minute.rate(now: at(299)).messages * 60).rounded() == 120)
        #expect((minute.rate(now: at(330)).messages * 60).rounded() == 58)
        #expect(minute.rate(now: at(400)) == LastMinute.Rate())
    }

    @Test func aQuietMinuteIsForgotten() {
        var minute = LastMinute()
        minute.add(6000, 0, since: at(0), now: at(1))
        minute.add(100, 0, since: at(1000), now: at(1005))
        #expect(minute.rate(now: at(1010)).messages == 10)
        // A break of a moment is none.
        minute.add(0, 0, since: at(1030), now: at(1040))
        #expect(minute.rate(now: at(1040)).messages == 2.5)
    }

    @Test func eachDomainHasARateOfItsOwn() {
        let activity = MoveActivity()
        activity.moved(messages: 10, octets: 10, of: "example.com", since: at(0), now: at(1))
        #expect(activity.rate(of: "example.com", now: at(2)).messages == 5)
        #expect(activity.rate(of: "example.org", now: at(2)) == LastMinute.Rate())
        activity.forget("example.com")
        #expect(activity.rate(of: "example.com", now: at(2)) == LastMinute.Rate())
    }

    // MARK: What is left

    private func totals(_ messages: Int64, _ octets: Int64, accounts: Int64 = 3) -> DomainTotals {
        DomainTotals(underWay: .init(accounts: accounts, messages: messages, octets: octets))
    }

    @Test func theTimeLeftIsWhateverTakesLonger() {
        let rate = LastMinute.Rate(messages: 10, octets: 1000)
        #expect(DomainFigures(totals(100, 2000), running: 1, rate: rate).etaSeconds == 10)
        #expect(DomainFigures(totals(100, 50_000), running: 1, rate: rate).etaSeconds == 50)
        #expect(DomainFigures(totals(0, 0), running: 1, rate: rate).etaSeconds == 0)
        #expect(DomainFigures(totals(100, 2000), running: 1, rate: LastMinute.Rate()).etaSeconds == nil)
        #expect(DomainFigures(totals(.max, .max), running: 1, rate: rate).etaSeconds ?? 0 > 0)
    }

    @Test func whereNothingRunsThereIsNoRateAndNoTimeLeft() {
        let figures = DomainFigures(totals(100, 2000), running: 0, rate: LastMinute.Rate(messages: 10, octets: 1000))
        #expect((figures.messagesPerSecond, figures.octetsPerSecond, figures.etaSeconds) == (0, 0, nil))
    }

    @Test func whoIsUnderWayAndDoesNotRunWaits() {
        #expect(DomainFigures(totals(0, 0), running: 1, rate: LastMinute.Rate()).queued == 2)
        #expect(DomainFigures(totals(0, 0), running: 4, rate: LastMinute.Rate()).queued == 0)
    }

    // MARK: Altogether

    @Test func aDomainsFiguresAreTheSumsOfItsAccounts() async throws {
        let server = try OldMailServer(password: "old", messages: 5)
        defer { server.stop() }
        let eve = NewPlatform.address("eve@example.com")
        try await NewPlatform.run { platform in
            try await platform.enable(server, accounts: [NewPlatform.ann, eve])
            server.state.withLock { $0.refuses = [2] }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .failed }
            try await platform.settle()
            let progress = try await platform.move.settings.overview(of: Self.domain).figures
            #expect((progress.totals.moved, progress.totals.remaining, progress.totals.unlisted) == (4, 1, 1))
            #expect((progress.queued, progress.messagesPerSecond, progress.etaSeconds) == (0, 0, nil))
        }
    }

    @Test func whileItMovesThereIsARateAndATimeLeft() async throws {
        let server = try OldMailServer(password: "old", messages: 40)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            // The last message is long in coming.
            server.state.withLock { $0.holdsAt = "RETR 40" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.moved >= 10 }
            platform.advance(seconds: 10)
            let progress = try await platform.move.statuses.figures(of: Self.domain)
            #expect(progress.messagesPerSecond > 0 && progress.octetsPerSecond > 0)
            #expect(try #require(progress.etaSeconds) >= 0)
            // Nothing has come for longer than a minute.
            platform.advance(seconds: 61)
            let still = try await platform.move.statuses.figures(of: Self.domain)
            #expect((still.messagesPerSecond, still.etaSeconds) == (0, nil))
            server.state.withLock { $0.holdsAt = nil }
            _ = try await platform.until { $0.status == .completed }
        }
    }
}
