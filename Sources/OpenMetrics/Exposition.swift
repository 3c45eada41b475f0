// SPDX-License-Identifier: Apache-2.0

/// OpenMetrics 1.0 text (https://prometheus.io/docs/specs/om/open_metrics_spec/).
struct Exposition {
    static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    private var text = ""

    var ended: String { text + "# EOF\n" }

    mutating func begin(_ family: Family) {
        let type =
            switch family.kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            case .info: "info"
            }
        text += "# TYPE \(family.name) \(type)\n"
        if let unit = family.unit { text += "# UNIT \(family.name) \(unit)\n" }
        text += "# HELP \(family.name) \(Self.escape(family.help))\n"
    }

    mutating func add(_ family: Family, _ suffix: String, _ labels: [String], _ value: Double) {
        line(family.name + suffix, Array(zip(family.labels, labels)), Self.number(value))
    }

    mutating func add(_ family: Family, _ labels: [String], _ distribution: Distribution.Snapshot) {
        let pairs = Array(zip(family.labels, labels))
        var count: Int64 = 0
        for (bound, number) in zip(distribution.bounds + [.infinity], distribution.counts) {
            count += number
            line(family.name + "_bucket", pairs + [("le", Self.bound(bound))], "\(count)")
        }
        line(family.name + "_count", pairs, "\(count)")
        line(family.name + "_sum", pairs, Self.number(distribution.sum))
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// Whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }

    /// `le` is a floating-point number, always.
    private static func bound(_ value: Double) -> String { value.isInfinite ? "+Inf" : "\(value)" }

    static func escape(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\"": escaped.append(contentsOf: "\\\"".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            // Allowed, but a line-wise reader may take it for an end of line.
            case "\r": escaped.append(" ")
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}

extension Registry {
    /// The text's media type.
    public static var contentType: String { Exposition.contentType }
}
