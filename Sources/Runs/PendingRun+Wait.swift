// SPDX-License-Identifier: Apache-2.0

import Records

extension PendingRun {
    /// The longest time, in seconds, that it can still have to wait: as long as was decided, which for all but late mail is
    /// an hour at most.
    var longestWait: Double {
        let wait = wait ?? 3600
        return kind == .followUp ? wait : min(wait, 3600)
    }
}
