// SPDX-License-Identifier: Apache-2.0

import Foundation
import Records
import Testing
import Vocabulary

@testable import Notices

/// What is news of a domain, and when.
@Suite struct DomainNoticesTests {
    private static let start = Timestamp(milliseconds: 1_795_500_000_000)
    private var settings: MigrationSettings
    private var notices = DomainNotices()

    init() throws {
        settings = MigrationSettings(
            domain: try DomainName("example.com"), oldServer: OldServer(host: "192.0.2.1"), validDays: 30,
            hasKnownAccounts: false, autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(),
            enabledAt: Self.start, generation: 1, warnings: [])
    }

    private func facts(
        completed: Int64 = 0, of accounts: Int64 = 10, nonMigrating: Int64 = 0,
        reach: DomainNotices.Facts.Reach = .reached, idle: Double = 0, days: Double = 1, minutes: Double = 0
    ) -> DomainNotices.Facts {
        let totals = DomainTotals(counts: [
            .completed: completed, .notStarted: accounts - completed, .nonMigrating: nonMigrating,
        ])
        return DomainNotices.Facts(
            settings: settings, totals: totals, reach: reach, idleSeconds: idle,
            now: Self.start.adding(seconds: days * 86_400 + minutes * 60))
    }

    @Test mutating func halfAndAllAreToldOnce() {
        #expect(notices.judge(facts(completed: 4)) == [])
        #expect(notices.judge(facts(completed: 5)) == [.halfDone])
        #expect(notices.judge(facts(completed: 6)) == [])
        #expect(notices.judge(facts(completed: 10, nonMigrating: 3)) == [.allDone])
        #expect(notices.judge(facts(completed: 10)) == [])
    }

    @Test mutating func halfIsNoNewsWhenAllIs() {
        #expect(notices.judge(facts(completed: 1, of: 1)) == [.allDone])
        #expect(notices.judge(facts(completed: 1, of: 1)) == [])
    }

    @Test mutating func anEmptyDomainIsNotDone() {
        #expect(notices.judge(facts(completed: 0, of: 0)) == [])
        #expect(notices.judge(facts(completed: 0, of: 0, nonMigrating: 4)) == [])
    }

    @Test mutating func manyMoreAccountsMakeItNewsAgain() {
        #expect(notices.judge(facts(completed: 10, of: 10)) == [.allDone])
        #expect(notices.judge(facts(completed: 10, of: 40)) == [])
        #expect(notices.judge(facts(completed: 20, of: 40)) == [.halfDone])
        #expect(notices.judge(facts(completed: 40, of: 40)) == [.allDone])
    }

    @Test mutating func aStallIsToldAfterAQuarterOfAnHourAndOnceEachTime() {
        #expect(notices.judge(facts(idle: 899)) == [])
        #expect(notices.judge(facts(idle: 900)) == [.stalled])
        #expect(notices.judge(facts(idle: 1800)) == [])
        #expect(notices.judge(facts(idle: 0)) == [])
        #expect(notices.judge(facts(idle: 901)) == [.stalled])
    }

    @Test mutating func anOldServerThatIsAwayIsToldInsteadOfAStall() {
        let gone = facts().now
        #expect(notices.judge(facts(reach: .lost(since: gone), idle: 500, minutes: 9)) == [])
        #expect(notices.judge(facts(reach: .lost(since: gone), idle: 5000, minutes: 10)) == [.oldServerAway])
        #expect(notices.judge(facts(reach: .unknown, minutes: 11)) == [])
        #expect(notices.judge(facts(reach: .lost(since: gone), minutes: 99)) == [])
        #expect(notices.judge(facts(reach: .reached, minutes: 100)) == [])
        #expect(notices.judge(facts(reach: .lost(since: gone), minutes: 120)) == [.oldServerAway])
    }

    @Test mutating func theEndIsToldThreeDaysBeforeAndWhenItIsThere() {
        #expect(notices.judge(facts(days: 26.9)) == [])
        #expect(notices.judge(facts(days: 27)) == [.windowEnding])
        #expect(notices.judge(facts(days: 29)) == [])
        #expect(notices.judge(facts(days: 30)) == [.windowEnded])
        #expect(notices.judge(facts(days: 31)) == [])
        #expect(notices.isOver(settings, at: Self.start.adding(seconds: 31 * 86_400)))
    }

    @Test mutating func nobodyIsToldOfTheEndOfWhatIsDone() {
        #expect(notices.judge(facts(completed: 10, days: 28)) == [.allDone])
        #expect(notices.judge(facts(completed: 10, days: 30)) == [.windowEnded])
    }

    @Test mutating func anExtendedWindowEndsAnew() {
        #expect(notices.judge(facts(days: 28)) == [.windowEnding])
        settings.expiresAt = settings.expiresAt.adding(seconds: 10 * 86_400)
        #expect(notices.judge(facts(days: 29)) == [])
        #expect(notices.judge(facts(days: 38)) == [.windowEnding])
    }

    @Test mutating func anotherWindowHasNewsOfItsOwn() {
        #expect(notices.judge(facts(completed: 10)) == [.allDone])
        settings.disabledAt = facts().now
        #expect(notices.judge(facts(completed: 10)) == [.windowEnded])
        settings.disabledAt = nil
        settings.enabledAt = facts().now
        #expect(notices.judge(facts(completed: 10)) == [.allDone])
    }

    @Test mutating func aWindowThatEndedLongBeforeItIsSeenIsNoNews() {
        #expect(notices.judge(facts(days: 31.5)) == [])
        #expect(notices.isOver(settings, at: facts(days: 31.5).now))
    }

    @Test mutating func theEndIsToldHoweverLateWhereTheWindowWasKnown() {
        #expect(notices.judge(facts(days: 1)) == [])
        #expect(notices.judge(facts(days: 40)) == [.windowEnded])
    }

    @Test mutating func whatWasToldIsRememberedOverARestart() throws {
        _ = notices.judge(facts(completed: 5, days: 27.5))
        notices.add(
            Notice(
                .halfDone, of: try DomainName("example.com"), facts(completed: 5),
                waiting: [try EmailAddress("bob@example.com")]))
        var later = try JSONDecoder().decode(DomainNotices.self, from: JSONEncoder().encode(notices))
        #expect(later == notices)
        #expect(later.judge(facts(completed: 6, days: 28)) == [])
        for _ in 0..<100 { later.add(notices.pending[0]) }
        #expect(later.pending.count == DomainNotices.mostPending)
        later.remove(notices.pending[0])
        #expect(later.pending.isEmpty)
    }

    @Test func aNoticeIsOneLineOfJSON() throws {
        let notice = Notice(
            .windowEnding, of: try DomainName("example.com"), facts(completed: 3, days: 27),
            waiting: [try EmailAddress("bob@example.com")])
        let line = try notice.octets
        #expect(line.filter { $0 == 10 }.count == 1 && line.last == 10)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        #expect(object["event"] as? String == "windowEnding")
        #expect(object["domain"] as? String == "example.com")
        #expect((object["counts"] as? [String: Int])?["completed"] == 3)
        #expect((object["notStarted"] as? [String: Any])?["accounts"] as? Int == 7)
        #expect((object["notStarted"] as? [String: Any])?["first"] as? [String] == ["bob@example.com"])
        #expect((object["message"] as? [String: String])?["zh-CN"]?.isEmpty == false)
        #expect(notice.detail.contains("7 not started"))
        #expect(notice.detail.contains("bob@example.com, …"))
    }
}
