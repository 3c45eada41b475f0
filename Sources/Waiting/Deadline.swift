// SPDX-License-Identifier: Apache-2.0

/// Runs `body`, and cancels it after this many seconds.
/// - Returns: nil if time ran out first.
package func withDeadline<Result: Sendable>(
    seconds: Double, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await pause(for: .seconds(max(0, seconds)))
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
