// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Mailboxes of so many messages that listing them costs memory by the hundred megabytes: a few at once, whatever old
/// servers say that they hold.
final class LargeMailboxes: Sendable {
    /// Beyond so many messages a mailbox is large …
    static let messages = 100_000
    /// … and of large ones so many move at once.
    static let most = 4
    /// After so many seconds another one tries again.
    static let patience = 120

    private let moving = Mutex(0)

    /// Whether there is room for one more, which is then to `leave`.
    func enter() -> Bool {
        moving.withLock { moving in
            guard moving < Self.most else { return false }
            moving += 1
            return true
        }
    }

    func leave() { moving.withLock { $0 -= 1 } }
}
