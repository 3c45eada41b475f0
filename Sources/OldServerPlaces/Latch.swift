// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Is set once, and hands that to the one who waits for it: whichever comes first.
final class Latch<Value: Sendable>: Sendable {
    private enum State: Sendable {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case set(Value)
    }

    private let state = Mutex(State.open)

    /// The first value counts.
    func set(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .open:
                state = .set(value)
                return nil
            case .awaited(let waiter):
                state = .set(value)
                return waiter
            case .set: return nil
            }
        }
        waiter?.resume(returning: value)
    }

    /// Nobody else may wait.
    func value() async -> Value {
        await withCheckedContinuation { waiter in
            let value = state.withLock { state -> Value? in
                if case .set(let value) = state { return value }
                state = .awaited(waiter)
                return nil
            }
            if let value { waiter.resume(returning: value) }
        }
    }
}
