// SPDX-License-Identifier: Apache-2.0

/// Sums of numbers from outside: a sum that does not fit stays at the end of the range, and nothing traps.
extension FixedWidthInteger {
    public func addingSaturated(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    public func subtractingSaturated(_ other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The nearest representable integer; 0 for NaN.
    public init(saturating value: Double) {
        self = Self(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
    }
}

extension Sequence where Element: FixedWidthInteger {
    public func saturatedSum() -> Element { reduce(0) { $0.addingSaturated($1) } }
}
