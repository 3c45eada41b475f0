// SPDX-License-Identifier: Apache-2.0

// Figures about the process, for monitoring: swift-metrics in, OpenMetrics 1.0 text out.
//
// 1. A ``Family`` declares what is measured: its name with its unit, its kind, the names of its labels.
// 2. The ``Registry`` is what swift-metrics' counters and timers record into (`Registry+Handlers`). What is not declared
//    is not kept, and a family has a bounded number of series, so no input can make the text grow.
// 3. ``Exposition`` writes the text.

/// What is measured.
public struct Family: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case counter
        case gauge
        /// Of durations in seconds; each bucket counts those up to its bound.
        case histogram(bounds: [Double])
        case info
    }

    /// With its unit, and without the suffix of its samples: `mailmove_moved_bytes`.
    public let name: String
    public let kind: Kind
    /// `seconds`, `bytes`; nil for what is counted.
    public let unit: String?
    public let help: String
    /// The names of its labels; each sample has them all.
    public let labels: [String]

    public init(
        _ name: String, _ kind: Kind, unit: String? = nil, _ help: String, labels: [String] = []
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        self.labels = labels
    }
}

/// One value of a gauge or an info, read when the text is written.
public struct Sample: Sendable, Hashable {
    public var family: String
    /// In the order of the family's labels.
    public var labels: [String]
    public var value: Double

    public init(_ family: String, _ labels: [String] = [], _ value: Double) {
        self.family = family
        self.labels = labels
        self.value = value
    }
}
