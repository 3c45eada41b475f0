// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// Looks by content for intended messages that are nowhere under their names: a value without I/O.
///
/// A message under a name of ours is the one its name says, so only messages under other names come into question. From
/// these, as many are set aside for other moved messages as the ledger lists and names of ours do not account for.
/// Therefore, if a user has filed one of two equal messages under a new name and deleted the other, one may come again;
/// none is ever taken for delivered because another is there.
struct ContentSearch: Sendable {
    private var free: [ContentHash: Int]

    /// - Parameters:
    ///   - accounted: the content of each moved or delivered message, repeated for each copy.
    init(ours: MailboxContents, others: MailboxContents, accounted: some Sequence<Int64>) {
        var unseen: [ContentHash: Int] = [:]
        for content in accounted { unseen[ContentHash(value: content), default: 0] += 1 }
        free = others.messages
        for (content, count) in unseen {
            let elsewhere = max(0, count - (ours.messages[content] ?? 0))
            if elsewhere > 0, let there = free[content] { free[content] = max(0, there - elsewhere) }
        }
    }

    /// Whether a message of this content is there; each message is counted once.
    mutating func take(_ content: Int64) -> Bool {
        let key = ContentHash(value: content)
        guard let count = free[key], count > 0 else { return false }
        free[key] = count - 1
        return true
    }
}
