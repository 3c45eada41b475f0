// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Runs
import Secrets
import Testing
import Vocabulary

@testable import Diagnosis

@Suite struct IntegrityComparisonTests {
    private let hash: LedgerHash

    init() throws { hash = LedgerHash(hash: try KeyedHash(key: Array(repeating: 7, count: 32))) }

    private func listed(_ number: Int, _ id: String?) -> ListedMessage {
        ListedMessage(number: number, octets: 100, uniqueID: id.map { UniqueID(octets: Array($0.utf8)) })
    }

    private func row(_ id: String?, _ content: Int64, occurrence: Int32 = 0, source: Int64 = 1) -> LedgerRow {
        LedgerRow(
            uniqueID: id.map { hash.uniqueID(UniqueID(octets: Array($0.utf8))) }, occurrence: occurrence,
            content: content, octets: 100, source: source)
    }

    private func compare(
        _ ledger: [LedgerRow], _ listing: [ListedMessage]?, here: [Int64: Int]
    ) -> IntegrityComparison {
        IntegrityComparison(
            ledger: ledger, listing: listing, names: LedgerNames([], mailbox: 1, hash: hash),
            contents: Dictionary(uniqueKeysWithValues: here.map { (ContentHash(value: $0), $1) }))
    }

    @Test func whatOnlyAFolderOfAllStillShowsIsMissing() {
        let shown = row("all-1", 1).shown
        let rows = [row("inbox-1", 1), shown, row("inbox-2", 2)]
        let comparison = compare(rows, [listed(1, "all-1")], here: [:])
        #expect(comparison.missing.map(\.row) == [rows[0]] && comparison.gone == 1 && comparison.waiting == 0)
    }

    @Test func whatIsListedAndNotHereIsMissing() {
        let comparison = compare([row("a", 1), row("b", 2)], [listed(1, "a"), listed(2, "b")], here: [1: 1])
        #expect(comparison.present == 1)
        #expect(comparison.missing.map(\.row) == [row("b", 2)])
        #expect(comparison.gone == 0)
        #expect(comparison.waiting == 0)
    }

    @Test func whatIsNeitherListedNorHereIsGone() {
        let comparison = compare([row("a", 1), row("b", 2)], [listed(1, "a")], here: [1: 1])
        #expect(comparison.missing.isEmpty)
        #expect(comparison.gone == 1)
    }

    @Test func whatIsListedAndNotRecordedWaits() {
        let comparison = compare([row("a", 1)], [listed(1, "a"), listed(2, "new")], here: [1: 1])
        #expect(comparison.waiting == 1)
        #expect(comparison.missing.isEmpty)
    }

    @Test func withoutAListingNothingIsMissing() {
        let comparison = compare([row("a", 1), row("b", 2)], nil, here: [:])
        #expect(comparison.missing.isEmpty)
        #expect(comparison.gone == 2)
    }

    /// One of them is here: it stands for the one that is still over there.
    @Test func ofTwoEqualMessagesTheOneThatIsNotListedIsGone() {
        let comparison = compare([row("a", 1), row("b", 1)], [listed(1, "b")], here: [1: 1])
        #expect(comparison.present == 1)
        #expect(comparison.missing.isEmpty)
        #expect(comparison.gone == 1)
    }

    @Test func anotherServersUIDLsMeanNothingHere() {
        let comparison = compare([row("a", 1, source: 2)], [listed(1, "a")], here: [1: 1])
        #expect(comparison.waiting == 1)
        #expect(comparison.present == 1)
    }

    @Test func aUserMayHaveMadeACopyOfWhatSeemsToBeMissing() {
        var comparison = compare([row("a", 1), row("b", 2)], [listed(1, "a"), listed(2, "b")], here: [:])
        comparison.find(in: [ContentHash(value: 2): 1])
        #expect(comparison.present == 1)
        #expect(comparison.missing.map(\.row) == [row("a", 1)])
    }

    @Test func twoOfOneThatWasMovedOnceAreDoubled() {
        let here = [ContentHash(value: 1): 2, ContentHash(value: 2): 2]
        #expect(IntegrityComparison.surplus([row("a", 1), row("b", 2), row("c", 2)], here).doubled == 1)
    }

    @Test func oneThatWasCutShortIsChangedRatherThanDoubled() {
        let here = [ContentHash(value: 1): 1, ContentHash(value: 7): 1]
        let surplus = IntegrityComparison.surplus([row("a", 1), row("b", 2)], here)
        #expect(surplus.doubled == 0)
        #expect(surplus.changed == 1)
    }
}
