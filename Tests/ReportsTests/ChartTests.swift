// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Reports

@Suite struct ChartTests {
    @Test(
        arguments: [
            (1, 1), (3, 3), (4, 4), (5, 6), (7, 8), (18, 20), (101, 150), (999, 1000), (4_800, 6_000),
            (182_344, 200_000),
        ] as [(Int64, Int64)])
    func scalesEndInRoundFigures(_ value: Int64, _ ceiling: Int64) {
        #expect(Chart.ceiling(of: value) == ceiling)
        #expect(Chart.steps(to: ceiling).count <= 5)
        #expect(Chart.steps(to: ceiling).last == ceiling)
    }

    @Test func theLargestFiguresFit() {
        let chart = Chart(values: [.max, .max, 1], labels: [], title: "x", drawsSum: true)
        #expect(chart.svg.hasSuffix("</svg>"))
    }

    @Test func nothingIsDrawnOfNothing() {
        #expect(Chart(values: [], labels: [], title: "x").svg.isEmpty)
        #expect(Chart(values: [0, 0], labels: [], title: "x").svg.isEmpty)
    }

    @Test func aSpanWithoutMovesHasNoBar() {
        let svg = Chart(values: [3, 0, 5], labels: [(0, "a"), (2, "b"), (9, "c")], title: "Day by day").svg
        #expect(svg.components("<rect") == 2)
        #expect(svg.components("class=\"when\"") == 2)
        #expect(svg.contains("aria-label=\"Day by day\""))
        #expect(!svg.contains("polyline"))
    }

    @Test func theCurveRisesToTheSum() {
        let svg = Chart(values: [3, 0, 5], labels: [], title: "x", drawsSum: true).svg
        // The sum is 8, and so is its scale's end: the curve ends at the top.
        #expect(svg.contains(#"cy="14""#))
    }

    @Test func labelsAreEscaped() {
        let svg = Chart(values: [1], labels: [(0, "<b>")], title: "\"><script>").svg
        #expect(!svg.contains("<b>"))
        #expect(!svg.contains("<script>"))
    }
}

extension String {
    /// How often it contains `part`.
    func components(_ part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
