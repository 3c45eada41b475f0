// SPDX-License-Identifier: Apache-2.0

import OldServerPolicy

/// What the users of one server met.
struct Measurements {
    /// From a login to its answer, whatever it was.
    var logins: [Double] = []
    /// From a login to its last connection: what it waited for others.
    var loginWaits: [Double] = []
    /// From an accepted login to the beginning of its first run.
    var runWaits: [Double] = []
    /// Right tries until they were in.
    var tries: [Int: Int] = [:]
    var refusals: [String: Int] = [:]
    var late = 0
    var ways = 0
    var news: [(at: Duration, news: OldServerPolicy.News)] = []
    /// Users by when their login was accepted, in the order in which their first runs began.
    var firstRuns: [Duration] = []

    static func quantiles(_ values: [Double]) -> String {
        guard !values.isEmpty else { return "-" }
        let sorted = values.sorted()
        return [0.5, 0.9, 0.99, 1].map { quantile in
            let value = sorted[min(sorted.count - 1, Int(quantile * Double(sorted.count)))]
            return value < 100 ? String(tenths: value) : "\(Int(value))"
        }.joined(separator: " ")
    }
}

extension String {
    init(tenths value: Double) {
        let tenths = Int((value * 100).rounded())
        self = "\(tenths / 100).\(tenths / 10 % 10)\(tenths % 10)"
    }

    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
}
