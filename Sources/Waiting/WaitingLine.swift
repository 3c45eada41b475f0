// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where many put something in and one takes it out, until it is closed.
///
/// Not an `AsyncStream`, which a cancelled task finds empty: what is in the line is taken whatever is cancelled.
package final class WaitingLine<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var elements: [Element] = []
        var isClosed = false
        /// Of the one who takes.
        var turn: Latch<Void>?
    }

    private let state = Mutex(State())

    package init() {}

    /// - Returns: false where the line is closed, and the element was not put in.
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

    /// Nothing more is put in; what is in the line stays there to be taken.
    package func close() {
        let turn = state.withLock { state in
            state.isClosed = true
            defer { state.turn = nil }
            return state.turn
        }
        turn?.settle(())
    }

    /// Waits until there is something, or nothing will be. For the one who takes.
    package func ready() async {
        let turn = state.withLock { state -> Latch<Void>? in
            guard state.elements.isEmpty, !state.isClosed else { return nil }
            state.turn = Latch()
            return state.turn
        }
        await turn?.wait()
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
