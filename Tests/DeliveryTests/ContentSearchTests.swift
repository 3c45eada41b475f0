// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Testing
import Vocabulary

@testable import Delivery

/// What only contents can tell of.
@Suite struct ContentSearchTests {
    private func contents(_ counts: [Int64: Int]) -> MailboxContents {
        var contents = MailboxContents()
        for (content, count) in counts { contents.messages[ContentHash(value: content)] = count }
        return contents
    }

    @Test(
        arguments: [
            // Filed under another name: found, and once.
            ([:], [1: 1], [], [true, false]),
            // The one that is there is another of the same content, under its own name.
            ([1: 1], [:], [1], [false, false]),
            // One of two equal ones was moved, and filed too: it accounts for one.
            ([:], [1: 2], [1], [true, false]),
            ([:], [1: 1], [1], [false, false]),
            // The one that was moved is there under its own name.
            ([1: 1], [1: 1], [1], [true, false]),
            ([:], [:], [], [false, false]),
        ] as [([Int64: Int], [Int64: Int], [Int64], [Bool])])
    func equalMessagesAreNotTakenForOneAnother(
        ours: [Int64: Int], others: [Int64: Int], accounted: [Int64], expected: [Bool]
    ) {
        var search = ContentSearch(ours: contents(ours), others: contents(others), accounted: accounted)
        #expect([search.take(1), search.take(1)] == expected)
    }

    @Test func rowsAreMadeForWhatTheLedgerDoesNotAccountFor() {
        let row = LedgerRow(uniqueID: 5, occurrence: 0, content: 1, octets: 20, source: 7)
        let rows = LedgerCompletion.rows([row], contents([1: 3, 2: 1]), contents([1: 1, 3: 2]))
        #expect(rows.ours.map(\.content).sorted() == [1, 1, 2] && rows.others.map(\.content).sorted() == [1, 3, 3])
        let all = rows.ours + rows.others
        #expect(Set(all).count == all.count && all.allSatisfy { $0.uniqueID == nil && $0.octets == -1 })
    }
}
