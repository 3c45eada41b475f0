// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Vocabulary

extension PendingRun {
    /// The longest time, in seconds, that the run can have been put off.
    /// - Parameter failedAt: of the account's latest failure.
    func longestWait(
        _ settings: MigrationSettings, _ limits: MoveLimits, _ failedAt: Timestamp?
    ) -> Double {
        switch kind {
        case .retry: limits.lastRetry
        case .followUp: Double(settings.options.followUp?.everyMinutes ?? Defaults.followUpMinutes) * 60
        // What a login asks for is due at once, unless it has been put off since: when it failed, by the same clock.
        case .first, .incremental, .repeated:
            if let start = failures == 1 ? failingSince : failedAt, failures > 0, start <= due {
                min(3600, due.seconds(since: start))
            } else {
                failures > 0 || sessions > 0 ? 3600 : 0
            }
        }
    }
}
