// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

extension RunPlan {
    /// Folders that show messages of others (Gmail's All Mail), and what is in those others.
    ///
    /// What is in a view and nowhere else is moved from there. If it is filed later on, the view still lists it, and its
    /// other folder does, too: it is here already, and from then on it is the other folder's.
    struct Views: Sendable {
        private let numbers: Set<Int>
        /// The contents of messages that are in folders of their own.
        private var elsewhere: Set<Int64> = []
        /// Rows of messages that have been moved from a view, which still lists them; by content.
        private var onlyHere: [Int64: [LedgerRow]] = [:]
        private var looksOnlyHere: Set<Looks> = []

        /// By which a message that two folders list is likely to be the same.
        private struct Looks: Hashable {
            var octets: Int?
            var date: Timestamp?

            init(_ message: ListedMessage) { (octets, date) = (message.octets, message.date) }
        }

        init(_ numbers: Set<Int>, besides: [LedgerRow]) {
            self.numbers = numbers
            guard !numbers.isEmpty else { return }
            for row in besides where !row.isShown { elsewhere.insert(row.content) }
        }

        /// The contents of all that has been moved, where rows of what is only shown lean on that: such a row is recorded
        /// before the message that is shown has been delivered, and may be left alone.
        static func moved(_ ledger: [LedgerRow], _ besides: [LedgerRow]) -> Set<Int64> {
            guard ledger.contains(where: \.isShown) else { return [] }
            return Set([ledger, besides].joined().lazy.filter { !$0.isShown }.map(\.content))
        }

        /// A listed message is known by its row.
        mutating func trust(_ message: ListedMessage, _ row: LedgerRow) {
            guard !numbers.isEmpty, !row.isShown else { return }
            elsewhere.insert(row.content)
            guard numbers.contains(message.folder) else { return }
            onlyHere[row.content, default: []].append(row)
            looksOnlyHere.insert(Looks(message))
        }

        /// A message that is not listed is where it was.
        mutating func keep(_ row: LedgerRow) { if !numbers.isEmpty, !row.isShown { elsewhere.insert(row.content) } }

        /// Whether a message of this content is only shown in this folder.
        func isShown(_ content: Int64, in folder: Int) -> Bool {
            numbers.contains(folder) && elsewhere.contains(content)
        }

        /// A message of this content is, or will be, here.
        mutating func add(_ content: Int64) { if !numbers.isEmpty { elsewhere.insert(content) } }

        /// The row under which a message of another folder has been moved from a view.
        mutating func takeFiled(_ content: Int64, for folder: Int) -> LedgerRow? {
            numbers.contains(folder) ? nil : onlyHere[content]?.popLast()
        }

        /// Numbers of the wanted messages that seem to be the same as one in a view, or the other way round.
        func seeming(_ wanted: [ListedMessage], in listing: [ListedMessage]) -> [Int] {
            guard !numbers.isEmpty else { return [] }
            let others = Set(listing.lazy.filter { !numbers.contains($0.folder) }.map(Looks.init))
            return wanted.filter { message in
                (numbers.contains(message.folder) ? others : looksOnlyHere).contains(Looks(message))
            }.map(\.number)
        }
    }
}
