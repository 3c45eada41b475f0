// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Said once: no new work.
package final class StopSignal: Sendable {
    private let state = Mutex<(isSet: Bool, waiters: [@Sendable () -> Void])>((false, []))

    package init() {}

    package var isSet: Bool { state.withLock { $0.isSet } }

    package func signal() {
        let waiters = state.withLock { state in
            state.isSet = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter() }
    }

    /// Calls `action` when the signal comes, or now where it has come.
    package func whenSet(_ action: @escaping @Sendable () -> Void) {
        let now = state.withLock { state in
            if !state.isSet { state.waiters.append(action) }
            return state.isSet
        }
        if now { action() }
    }
}
