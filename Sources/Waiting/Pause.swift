// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Returns after `duration`, whatever becomes of the wall clock.
///
/// In place of `Task.sleep`, whose timers (libdispatch's) are set for a moment, not for a span: under a library that
/// fakes the wall clock (libfaketime) such a timer is refused, and nobody is woken any more.
/// - Throws: `CancellationError`.
public func pause(for duration: Duration) async throws {
    let sleeper = Sleeper()
    try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            guard sleeper.begin(continuation) else { return }
            Timekeeper.shared.wake(sleeper, at: .now + duration)
        }
    } onCancel: {
        if sleeper.end(throwing: CancellationError()) { Timekeeper.shared.forgetOne() }
    }
}

/// Whoever pauses: woken once, by time or by cancellation.
final class Sleeper: Sendable {
    private enum State: Sendable {
        case new
        case asleep(CheckedContinuation<Void, any Error>)
        case over
    }

    private let state = Mutex(State.new)

    var isOver: Bool { state.withLock { if case .over = $0 { true } else { false } } }

    /// - Returns: false where it was cancelled before; the continuation has been resumed then.
    func begin(_ continuation: CheckedContinuation<Void, any Error>) -> Bool {
        let isNew = state.withLock { state in
            guard case .new = state else { return false }
            state = .asleep(continuation)
            return true
        }
        if !isNew { continuation.resume(throwing: CancellationError()) }
        return isNew
    }

    /// - Returns: whether it was asleep.
    @discardableResult
    func end(throwing error: (any Error)? = nil) -> Bool {
        let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            defer { state = .over }
            if case .asleep(let continuation) = state { return continuation }
            return nil
        }
        guard let continuation else { return false }
        if let error { continuation.resume(throwing: error) } else { continuation.resume() }
        return true
    }
}
