// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What was recorded since the process started. Counters only rise.
public final class Registry: Sendable {
    /// A family has no more series than this; what would be one more is not kept.
    public static let mostSeries = 200

    private struct State: Sendable {
        var counters: [String: [[String]: Count]] = [:]
        var histograms: [String: [[String]: Distribution]] = [:]
    }

    public let families: [Family]
    private let byName: [String: Family]
    private let state = Mutex(State())

    public init(_ families: [Family]) {
        self.families = families
        byName = Dictionary(families.map { ($0.name, $0) }) { first, _ in first }
    }

    /// nil where no such counter with these labels is declared, or the family is full.
    func counter(_ name: String, _ dimensions: [(String, String)]) -> Count? {
        guard let family = byName[name], family.kind == .counter, let labels = Self.values(of: dimensions, in: family)
        else { return nil }
        return state.withLock { state in
            if let count = state.counters[name]?[labels] { return count }
            guard state.counters[name, default: [:]].count < Self.mostSeries else { return nil }
            let count = Count()
            state.counters[name, default: [:]][labels] = count
            return count
        }
    }

    /// As ``counter(_:_:)``.
    func histogram(_ name: String, _ dimensions: [(String, String)]) -> Distribution? {
        guard let family = byName[name], case .histogram(let bounds) = family.kind,
            let labels = Self.values(of: dimensions, in: family)
        else { return nil }
        return state.withLock { state in
            if let distribution = state.histograms[name]?[labels] { return distribution }
            guard state.histograms[name, default: [:]].count < Self.mostSeries else { return nil }
            let distribution = Distribution(bounds: bounds)
            state.histograms[name, default: [:]][labels] = distribution
            return distribution
        }
    }

    private static func values(of dimensions: [(String, String)], in family: Family) -> [String]? {
        let given = Dictionary(dimensions) { first, _ in first }
        guard given.count == family.labels.count else { return nil }
        let values = family.labels.compactMap { given[$0] }
        return values.count == family.labels.count ? values : nil
    }

    /// The text of everything that was recorded.
    /// - Parameter samples: the gauges as they stand now; those of families that are not declared are left out.
    public func text(_ samples: [Sample]) -> String {
        let (counters, histograms) = state.withLock { ($0.counters, $0.histograms) }
        let gauges = Dictionary(grouping: samples, by: \.family)
        var text = Exposition()
        for family in families {
            text.begin(family)
            switch family.kind {
            case .counter:
                for (labels, count) in Self.sorted(counters[family.name]) {
                    text.add(family, "_total", labels, Double(count.value))
                }
                // A counter without labels is there from the beginning.
                if family.labels.isEmpty, counters[family.name] == nil { text.add(family, "_total", [], 0) }
            case .histogram:
                for (labels, distribution) in Self.sorted(histograms[family.name]) {
                    text.add(family, labels, distribution.snapshot)
                }
            case .gauge, .info:
                let those = gauges[family.name] ?? []
                for sample in those.prefix(Self.mostSeries) where sample.labels.count == family.labels.count {
                    text.add(family, family.kind == .info ? "_info" : "", sample.labels, sample.value)
                }
            }
        }
        return text.ended
    }

    private static func sorted<Value>(_ series: [[String]: Value]?) -> [(key: [String], value: Value)] {
        (series ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }
}

/// A number that only rises.
final class Count: Sendable {
    private let number = Atomic<Int64>(0)

    var value: Int64 { number.load(ordering: .relaxed) }

    func add(_ amount: Int64) {
        guard amount > 0 else { return }
        number.wrappingAdd(amount, ordering: .relaxed)
    }
}

/// How values are spread.
final class Distribution: Sendable {
    struct Snapshot: Sendable {
        var bounds: [Double]
        /// Of each bound alone, and beyond the last.
        var counts: [Int64]
        var sum: Double
    }

    private let state: Mutex<Snapshot>

    init(bounds: [Double]) {
        state = Mutex(Snapshot(bounds: bounds, counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    var snapshot: Snapshot { state.withLock { $0 } }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let value = max(0, value)
        state.withLock { state in
            state.counts[state.bounds.firstIndex { value <= $0 } ?? state.bounds.count] += 1
            state.sum += value
        }
    }
}
