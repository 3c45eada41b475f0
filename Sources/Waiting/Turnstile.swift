// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets a limited number through at a time for each key; the others wait in order, or leave when cancelled.
package final class Turnstile<Key: Hashable & Sendable>: Sendable {
    private enum Turn: Sendable { case inside, late, cancelled }

    private struct Waiter: Sendable {
        var width: Int
        let turn = Latch<Turn>()
    }

    private struct Gate: Sendable {
        var inside = 0
        var line = UrgencyLine<Waiter>()

        /// Those who can be admitted now; they count as inside from then on.
        mutating func admit() -> [Waiter] {
            var admitted: [Waiter] = []
            while let next = line.first, inside < next.width {
                _ = line.removeFirst()
                inside += 1
                admitted.append(next)
            }
            return admitted
        }
    }

    private struct State: Sendable {
        var gates: [Key: Gate] = [:]
        var numbers: UInt64 = 0

        mutating func forgetEmpty(_ key: Key) {
            if let gate = gates[key], gate.inside == 0, gate.line.isEmpty { gates[key] = nil }
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs `body` when one of `width` places under `key` is free.
    /// - Throws: `CancellationError` when cancelled before that, else what `body` throws.
    package func pass<Result: Sendable>(
        _ key: Key, width: Int, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        _ = try await enter(key, width)
        defer { leave(key) }
        return try await body()
    }

    /// The same, waiting no longer than this many seconds for a place; `body` itself has no time limit.
    /// - Returns: nil when time ran out first.
    package func pass<Result: Sendable>(
        _ key: Key, width: Int, within seconds: Double, _ body: @Sendable () async throws -> Result
    ) async throws -> Result? {
        guard try await enter(key, width, within: seconds) else { return nil }
        defer { leave(key) }
        return try await body()
    }

    /// - Returns: false when time ran out first.
    private func enter(_ key: Key, _ width: Int, within seconds: Double? = nil) async throws -> Bool {
        try Task.checkCancellation()
        let waiting = state.withLock { state -> (number: UInt64, turn: Latch<Turn>)? in
            if state.gates[key, default: Gate()].inside < width {
                state.gates[key, default: Gate()].inside += 1
                return nil
            }
            let waiter = Waiter(width: width)
            state.numbers += 1
            state.gates[key, default: Gate()].line.append(waiter, number: state.numbers, .somebodyWaits)
            return (state.numbers, waiter.turn)
        }
        guard let (number, turn) = waiting else { return true }
        let alarm = seconds.map { seconds in
            Timekeeper.shared.call(after: .seconds(max(0, seconds))) { self.remove(number, key)?.turn.settle(.late) }
        }
        defer { alarm?.cancel() }
        let end = await withTaskCancellationHandler {
            await turn.wait()
        } onCancel: {
            // If it is already inside it stays there, and its body notices the cancellation.
            remove(number, key)?.turn.settle(.cancelled)
        }
        if end == .cancelled { throw CancellationError() }
        return end == .inside
    }

    private func remove(_ number: UInt64, _ key: Key) -> Waiter? {
        state.withLock { state in
            let waiter = state.gates[key]?.line.remove(number...number).first
            state.forgetEmpty(key)
            return waiter
        }
    }

    private func leave(_ key: Key) {
        let admitted = state.withLock { state -> [Waiter] in
            state.gates[key]?.inside -= 1
            let admitted = state.gates[key]?.admit() ?? []
            state.forgetEmpty(key)
            return admitted
        }
        for waiter in admitted { waiter.turn.settle(.inside) }
    }
}
