// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Secrets
import Testing
import Vocabulary

@testable import Runs

@Suite struct RunPlanTests {
    private let hash: LedgerHash
    private let source: Int64 = 77

    init() throws { hash = LedgerHash(hash: try KeyedHash(key: Array(repeating: 7, count: 32))) }

    private func listed(_ number: Int, _ id: String?, octets: Int? = 100) -> ListedMessage {
        ListedMessage(number: number, octets: octets, uniqueID: id.map { UniqueID(octets: Array($0.utf8)) })
    }

    private func row(
        _ id: String?, content: Int64, octets: Int64 = 100, occurrence: Int32 = 0, source: Int64? = nil,
        deleted: Bool = false, isShared: Bool = false
    ) -> LedgerRow {
        LedgerRow(
            uniqueID: id.map { hash.uniqueID(UniqueID(octets: Array($0.utf8))) }, occurrence: occurrence,
            content: content, octets: octets, source: source ?? self.source, deleted: deleted,
            isShared: isShared)
    }

    private func staged(_ message: ListedMessage, content: Int64) -> StagedMessage {
        StagedMessage(message: message, handle: "n\(message.number)", octets: 100, content: ContentHash(value: content))
    }

    private func plan(
        _ listing: [ListedMessage], _ ledger: [LedgerRow], order: MoveOptions.Order = .oldestFirst,
        confirming: Bool = false
    ) -> RunPlan {
        RunPlan(
            listing: listing, ledger: ledger, names: LedgerNames([], mailbox: source, hash: hash), order: order,
            isConfirming: confirming)
    }

    private func isNew(_ verdict: RunPlan.Verdict) -> Bool {
        if case .new = verdict { true } else { false }
    }

    @Test func aKnownUIDLOfTheSameSizeIsNotFetched() {
        let plan = plan([listed(1, "a"), listed(2, "b")], [row("a", content: 1)])
        #expect(plan.wanted.map(\.number) == [2])
    }

    @Test func newestFirstTurnsTheOrderRound() {
        #expect(plan([listed(1, "a"), listed(2, "b")], [], order: .newestFirst).wanted.map(\.number) == [2, 1])
    }

    @Test func aKnownUIDLOfAnotherSizeIsConfirmedByContent() {
        var plan = plan([listed(1, "a", octets: 200)], [row("a", content: 1)])
        #expect(plan.wanted.map(\.number) == [1])
        #expect(
            plan.judge(staged(listed(1, "a", octets: 200), content: 1))
                == .known(old: row("a", content: 1), row: row("a", content: 1, octets: 200)))
    }

    @Test func aReusedUIDLIsAnotherMessage() {
        var plan = plan([listed(1, "a", octets: 200)], [row("a", content: 1)])
        #expect(
            plan.judge(staged(listed(1, "a", octets: 200), content: 2))
                == .new(row("a", content: 2, octets: 200, occurrence: 1)))
    }

    @Test func newUIDLsForMailAlreadyMovedBringNothingTwice() {
        var plan = plan([listed(1, "x"), listed(2, "y")], [row("a", content: 1), row("b", content: 2)])
        #expect(plan.wanted.count == 2)
        #expect(!isNew(plan.judge(staged(listed(1, "x"), content: 1))))
        #expect(!isNew(plan.judge(staged(listed(2, "y"), content: 2))))
    }

    @Test func twoEqualMessagesStillArriveAsTwo() {
        var plan = plan([listed(1, nil), listed(2, nil)], [row(nil, content: 1)])
        #expect(!isNew(plan.judge(staged(listed(1, nil), content: 1))))
        #expect(isNew(plan.judge(staged(listed(2, nil), content: 1))))
    }

    @Test func contentIsComparedOnlyWithWhatIsNoLongerListed() {
        var plan = plan([listed(1, "a"), listed(2, "b")], [row("a", content: 1)])
        #expect(isNew(plan.judge(staged(listed(2, "b"), content: 1))))
    }

    @Test func aUIDLUsedTwiceNamesTwoMessages() {
        var first = plan([listed(1, "a"), listed(2, "a", octets: 300)], [])
        #expect(first.wanted.count == 2)
        let rows = [
            row("a", content: 1, isShared: true), row("a", content: 2, octets: 300, occurrence: 1, isShared: true),
        ]
        #expect(first.judge(staged(listed(1, "a"), content: 1)) == .new(rows[0]))
        #expect(first.judge(staged(listed(2, "a", octets: 300), content: 2)) == .new(rows[1]))
        // Which is which is known by content alone, for ever: the one that is left may be another by now.
        for listing in [[listed(1, "a"), listed(2, "a", octets: 300)], [listed(1, "a")]] {
            var second = plan(listing, rows)
            #expect(second.wanted == listing)
            #expect(second.missing == 0)
            #expect(second.judge(staged(listed(1, "a"), content: 1)) == .known(old: rows[0], row: rows[0]))
        }
        var third = plan([listed(1, "a")], rows)
        #expect(isNew(third.judge(staged(listed(1, "a"), content: 3))))
        // One of the two was refused, and is what is left.
        var refused = plan([listed(1, "a")], [rows[0]])
        #expect(refused.wanted.count == 1)
        #expect(isNew(refused.judge(staged(listed(1, "a"), content: 2))))
        // … and it has been so since before that was remembered.
        let old = [row("a", content: 1), row("a", content: 2, occurrence: 1)]
        #expect(plan([listed(1, "a")], old).wanted.count == 1)
        // Another server's are none of its affair.
        let elsewhere = [row("a", content: 1, source: 1, isShared: true), row("a", content: 2, occurrence: 1)]
        #expect(plan([listed(1, "a")], elsewhere).wanted.isEmpty)
    }

    @Test func unlessUIDLsAreTheMessagesNumbersTheyAreTrusted() {
        func wanted(_ ids: [String?]) -> Int {
            let listing = ids.enumerated().map { listed($0 + 1, $1) }
            return plan(listing, ids.enumerated().map { row($1, content: Int64($0)) }).wanted.count
        }
        #expect(wanted(["1", "2", "3"]) == 3)
        #expect(wanted(["001", "002", "003"]) == 3)
        #expect(wanted(["1", "2", "4"]) == 0)
        #expect(wanted(["2", "3", "4"]) == 0)
        #expect(wanted(["1a", "2a"]) == 0)
        #expect(wanted((1...12).map(String.init)) == 12)
        // Which of them says nothing but its number.
        let numbers = plan([listed(1, "1"), listed(2, "2")], []).naming
        #expect(!numbers.tells(listed(1, "1")))
        let names = plan([listed(1, "a"), listed(2, "b"), listed(3, "b"), listed(4, nil)], []).naming
        #expect((1...4).map { names.tells(listed($0, ["a", "b", "b", nil][$0 - 1])) } == [true, false, false, false])
    }

    @Test func ofTwoWithOneUIDLAndOneSizeBothAreFetchedWhenOneIsMissing() {
        var plan = plan([listed(1, "a"), listed(2, "a")], [row("a", content: 1)])
        #expect(plan.wanted.count == 2)
        #expect(isNew(plan.judge(staged(listed(1, "a"), content: 2))))
        #expect(!isNew(plan.judge(staged(listed(2, "a"), content: 1))))
    }

    @Test func anotherServersUIDLsAreConfirmedByContent() {
        var plan = plan([listed(1, "a")], [row("a", content: 1, source: 1)])
        #expect(plan.wanted.map(\.number) == [1])
        #expect(
            plan.judge(staged(listed(1, "a"), content: 1))
                == .known(old: row("a", content: 1, source: 1), row: row("a", content: 1)))
    }

    @Test func whatWeDeletedOverThereIsNoOneElsesTwin() {
        var plan = plan([listed(1, "b")], [row("a", content: 1, deleted: true)])
        #expect(isNew(plan.judge(staged(listed(1, "b"), content: 1))))
    }

    @Test(arguments: [false, true])
    func whatWeDeletedOverThereIsItselfWhenItIsListedAgain(confirming: Bool) {
        let deleted = row("a", content: 1, deleted: true)
        var other = plan([listed(1, "a", octets: 200)], [deleted], confirming: confirming)
        #expect(
            other.judge(staged(listed(1, "a", octets: 200), content: 2))
                == .new(row("a", content: 2, octets: 200, occurrence: 1)))
        var same = plan([listed(1, "a", octets: 200), listed(2, "b")], [deleted], confirming: confirming)
        #expect(
            same.judge(staged(listed(1, "a", octets: 200), content: 1))
                == .known(old: deleted, row: row("a", content: 1, octets: 200)))
        #expect(isNew(same.judge(staged(listed(2, "b"), content: 1))))
    }

    @Test func whatSeemsToBeHereDoesNotRemain() {
        let rows = [row(nil, content: 1), row(nil, content: 2, octets: 300, occurrence: 1)]
        let plan = plan([listed(1, nil), listed(2, nil), listed(3, nil, octets: 300)], rows)
        #expect((plan.wanted.count, plan.missing, plan.missingOctets) == (3, 1, 100))
        #expect([1, 2, 3].map { plan.seemsMoved(listed($0, nil)) } == [true, false, true])
        // One that was deleted over there stands for itself alone.
        let gone = [row("a", content: 1, deleted: true)]
        #expect(self.plan([listed(1, "b")], gone, confirming: true).missing == 1)
        #expect(self.plan([listed(1, "a")], gone, confirming: true).missing == 0)
    }

    @Test func beforeADeletionEveryMessageIsConfirmed() {
        var plan = plan([listed(1, "a")], [row("a", content: 1)], confirming: true)
        #expect(plan.wanted.count == 1)
        #expect(!isNew(plan.judge(staged(listed(1, "a"), content: 1))))
    }

    @Test func twoHundredThousandKnownMessagesAreComparedAtOnce() {
        let listing = (1...200_000).map { listed($0, "u\($0)") }
        let ledger = (1...200_000).map { row("u\($0)", content: Int64($0)) }
        #expect(plan(listing, ledger).wanted.isEmpty)
    }
}
