// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// Penalties for wrong passwords, measured by what logins meet.
@Suite struct PenaltyTests {
    private func answers(_ answers: [(right: Bool, seconds: Double)]) -> (Desk, [OldServerPolicy.News]) {
        var desk = Desk()
        var news: [OldServerPolicy.News] = []
        for (account, answer) in answers.enumerated() {
            let login = desk.login(Int64(account), seconds: 60)
            _ = desk.turn()
            if answer.right {
                desk.accept(login, after: answer.seconds)
            } else {
                desk.reject(login, after: answer.seconds)
            }
            news += desk.news()
        }
        return (desk, news)
    }

    @Test func laterAndLaterAnswersAfterWrongPasswordsAreAPenalty() {
        let (desk, news) = answers([
            (true, 0.1), (false, 2.1), (false, 4.1), (false, 6.1), (true, 8.1),
        ])
        #expect(news == [.penalises(delay: .seconds(4)), .penalises(delay: .seconds(8))])
        #expect(desk.facts.penalty?.delay == .seconds(8))
        #expect(desk.facts.penalty?.wrong == 3)
        #expect(desk.facts.penalty?.isOver == false)
    }

    @Test func aPromptAnswerEndsItAndWhatWasMetIsStillKnown() {
        let (desk, _) = answers([
            (true, 0.1), (false, 2.1), (false, 4.1), (false, 6.1), (true, 8.1), (true, 0.1),
        ])
        #expect(desk.facts.penalty?.delay == .seconds(8))
        #expect(desk.facts.penalty?.isOver == true)
    }

    @Test func itIsToldOnceAnHour() {
        let episode = [(true, 0.1), (false, 2.1), (false, 4.1), (false, 6.1)]
        #expect(answers(episode + episode + episode).1 == [.penalises(delay: .seconds(4))])
        #expect(answers(episode + [(true, 4000)] + episode).1.count == 2)
    }

    @Test func wrongPasswordsThatAreAlwaysAnsweredLateAreNoPenalty() {
        #expect(answers([(true, 0.1), (false, 3), (false, 3), (true, 0.1), (false, 3), (false, 3)]).1 == [])
    }

    @Test func slownessThatNoWrongPasswordPrecedesIsNone() {
        #expect(answers([(true, 0.1), (true, 5), (true, 6), (true, 7), (true, 0.1)]).1 == [])
    }

    @Test func oneSlowAnswerIsNone() {
        #expect(answers([(true, 0.1), (false, 0.1), (true, 7), (true, 0.1)]).1 == [])
    }

    @Test func backgroundQuestionsWaitUntilItIsOver() {
        var (desk, _) = answers([(true, 0.1), (false, 2.1), (false, 4.1), (false, 6.1)])
        let question = desk.background(99, seconds: 300)
        #expect(desk.turn() == [])
        let login = desk.login(98)
        #expect(desk.turn() == [.open(login)])
        desk.accept(login, after: 0.1)
        #expect(desk.turn() == [.open(question)])
    }

    @Test func aPenaltyThatNobodyMeetsAnyMoreIsOver() {
        var (desk, _) = answers([(true, 0.1), (false, 2.1), (false, 4.1), (false, 6.1)])
        let question = desk.background(99, seconds: 300)
        #expect(desk.turn() == [])
        desk.pass(120)
        #expect(desk.turn() == [.open(question)])
        desk.reject(question, after: 2.1)
        #expect(desk.facts.penalty?.isOver == true)
    }

    @Test func lateAnswersUnderAPenaltyAreNoSilence() {
        var (desk, _) = answers([(true, 0.1), (false, 2.1), (false, 4.1), (false, 8.1), (false, 15.1)])
        let logins = desk.logins(11...14)
        #expect(desk.turn() == logins.map(Decision.open))
        desk.show(logins)
        desk.pass(10)
        _ = desk.turn()
        let next = desk.login(15)
        for login in logins[2...] { desk.policy.closed(login, now: desk.now) }
        #expect(desk.turn() == [.open(next)] || desk.turn() == [])
        #expect(desk.facts.reach != .silent(since: desk.now))
    }
}
