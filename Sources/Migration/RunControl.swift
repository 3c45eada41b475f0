// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How a run is told to stop.
final class RunControl: Sendable {
    enum StopReason: Sendable {
        case shutdown, disabled, deleted, excluded, expired
        /// It goes on when an administrator says so.
        case paused
        /// The settings name another old server, or ask for another way: the run begins again under them.
        case resettled
    }

    private struct State: Sendable {
        var reason: StopReason?
        var interrupt: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let alarm = Alarm()

    var stopReason: StopReason? { state.withLock { $0.reason } }

    func stop(_ reason: StopReason) {
        let interrupt = state.withLock { state in
            state.reason = state.reason ?? reason
            defer { state.interrupt = nil }
            return state.interrupt
        }
        alarm.ring()
        interrupt?()
    }

    /// What ends the wait that the run is in; called at once where it was stopped already.
    func onStop(_ interrupt: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            if state.reason == nil { state.interrupt = interrupt }
            return state.reason != nil
        }
        if isStopped { interrupt() }
    }

    /// Sleeps, but not past a stop: the caller looks at `stopReason` next.
    func sleep(seconds: Double) async { await alarm.sleep(seconds: seconds) }
}

/// Ends sleeps from anywhere: those that are going on, and all that come.
final class Alarm: Sendable {
    private struct State {
        var hasRung = false
        var sleepers: [UInt64: AsyncStream<Never>.Continuation] = [:]
        var numbers: UInt64 = 0
    }

    private let state = Mutex(State())

    func ring() {
        let sleepers = state.withLock { state in
            state.hasRung = true
            return Array(state.sleepers.values)
        }
        for sleeper in sleepers { sleeper.finish() }
    }

    /// Until it has rung, or the task is cancelled, or the time is over.
    func sleep(seconds: Double) async {
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
