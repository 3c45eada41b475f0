// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@testable import Migration

@Suite struct ScheduleTests {
    private let start = Timestamp(milliseconds: 0)

    private func ticket(
        _ account: Int64, server: String = "a:110", domain: String = "example.com", width: Int = 2, share: Int = .max,
        first: Bool = false, due: Double = 0
    ) -> Schedule.Ticket {
        Schedule.Ticket(
            account: account, lane: Schedule.Lane(server: server, domain: domain), width: width, share: share,
            isFirst: first, due: start.adding(seconds: due))
    }

    private func started(_ schedule: inout Schedule, at seconds: Double = 0, most: Int = 64) -> [Int64] {
        schedule.start(now: start.adding(seconds: seconds), most: most).starts.map(\.account)
    }

    @Test func aServerGetsNoMoreConnectionsThanItTakes() {
        var schedule = Schedule()
        for account in 1...5 { schedule.submit(ticket(Int64(account)), secondsBetweenRuns: 0) }
        #expect(started(&schedule) == [1, 2])
        #expect(started(&schedule) == [])
        schedule.finish(1, now: start, next: nil, secondsBetweenRuns: 0)
        #expect(started(&schedule) == [3])
        #expect(schedule.runningCount == 2)
        #expect(schedule.waitingCount == 2)
    }

    @Test func aFirstRunGoesBeforeIncrementalOnes() {
        var schedule = Schedule()
        for account in 1...3 { schedule.submit(ticket(Int64(account), width: 1), secondsBetweenRuns: 0) }
        schedule.submit(ticket(9, width: 1, first: true), secondsBetweenRuns: 0)
        #expect(started(&schedule) == [9])
    }

    @Test func oneServersQueueHoldsUpNoOther() {
        var schedule = Schedule()
        for account in 1...10 { schedule.submit(ticket(Int64(account), width: 1), secondsBetweenRuns: 0) }
        schedule.submit(ticket(20, server: "b:110"), secondsBetweenRuns: 0)
        #expect(Set(started(&schedule)) == [1, 20])
    }

    @Test func aDomainThatWantsFewConnectionsHoldsUpNoOther() {
        var schedule = Schedule()
        for account in 1...3 {
            schedule.submit(ticket(Int64(account), domain: "b", width: 4, share: 1), secondsBetweenRuns: 0)
        }
        for account in 10...15 {
            schedule.submit(ticket(Int64(account), domain: "a", width: 4), secondsBetweenRuns: 0)
        }
        #expect(started(&schedule).sorted() == [1, 10, 11, 12])
        schedule.finish(1, now: start, next: nil, secondsBetweenRuns: 0)
        #expect(started(&schedule).count == 1)
        for account in [10, 11, 12] as [Int64] {
            schedule.finish(account, now: start, next: nil, secondsBetweenRuns: 0)
        }
        #expect(started(&schedule).filter { $0 < 10 }.count <= 1)
    }

    @Test func whoJoinsARunIsLookedAtWhenItHasEnded() {
        var schedule = Schedule()
        schedule.submit(ticket(1), secondsBetweenRuns: 0)
        #expect(started(&schedule) == [1])
        schedule.submit(ticket(1), secondsBetweenRuns: 0)
        #expect(schedule.waitingCount == 0)
        var wasJoined = schedule.finish(1, now: start, next: nil, secondsBetweenRuns: 0)
        #expect(wasJoined)
        schedule.submit(ticket(1), secondsBetweenRuns: 0)
        #expect(started(&schedule) == [1])
        wasJoined = schedule.finish(1, now: start, next: nil, secondsBetweenRuns: 0)
        #expect(!wasJoined)
    }

    @Test func allTogetherStayUnderTheDaemonsOwnLimit() {
        var schedule = Schedule()
        for account in 1...10 { schedule.submit(ticket(Int64(account), width: 10), secondsBetweenRuns: 0) }
        #expect(started(&schedule, most: 3) == [1, 2, 3])
    }

    @Test func aLoginSoonAfterARunGetsOneRunAtItsEnd() {
        var schedule = Schedule()
        schedule.submit(ticket(1), secondsBetweenRuns: 10)
        #expect(started(&schedule) == [1])
        schedule.finish(1, now: start, next: nil, secondsBetweenRuns: 10)
        schedule.submit(ticket(1, due: 2), secondsBetweenRuns: 10)
        schedule.submit(ticket(1, due: 3), secondsBetweenRuns: 10)
        #expect(started(&schedule, at: 9) == [])
        #expect(started(&schedule, at: 10) == [1])
        #expect(schedule.waitingCount == 0)
    }

    @Test func aRunThatIsGoingOnIsJoined() {
        var schedule = Schedule()
        schedule.submit(ticket(1), secondsBetweenRuns: 0)
        #expect(started(&schedule) == [1])
        schedule.submit(ticket(1), secondsBetweenRuns: 0)
        #expect(started(&schedule) == [])
        #expect(schedule.waitingCount == 0)
    }

    @Test func whatIsDueLaterIsSaidAndNotStarted() {
        var schedule = Schedule()
        schedule.submit(ticket(1, due: 5), secondsBetweenRuns: 0)
        let turn = schedule.start(now: start, most: 64)
        #expect(turn.starts.isEmpty)
        #expect(turn.next == start.adding(seconds: 5))
    }

    @Test func aRetryMakesWayForAnEarlierWish() {
        var schedule = Schedule()
        schedule.submit(ticket(1, due: 900), secondsBetweenRuns: 0)
        schedule.submit(ticket(1, due: 1), secondsBetweenRuns: 0)
        #expect(started(&schedule, at: 1) == [1])
        #expect(started(&schedule, at: 901) == [])
    }

    @Test func aWithdrawnAccountIsNotStarted() {
        var schedule = Schedule()
        schedule.submit(ticket(1), secondsBetweenRuns: 0)
        schedule.withdraw(1)
        #expect(started(&schedule) == [])
        #expect(!schedule.isBusy(1))
    }

    @Test func aHundredThousandAccountsComeInTheirOrder() {
        var schedule = Schedule()
        for account in 0..<100_000 {
            schedule.submit(ticket(Int64(account), width: 100_000, due: Double(account % 7)), secondsBetweenRuns: 0)
        }
        let all = started(&schedule, at: 7, most: .max)
        #expect(all.count == 100_000)
        #expect(all.prefix(2) == [0, 7])
    }
}
