// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets so many through at a time under each key; the others wait in order, or leave when cancelled.
final class Turnstile<Key: Hashable & Sendable>: Sendable {
    private struct Waiter: Sendable {
        var number: UInt64
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Gate: Sendable {
        var inside = 0
        var waiting: [Waiter] = []
    }

    private struct State: Sendable {
        var gates: [Key: Gate] = [:]
        var numbers: UInt64 = 0
        /// Cancelled before they could be put into the line.
        var gone: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Runs `body` when one of `width` places under `key` is free.
    /// - Throws: `CancellationError` when cancelled before that, else what `body` throws.
    func pass<Result: Sendable>(
        _ key: Key, width: Int, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await enter(key, width: width)
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: Key, width: Int) async throws {
        try Task.checkCancellation()
        let number = state.withLock { state in
            state.numbers += 1
            return state.numbers
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.gone.remove(number) != nil { return .failure(CancellationError()) }
                    if state.gates[key, default: Gate()].inside < width {
                        state.gates[key, default: Gate()].inside += 1
                        return .success(())
                    }
                    state.gates[key]?.waiting.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                if let index = state.gates[key]?.waiting.firstIndex(where: { $0.number == number }) {
                    return state.gates[key]?.waiting.remove(at: index)
                }
                state.gone.insert(number)
                return nil
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
        // A cancellation that came after the place was given leaves its mark; it is the body's to notice.
        state.withLock { _ = $0.gone.remove(number) }
    }

    /// The place goes to the next in line, who is inside from now on.
    private func leave(_ key: Key) {
        let next = state.withLock { state -> Waiter? in
            guard var gate = state.gates[key] else { return nil }
            if gate.waiting.isEmpty {
                gate.inside -= 1
                state.gates[key] = gate.inside == 0 ? nil : gate
                return nil
            }
            let next = gate.waiting.removeFirst()
            state.gates[key] = gate
            return next
        }
        next?.continuation.resume()
    }
}

/// Runs `body`, and cancels it after so many seconds.
/// - Returns: nil when time ran out first.
func withDeadline<Result: Sendable>(
    seconds: Double, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: .seconds(max(0, seconds)))
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
