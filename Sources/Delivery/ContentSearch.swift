// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// Looks for intended messages, which are nowhere under their names, by their contents: a value without I/O.
///
/// A message under a name of ours is what its name says, so only messages under other names can be the ones that are
/// looked for; and of these as many are taken for others that were moved as the ledger has and names of ours do not show.
/// So of two equal messages, of which the user has filed one under a new name and deleted the other, one may come again;
/// none is ever taken for delivered because another is there.
struct ContentSearch: Sendable {
    private var free: [ContentHash: Int]

    /// - Parameters:
    ///   - accounted: contents of what was moved or delivered, each as often as it was.
    init(ours: MailboxContents, others: MailboxContents, accounted: some Sequence<Int64>) {
        var unseen: [ContentHash: Int] = [:]
        for content in accounted { unseen[ContentHash(value: content), default: 0] += 1 }
        free = others.messages
        for (content, count) in unseen {
            let elsewhere = max(0, count - (ours.messages[content] ?? 0))
            if elsewhere > 0, let there = free[content] { free[content] = max(0, there - elsewhere) }
        }
    }

    /// Whether a message of this content is there; each answers once.
    mutating func take(_ content: Int64) -> Bool {
        let key = ContentHash(value: content)
        guard let count = free[key], count > 0 else { return false }
        free[key] = count - 1
        return true
    }
}
