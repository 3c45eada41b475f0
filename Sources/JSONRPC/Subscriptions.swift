// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The subscriptions of one connection, by key; ending one means finishing its signal.
final class Subscriptions: Sendable {
    typealias Signal = AsyncStream<Never>.Continuation

    private struct State {
        var signals: [String: (number: Int, signal: Signal)] = [:]
        var begun = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { state.withLock { $0.signals.isEmpty } }

    /// Whether there is room for one of this key.
    func hasRoom(key: String) -> Bool {
        state.withLock { $0.signals.count < limit || $0.signals[key] != nil }
    }

    /// Runs a subscription until it ends, is cancelled, replaced, or the connection closes.
    func run(_ subscription: Subscription, number: Int, ended: AsyncStream<Never>, peer: Peer) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await subscription.run(peer) }
            group.addTask { for await _ in ended {} }
            await group.next()
            group.cancelAll()
        }
        state.withLock { state in
            if state.signals[subscription.key]?.number == number { state.signals[subscription.key] = nil }
        }
    }

    /// Takes a subscription in; the number and the signal of its end. Nil once the connection has closed.
    func begin(_ subscription: Subscription) -> (number: Int, ended: AsyncStream<Never>)? {
        let (ended, signal) = AsyncStream<Never>.makeStream()
        let (number, replaced) = state.withLock { state -> (Int?, Signal?) in
            guard !state.isClosed else { return (nil, nil) }
            state.begun += 1
            let replaced = state.signals.updateValue((state.begun, signal), forKey: subscription.key)
            return (state.begun, replaced?.signal)
        }
        replaced?.finish()
        return number.map { ($0, ended) }
    }

    func cancel(key: String) -> Bool {
        guard let ended = state.withLock({ $0.signals.removeValue(forKey: key) }) else { return false }
        ended.signal.finish()
        return true
    }

    @discardableResult
    func cancelAll() -> Int {
        let signals = state.withLock { state in
            defer { state.signals = [:] }
            return state.signals.values.map(\.signal)
        }
        for signal in signals { signal.finish() }
        return signals.count
    }

    /// Ends all, and takes no more.
    func close() {
        state.withLock { $0.isClosed = true }
        cancelAll()
    }
}
