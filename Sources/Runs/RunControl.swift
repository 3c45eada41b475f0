// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Waiting

/// How a run is told to stop.
package final class RunControl: Sendable {
    package enum StopReason: Sendable {
        case shutdown, disabled, deleted, excluded, expired
        /// The run continues once an administrator resumes the account.
        case paused
        /// The settings name another old server or another way to reach it: the run begins again under them.
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

    /// Sets what interrupts the run's current wait; it is called at once if the run was stopped already.
    func onStop(_ interrupt: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            if state.reason == nil { state.interrupt = interrupt }
            return state.reason != nil
        }
        if isStopped { interrupt() }
    }

    /// Sleeps, but no longer than until a stop: the caller checks `stopReason` next.
    func sleep(seconds: Double) async { await alarm.sleep(seconds: seconds) }
}
