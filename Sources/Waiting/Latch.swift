// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A value that is settled once, and known from then on. Any number of tasks may wait for it.
///
/// Everything that waits, waits for a latch, whatever decides when it is woken.
package final class Latch<Value: Sendable>: Sendable {
    private struct Waiter: Sendable {
        var number: UInt64
        var told: @Sendable (Value) -> Void
    }

    private struct State: Sendable {
        var value: Value?
        /// In the order in which they came.
        var waiters: [Waiter] = []
        var numbers: UInt64 = 0
    }

    private let state: Mutex<State>

    /// - Parameter value: the value, if it is already settled.
    package init(settled value: Value? = nil) { state = Mutex(State(value: value)) }

    /// nil until it is settled.
    package var value: Value? { state.withLock { $0.value } }

    package var isSettled: Bool { state.withLock { $0.value != nil } }

    /// Settles it, and wakes all who wait, in the order in which they came.
    /// - Returns: false if it was already settled; its value then stays.
    @discardableResult
    package func settle(_ value: Value) -> Bool {
        let waiters = state.withLock { state -> [Waiter]? in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.waiters = [] }
            return state.waiters
        }
        guard let waiters else { return false }
        for waiter in waiters { waiter.told(value) }
        return true
    }

    /// Waits until it is settled. Ignores cancellation.
    package func wait() async -> Value {
        await withCheckedContinuation { continuation in
            whenSettled { continuation.resume(returning: $0) }
        }
    }

    /// Waits until it is settled; nil if the task is cancelled first.
    @discardableResult
    package func waitUnlessCancelled() async -> Value? {
        let turn = Latch<Value?>()
        let number = whenSettled { turn.settle($0) }
        return await withTaskCancellationHandler {
            await turn.wait()
        } onCancel: {
            forget(number)
            turn.settle(nil)
        }
    }

    /// Calls `action` once it is settled, on the thread that settles it; at once if it already is. `action` must not
    /// block.
    /// - Returns: a number for ``forget(_:)``.
    @discardableResult
    package func whenSettled(_ action: @escaping @Sendable (Value) -> Void) -> UInt64 {
        let (value, number) = state.withLock { state -> (Value?, UInt64) in
            guard state.value == nil else { return (state.value, 0) }
            state.numbers += 1
            state.waiters.append(Waiter(number: state.numbers, told: action))
            return (nil, state.numbers)
        }
        if let value { action(value) }
        return number
    }

    /// Forgets an action, which is not called any more, though it may be running.
    package func forget(_ number: UInt64) {
        state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return }
            state.waiters.remove(at: index)
        }
    }
}
