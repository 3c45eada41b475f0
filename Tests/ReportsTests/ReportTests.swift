// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import Reports

@Suite struct ReportTests {
    @Test func itReachesFromTheWindowsBeginningToNow() throws {
        let sample = try SampleReport()
        let report = sample.report()
        #expect(report.from == SampleReport.morning)
        #expect(report.to == sample.now)
        #expect(report.totals.seconds == 3 * 86_400)
        #expect(report.totals.accounts == 60)
    }

    @Test func itReachesBackToWhatWasMovedInAnEarlierWindow() throws {
        var sample = try SampleReport()
        let earlier = SampleReport.morning.hour - 500
        sample.hours.insert(MovedInHour(hour: earlier, messages: 1, octets: 1), at: 0)
        #expect(sample.report().from.hour == earlier)
    }

    @Test func itEndsWithTheWindow() throws {
        var sample = try SampleReport()
        sample.now = SampleReport.morning.adding(seconds: 40 * 86_400)
        #expect(sample.report().to == sample.settings.expiresAt)
        #expect(sample.report().state == .expired)
        sample.settings.disabledAt = SampleReport.morning.adding(seconds: 86_400)
        #expect(sample.report().totals.seconds == 86_400)
    }

    @Test func daysBeginAtMidnightOnTheClockOnTheWall() throws {
        var sample = try SampleReport()
        // 23:00 and 00:00 in UTC are 07:00 and 08:00 of one day in China.
        let midnight: Int64 = 20_800 * 24
        sample.hours = [midnight - 1, midnight].map { MovedInHour(hour: $0, messages: 2, octets: 10) }
        #expect(sample.report().days().map(\.moved) == [2, 2])
        let china = sample.report().days { _ in 8 * 3600 }
        #expect(china.map(\.moved) == [4])
        #expect(china.first?.at == Timestamp(milliseconds: (midnight - 8) * 3_600_000))
    }

    @Test func failuresAreNamedByHowManyTheyKeep() throws {
        let report = try SampleReport().report()
        #expect(report.failures.map(\.reason) == [.credentialsRejected, .messagesRefused])
        for reason in Reason.allCases {
            #expect(!reason.action.en.isEmpty)
            #expect(!reason.heading.zhCN.isEmpty)
        }
    }

    @Test func itSaysWhyAnAccountHasNotStarted() throws {
        let report = try SampleReport().report()
        #expect(
            report.notStarted.map(\.reason.word) == [
                "credentialsRejected", "noLogin", "oldServerUnreachable", "paused",
            ])
        #expect(report.notStarted.map(\.account?.description).allSatisfy { $0?.hasPrefix("late") ?? false })
    }

    @Test func withoutPeopleNobodyIsNamed() throws {
        let report = try SampleReport().report(namesPeople: false)
        #expect(report.notStarted.allSatisfy { $0.account == nil && $0.displayName == nil })
        #expect(report.largest.allSatisfy { $0.account == nil })
        #expect(report.notStarted.count == 4)
        for language in PageLanguage.allCases {
            let page = try SampleReport().page(language, namesPeople: false)
            #expect(!page.contains("@example.com"))
            #expect(!page.contains("小明"))
        }
    }

    @Test func whatIsLeftToDoIsSaid() throws {
        var sample = try SampleReport()
        sample.totals.paused = 1
        #expect(sample.report().tasks.map(\.kind) == [.failed, .paused, .notStarted, .inProgress])
        #expect(sample.report().tasks.map(\.accounts) == [4, 1, 10, 3])
        #expect(
            MigrationReport.leftToDo(sample.totals).en
                == "41 completed, 10 not started, 4 failed, 3 still moving, 1 paused, 9120 messages only on the old server"
        )
        sample.totals = DomainTotals(counts: [.completed: 60])
        #expect(sample.report().tasks.map(\.kind) == [.finish])
        #expect(MigrationReport.leftToDo(sample.totals).en == "all 60 accounts have moved")
        sample.settings.disabledAt = sample.now
        #expect(sample.report().tasks.isEmpty)
    }
}
