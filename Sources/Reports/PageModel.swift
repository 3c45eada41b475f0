// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// A report in words of one language, as the template names them.
struct PageModel {
    struct Segment {
        var style: String
        /// How much of the bar it is.
        var share: Int64
        var accounts: String
        var legend: String
    }

    struct Task {
        var accounts: String
        var legend: String
        var action: String
    }

    struct Failure {
        var heading: String
        var accounts: String
        var action: String
    }

    struct Waiting {
        var name: String
        var address: String
        var why: String
        var attempt: String
    }

    struct Mailbox {
        var address: String
        var moved: String
        var size: String
    }

    let language: String
    let words: PageWords
    let domain: String
    let subtitle: String
    let window: String
    let percent: String
    let completed: String
    let ofAccounts: String
    let moved: String
    let volume: String
    let remaining: String
    let segments: [Segment]
    let dayChart: String
    let hourChart: String
    let tasks: [Task]
    let failures: [Failure]
    let waiting: [Waiting]
    /// Where people are not named: how many wait for which reason.
    let waitingByReason: [Failure]
    let moreWaiting: String
    let largest: [Mailbox]
    let footer: String

    /// More rows than this are better read in a table of their own.
    static let mostRows = 500

    init(_ report: MigrationReport, _ figures: Figures, made: Timestamp) {
        let language = figures.language
        let words = PageWords(language)
        let movable = report.totals.accounts - report.count(.nonMigrating)
        let completed = report.count(.completed)
        let charts = PageCharts(report: report, figures: figures, words: words)
        self.language = language.rawValue
        self.words = words
        domain = report.domain.name
        subtitle =
            "\(figures.date(report.from)) – \(figures.date(report.to)) · "
            + figures.duration(report.totals.seconds)
        window = Self.window(report, figures)
        percent = Figures.percent(completed, of: movable)
        self.completed = Figures.grouped(completed)
        ofAccounts = Figures.grouped(movable)
        moved = Figures.grouped(report.totals.moved)
        volume = Figures.size(report.totals.movedOctets)
        remaining = Figures.grouped(report.totals.remaining)
        let statuses: [MigrationStatus] = [.completed, .inProgress, .failed, .notStarted, .nonMigrating]
        segments = statuses.filter { report.count($0) > 0 }.map { status in
            Segment(
                style: status.rawValue, share: report.count(status), accounts: Figures.grouped(report.count(status)),
                legend: language.of(status.legend))
        }
        dayChart = charts.days
        hourChart = charts.hours
        tasks = report.tasks.map { task in
            Task(
                accounts: Figures.grouped(task.accounts), legend: language.of(task.kind.legend),
                action: language.of(task.action))
        }
        failures = report.failures.map { failure in
            Failure(
                heading: language.of(failure.reason.heading), accounts: Figures.grouped(failure.accounts),
                action: language.of(failure.reason.action))
        }
        let waiting = report.notStarted
        self.waiting =
            report.namesPeople
            ? waiting.prefix(Self.mostRows).map { Waiting($0, figures) } : []
        waitingByReason = report.namesPeople ? [] : Self.byReason(waiting, language)
        let more = report.namesPeople ? report.count(.notStarted) - Int64(self.waiting.count) : 0
        moreWaiting = more > 0 ? language.of(Self.more(more, report.domain)) : ""
        largest =
            report.namesPeople
            ? report.largest.map { mailbox in
                Mailbox(
                    address: mailbox.account?.description ?? "", moved: Figures.grouped(mailbox.moved),
                    size: Figures.size(mailbox.octets))
            } : []
        footer = language.of(
            LocalizedText(
                en: "Made by mailmove on \(figures.moment(made)). All times are \(figures.zone(made)).",
                zhCN: "由 mailmove 于 \(figures.moment(made)) 生成，时间均为 \(figures.zone(made))。"))
    }

    private static func window(_ report: MigrationReport, _ figures: Figures) -> String {
        let end = figures.moment(report.expiresAt)
        let text =
            switch report.state {
            case .active: LocalizedText(en: "Open until \(end)", zhCN: "有效期至 \(end)")
            case .expired: LocalizedText(en: "Ended on \(end)", zhCN: "已于 \(end) 结束")
            case .disabled: LocalizedText(en: "Ended by the administrator", zhCN: "已由管理员停止")
            }
        return figures.language.of(text)
    }

    private static func more(_ count: Int64, _ domain: DomainName) -> LocalizedText {
        let number = Figures.grouped(count)
        return LocalizedText(
            en: "… and \(number) more: mailmovectl pending \(domain) names them all.",
            zhCN: "……另有 \(number) 个：mailmovectl pending \(domain) 可列出全部。")
    }

    private static func byReason(_ waiting: [MigrationReport.Waiting], _ language: PageLanguage) -> [Failure] {
        let counts = Dictionary(waiting.map { ($0.reason, Int64(1)) }, uniquingKeysWith: +)
        return counts.sorted { ($1.value, $0.key.word) < ($0.value, $1.key.word) }.map { reason, count in
            Failure(heading: language.of(reason.heading), accounts: Figures.grouped(count), action: "")
        }
    }
}

extension PageModel.Waiting {
    fileprivate init(_ waiting: MigrationReport.Waiting, _ figures: Figures) {
        let attempt = waiting.lastAttempt.map { attempt in
            "\(figures.shortDate(attempt.at)) \(figures.clock(attempt.at)) · \(figures.language.of(attempt.via.legend))"
        }
        self.init(
            name: waiting.displayName ?? "", address: waiting.account?.description ?? "",
            why: figures.language.of(waiting.reason.heading), attempt: attempt ?? "–")
    }
}

extension MigrationReport {
    func count(_ status: MigrationStatus) -> Int64 { byStatus[status] ?? 0 }
}
