// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization

/// The runs that have just begun and have not yet moved many messages. Longer ones give way to them, so that who has
/// little mail has it soon, whatever else moves.
final class YoungRuns: Sendable {
    /// A run that has moved so many messages is not young any more.
    static let messages = 1000
    /// While there are young ones, a longer one pauses for so many times as long as it has worked …
    private static let patience = 6.0
    /// … but for no more than so many seconds at once.
    private static let longestPause = 1.0

    /// One that has run for so long is not young either: an old server that hangs must not slow down the moves from
    /// others.
    private static let youth = Duration.seconds(10)

    private let begun = Mutex<[AccountRecord.ID: ContinuousClock.Instant]>([:])

    func begins(_ account: AccountRecord.ID, at time: ContinuousClock.Instant = .now) {
        begun.withLock { $0[account] = time }
    }

    /// It has ended, or grown.
    func leaves(_ account: AccountRecord.ID) { begun.withLock { $0[account] = nil } }

    /// - Parameter work: how long a run that is not young has worked since its last pause.
    /// - Returns: how many seconds it pauses now.
    func pause(after work: Duration) -> Double {
        let now = ContinuousClock.now
        guard begun.withLock({ $0.values.contains { now - $0 < Self.youth } }) else { return 0 }
        return min(Self.longestPause, Self.patience * (work / .seconds(1)))
    }
}
