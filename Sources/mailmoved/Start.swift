// SPDX-License-Identifier: Apache-2.0

import Systemd
import Waiting

extension ServiceManager {
    /// Runs a part of the start that may take long: updating a large database, recovering from a crash. Meanwhile the
    /// manager's timeout is extended, for an hour at most.
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
