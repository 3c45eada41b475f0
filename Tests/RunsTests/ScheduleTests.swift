// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Runs

@Suite struct ScheduleTests {
    private let start = ContinuousClock.now

    private func ticket(
        _ account: Int64, server: String = "a:110", domain: String = "example.com", width: Int = 2, share: Int = .max,
        first: Bool = false, due: Double = 0
    ) -> Schedule.Ticket {
        Schedule.Ticket(
            account: account, lane: Schedule.Lane(server: server, domain: domain), width: width, share: share,
            isFirst: first, due: start + .seconds(due))
    }

    private func started(_ schedule: inout Schedule, at seconds: Double = 0, most: Int = 64) -> [Int64] {
        schedule.start(now: start + .seconds(seconds), most: most).starts.map(\.account)
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
        #expect(turn.next == start + .seconds(5))
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

    @Test func whoPollsKeepsHisPlace() {
        var schedule = Schedule()
        for account in 1...17 {
            schedule.submit(ticket(Int64(account), width: 1, first: true, due: Double(account)), secondsBetweenRuns: 0)
        }
        var order: [Int64] = []
        for second in 20..<40 {
            // The third logs in again and again.
            schedule.submit(ticket(3, width: 1, first: true, due: Double(second)), secondsBetweenRuns: 0)
            for account in started(&schedule, at: Double(second)) {
                order.append(account)
                schedule.finish(account, now: start, next: nil, secondsBetweenRuns: 0)
            }
            if order.count == 17 { break }
        }
        #expect(order == Array(1...17))
    }

    @Test func firstRunsOfAServersDomainsComeInTheOrderOfTheirLogins() {
        var schedule = Schedule()
        for account in 1...6 {
            let domain = account % 3 == 0 ? "b" : "a"
            schedule.submit(ticket(Int64(account), domain: domain, width: 1, first: true), secondsBetweenRuns: 0)
        }
        var order: [Int64] = []
        while let account = started(&schedule).first {
            order.append(account)
            schedule.finish(account, now: start, next: nil, secondsBetweenRuns: 0)
        }
        #expect(order == [1, 2, 3, 4, 5, 6])
    }

    @Test func slowServersLeaveEachOtherAPlaceAndFreedOnesGoToWhoHasTheFewest() {
        var schedule = Schedule()
        for server in 0..<4 {
            for account in 0..<20 {
                schedule.submit(
                    ticket(Int64(100 * server + account), server: "slow\(server)", domain: "d\(server)", width: 16),
                    secondsBetweenRuns: 0)
            }
        }
        let held = started(&schedule)
        #expect(held.count == 64)
        for account in 1000..<1020 {
            schedule.submit(ticket(Int64(account), server: "good", width: 16), secondsBetweenRuns: 0)
        }
        #expect(started(&schedule) == [1000])  // beyond the limit
        #expect(started(&schedule) == [])
        schedule.finish(1000, now: start, next: nil, secondsBetweenRuns: 0)
        #expect(started(&schedule) == [1001])
        // Two of a slow one's have ended: one makes good what is beyond the limit, the other is the good one's.
        for account in held.prefix(2) { schedule.finish(account, now: start, next: nil, secondsBetweenRuns: 0) }
        #expect(started(&schedule) == [1002])
    }

    @Test func placesAreSharedBetweenServersFromTheBeginning() {
        var schedule = Schedule()
        for account in 0..<40 {
            schedule.submit(ticket(Int64(account), server: "a", width: 16), secondsBetweenRuns: 0)
            schedule.submit(ticket(Int64(100 + account), server: "b", width: 16), secondsBetweenRuns: 0)
        }
        let all = started(&schedule, most: 10)
        #expect(all.filter { $0 < 100 }.count == 5)
    }

    @Test func suspectsRunOneAtATimeUntilEachHasShownItself() {
        var schedule = Schedule()
        for account in 1...3 as ClosedRange<Int64> {
            var suspect = ticket(account, width: 16, first: true)
            suspect.isSuspect = true
            schedule.submit(suspect, secondsBetweenRuns: 0)
        }
        schedule.submit(ticket(9, width: 16, first: true), secondsBetweenRuns: 0)
        #expect(started(&schedule) == [1, 9])
        #expect(started(&schedule) == [])
        schedule.clear(1)  // goes on, but has moved something
        #expect(started(&schedule) == [2])
        schedule.finish(2, now: start, next: nil, secondsBetweenRuns: 0)
        #expect(started(&schedule) == [3])
    }
}
