// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// Who may show a password to an old server, and when.
@Suite struct QuestionTests {
    @Test func loginsHaveAQuarterOfTheConnectionsAndAtLeastFour() {
        var bounds = OldServerPolicy.Bounds()
        #expect(bounds.loginConnections == 4)
        bounds.connectionsPerOldServer = 64
        #expect(bounds.loginConnections == 16)
        bounds.connectionsPerOldServer = 1
        #expect(bounds.loginConnections == 4)
    }

    @Test func whoComesFirstIsAskedFirstAndTheFifthWaits() {
        var desk = Desk()
        let logins = desk.logins(1...5)
        #expect(desk.turn() == logins.prefix(4).map(Decision.open))
        #expect(desk.turn() == [])
        desk.reject(logins[2])
        #expect(desk.turn() == [.open(logins[4])])
    }

    @Test func movesTakeNoConnectionFromLogins() {
        var desk = Desk()
        #expect(desk.moving(1...20).count == 20)
        #expect(desk.facts.moving == 16)
        let logins = desk.logins(101...104)
        #expect(desk.turn() == logins.map(Decision.open))
    }

    @Test func backgroundQuestionsLeaveHalfToThoseWhoWait() {
        var desk = Desk()
        let questions = [desk.background(1), desk.background(2), desk.background(3)]
        #expect(desk.turn() == questions.prefix(2).map(Decision.open))
        let logins = desk.logins(11...12)
        #expect(desk.turn() == logins.map(Decision.open))
    }

    @Test func whoWaitsGoesBeforeABackgroundQuestionThatCameEarlier() {
        var desk = Desk()
        let first = desk.logins(1...4)
        _ = desk.turn()
        let question = desk.background(9)
        let later = desk.login(5)
        desk.reject(first[0])
        #expect(desk.turn() == [.open(later)])
        for login in first[1...] + [later] { desk.reject(login) }
        #expect(desk.turn() == [.open(question)])
    }

    @Test func oneServersLineIsNoOthers() {
        var desk = Desk()
        _ = desk.logins(1...10)
        let other = desk.login(11, at: Endpoint(host: "other.example", port: 110))
        let port = desk.login(12, at: Endpoint(host: "old.example", port: 995))
        let source = desk.login(13, at: Endpoint(host: "OLD.example", port: 110, source: "192.0.2.7"))
        #expect(desk.turn().suffix(3) == [.open(other), .open(port), .open(source)])
    }

    @Test func whoGoesAwayLeavesTheLine() {
        var desk = Desk()
        let logins = desk.logins(1...6)
        _ = desk.turn()
        desk.policy.giveUp(logins[4], now: desk.now)
        desk.reject(logins[0])
        #expect(desk.turn() == [.open(logins[5])])
    }

    @Test func whoIsGivenUpHasItsPlaceUntilTheConnectionIsClosed() {
        var desk = Desk()
        let logins = desk.logins(1...5)
        _ = desk.turn()
        desk.policy.giveUp(logins[0], now: desk.now)
        #expect(desk.turn() == [])
        desk.policy.closed(logins[0], now: desk.now)
        #expect(desk.turn() == [.open(logins[4])])
    }

    // MARK: - Time

    @Test func whoHasWaitedItsTimeIsTold() {
        var desk = Desk()
        _ = desk.logins(1...4)
        let waiting = desk.login(5, seconds: 7)
        _ = desk.turn()
        desk.pass(6.9)
        #expect(desk.turn() == [])
        #expect(desk.policy.turn(now: desk.now).next == desk.at(7))
        desk.pass(0.1)
        #expect(desk.turn() == [.refuse(waiting, .outOfTime)])
    }

    @Test func whatWasSentGoesOnWithoutItsLoginAndTakesEffect() {
        var desk = Desk()
        let login = desk.login(1)
        _ = desk.turn()
        desk.show(login)
        desk.pass(9.9)
        #expect(desk.turn() == [])
        desk.pass(0.1)
        #expect(desk.turn() == [.letGo(login)])
        desk.pass(20)
        #expect(desk.policy.accepted(login, now: desk.now) == .keep)
    }

    @Test func whatWasNotSentEndsWithItsLogin() {
        var desk = Desk()
        let login = desk.login(1)
        _ = desk.turn()
        desk.policy.greeted(login, now: desk.now)
        desk.pass(10)
        #expect(desk.turn() == [.giveUp(login)])
    }

    @Test func halfOfTheConnectionsAtMostOutlastTheirLogins() {
        var desk = Desk()
        let first = desk.logins(1...4)
        _ = desk.turn()
        desk.show(first)
        desk.pass(10)
        #expect(desk.turn() == [.letGo(first[0]), .letGo(first[1]), .giveUp(first[2]), .giveUp(first[3])])
        for login in first[2...] { desk.policy.closed(login, now: desk.now) }
        desk.policy.rejected(first[0], now: desk.now)  // so that it is slow, not silent
        desk.policy.closed(first[0], now: desk.now)
        let second = desk.logins(5...8)
        #expect(desk.turn() == second.prefix(3).map(Decision.open))
    }

    @Test func whereThereIsButOneConnectionALateQuestionHasItTwiceALoginsTime() {
        var desk = Desk()
        desk.policy.tried(Desk.old, bears: 1, now: desk.now)
        let late = desk.login(1)
        _ = desk.turn()
        desk.show(late)
        desk.pass(10)
        #expect(desk.turn() == [.letGo(late)])
        desk.pass(5)
        let waiting = desk.login(2)
        #expect(desk.turn() == [])
        desk.pass(5)
        #expect(desk.turn() == [.giveUp(late)])
        desk.policy.closed(late, now: desk.now)
        #expect(desk.turn() == [.open(waiting)])
    }

    // MARK: - Foreseeing

    @Test func aServerThatAnswersQuicklyIsWaitedForInALongLine() {
        var desk = Desk()
        let first = desk.login(1)
        _ = desk.turn()
        desk.reject(first, after: 0.1)
        _ = desk.logins(10...310)
        #expect(!desk.turn().contains { if case .refuse = $0 { true } else { false } })
    }

    @Test func theLongerAServerIsSilentTheShorterIsTheLine() {
        var desk = Desk()
        let logins = desk.logins(1...44)
        _ = desk.turn()
        desk.show(Array(logins.prefix(4)))
        var staying: [Int] = []
        for _ in 0..<20 {
            desk.pass(0.45)
            _ = desk.turn()
            staying.append(desk.facts.waitingQuestions)
        }
        #expect(staying[0] == 40)
        #expect(staying.reversed() == staying.sorted())
        #expect(staying[19] <= 4)
    }

    @Test func whoWouldWaitInVainIsToldAtTheMomentItIsClear() {
        var desk = Desk()
        let logins = desk.logins(1...44)
        _ = desk.turn()
        desk.show(Array(logins.prefix(4)))
        var refused = 0
        while refused < 40, let next = desk.policy.turn(now: desk.now).next {
            guard next > desk.now, next <= desk.at(10) else { break }
            desk.pass(to: next)
            refused += desk.turn().count { if case .refuse = $0 { true } else { false } }
        }
        #expect(refused == 40)
    }

    // MARK: - Sessions that are kept

    @Test func aRunGoesOnInTheSessionOfItsLogin() throws {
        var desk = Desk()
        let login = desk.login(1)
        _ = desk.turn()
        desk.show(login)
        #expect(desk.policy.accepted(login, now: desk.now) == .keep)
        let run = try desk.run(1, .first, session: login)
        #expect(desk.turn() == [.goOn(run, in: login)])
        #expect(desk.facts.asking == 0)
        #expect(desk.facts.moving == 1)
    }

    @Test func halfOfTheLoginConnectionsAtMostAreKept() {
        var desk = Desk()
        let logins = desk.logins(1...4)
        _ = desk.turn()
        desk.show(logins)
        #expect(logins.map { desk.policy.accepted($0, now: desk.now) } == [.keep, .keep, .end, .end])
    }

    @Test func aSessionForWhichNoRunComesEndsInASecond() throws {
        var desk = Desk()
        let login = desk.login(1)
        _ = desk.turn()
        desk.show(login)
        _ = desk.policy.accepted(login, now: desk.now)
        #expect(desk.policy.turn(now: desk.now).next == desk.at(1))
        desk.pass(1)
        #expect(desk.turn() == [.endSession(login)])
        // The run comes too late for it.
        let run = try desk.run(1, .first, session: login)
        #expect(desk.turn() == [.open(run)])
    }

    @Test func noSessionIsKeptForARunThatWouldHaveToWait() {
        var desk = Desk()
        _ = desk.moving(101...116)
        let login = desk.login(1)
        _ = desk.turn()
        desk.show(login)
        #expect(desk.policy.accepted(login, now: desk.now) == .end)
    }

    @Test func noSessionIsKeptForAnAccountThatIsMoving() {
        var desk = Desk()
        _ = desk.moving(1...1)
        let login = desk.login(1)
        _ = desk.turn()
        desk.show(login)
        #expect(desk.policy.accepted(login, now: desk.now) == .end)
    }
}
