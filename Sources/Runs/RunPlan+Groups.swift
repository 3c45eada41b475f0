// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

extension RunPlan {
    /// A listing and a ledger, joined by what the ledger calls the ids. Both may have millions of entries, so they are sorted side by side, 16
    /// octets each, instead of gathered in dictionaries.
    struct Groups {
        private typealias Entry = (id: Int64, index: Int32)

        private let messages: [Entry]
        private let rows: [Entry]

        init(_ listing: [ListedMessage], _ ledger: [LedgerRow], _ names: LedgerNames) {
            var messages: [Entry] = []
            messages.reserveCapacity(listing.count)
            for (index, message) in listing.enumerated() {
                if let id = names.id(of: message) { messages.append((id, Int32(clamping: index))) }
            }
            var rows: [Entry] = []
            rows.reserveCapacity(ledger.count)
            for (index, row) in ledger.enumerated() {
                if let id = row.uniqueID { rows.append((id, Int32(clamping: index))) }
            }
            Self.sort(&messages)
            Self.sort(&rows)
            self.messages = messages
            self.rows = rows
        }

        private static func sort(_ entries: inout [Entry]) {
            entries.sort { $0.id == $1.id ? $0.index < $1.index : $0.id < $1.id }
        }

        /// Calls `body` with each listed id, the indices of its messages, and those of its rows.
        func forEach(_ body: (_ id: Int64, _ messages: [Int], _ rows: [Int]) -> Void) {
            var (left, right) = (messages.startIndex, rows.startIndex)
            while left < messages.endIndex {
                let id = messages[left].id
                let end = messages[left...].firstIndex { $0.id != id } ?? messages.endIndex
                while right < rows.endIndex, rows[right].id < id { right += 1 }
                var own: [Int] = []
                while right < rows.endIndex, rows[right].id == id {
                    own.append(Int(rows[right].index))
                    right += 1
                }
                body(id, messages[left..<end].map { Int($0.index) }, own)
                left = end
            }
        }
    }

    /// A set of indices, a bit each.
    struct Bits {
        private var words: [UInt64]
        private(set) var isEmpty = true

        init(_ count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

        mutating func insert(_ index: Int) {
            words[index / 64] |= 1 << UInt64(index % 64)
            isEmpty = false
        }

        func contains(_ index: Int) -> Bool { words[index / 64] & 1 << UInt64(index % 64) != 0 }
    }
}
