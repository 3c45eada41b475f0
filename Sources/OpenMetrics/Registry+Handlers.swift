// SPDX-License-Identifier: Apache-2.0

public import CoreMetrics

/// Where swift-metrics' counters and timers record. Gauges are not kept but read when the text is written, so recorders
/// and meters record nothing.
extension Registry: MetricsFactory {
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions).map(CountHandler.init) ?? NOOPMetricsHandler.instance
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler { NOOPMetricsHandler.instance }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions).map(DistributionHandler.init) ?? NOOPMetricsHandler.instance
    }

    // What was recorded stays when nobody records any more: counters never fall.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}
}

private final class CountHandler: CounterHandler {
    private let count: Count

    init(_ count: Count) { self.count = count }

    func increment(by amount: Int64) { count.add(amount) }

    func reset() {}
}

private final class DistributionHandler: TimerHandler {
    private let distribution: Distribution

    init(_ distribution: Distribution) { self.distribution = distribution }

    func recordNanoseconds(_ duration: Int64) { distribution.record(Double(duration) / 1e9) }
}
