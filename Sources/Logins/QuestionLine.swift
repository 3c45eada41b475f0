// SPDX-License-Identifier: Apache-2.0

/// Who waits for a connection to an old server, who has one, and how long that takes: a value that predicts when
/// somebody's turn will come.
struct QuestionLine: Sendable {
    private var numbers: UInt64 = 0
    /// In order.
    private var waiting: [UInt64] = []
    private var asking: [UInt64: ContinuousClock.Instant] = [:]
    private var answered = RecentDurations()

    /// Somebody begins to wait.
    mutating func wait() -> UInt64 {
        numbers += 1
        waiting.append(numbers)
        return numbers
    }

    /// Their turn has come, or they have gone.
    mutating func leave(_ number: UInt64) {
        let index = index(of: number)
        if index < waiting.count, waiting[index] == number { waiting.remove(at: index) }
    }

    mutating func begin(at now: ContinuousClock.Instant) -> UInt64 {
        numbers += 1
        asking[numbers] = now
        return numbers
    }

    mutating func end(_ number: UInt64, at now: ContinuousClock.Instant, hasAnswer: Bool) {
        guard let begun = asking.removeValue(forKey: number), hasAnswer else { return }
        answered.add(now - begun)
    }

    /// Predicts the seconds until somebody's question is answered. A question is assumed to take as long as the last
    /// few, or as long as the most recent one still open has taken: one account's silence says nothing about the
    /// others.
    func seconds(before number: UInt64, places: Int, at now: ContinuousClock.Instant) -> Double {
        let latest = asking.values.max().map { now - $0 } ?? .zero
        let one = max(answered.average ?? .zero, latest)
        return Double(index(of: number) / max(1, places) + 1) * (one / .seconds(1))
    }

    /// How many wait before `number`.
    private func index(of number: UInt64) -> Int {
        var range = 0..<waiting.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if waiting[middle] < number {
                range = (middle + 1)..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return range.lowerBound
    }
}
