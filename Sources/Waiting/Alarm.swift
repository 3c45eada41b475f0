// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Ends sleeps from anywhere: those that are going on, and all that come.
package final class Alarm: Sendable {
    private struct State {
        var hasRung = false
        var sleepers: [UInt64: AsyncStream<Never>.Continuation] = [:]
        var numbers: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func ring() {
        let sleepers = state.withLock { state in
            state.hasRung = true
            return Array(state.sleepers.values)
        }
        for sleeper in sleepers { sleeper.finish() }
    }

    /// Until it has rung, or the task is cancelled, or the time is over.
    package func sleep(seconds: Double) async {
        // A stream of its own: one whose reader was cancelled, as by the deadline, has ended for good.
        let (ended, ending) = AsyncStream<Never>.makeStream()
        let number = state.withLock { state -> UInt64? in
            guard !state.hasRung else { return nil }
            state.numbers += 1
            state.sleepers[state.numbers] = ending
            return state.numbers
        }
        guard let number else { return }
        _ = try? await withDeadline(seconds: seconds) { for await _ in ended {} }
        state.withLock { $0.sleepers[number] = nil }
    }
}
