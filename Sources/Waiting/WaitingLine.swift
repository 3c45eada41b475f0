// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where many put something in and one takes it out, until it is closed.
///
/// Not an `AsyncStream`, which a cancelled task finds empty: what is in the line is taken whatever is cancelled.
package final class WaitingLine<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var elements: [Element] = []
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// - Returns: false where the line is closed, and the element was not put in.
    package func put(_ element: Element) -> Bool {
        let (isTaken, waiter) = state.withLock { state in
            guard !state.isClosed else { return (false, CheckedContinuation<Void, Never>?.none) }
            state.elements.append(element)
            defer { state.waiter = nil }
            return (true, state.waiter)
        }
        waiter?.resume()
        return isTaken
    }

    /// Nothing more is put in; what is in the line stays there to be taken.
    package func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits until there is something, or nothing will be. For the one who takes.
    package func ready() async {
        await withCheckedContinuation { continuation in
            let isNow = state.withLock { state in
                guard state.elements.isEmpty, !state.isClosed else { return true }
                state.waiter = continuation
                return false
            }
            if isNow { continuation.resume() }
        }
    }

    /// What there is now, or what of it `pick` removes. Nothing after ``ready()`` means that nothing will be.
    package func take(
        _ pick: @Sendable (inout [Element]) -> [Element] = { all in
            defer { all = [] }; return all
        }
    ) -> [Element] {
        state.withLock { pick(&$0.elements) }
    }
}
