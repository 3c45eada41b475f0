// SPDX-License-Identifier: Apache-2.0

/// Figures over time, drawn as SVG: bars for what each span brought, and a curve for the sum so far.
///
/// A pure function of its values. Nothing in it comes from outside but ``title`` and labels, which are escaped.
struct Chart: Sendable {
    /// One after the other, without gaps.
    var values: [Int64]
    /// Below which bar stands what.
    var labels: [(index: Int, text: String)]
    /// Read by those who cannot see it.
    var title: String
    /// Whether there is a curve for the sum so far, with a scale of its own on the right.
    var drawsSum = false

    private static let size = (width: 760.0, height: 210.0)
    private static let margin = (left: 56.0, right: 66.0, top: 14.0, bottom: 26.0)
    private static let widestBar = 44.0

    private var plot: (left: Double, right: Double, top: Double, bottom: Double) {
        (
            Self.margin.left, Self.size.width - (drawsSum ? Self.margin.right : 12), Self.margin.top,
            Self.size.height - Self.margin.bottom
        )
    }

    /// The whole element; empty where there is nothing to draw.
    var svg: String {
        guard values.contains(where: { $0 > 0 }) else { return "" }
        let top = Self.ceiling(of: values.max() ?? 1)
        var parts = [
            """
            <svg viewBox="0 0 \(Self.text(Self.size.width)) \(Self.text(Self.size.height))" role="img" \
            aria-label="\(PageText.escape(title))">
            """
        ]
        parts += grid(top)
        parts += bars(top)
        if drawsSum { parts += curve() }
        parts += axis()
        return (parts + ["</svg>"]).joined(separator: "\n")
    }

    // MARK: Parts

    private func grid(_ top: Int64) -> [String] {
        Self.steps(to: top).flatMap { step -> [String] in
            let y = Self.text(height(step, of: top))
            return [
                #"<line class="grid" x1="\#(Self.text(plot.left))" y1="\#(y)" x2="\#(Self.text(plot.right))" y2="\#(y)"/>"#,
                #"<text class="scale" x="\#(Self.text(plot.left - 8))" y="\#(y)" dy="4">\#(Figures.grouped(step))</text>"#,
            ]
        }
    }

    private func bars(_ top: Int64) -> [String] {
        let width = min(Self.widestBar, pitch * 0.72)
        return values.enumerated().filter { $0.element > 0 }.map { index, value in
            let y = height(value, of: top)
            return """
                <rect class="bar" x="\(Self.text(centre(index) - width / 2))" y="\(Self.text(y))" \
                width="\(Self.text(width))" height="\(Self.text(max(1, plot.bottom - y)))" \
                rx="\(Self.text(min(2, width / 4)))"/>
                """
        }
    }

    private func curve() -> [String] {
        var sum: Int64 = 0
        let sums = values.map { value in
            sum = sum.addingSaturated(value)
            return sum
        }
        let top = Self.ceiling(of: sum)
        var points = sums.enumerated().map { (x: centre($0.offset), y: height($0.element, of: top)) }
        // It begins at nothing, before the first bar.
        points.insert((x: centre(0) - min(pitch / 2, Self.widestBar), y: plot.bottom), at: 0)
        let line = points.map { "\(Self.text($0.x)),\(Self.text($0.y))" }.joined(separator: " ")
        let end = points[points.count - 1]
        let scale = Self.steps(to: top).map { step in
            """
            <text class="scale right" x="\(Self.text(plot.right + 8))" y="\(Self.text(height(step, of: top)))" \
            dy="4">\(Figures.grouped(step))</text>
            """
        }
        return scale + [
            #"<polyline class="sum" points="\#(line)"/>"#,
            #"<circle class="end" cx="\#(Self.text(end.x))" cy="\#(Self.text(end.y))" r="3.5"/>"#,
        ]
    }

    private func axis() -> [String] {
        let line = """
            <line class="axis" x1="\(Self.text(plot.left))" y1="\(Self.text(plot.bottom))" \
            x2="\(Self.text(plot.right))" y2="\(Self.text(plot.bottom))"/>
            """
        return [line]
            + labels.filter { values.indices.contains($0.index) }.map { label in
                """
                <text class="when" x="\(Self.text(centre(label.index)))" \
                y="\(Self.text(plot.bottom + 18))">\(PageText.escape(label.text))</text>
                """
            }
    }

    // MARK: Places

    private var pitch: Double { (plot.right - plot.left) / Double(max(1, values.count)) }

    private func centre(_ index: Int) -> Double { plot.left + pitch * (Double(index) + 0.5) }

    private func height(_ value: Int64, of top: Int64) -> Double {
        plot.bottom - (plot.bottom - plot.top) * min(1, Double(value) / Double(max(1, top)))
    }

    // MARK: Scales

    /// The least of 1, 2, 2.5, 5 × 10ⁿ steps, four of them at most, that reaches `value`.
    static func ceiling(of value: Int64) -> Int64 {
        let step = step(of: value)
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: step)
        return step.multipliedSaturated(by: quotient + (rest > 0 ? 1 : 0))
    }

    /// From 0 to `top`.
    static func steps(to top: Int64) -> [Int64] {
        let step = step(of: top)
        return stride(from: Int64(0), through: top, by: Int64.Stride(step)).map { $0 }
    }

    private static func step(of value: Int64) -> Int64 {
        var power: Int64 = 1
        while true {
            for factor: Int64 in [10, 20, 25, 50] where power > 1 || factor % 10 == 0 {
                let step = power.multipliedSaturated(by: factor) / 10
                if step.multipliedSaturated(by: 4) >= value { return max(1, step) }
            }
            let next = power.multipliedSaturated(by: 10)
            if next == power { return max(1, value) }
            power = next
        }
    }

    /// With one decimal at most: the same for every machine and language.
    static func text(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }
}

extension Int64 {
    func multipliedSaturated(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
