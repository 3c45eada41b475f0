// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// What an old server bears is learnt, and a place is kept for logins.
@Suite struct LimitTests {
    /// An old server of which four connections of moves stand, and that has refused the fifth: of a login.
    private func refused(standing: Int64 = 4) -> (desk: Desk, runs: [Ticket], login: Ticket) {
        var desk = Desk()
        let runs = desk.moving(1...standing)
        let login = desk.login(101)
        _ = desk.turn()
        desk.refuse(login)
        return (desk, runs, login)
    }

    @Test func aLoginThatIsOneTooManyStandsInLineAgainAndAMoveMakesWay() {
        var (desk, runs, login) = refused()
        #expect(desk.turn() == [.makeWay(runs[3])])
        #expect(desk.turn() == [])
        desk.policy.madeWay(runs[3], now: desk.now)
        // The server had not refused it for a place that we had left: it is free at once.
        #expect(desk.turn() == [.open(login)])
        #expect(desk.facts.limit?.connections == 4)
        #expect(desk.facts.moving == 3)
        #expect(desk.facts.waitingRuns == 1)
    }

    @Test func itIsNoOutage() {
        var (desk, _, login) = refused()
        for _ in 0..<10 {
            _ = desk.turn()
            #expect(desk.refuse(login) == .isOver)
            desk.pass(1)
        }
        #expect(desk.facts.reach == .reached(desk.at(0)))
        #expect(desk.news() == [.bearsOnly(connections: 4)])
    }

    @Test func whereNoneOfOursStandsItIsAnOutage() {
        var desk = Desk()
        let login = desk.login(1)
        _ = desk.turn()
        #expect(desk.refuse(login, at: .connection) == .isOutage)
        #expect(desk.facts.reach == .lost(since: desk.now))
        #expect(desk.facts.limit == nil)
        #expect(desk.facts.asking == 0)
    }

    @Test func onePlaceIsKeptFromMoves() {
        var (desk, runs, login) = refused()
        _ = desk.turn()
        desk.policy.madeWay(runs[3], now: desk.now)
        _ = desk.turn()
        desk.reject(login)
        // The run that made way waits, though a place is free: it is the logins'.
        #expect(desk.turn() == [])
        desk.finish(runs[0])
        #expect(desk.turn() == [.open(runs[3])])
    }

    @Test func afterTenMinutesItIsAskedForOneMoreAndSoOnEachMinute() {
        var (desk, _, _) = refused()
        let asked = [(599.0, 4), (1, 5), (59, 5), (1, 6), (60, 7), (600, 17)].map { seconds, most in
            desk.pass(seconds)
            _ = desk.turn()
            return (desk.facts.limit?.asked, most)
        }
        for (found, expected) in asked { #expect(found == expected) }
        desk.pass(180)
        // As many as are ever wanted; that it bore no more once is still known.
        #expect(desk.facts.limit?.asked == nil)
        #expect(desk.facts.limit?.connections == 4)
    }

    @Test func anotherRefusalBeginsTheTenMinutesAfresh() throws {
        var (desk, _, _) = refused()
        _ = desk.turn()
        desk.pass(650)
        let login = desk.login(102)
        _ = desk.turn()
        desk.refuse(login)
        desk.pass(599)
        #expect(desk.facts.limit?.asked == 4)
    }

    @Test func whatStandsIsBorneWhateverARefusalSeemedToSay() throws {
        var desk = Desk()
        let runs = try (1...4).map { try desk.run($0) }
        _ = desk.turn()
        // Three are slow to be greeted; the one that is one too many is refused at once.
        desk.show(runs[0])
        let login = desk.login(101)
        _ = desk.turn()
        desk.refuse(login)
        #expect(desk.facts.limit?.connections == 1)
        desk.show(Array(runs[1...]))
        #expect(desk.facts.limit?.connections == 4)
        #expect(desk.facts.limit?.asked == 4)
    }

    @Test func aPlaceThatWeHaveJustLeftIsNoSmallerLimit() {
        var (desk, runs, login) = refused()
        _ = desk.turn()
        desk.policy.madeWay(runs[3], now: desk.now)
        #expect(desk.turn() == [.open(login)])
        // The server has not seen yet that the run's connection has ended.
        #expect(desk.refuse(login) == .waits)
        #expect(desk.facts.limit?.connections == 4)
        #expect(desk.turn() == [])
        desk.pass(1)
        #expect(desk.turn() == [.open(login)])
        // From now on each place that is left is free a second later.
        desk.reject(login)
        let next = desk.login(102)
        #expect(desk.turn() == [])
        desk.pass(1)
        #expect(desk.turn() == [.open(next)])
    }

    @Test func aServerThatIsSlowToGreetTeachesNothing() {
        var desk = Desk()
        _ = desk.moving(1...4)
        let login = desk.login(101)
        _ = desk.turn()
        desk.pass(10)
        #expect(desk.turn() == [.giveUp(login)])
        #expect(desk.facts.limit == nil)
        #expect(desk.facts.reach == .reached(desk.at(0)))
    }

    @Test func runsThatAreRefusedWaitWhereTheyStood() throws {
        var desk = Desk()
        let runs = try (1...6).map { try desk.run($0, .first) }
        _ = desk.turn()
        desk.show(Array(runs[..<3]))
        for run in runs[3...] { #expect(desk.refuse(run, at: .connection) == .waits) }
        try desk.run(7, .first)
        #expect(desk.turn() == [.makeWay(runs[2])])
        for run in runs[..<2] { desk.finish(run) }
        desk.policy.madeWay(runs[2], now: desk.now)
        #expect(desk.started() == [3, 4])
    }

    @Test func aServerThatIsShutDownTeachesNothing() {
        var (desk, runs, login) = refused()
        #expect(desk.facts.limit != nil)
        for run in runs { desk.policy.dropped(run, now: desk.now) }
        _ = desk.turn()
        for run in runs { desk.finish(run) }
        desk.pass(2)
        #expect(desk.turn() == [.open(login)])
        #expect(desk.refuse(login, at: .connection) == .isOutage)
        #expect(desk.facts.limit == nil)
    }

    @Test func whatWasKnownBeforeAServerIsShutDownIsKnownAfter() {
        var (desk, runs, login) = refused()
        _ = desk.turn()
        desk.finish(runs[3])
        _ = desk.turn()
        desk.show(login)
        desk.pass(300)
        // Three runs and a login stand; all but one are dropped, and another is refused.
        for run in runs[..<3] {
            desk.policy.dropped(run, now: desk.now)
            desk.finish(run)
        }
        let second = desk.login(102)
        _ = desk.turn()
        desk.refuse(second)
        #expect(desk.facts.limit?.connections == 1)
        desk.policy.dropped(login, now: desk.now)
        _ = desk.turn()
        desk.refuse(second)
        #expect(desk.facts.limit?.connections == 4)
    }

    // MARK: - One place

    /// An old server that bears one connection, which a move has.
    private func single() -> (desk: Desk, run: Ticket, login: Ticket) {
        var (desk, runs, login) = refused(standing: 1)
        #expect(desk.turn() == [.makeWay(runs[0])])
        desk.policy.madeWay(runs[0], now: desk.now)
        #expect(desk.turn() == [.open(login)])
        return (desk, runs[0], login)
    }

    @Test func whereThereIsButOnePlaceTheMoveGivesItUpToALoginAndHasItBack() {
        var (desk, run, login) = single()
        desk.reject(login)
        #expect(desk.turn() == [.open(run)])
    }

    @Test func everyHalfMinuteAtMost() {
        var (desk, run, login) = single()
        desk.reject(login, after: 1)
        _ = desk.turn()
        desk.show(run)
        desk.pass(20)
        let second = desk.login(102, seconds: 20)
        #expect(desk.turn() == [])
        #expect(desk.policy.turn(now: desk.now).next == desk.at(30))
        desk.pass(9)
        #expect(desk.turn() == [.makeWay(run)])
        desk.policy.madeWay(run, now: desk.now)
        #expect(desk.turn() == [.open(second)])
    }

    @Test func loginsWithoutEndLeaveAMoveHalfAMinuteInEachMinute() {
        var (desk, run, login) = single()
        var current = login
        var account: Int64 = 200
        for _ in 0..<29 {
            account += 1
            let next = desk.login(account)
            desk.reject(current, after: 1)
            #expect(desk.turn() == [.open(next)])
            current = next
        }
        _ = desk.login(999, seconds: 100)
        desk.reject(current, after: 1)
        #expect(desk.turn() == [.open(run)])
        desk.show(run)
        desk.pass(29)
        #expect(desk.turn() == [])
        desk.pass(1)
        #expect(desk.turn() == [.makeWay(run)])
    }

    @Test func whereARunWaitsLoginsLeaveItOneOfTwoPlaces() throws {
        var desk = Desk()
        desk.policy.tried(Desk.old, bears: 2, now: desk.now)
        let logins = desk.logins(1...3)
        #expect(desk.turn() == logins.prefix(2).map(Decision.open))
        let run = try desk.run(9)
        desk.reject(logins[0])
        #expect(desk.turn() == [.open(run)])
        desk.reject(logins[1])
        #expect(desk.turn() == [.open(logins[2])])
    }

    // MARK: - What is told

    @Test func aLimitIsToldOnceWhenItIsClear() {
        var (desk, runs, _) = refused()
        #expect(desk.news() == [])
        desk.pass(10)
        #expect(desk.news() == [.bearsOnly(connections: 4)])
        desk.policy.madeWay(runs[3], now: desk.now)
        desk.pass(900)
        #expect(desk.news() == [])
    }

    @Test func thatAServerBearsAllIsToldOnceItHas() {
        var bounds = OldServerPolicy.Bounds()
        bounds.connectionsPerOldServer = 2
        var desk = Desk(bounds)
        desk.policy.tried(Desk.old, bears: 2, now: desk.now)
        desk.pass(10)
        #expect(desk.news() == [.bearsOnly(connections: 2)])
        desk.pass(1200)
        _ = desk.moving(1...2)
        let logins = desk.logins(11...14)
        _ = desk.turn()
        desk.show(logins)
        #expect(desk.news() == [.bearsAll])
        #expect(desk.facts.limit == nil)
    }
}
