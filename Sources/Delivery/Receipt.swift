// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vocabulary

/// What a submission to ``Delivery`` will come to. One waiter.
package final class Receipt: Sendable {
    private enum State: Sendable {
        case open
        case awaited(CheckedContinuation<Void, any Error>)
        case settled(Result<Void, any Error>)
    }

    private let state = Mutex(State.open)

    /// Of what came too late.
    static var shuttingDown: Receipt {
        let receipt = Receipt()
        receipt.resume(throwing: MoveError(.shuttingDown, "the daemon shuts down"))
        return receipt
    }

    /// Returns when every message of the batch is moved. Does not heed cancellation: no delivery does.
    /// - Throws: `MailStoreError`, `RecordsError`; then each message either is not visible, or an intent says so.
    package func wait() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state -> Result<Void, any Error>? in
                if case .settled(let result) = state { return result }
                state = .awaited(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }

    func resume() { settle(.success(())) }

    func resume(throwing error: any Error) { settle(.failure(error)) }

    private func settle(_ result: Result<Void, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            defer { state = .settled(result) }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        waiter?.resume(with: result)
    }
}
