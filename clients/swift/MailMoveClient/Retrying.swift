// SPDX-License-Identifier: Apache-2.0

extension MailMoveClient {
    /// Repeats what fails for a reason that passes (``MailMoveError/isRetryable``), after pauses that grow, or as the
    /// daemon says (``MailMoveError/retryAfter``).
    ///
    /// ```swift
    /// let status = try await mailmove.retrying(for: .seconds(300)) {
    ///     try await mailmove.triggerMigration(account: "ann@example.com", password: old)
    /// }
    /// ```
    ///
    /// A call of which nobody knows whether it was carried out (``MailMoveError/Code/connectionLost``,
    /// ``MailMoveError/Code/timedOut``) is repeated, too: give it only what can be done twice.
    ///
    /// - Parameters:
    ///   - duration: no further attempt begins after it.
    ///   - call: what is tried.
    /// - Throws: the last attempt's error; `CancellationError`.
    public nonisolated func retrying<Result: Sendable>(
        for duration: Duration, _ call: () async throws -> Result
    ) async throws -> Result {
        let deadline = ContinuousClock.now + duration
        var backoff = Backoff(from: .milliseconds(200), to: .seconds(30))
        while true {
            do {
                return try await call()
            } catch let error as MailMoveError where error.isRetryable {
                let pause = max(backoff.pause(), error.retryAfter ?? .zero)
                guard .now + pause < deadline else { throw error }
                try await Task.sleep(for: pause)
            }
        }
    }
}
