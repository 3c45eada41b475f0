// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization

/// The runs that have not yet moved many messages. Longer ones give way to them, so that who has little mail has it
/// soon, whatever else moves.
final class YoungRuns: Sendable {
    /// A run that has moved so many messages is not young any more.
    static let messages = 1000
    /// While there are young ones, a longer one is at work for one part of the time …
    private static let patience = 6.0
    /// … and pauses for no more than so many seconds at once.
    private static let longestPause = 1.0

    private let accounts = Mutex<Set<AccountRecord.ID>>([])

    func begins(_ account: AccountRecord.ID) { accounts.withLock { _ = $0.insert(account) } }

    /// It has ended, or grown.
    func leaves(_ account: AccountRecord.ID) { accounts.withLock { _ = $0.remove(account) } }

    /// - Parameter work: how long a run that is not young has worked since its last pause.
    /// - Returns: how many seconds it pauses now.
    func pause(after work: Duration) -> Double {
        if accounts.withLock(\.isEmpty) { return 0 }
        return min(Self.longestPause, Self.patience * (work / .seconds(1)))
    }
}
