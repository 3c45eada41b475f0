// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A queue with many producers and one consumer, until it is closed.
///
/// Not an `AsyncStream`, which looks empty to a cancelled task: elements here can be taken whatever is cancelled.
package final class WaitingLine<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var elements: [Element] = []
        var isClosed = false
        /// Settled to wake the consumer.
        var turn: Latch<Void>?
    }

    private let state = Mutex(State())

    package init() {}

    /// - Returns: false if the line is closed and the element was not added.
    package func put(_ element: Element) -> Bool {
        let (isTaken, turn) = state.withLock { state -> (Bool, Latch<Void>?) in
            guard !state.isClosed else { return (false, nil) }
            state.elements.append(element)
            defer { state.turn = nil }
            return (true, state.turn)
        }
        turn?.settle(())
        return isTaken
    }

    package var isEmpty: Bool { state.withLock { $0.elements.isEmpty } }

    /// Accepts nothing more; what is in the line can still be taken.
    package func close() {
        let turn = state.withLock { state in
            state.isClosed = true
            defer { state.turn = nil }
            return state.turn
        }
        turn?.settle(())
    }

    /// Waits until there is something to take, or the line is closed. For the consumer.
    package func ready() async {
        let turn = state.withLock { state -> Latch<Void>? in
            guard state.elements.isEmpty, !state.isClosed else { return nil }
            state.turn = Latch()
            return state.turn
        }
        await turn?.wait()
    }

    /// Takes everything that is there, or what `pick` removes. If it returns nothing after ``ready()``, the line is
    /// closed and empty.
    package func take(
        _ pick: @Sendable (inout [Element]) -> [Element] = { all in
            defer { all = [] }; return all
        }
    ) -> [Element] {
        state.withLock { pick(&$0.elements) }
    }
}
