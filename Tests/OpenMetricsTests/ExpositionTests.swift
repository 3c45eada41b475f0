// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Testing

@testable import OpenMetrics

@Suite struct ExpositionTests {
    private let registry = Registry([
        Family("app_jobs", .counter, "Jobs \"done\"\nso far."),
        Family("app_failures", .counter, "Failures.", labels: ["reason"]),
        Family("app_wait_seconds", .histogram(bounds: [0.1, 1]), unit: "seconds", "Waits."),
        Family("app_up", .gauge, "Up.", labels: ["server"]),
        Family("app_build", .info, "Build.", labels: ["version"]),
    ])

    @Test func theTextIsAsTheSpecificationHasIt() {
        let counter = registry.makeCounter(label: "app_failures", dimensions: [("reason", "a\\b\"c\nd")])
        counter.increment(by: 3)
        let timer = registry.makeTimer(label: "app_wait_seconds", dimensions: [])
        for nanoseconds: Int64 in [50_000_000, 100_000_000, 700_000_000, 5_000_000_000] {
            timer.recordNanoseconds(nanoseconds)
        }
        let text = registry.text([
            Sample("app_up", ["mail.old.example:110"], 1), Sample("app_build", ["1.2"], 1), Sample("unknown", [], 4),
        ])
        #expect(
            text == #"""
                # TYPE app_jobs counter
                # HELP app_jobs Jobs \"done\"\nso far.
                app_jobs_total 0
                # TYPE app_failures counter
                # HELP app_failures Failures.
                app_failures_total{reason="a\\b\"c\nd"} 3
                # TYPE app_wait_seconds histogram
                # UNIT app_wait_seconds seconds
                # HELP app_wait_seconds Waits.
                app_wait_seconds_bucket{le="0.1"} 2
                app_wait_seconds_bucket{le="1.0"} 3
                app_wait_seconds_bucket{le="+Inf"} 4
                app_wait_seconds_count 4
                app_wait_seconds_sum 5.85
                # TYPE app_up gauge
                # HELP app_up Up.
                app_up{server="mail.old.example:110"} 1
                # TYPE app_build info
                # HELP app_build Build.
                app_build_info{version="1.2"} 1
                # EOF

                """#)
    }

    @Test func countersNeverFall() {
        let counter = registry.makeCounter(label: "app_jobs", dimensions: [])
        counter.increment(by: 5)
        counter.increment(by: -2)
        counter.reset()
        registry.destroyCounter(counter)
        registry.makeCounter(label: "app_jobs", dimensions: []).increment(by: 1)
        #expect(registry.text([]).contains("app_jobs_total 6\n"))
    }

    @Test func whatIsNotDeclaredIsNotKept() {
        registry.makeCounter(label: "app_other", dimensions: []).increment(by: 1)
        registry.makeCounter(label: "app_jobs", dimensions: [("account", "ann@example.com")]).increment(by: 1)
        registry.makeCounter(label: "app_failures", dimensions: [("account", "ann@example.com")]).increment(by: 1)
        let text = registry.text([])
        #expect(!text.contains("other"))
        #expect(!text.contains("ann@"))
    }

    @Test func aFamilyHasABoundedNumberOfSeries() {
        for number in 0..<Registry.mostSeries * 2 {
            registry.makeCounter(label: "app_failures", dimensions: [("reason", "r\(number)")]).increment(by: 1)
        }
        let samples = (0..<Registry.mostSeries * 2).map { Sample("app_up", ["s\($0)"], 1) }
        let lines = registry.text(samples).split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("app_failures_total") } == Registry.mostSeries)
        #expect(lines.count { $0.hasPrefix("app_up{") } == Registry.mostSeries)
    }
}
