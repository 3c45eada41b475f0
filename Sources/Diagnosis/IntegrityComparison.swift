// SPDX-License-Identifier: Apache-2.0

import Records
import Runs
import Vocabulary

/// The ledger compared with the old mailbox and the new one: a value without I/O.
///
/// A message on the old server matches a ledger row by UIDL and size; a ledger row matches a message in the mailbox by
/// content, whatever its name is by now. Each message in the mailbox accounts for one row.
struct IntegrityComparison: Sendable {
    /// Rows that are in the mailbox.
    private(set) var present = 0
    /// Rows of messages that are not in the mailbox and that the old server no longer lists, or was not asked about.
    private(set) var gone = 0
    /// Rows of messages that are not in the mailbox and that the old server still has, be it in a folder that shows those
    /// of others.
    private(set) var missing: [(message: ListedMessage, row: LedgerRow)] = []
    /// How many messages the old server has and the ledger does not.
    private(set) var waiting = 0

    private var contents: [ContentHash: Int]

    /// - Parameters:
    ///   - listing: nil where the old server was not asked.
    ///   - names: what the ledger calls the messages of the listing.
    init(
        ledger: [LedgerRow], listing: [ListedMessage]?, names: LedgerNames, contents: [ContentHash: Int]
    ) {
        self.contents = contents
        var rows = Dictionary(grouping: ledger) { Key($0) }
        var listed: [(message: ListedMessage, row: LedgerRow)] = []
        var shown: [Int64: [ListedMessage]] = [:]
        for message in listing ?? [] {
            let key = Key(
                uniqueID: names.id(of: message), octets: Int64(message.octets ?? -1),
                source: names.source(of: message.folder))
            if message.uniqueID != nil, let row = rows[key]?.popLast() {
                if row.isShown {
                    shown[row.content, default: []].append(message)
                } else {
                    listed.append((message, row))
                }
            } else {
                waiting += 1
            }
        }
        // Messages still on the old server come first, so that of two equal messages the other one counts as gone.
        for (message, row) in listed {
            if take(row.content) { present += 1 } else { missing.append((message, row)) }
        }
        for row in rows.values.joined() where !row.isShown {
            if take(row.content) {
                present += 1
            } else if let message = shown[row.content]?.popLast() {
                missing.append((message, row))
            } else {
                gone += 1
            }
        }
    }

    /// Messages delivered by others, or copied by the user, may be the missing ones.
    mutating func find(in others: [ContentHash: Int]) {
        contents.merge(others, uniquingKeysWith: +)
        let before = missing
        missing = []
        for (message, row) in before {
            if take(row.content) { present += 1 } else { missing.append((message, row)) }
        }
    }

    /// Messages in the mailbox under names of ours that the ledger does not account for: moved messages that are there
    /// too often, and ones whose content was never moved.
    static func surplus(_ ledger: [LedgerRow], _ contents: [ContentHash: Int]) -> (doubled: Int, changed: Int) {
        var known: [ContentHash: Int] = [:]
        for row in ledger where !row.isShown { known[ContentHash(value: row.content), default: 0] += 1 }
        var (doubled, changed) = (0, 0)
        for (content, count) in contents {
            if let moved = known[content] { doubled += max(0, count - moved) } else { changed += count }
        }
        return (doubled, changed)
    }

    private mutating func take(_ content: Int64) -> Bool {
        let key = ContentHash(value: content)
        guard let count = contents[key], count > 0 else { return false }
        contents[key] = count - 1
        return true
    }

    private struct Key: Hashable {
        var uniqueID: Int64?
        var octets: Int64
        var source: Int64

        init(_ row: LedgerRow) { self.init(uniqueID: row.uniqueID, octets: row.octets, source: row.source) }

        init(uniqueID: Int64?, octets: Int64, source: Int64) {
            self.uniqueID = uniqueID
            self.octets = octets
            self.source = source
        }
    }
}
