// SPDX-License-Identifier: Apache-2.0

/// Ends sleeps from anywhere: current ones, and all future ones.
package final class Alarm: Sendable {
    private let rung = Latch<Void>()

    package init() {}

    package func ring() { rung.settle(()) }

    /// Sleeps until it has rung, the task is cancelled, or the time is over.
    package func sleep(seconds: Double) async {
        if rung.isSettled { return }
        _ = try? await withDeadline(seconds: seconds) { await self.rung.waitUnlessCancelled() }
    }
}
