// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Synchronization

/// What a watcher has not seen yet: the newest state of each account, and of the domain as a whole, in the order in which
/// they changed.
final class LatestStatuses: Sendable {
    private struct State {
        var latest: [String: JSONView] = [:]
        /// Accounts, or the domain, in order; those before `head` have been taken.
        var order: [String] = []
        var head = 0
        var hasEnded = false
        /// Once cancelled, for good.
        var isCancelled = false
        var waiting: CheckedContinuation<JSONView?, Never>?

        mutating func take() -> JSONView? {
            guard head < order.count else { return nil }
            let account = order[head]
            head += 1
            if head == order.count || head > 1024 {
                order.removeFirst(head)
                head = 0
            }
            return latest.removeValue(forKey: account)
        }
    }

    /// How many accounts may wait before the daemon has to.
    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int = 4096) { self.capacity = capacity }

    var isFull: Bool { state.withLock { $0.latest.count >= capacity } }

    /// Takes a `Status` or a `DomainProgress`; anything else is ignored.
    func put(_ status: JSONView) {
        guard let account = status["account"]?.string ?? status["domain"]?.string else { return }
        let waiting = state.withLock { state -> CheckedContinuation<JSONView?, Never>? in
            if let waiting = state.waiting.take() { return waiting }
            if state.latest.updateValue(status, forKey: account) == nil { state.order.append(account) }
            return nil
        }
        waiting?.resume(returning: status)
    }

    /// No more will come.
    func finish() {
        let waiting = state.withLock { state in
            state.hasEnded = true
            return state.waiting.take()
        }
        waiting?.resume(returning: nil)
    }

    /// The next one; nil when no more will come, or when the task is cancelled. For one reader.
    func next() async -> JSONView? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> JSONView?? in
                    if state.isCancelled { return .some(nil) }
                    if let status = state.take() { return status }
                    if state.hasEnded { return .some(nil) }
                    state.waiting = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                state.isCancelled = true
                return state.waiting.take()
            }
            waiting?.resume(returning: nil)
        }
    }
}
