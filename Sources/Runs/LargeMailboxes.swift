// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Mailboxes so large that listing them takes hundreds of megabytes of memory: only a few move at once, whatever sizes
/// old servers claim.
final class LargeMailboxes: Sendable {
    /// A mailbox with more messages than this is large …
    static let messages = 100_000
    /// … and this many large ones move at once.
    static let most = 4
    /// Seconds after which one that found no room tries again.
    static let patience = 120

    private let moving = Mutex(0)

    /// Whether there is room for one more, which must then `leave`.
    func enter() -> Bool {
        moving.withLock { moving in
            guard moving < Self.most else { return false }
            moving += 1
            return true
        }
    }

    func leave() { moving.withLock { $0 -= 1 } }
}
