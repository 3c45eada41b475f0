// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// An old server that is dead, or silent, is not asked; a probe now and then finds out when it is back.
@Suite struct BreakerTests {
    /// Four logins found nobody.
    private func dead() -> Desk {
        var desk = Desk()
        for account in 1...4 as ClosedRange<Int64> {
            let login = desk.login(account)
            #expect(desk.turn() == [.open(login)])
            #expect(desk.refuse(login, at: .connection) == .isOutage)
        }
        return desk
    }

    /// Four accounts had no answer in time.
    private func silent() -> (desk: Desk, late: [Ticket]) {
        var desk = Desk()
        let logins = desk.logins(1...4)
        _ = desk.turn()
        desk.show(logins)
        desk.pass(10)
        _ = desk.turn()
        for login in logins[2...] { desk.policy.closed(login, now: desk.now) }
        return (desk, Array(logins[..<2]))
    }

    @Test func aServerThatIsNotReachedFourTimesInARowIsNotAskedForAWhile() {
        var desk = dead()
        let login = desk.login(5)
        #expect(desk.turn() == [.refuse(login, .unreachable)])
        desk.pass(0.9)
        let second = desk.login(6)
        #expect(desk.turn() == [.refuse(second, .unreachable)])
        desk.pass(0.1)
        let third = desk.login(7)
        #expect(desk.turn() == [.open(third)])
    }

    @Test func oneAnswerInBetweenBeginsTheCountAfresh() {
        var desk = Desk()
        for account in 1...50 as ClosedRange<Int64> {
            let login = desk.login(account)
            #expect(desk.turn() == [.open(login)])
            if account % 4 == 0 { desk.reject(login) } else { desk.refuse(login, at: .name) }
        }
    }

    @Test func oneProbeGoesThroughAtATime() {
        var desk = dead()
        desk.pass(1)
        let logins = desk.logins(10...13)
        #expect(desk.turn() == [.open(logins[0])] + logins[1...].map { .refuse($0, .unreachable) })
        desk.pass(5)
        let later = desk.login(14)
        #expect(desk.turn() == [.refuse(later, .unreachable)])
        desk.policy.greeted(logins[0], now: desk.now)
        let open = desk.login(15)
        #expect(desk.turn() == [.open(open)])
    }

    @Test func aProbeThatIsGivenUpMakesRoomForTheNext() {
        var desk = dead()
        desk.pass(1)
        let probe = desk.login(10)
        _ = desk.turn()
        desk.policy.giveUp(probe, now: desk.now)
        desk.policy.closed(probe, now: desk.now)
        let next = desk.login(11)
        #expect(desk.turn() == [.open(next)])
    }

    @Test func eachProbeInVainDoublesTheWaitUpToHalfAMinute() {
        var desk = dead()
        var account: Int64 = 10
        for wait in [1.0, 2, 4, 8, 16, 30, 30] {
            desk.pass(wait - 0.1)
            let early = desk.login(account)
            #expect(desk.turn() == [.refuse(early, .unreachable)])
            desk.pass(0.1)
            let probe = desk.login(account + 1)
            #expect(desk.turn() == [.open(probe)])
            desk.refuse(probe, at: .connection)
            account += 2
        }
    }

    @Test func silenceAboutOneAccountOpensNothingHoweverOften() {
        var desk = Desk()
        for _ in 0..<20 {
            let login = desk.login(66)
            #expect(desk.turn() == [.open(login)])
            desk.show(login)
            desk.pass(10)
            #expect(desk.turn() == [.letGo(login)])
            desk.policy.silent(login, now: desk.now)
        }
    }

    @Test func silenceAboutEverybodyOpensAndAGreetingAloneDoesNotClose() {
        var (desk, late) = silent()
        let refused = desk.login(11)
        #expect(desk.turn() == [.refuse(refused, .silent)])
        #expect(desk.facts.reach == .silent(since: desk.now))
        desk.pass(1)
        let probe = desk.login(12)
        #expect(desk.turn() == [.open(probe)])
        desk.policy.greeted(probe, now: desk.now)
        let second = desk.login(13)
        #expect(desk.turn() == [.refuse(second, .silent)])
        // A late answer is one.
        desk.policy.rejected(late[0], now: desk.now)
        let third = desk.login(14)
        #expect(desk.turn() == [.open(third)])
    }

    @Test func whoHasAnsweredLateIsSlowAndNotSilent() {
        var (desk, late) = silent()
        desk.policy.rejected(late[0], now: desk.now)
        desk.policy.rejected(late[1], now: desk.now)
        for login in late { desk.policy.closed(login, now: desk.now) }
        let logins = desk.logins(21...24)
        #expect(desk.turn() == logins.map(Decision.open))
        desk.show(logins)
        desk.pass(10)
        _ = desk.turn()
        #expect(desk.facts.reach == .reached(desk.at(10)))
        for login in logins[2...] { desk.policy.closed(login, now: desk.now) }
        // Until it has said nothing for as long as is read.
        let others = desk.logins(31...32)
        #expect(desk.turn() == others.map(Decision.open))
    }

    @Test func accountsItIsAlwaysSilentAboutAreHeldAgainstNobody() {
        var (desk, late) = silent()
        for login in late { desk.policy.silent(login, now: desk.now) }
        desk.pass(1)
        let good = desk.login(50)
        _ = desk.turn()
        desk.reject(good)
        for _ in 0..<5 {
            // The four again: they leave half of the connections to others, and open nothing.
            let same = desk.logins(1...4)
            let other = desk.login(51)
            #expect(desk.turn() == [.open(same[0]), .open(same[1]), .open(other)])
            desk.show(same[0], same[1])
            desk.reject(other)
            desk.pass(10)
            _ = desk.turn()
            for login in same[..<2] { desk.policy.silent(login, now: desk.now) }
            #expect(desk.facts.reach != .silent(since: desk.now))
        }
    }

    @Test func aServerThatGreetsAndThenServesNobodyIsSilent() {
        var desk = Desk()
        for account in 1...4 as ClosedRange<Int64> {
            let login = desk.login(account)
            _ = desk.turn()
            desk.policy.greeted(login, now: desk.now)
            #expect(desk.refuse(login, at: .beforePassword) == .isOutage)
        }
        let login = desk.login(5)
        #expect(desk.turn() == [.refuse(login, .silent)])
    }

    @Test func runsWaitForAProbeAndOneOfThemIsOne() throws {
        var desk = dead()
        let run = try desk.run(1)
        #expect(desk.turn() == [])
        let second = try desk.run(2)
        desk.pass(1)
        #expect(desk.turn() == [.open(run)])
        #expect(desk.refuse(run, at: .connection) == .isOutage)
        #expect(desk.turn() == [])
        desk.finish(run)
        #expect(desk.turn() == [])
        desk.pass(2)
        let probe = desk.login(10)
        #expect(desk.turn() == [.open(probe)])
        desk.reject(probe)
        #expect(desk.turn() == [.open(second)])
    }

    @Test func aRunIsAProbe() throws {
        var desk = dead()
        desk.pass(1)
        let run = try desk.run(1)
        #expect(desk.turn() == [.open(run)])
        let login = desk.login(10)
        #expect(desk.turn() == [.refuse(login, .unreachable)])
        // It keeps its place, and tries again as it sees fit.
        #expect(desk.refuse(run, at: .connection) == .isOutage)
        #expect(desk.facts.moving == 1)
        desk.policy.opens(run)
        desk.show(run)
        let second = desk.login(11)
        #expect(desk.turn() == [.open(second)])
    }

    @Test func whatIsToldIsToldOnce() {
        var desk = dead()
        #expect(desk.news() == [.isUnreachable(since: desk.now)])
        desk.pass(1)
        let probe = desk.login(10)
        #expect(desk.news() == [])
        desk.refuse(probe, at: .connection)
        #expect(desk.news() == [])
        desk.pass(2)
        let second = desk.login(11)
        _ = desk.turn()
        desk.reject(second)
        #expect(desk.news() == [.answersAgain])
        #expect(desk.news() == [])
    }
}
