// SPDX-License-Identifier: Apache-2.0

import MailMoveAPI
import Reports
import Vocabulary

extension MethodTable {
    func getReport(_ parameters: GetReport) async throws -> Report {
        let language = PageLanguage(parameters.lang ?? .english)
        let report = try await move.reports.report(
            on: parameters.domain, namesPeople: parameters.people != .some(.none))
        var answer = Report(report, in: language)
        if parameters.format == .html { answer.html = try ReportPage(report, in: language).html(made: move.now) }
        return answer
    }
}

extension PageLanguage {
    init(_ language: Language) { self = language == .chinese ? .chinese : .english }
}

extension Report {
    private static let mostHours = 31 * 24

    init(_ report: MigrationReport, in language: PageLanguage) {
        let totals = Totals(report.totals)
        let hours = report.hours.suffix(Self.mostHours).map { Span($0) }
        let days = report.days().map { Span($0) }
        let failures = report.failures.map { failure in
            Failure(
                reason: failure.reason, accounts: Int(failure.accounts), action: language.of(failure.reason.action))
        }
        let largest = report.largest.map { mailbox in
            Mailbox(account: mailbox.account, moved: Int(mailbox.moved), octets: Int(mailbox.octets))
        }
        let tasks = report.tasks.map { task in
            Task(task: task.kind.rawValue, accounts: Int(task.accounts), action: language.of(task.action))
        }
        self.init(
            domain: report.domain, from: report.from, to: report.to, totals: totals, byHour: hours, byDay: days,
            byStatus: StatusCounts(report.byStatus), failures: failures,
            notStarted: report.notStarted.map { Waiting($0) }, largest: largest, leftToDo: tasks)
    }
}

extension Report.Totals {
    fileprivate init(_ totals: MigrationReport.Totals) {
        self.init(
            accounts: Int(totals.accounts), moved: Int(totals.moved), movedOctets: Int(totals.movedOctets),
            remaining: Int(totals.remaining), seconds: Int(totals.seconds))
    }
}

extension Report.Waiting {
    fileprivate init(_ waiting: MigrationReport.Waiting) {
        self.init(
            account: waiting.account, displayName: waiting.displayName, reason: waiting.reason.word,
            lastAttempt: waiting.lastAttempt.map {
                LastAttempt(at: $0.at, via: $0.via, outcome: $0.outcome, reason: $0.reason)
            })
    }
}

extension Report.Span {
    fileprivate init(_ span: MigrationReport.Span) {
        self.init(at: span.at, moved: Int(span.moved), octets: Int(span.octets))
    }
}
