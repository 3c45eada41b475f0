// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailStore
import Testing
import Vocabulary

@testable import IMAPStore

/// What is appended next, and what has become of each message: without a server.
@Suite struct AppendPlanTests {
    private static func messages(_ contents: [Int64], octets: Int = 100) -> [IMAPBatch.Message] {
        contents.enumerated().map { index, content in
            IMAPBatch.Message(handle: "\(index)", content: ContentHash(value: content), octets: octets)
        }
    }

    private static func plan(_ count: Int, octets: Int = 100) -> AppendPlan {
        AppendPlan(
            messages((0..<Int64(count)).map { $0 }, octets: octets), isStaged: Array(repeating: true, count: count))
    }

    @Test func allGoAtOnceWhereThePlatformTakesThat() {
        let plan = Self.plan(10)
        #expect(plan.chunk(takesMany: true) == Array(0..<10))
        #expect(plan.chunk(takesMany: false) == [0])
    }

    @Test func noMoreGoAtOnceThanAStopCanWaitFor() {
        #expect(Self.plan(1000).chunk(takesMany: true)?.count == IMAPBatch.mostMessages)
        #expect(Self.plan(10, octets: 300_000).chunk(takesMany: true)?.count == 3)
        #expect(Self.plan(3, octets: 5_000_000).chunk(takesMany: true) == [0])
    }

    /// Each refusal halves what goes at once, until the message that is refused stands alone.
    @Test(arguments: [0, 1, 7, 29]) func aRefusedMessageIsFoundAndHoldsUpNoOther(bad: Int) {
        var plan = Self.plan(30)
        var commands = 0
        while let chunk = plan.chunk(takesMany: true) {
            commands += 1
            if !chunk.contains(bad) {
                plan.accepted(chunk)
            } else if chunk.count == 1 {
                plan.refuse(bad, "NO")
            } else {
                plan.narrow(chunk)
            }
        }
        #expect(plan.publication.outcomes == (0..<30).map { $0 == bad ? .refused("NO") : .visible })
        #expect(commands < 20)
    }

    @Test func equalMessagesAreCounted() {
        let plan = AppendPlan(Self.messages([5, 5, 5, 6]), isStaged: [true, true, true, true])
        let five = ContentHash(value: 5)
        #expect(plan.missing([0, 1, 2, 3], found: [five: 2]) == [2, 3])
        #expect(plan.missing([1, 2], found: [five: 1]) == [2])
        #expect(plan.wanted([0, 1, 3]).counts == [five: 2, ContentHash(value: 6): 1])
    }

    @Test func whatWasFoundInTheFolderIsNotSentAgain() {
        var plan = Self.plan(4)
        plan.found([0, 1, 2, 3], except: [1, 3])
        #expect(plan.chunk(takesMany: true) == [1, 3])
        plan.accepted([1, 3])
        #expect(!plan.isPending && plan.chunk(takesMany: true) == nil)
        #expect(plan.publication.wereStaged == [true, true, true, true])
    }

    @Test func whatIsNotStagedIsNotSent() {
        let plan = AppendPlan(Self.messages([1, 2, 3]), isStaged: [true, false, true])
        #expect(plan.chunk(takesMany: true) == [0, 2])
        #expect(plan.publication.outcomes[1] == .takenAway)
    }

    /// It may have been for a moment, for an odd keyword, or for all of them.
    @Test func aMessageIsTriedAgainWithFewerKeywords() {
        let (odd, usual) = (Flag(String(repeating: "k", count: 60)), Flag("kw1"))
        var plan = Self.plan(3)
        var sent: [[Flag]] = []
        while plan.retry(1, keywords: [odd, usual]), sent.count < 9 {
            sent.append(plan.keywords(of: 1).of([odd, usual]))
        }
        #expect(sent == [[odd, usual], [usual], []])
        sent = []
        while plan.retry(2, keywords: [usual]), sent.count < 9 { sent.append(plan.keywords(of: 2).of([usual])) }
        #expect(sent == [[usual], []])
        let isTriedAgain = plan.retry(0, keywords: [])
        #expect(!isTriedAgain && plan.keywords(of: 0) == .all)
    }
}
