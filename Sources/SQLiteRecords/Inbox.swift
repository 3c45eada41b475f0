// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// A queue for a dedicated thread. Putting never blocks; taking does, until there is something.
final class Inbox<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var sleeping = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    /// - Returns: false if the inbox is closed and the item was not accepted.
    func put(_ item: Item) -> Bool {
        let (accepted, wake) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.items.append(item)
            guard state.sleeping > 0 else { return (true, false) }
            state.sleeping -= 1
            return (true, true)
        }
        if wake { bell.signal() }
        return accepted
    }

    /// Blocks the calling thread until something waits.
    /// - Parameter share: how many of the waiting items this thread takes, given how many there are.
    /// - Returns: nil once the inbox is closed and empty.
    func take(_ share: (Int) -> Int) -> [Item]? {
        while true {
            let (items, isOver) = state.withLock { state -> ([Item], Bool) in
                guard state.items.isEmpty else {
                    let count = min(max(1, share(state.items.count)), state.items.count)
                    let taken = Array(state.items.prefix(count))
                    state.items.removeFirst(count)
                    return (taken, false)
                }
                if !state.isClosed { state.sleeping += 1 }
                return ([], state.isClosed)
            }
            if !items.isEmpty { return items }
            if isOver { return nil }
            bell.wait()
        }
    }

    /// Takes everything that waits, without blocking.
    func takeWaiting() -> [Item] {
        state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    /// Accepts nothing more; waiting items are still handed out.
    func close() {
        let sleeping = state.withLock { state in
            state.isClosed = true
            defer { state.sleeping = 0 }
            return state.sleeping
        }
        for _ in 0..<sleeping { bell.signal() }
    }
}
