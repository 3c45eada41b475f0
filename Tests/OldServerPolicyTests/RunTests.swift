// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// Whose mail moves, and when.
@Suite struct RunTests {
    private func bounds(_ connections: Int = 2, moves: Int = 64, betweenRuns: Double = 0) -> OldServerPolicy.Bounds {
        var bounds = OldServerPolicy.Bounds()
        bounds.connectionsPerOldServer = connections
        bounds.concurrentMoves = moves
        bounds.betweenRuns = .seconds(betweenRuns)
        return bounds
    }

    private func server(_ name: String) -> Endpoint { Endpoint(host: name, port: 110) }

    @Test func aServerGetsNoMoreConnectionsThanItMayHave() throws {
        var desk = Desk(bounds())
        let runs = try (1...5).map { try desk.run($0) }
        #expect(desk.started() == [1, 2])
        #expect(desk.started() == [])
        desk.finish(runs[0])
        #expect(desk.started() == [3])
        #expect(desk.policy.movingCount == 2)
        #expect(desk.policy.waitingCount == 2)
    }

    @Test func aFirstRunGoesBeforeIncrementalOnes() throws {
        var desk = Desk(bounds(1))
        for account in 1...3 as ClosedRange<Int64> { try desk.run(account) }
        try desk.run(9, .first)
        #expect(desk.started() == [9])
    }

    @Test func yetNoRunWaitsForEver() throws {
        var desk = Desk(bounds(1))
        try desk.run(1, .retry)
        var order: [Int64] = []
        for minute in 0..<20 {
            try desk.run(Int64(100 + minute), .first)
            for account in desk.started() {
                order.append(account)
                desk.pass(60)
                desk.finish(desk.policy.runs[account])
            }
        }
        #expect(order.firstIndex(of: 1) == 10)
    }

    @Test func oneServersQueueHoldsUpNoOther() throws {
        var desk = Desk(bounds(1))
        for account in 1...10 as ClosedRange<Int64> { try desk.run(account) }
        try desk.run(20, at: server("b"))
        #expect(Set(desk.started()) == [1, 20])
    }

    @Test func aDomainThatWantsFewConnectionsHoldsUpNoOther() throws {
        var desk = Desk(bounds(4))
        for account in 1...3 as ClosedRange<Int64> {
            try desk.run(account, domain: OldServerPolicy.Domain("b", maxConnections: 1))
        }
        for account in 10...15 as ClosedRange<Int64> { try desk.run(account, domain: OldServerPolicy.Domain("a")) }
        #expect(desk.started().sorted() == [1, 10, 11, 12])
        desk.finish(desk.policy.runs[10])
        #expect(desk.started() == [13])
        desk.finish(desk.policy.runs[1])
        #expect(desk.started() == [2])
    }

    @Test func aRunThatIsGoingOnIsJoined() throws {
        var desk = Desk(bounds())
        let run = try desk.run(1)
        #expect(desk.started() == [1])
        #expect(throws: Desk.IsJoined.self) { try desk.run(1) }
        #expect(desk.policy.waitingCount == 0)
        var isJoined = desk.finish(run)
        #expect(isJoined)
        let second = try desk.run(1)
        #expect(desk.started() == [1])
        isJoined = desk.finish(second)
        #expect(!isJoined)
    }

    @Test func allTogetherStayUnderTheDaemonsOwnLimit() throws {
        var desk = Desk(bounds(10, moves: 3))
        for account in 1...10 as ClosedRange<Int64> { try desk.run(account) }
        #expect(desk.started() == [1, 2, 3])
    }

    @Test func aLoginSoonAfterARunGetsOneRunAtItsEnd() throws {
        var desk = Desk(bounds(betweenRuns: 10))
        let run = try desk.run(1)
        #expect(desk.started() == [1])
        desk.finish(run)
        desk.pass(2)
        try desk.run(1)
        desk.pass(1)
        try desk.run(1)
        desk.pass(6)
        #expect(desk.started() == [])
        #expect(desk.policy.turn(now: desk.now).next == desk.at(10))
        desk.pass(1)
        #expect(desk.started() == [1])
        #expect(desk.policy.waitingCount == 0)
    }

    @Test func aRetryMakesWayForAnEarlierWish() throws {
        var desk = Desk(bounds())
        try desk.run(1, .retry, in: 900)
        try desk.run(1, in: 1)
        desk.pass(1)
        #expect(desk.started() == [1])
        desk.pass(900)
        #expect(desk.started() == [])
    }

    @Test func whatAnAccountWantsNextComesWhenItIsDue() throws {
        var desk = Desk(bounds(betweenRuns: 10))
        let run = try desk.run(1)
        _ = desk.turn()
        let next = Run(account: 1, kind: .retry, domain: OldServerPolicy.Domain("example.com"), due: desk.at(2))
        desk.finish(run, next: next)
        #expect(desk.started() == [])
        desk.pass(2)
        #expect(desk.started() == [1])
    }

    @Test func aWithdrawnAccountIsNotStarted() throws {
        var desk = Desk(bounds())
        try desk.run(1)
        desk.policy.withdraw(1)
        #expect(desk.started() == [])
        #expect(!desk.policy.isBusy(1))
    }

    @Test func anAccountOfAnotherServerWaitsThereAlone() throws {
        var desk = Desk(bounds(1))
        try desk.run(1)
        try desk.run(2)
        #expect(desk.started() == [1])
        try desk.run(2, at: server("b"))
        #expect(desk.started() == [2])
        desk.finish(desk.policy.runs[1])
        #expect(desk.started() == [])
    }

    @Test func whoPollsKeepsHisPlace() throws {
        var desk = Desk(bounds(1))
        for account in 1...17 as ClosedRange<Int64> {
            try desk.run(account, .first)
            desk.pass(1)
        }
        var order: [Int64] = []
        for _ in 0..<17 {
            // The third logs in again and again.
            if !order.contains(3) { try desk.run(3, order.count % 2 == 0 ? .first : .incremental) }
            for account in desk.started() {
                order.append(account)
                desk.finish(desk.policy.runs[account])
            }
            desk.pass(1)
        }
        #expect(order == Array(1...17))
    }

    @Test func firstRunsOfAServersDomainsComeInTheOrderOfTheirLogins() throws {
        var desk = Desk(bounds(1))
        for account in 1...6 as ClosedRange<Int64> {
            try desk.run(account, .first, domain: OldServerPolicy.Domain(account % 3 == 0 ? "b" : "a"))
        }
        var order: [Int64] = []
        while let account = desk.started().first {
            order.append(account)
            desk.finish(desk.policy.runs[account])
        }
        #expect(order == [1, 2, 3, 4, 5, 6])
    }

    @Test func afterARestartTheyStillDo() {
        var desk = Desk(bounds(1))
        desk.pass(1000)
        for (account, login) in [(1, 300.0), (2, 100), (3, 200)] as [(Int64, Double)] {
            let run = Run(
                account: account, kind: .first, domain: OldServerPolicy.Domain("a"), due: desk.now,
                since: desk.at(login))
            _ = desk.policy.want(run, at: Desk.old, now: desk.now)
        }
        #expect(desk.started() == [2])
    }

    @Test func slowServersLeaveEachOtherAPlaceAndFreedOnesGoToWhoHasTheFewest() throws {
        var desk = Desk(bounds(16))
        for number in 0..<4 as Range<Int64> {
            for account in 0..<20 as Range<Int64> { try desk.run(100 * number + account, at: server("slow\(number)")) }
        }
        let held = desk.started()
        #expect(held.count == 64)
        for account in 1000..<1020 as Range<Int64> { try desk.run(account, at: server("good")) }
        #expect(desk.started() == [1000])  // beyond the limit
        #expect(desk.started() == [])
        desk.finish(desk.policy.runs[1000])
        #expect(desk.started() == [1001])
        // Two of a slow one's have ended: one makes good what is beyond the limit, the other is the good one's.
        for account in held.prefix(2) { desk.finish(desk.policy.runs[account]) }
        #expect(desk.started() == [1002])
    }

    @Test func placesAreSharedBetweenServersFromTheBeginning() throws {
        var desk = Desk(bounds(16, moves: 10))
        for account in 0..<40 as Range<Int64> {
            try desk.run(account, at: server("a"))
            try desk.run(100 + account, at: server("b"))
        }
        #expect(desk.started().count { $0 < 100 } == 5)
    }

    @Test func suspectsRunOneAtATimeUntilEachHasShownItself() throws {
        var desk = Desk(bounds(16))
        for account in 1...3 as ClosedRange<Int64> { try desk.run(account, .first, isSuspect: true) }
        try desk.run(9, .first)
        #expect(desk.started() == [1, 9])
        #expect(desk.started() == [])
        desk.policy.clear(1)  // goes on, but has moved something
        #expect(desk.started() == [2])
        desk.finish(desk.policy.runs[2])
        #expect(desk.started() == [3])
    }

    @Test func whereAServerWantsAPauseBetweenLoginsARunWaitsForIt() throws {
        var desk = Desk(bounds())
        let login = desk.login(1)
        _ = desk.turn()
        desk.show(login)
        _ = desk.policy.accepted(login, loginDelay: .seconds(60), now: desk.now)
        desk.policy.closed(login, now: desk.now)
        try desk.run(1, .first)
        try desk.run(2, .first)
        #expect(desk.started() == [2])
        desk.pass(59)
        #expect(desk.started() == [])
        #expect(desk.policy.turn(now: desk.now).next == desk.at(60))
        desk.pass(1)
        #expect(desk.started() == [1])
    }

    @Test func inTheSessionOfItsLoginItNeedNotWait() throws {
        var desk = Desk(bounds())
        let login = desk.login(1)
        _ = desk.turn()
        desk.show(login)
        _ = desk.policy.accepted(login, loginDelay: .seconds(60), now: desk.now)
        let run = try desk.run(1, .first, session: login)
        #expect(desk.turn() == [.goOn(run, in: login)])
    }

    @Test func aHundredThousandAccountsComeInTheirOrder() throws {
        var desk = Desk(bounds(16))
        for account in 0..<100_000 as Range<Int64> { try desk.run(account, in: Double(account % 7)) }
        desk.pass(7)
        var all: [Int64] = []
        while all.count < 1000 {
            let started = desk.started()
            all += started
            for account in started { desk.finish(desk.policy.runs[account]) }
        }
        #expect(Array(all.prefix(1000)) == (0..<1000).map { $0 * 7 })
    }

    @Test func newBoundsCountFromNowOn() throws {
        var desk = Desk(bounds(1))
        for account in 1...3 as ClosedRange<Int64> { try desk.run(account) }
        #expect(desk.started() == [1])
        desk.policy.set(bounds(2))
        #expect(desk.started() == [2])
        desk.policy.set(bounds(1))
        #expect(desk.started() == [])
    }
}
