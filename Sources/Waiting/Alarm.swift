// SPDX-License-Identifier: Apache-2.0

/// Ends sleeps from anywhere: those that are going on, and all that come.
package final class Alarm: Sendable {
    private let rung = Latch<Void>()

    package init() {}

    package func ring() { rung.settle(()) }

    /// Until it has rung, or the task is cancelled, or the time is over.
    package func sleep(seconds: Double) async {
        if rung.isSettled { return }
        _ = try? await withDeadline(seconds: seconds) { await self.rung.waitUnlessCancelled() }
    }
}
