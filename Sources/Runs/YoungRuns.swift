// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization

/// Runs that have just begun and have not yet moved many messages. Longer ones give way to them, so that users with
/// little mail have it soon, whatever else moves.
final class YoungRuns: Sendable {
    /// A run that has moved this many messages is no longer young.
    static let messages = 1000
    /// While there are young runs, a longer one pauses for this many times as long as it has worked …
    private static let patience = 6.0
    /// … but for no more than this many seconds at once.
    private static let longestPause = 1.0

    /// Nor is one that has run for this long young: an old server that hangs must not slow down moves from others.
    private static let youth = Duration.seconds(10)

    private let begun = Mutex<[AccountRecord.ID: ContinuousClock.Instant]>([:])

    func begins(_ account: AccountRecord.ID, at time: ContinuousClock.Instant = .now) {
        begun.withLock { $0[account] = time }
    }

    /// The run has ended, or is no longer young.
    func leaves(_ account: AccountRecord.ID) { begun.withLock { $0[account] = nil } }

    /// - Parameter work: how long a run that is not young has worked since its last pause.
    /// - Returns: the seconds to pause now.
    func pause(after work: Duration) -> Double {
        let now = ContinuousClock.now
        guard begun.withLock({ $0.values.contains { now - $0 < Self.youth } }) else { return 0 }
        return min(Self.longestPause, Self.patience * (work / .seconds(1)))
    }
}
