// SPDX-License-Identifier: Apache-2.0

import Systemd
import Waiting

extension ServiceManager {
    /// Runs a part of the start that may take long: a large database is brought up to date, a crash is recovered from.
    /// The manager's time-out begins anew while it goes on, for an hour at the most.
    func giveTime<Result>(
        _ status: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        self.status(status)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<360 where !Task.isCancelled {
                    extendTimeout(by: .seconds(30))
                    // Cancelled: it is done.
                    try? await pause(for: .seconds(10))
                }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }
}
