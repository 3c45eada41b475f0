// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// A report's curves: by day and by hour, without gaps where nothing was moved.
struct PageCharts {
    let report: MigrationReport
    let figures: Figures
    let words: PageWords

    private static let mostDays = 400
    private static let mostHours = 7 * 24
    private static let mostLabels = 9

    /// All days, each from midnight to midnight on the clock on the wall.
    var days: String {
        let byDay = Dictionary(report.days(offset: figures.offset).map { (dayNumber($0.at), $0.moved) }) { $0 + $1 }
        guard let last = byDay.keys.max(), let earliest = byDay.keys.min() else { return "" }
        let first = max(earliest, last - Int64(Self.mostDays) + 1)
        let numbers = Array(first...last)
        let step = (numbers.count + Self.mostLabels - 1) / Self.mostLabels
        let chart = Chart(
            values: numbers.map { byDay[$0] ?? 0 },
            labels: stride(from: 0, to: numbers.count, by: step).map { (index: $0, text: date(ofDay: numbers[$0])) },
            title: words.byDay, drawsSum: true)
        return chart.svg
    }

    /// The hours up to the last in which something was moved, a week of them at most.
    var hours: String {
        let byHour = Dictionary(report.hours.map { (hourNumber($0.at), $0.moved) }) { $0 + $1 }
        guard let last = byHour.keys.max(), let earliest = byHour.keys.min() else { return "" }
        let first = max(earliest, last - Int64(Self.mostHours) + 1)
        let numbers = Array(first...last)
        let chart = Chart(
            values: numbers.map { byHour[$0] ?? 0 }, labels: hourLabels(numbers), title: words.byHour)
        return chart.svg
    }

    private func hourLabels(_ numbers: [Int64]) -> [(index: Int, text: String)] {
        let step = [1, 2, 3, 6, 12, 24].first { numbers.count / $0 < Self.mostLabels } ?? 24
        return numbers.enumerated().compactMap { index, number in
            let at = Timestamp(milliseconds: number * 3_600_000)
            let local = at.milliseconds.addingSaturated(Int64(figures.offset(at)) * 1000)
            let hour = Int(local.remainder(of: 86_400_000) / 3_600_000)
            guard hour % step == 0 else { return nil }
            return (index: index, text: hour == 0 ? figures.shortDate(at) : figures.clock(at))
        }
    }

    private func hourNumber(_ time: Timestamp) -> Int64 { time.milliseconds / 3_600_000 }

    /// Days since 1970 on the clock on the wall.
    private func dayNumber(_ time: Timestamp) -> Int64 {
        time.milliseconds.addingSaturated(Int64(figures.offset(time)) * 1000) / 86_400_000
    }

    private func date(ofDay number: Int64) -> String {
        let noon = Timestamp(milliseconds: number * 86_400_000 + 43_200_000)
        return figures.shortDate(noon.adding(seconds: -Double(figures.offset(noon))))
    }
}
