// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Synchronization

/// Lets so many through at a time under each key; the others wait in order, or leave when cancelled.
///
/// Who can wait lets all others go first, and may be kept to fewer places, so that some are always left for them.
package final class Turnstile<Key: Hashable & Sendable>: Sendable {
    package enum Urgency: Sendable { case somebodyWaits, canWait }

    private struct Waiter: Sendable {
        var number: UInt64
        var width: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Gate: Sendable {
        var inside = 0
        var urgent: Deque<Waiter> = []
        var patient: Deque<Waiter> = []

        mutating func add(_ waiter: Waiter, _ urgency: Urgency) {
            switch urgency {
            case .somebodyWaits: urgent.append(waiter)
            case .canWait: patient.append(waiter)
            }
        }

        mutating func remove(_ number: UInt64) -> Waiter? {
            if let index = urgent.firstIndex(where: { $0.number == number }) { return urgent.remove(at: index) }
            if let index = patient.firstIndex(where: { $0.number == number }) { return patient.remove(at: index) }
            return nil
        }

        /// Who comes in now that there is room; they are inside from now on.
        mutating func admit() -> [Waiter] {
            var admitted: [Waiter] = []
            while let next = urgent.first ?? patient.first, inside < next.width {
                if urgent.isEmpty { patient.removeFirst() } else { urgent.removeFirst() }
                inside += 1
                admitted.append(next)
            }
            return admitted
        }
    }

    private struct State: Sendable {
        var gates: [Key: Gate] = [:]
        var numbers: UInt64 = 0
        /// Cancelled before they could be put into the line.
        var gone: Set<UInt64> = []
    }

    /// A place under a key, for work that does not end where it began. Who forgets it gives it up, too.
    package final class Place: Sendable {
        private let turnstile: Mutex<Turnstile?>
        private let key: Key

        fileprivate init(in turnstile: Turnstile, _ key: Key) {
            self.turnstile = Mutex(turnstile)
            self.key = key
        }

        deinit { giveUp() }

        package func giveUp() {
            let turnstile = turnstile.withLock { turnstile in
                defer { turnstile = nil }
                return turnstile
            }
            turnstile?.leave(key)
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Waits until one of `width` places under `key` is free.
    /// - Throws: `CancellationError` when cancelled before that.
    package func place(_ key: Key, width: Int, urgency: Urgency = .somebodyWaits) async throws -> Place {
        try await enter(key, width, urgency)
        return Place(in: self, key)
    }

    /// A place if one of `width` is free at this moment.
    package func freePlace(_ key: Key, width: Int) -> Place? {
        let isIn = state.withLock { state in
            guard state.gates[key]?.inside ?? 0 < width else { return false }
            state.gates[key, default: Gate()].inside += 1
            return true
        }
        return isIn ? Place(in: self, key) : nil
    }

    /// Runs `body` when one of `width` places under `key` is free.
    /// - Throws: `CancellationError` when cancelled before that, else what `body` throws.
    package func pass<Result: Sendable>(
        _ key: Key, width: Int, urgency: Urgency = .somebodyWaits, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await enter(key, width, urgency)
        defer { leave(key) }
        return try await body()
    }

    /// The same, waiting no longer than so many seconds for a place; `body` has all the time that it takes.
    /// - Returns: nil when time ran out first.
    package func pass<Result: Sendable>(
        _ key: Key, width: Int, within seconds: Double, _ body: @Sendable () async throws -> Result
    ) async throws -> Result? {
        guard try await enter(key, width, within: seconds) else { return nil }
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: Key, _ width: Int, within seconds: Double) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await self.enter(key, width, .somebodyWaits)
                return true
            }
            group.addTask {
                // Cancelled: the place came first.
                try? await pause(for: .seconds(max(0, seconds)))
                return false
            }
            if try await group.next() == true {
                group.cancelAll()
                return true
            }
            group.cancelAll()
            do {
                // The place may have come at the very moment.
                return try await group.next() ?? false
            } catch is CancellationError {
                try Task.checkCancellation()
                return false
            }
        }
    }

    private func enter(_ key: Key, _ width: Int, _ urgency: Urgency) async throws {
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
                    state.gates[key]?.add(Waiter(number: number, width: width, continuation: continuation), urgency)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                if let waiter = state.gates[key]?.remove(number) { return waiter }
                state.gone.insert(number)
                return nil
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
        // A cancellation that came after the place was given leaves its mark; it is the body's to notice.
        state.withLock { _ = $0.gone.remove(number) }
    }

    private func leave(_ key: Key) {
        let admitted = state.withLock { state -> [Waiter] in
            state.gates[key]?.inside -= 1
            let admitted = state.gates[key]?.admit() ?? []
            if state.gates[key]?.inside == 0 { state.gates[key] = nil }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume() }
    }
}
