// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The subscriptions of one connection, by key; ending one means finishing its signal.
final class Subscriptions: Sendable {
    typealias Signal = AsyncStream<Never>.Continuation

    private struct State {
        var signals: [String: (number: Int, signal: Signal)] = [:]
        var begun = 0
        var isClosed = false
        /// When the connection was told about each subject; old entries are dropped from time to time.
        var told: [String: ContinuousClock.Instant] = [:]
        var mostTold = 1024
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { state.withLock { $0.signals.isEmpty } }

    /// Runs a subscription until it ends, is cancelled, replaced, or the connection closes.
    func run(_ begun: Begun, peer: Peer) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await begun.subscription.run(peer) }
            group.addTask { for await _ in begun.ended {} }
            await group.next()
            group.cancelAll()
        }
        state.withLock { state in
            let key = begun.subscription.key
            if state.signals[key]?.number == begun.number { state.signals[key] = nil }
        }
    }

    /// A subscription that has its place, and has still to be run.
    struct Begun: Sendable {
        var subscription: Subscription
        var number: Int
        var ended: AsyncStream<Never>
    }

    /// Gives a subscription its place, replacing an older one of its key; nil if all places are taken.
    func begin(_ subscription: Subscription) -> Begun? {
        let (ended, signal) = AsyncStream<Never>.makeStream()
        let (number, replaced) = state.withLock { state -> (Int?, Signal?) in
            guard state.signals.count < limit || state.signals[subscription.key] != nil else { return (nil, nil) }
            state.begun += 1
            if state.isClosed { return (state.begun, signal) }  // it ends at once
            let replaced = state.signals.updateValue((state.begun, signal), forKey: subscription.key)
            return (state.begun, replaced?.signal)
        }
        replaced?.finish()
        return number.map { Begun(subscription: subscription, number: $0, ended: ended) }
    }

    func isDue(_ subject: String, every interval: Duration) -> Bool {
        let now = ContinuousClock.now
        return state.withLock { state in
            if let last = state.told[subject], now - last < interval { return false }
            if state.told.count >= state.mostTold {
                state.told = state.told.filter { now - $0.value < interval }
                state.mostTold = max(1024, 2 * state.told.count)
            }
            state.told[subject] = now
            return true
        }
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
