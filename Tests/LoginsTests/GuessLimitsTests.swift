// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Secrets
import Testing
import Vocabulary

@testable import Logins

@Suite struct GuessLimitsTests {
    private let digester = PasswordDigester()
    private let limits = MoveLimits()
    private let start = Moment(uptime: .now, wall: Timestamp(milliseconds: 1_700_000_000_000))

    private func digest(_ text: String) -> PasswordDigest { digester.digest(Password(text), context: "ann") }

    private func guesser(
        _ account: String = "ann", _ network: String? = nil, isNobody: Bool = false
    ) -> GuessLimits.Guesser {
        GuessLimits.Guesser(account: account, isNobody: isNobody, network: network)
    }

    /// Time goes by, and the wall clock is set besides.
    private func at(_ seconds: Double, clockSetBy offset: Double = 0) -> Moment {
        let now = start.advanced(by: seconds)
        return Moment(uptime: now.uptime, wall: now.wall.adding(seconds: offset))
    }

    private func guess(
        _ book: inout GuessLimits, _ text: String, _ guesser: GuessLimits.Guesser? = nil, generation: Int64 = 1,
        patience: GuessLimits.Patience = .program, at now: Moment? = nil
    ) -> GuessLimits.Admission {
        book.admit(
            guesser ?? self.guesser(), digest(text), generation: generation, patience: patience, limits: limits,
            now: now ?? start)
    }

    @discardableResult
    private func judged(
        _ book: inout GuessLimits, _ text: String, _ guesser: GuessLimits.Guesser? = nil,
        _ verdict: GuessLimits.Verdict = .wrong, generation: Int64? = 1, at now: Moment? = nil
    ) -> Bool {
        #expect(guess(&book, text, guesser, at: now) == .granted)
        return book.settle(
            guesser ?? self.guesser(), digest(text), askedUnder: generation, verdict: verdict, limits: limits,
            now: now ?? start
        ).counts
    }

    private func lockedOut(at now: Moment? = nil) -> GuessLimits {
        var book = GuessLimits()
        for number in 0..<5 { judged(&book, "guess \(number)", at: now) }
        return book
    }

    /// When a password that is given all the time is shown, in seconds.
    private func showings(
        of verdicts: [GuessLimits.Verdict], to patience: GuessLimits.Patience = .program, for seconds: Int = 600
    ) -> [Int] {
        var book = GuessLimits()
        var shown: [Int] = []
        for second in 0..<seconds
        where guess(&book, "old", patience: patience, at: at(Double(second))) == .granted {
            let outcome = book.settle(
                guesser(), digest("old"), askedUnder: 1, verdict: verdicts[shown.count % verdicts.count],
                limits: limits, now: at(Double(second)))
            #expect(outcome.counts == shown.isEmpty)
            shown.append(second)
        }
        return shown
    }

    // MARK: Other nodes

    @Test(arguments: [GuessLimits.Patience.program, .person]) func whatOtherNodesHaveShownIsShownNoMore(
        patience: GuessLimits.Patience
    ) {
        func book(shown: Int, secondsAgo: Double) -> GuessLimits {
            var book = GuessLimits()
            let earlier = (0..<shown).map { number in
                EarlierGuess(
                    seconds: secondsAgo + Double(shown - number), counts: number == 0,
                    shown: ShownGuess(generation: 1, verdict: GuessLimits.Verdict.wrong.text ?? ""))
            }
            book.learn(earlier, of: guesser(), digest("old"), now: start)
            return book
        }
        var few = book(shown: 1, secondsAgo: 2)
        #expect(guess(&few, "old", patience: patience) == .known(.wrong))
        // Shown under other settings, it says nothing.
        #expect(guess(&few, "old", generation: 2, patience: patience) == .granted)
        // It has been counted, by whoever tried it.
        let settled = few.settle(
            guesser(), digest("old"), askedUnder: 2, verdict: .wrong, limits: limits, now: start)
        #expect(!settled.counts)
        var many = book(shown: 5, secondsAgo: 400)
        #expect(guess(&many, "old", patience: patience) == .known(.wrong))
        #expect(guess(&many, "new", patience: patience) == .granted)
    }

    @Test(arguments: [
        GuessLimits.Verdict.wrong, .unknownUser, .unjudged(.oldServerUnreachable), .unjudged(.oldServerThrottled),
    ]) func verdictsAreToldAsTheyAre(verdict: GuessLimits.Verdict) throws {
        #expect(GuessLimits.Verdict(text: try #require(verdict.text)) == verdict)
    }

    // MARK: Limits

    @Test func theSixthDifferentPasswordIsOneTooMany() {
        var book = lockedOut()
        #expect(guess(&book, "guess 5") == .tooMany(retryAfter: 600))
        #expect(guess(&book, "other", guesser("bob")) == .granted)
    }

    @Test func tenMinutesLaterGuessingIsFreeAgain() {
        var book = GuessLimits()
        for number in 0..<5 { judged(&book, "guess \(number)", at: at(Double(number))) }
        #expect(guess(&book, "guess 5", at: at(599)) == .tooMany(retryAfter: 1))
        #expect(guess(&book, "guess 5", at: at(601)) == .granted)
    }

    @Test func guessesAtTheSameTimeGetNoFurtherThanOneAfterAnother() {
        var book = GuessLimits()
        for number in 0..<5 { #expect(guess(&book, "guess \(number)") == .granted) }
        guard case .tooMany = guess(&book, "guess 5") else {
            Issue.record("a sixth guess was let through")
            return
        }
        _ = book.settle(guesser(), digest("guess 0"), askedUnder: 1, verdict: .free, limits: limits, now: start)
        #expect(guess(&book, "guess 5") == .granted)
    }

    @Test func anAddressHasALimitOfItsOwn() {
        var book = GuessLimits()
        for number in 0..<50 { judged(&book, "x", guesser("user\(number)", "192.0.2.1")) }
        #expect(guess(&book, "x", guesser("user50", "192.0.2.1")) == .tooMany(retryAfter: 600))
        #expect(guess(&book, "x", guesser("user50", "192.0.2.2")) == .granted)
    }

    /// New names cost nothing, and a server may have other words for each, or none.
    @Test(arguments: [GuessLimits.Verdict.wrong, .unknownUser, .unjudged(.oldServerProtocol)])
    func whoeverGuessesUnderNamesThatAreNobodysIsCountedByTheNetworkEachTime(_ verdict: GuessLimits.Verdict) {
        var book = GuessLimits()
        var shown = 0
        for number in 0..<200 {
            for _ in 0..<3 {
                let nobody = guesser("nobody\(number)", "192.0.2.1", isNobody: true)
                guard guess(&book, "x", nobody) == .granted else { continue }
                shown += 1
                _ = book.settle(nobody, digest("x"), askedUnder: 1, verdict: verdict, limits: limits, now: start)
            }
        }
        #expect(shown == 50)
        // Somebody there whose account there is, and who has been wrong before, is still told what is known.
        #expect(guess(&book, "x", guesser("bob", "192.0.2.2")) == .granted)
    }

    // MARK: The same password again

    @Test func onePasswordRepeatedAllNightCountsOnceAndIsAskedOnce() {
        var book = GuessLimits()
        judged(&book, "mistyped")
        for second in 1..<500 { #expect(guess(&book, "mistyped", at: at(Double(second))) == .known(.wrong)) }
        #expect(guess(&book, "right", at: at(500)) == .granted)
    }

    @Test func whateverItIsRefusedWithItIsShownFiveTimesInTenMinutesAfterPausesThatGrow() {
        for verdict in [GuessLimits.Verdict.unknownUser, .unjudged(.oldServerProtocol), .unjudged(.mailboxInUse)] {
            #expect(showings(of: [verdict]) == [0, 1, 2, 12, 112])
        }
        #expect(showings(of: [.unjudged(.mailboxInUse), .unknownUser]) == [0, 1, 2, 12, 112])
        #expect(showings(of: [.unjudged(.mailboxInUse), .wrong]) == [0, 1])
        #expect(showings(of: [.wrong]) == [0])
    }

    @Test func whoeverPressesAButtonIsAnsweredAfreshAfterPausesThatGrow() {
        #expect(showings(of: [.wrong], to: .person) == [0, 10, 40, 130, 400])
        #expect(showings(of: [.unjudged(.oldServerProtocol)], to: .person).count == 5)
    }

    @Test func inAnyTenMinutesItIsShownFiveTimesAtMost() {
        let askers: [(GuessLimits.Verdict, GuessLimits.Patience)] = [
            (.unjudged(.mailboxInUse), .program), (.wrong, .person),
        ]
        for (verdict, patience) in askers {
            var book = GuessLimits()
            var shown: [Int] = []
            for second in 0..<7200
            where guess(&book, "old", patience: patience, at: at(Double(second))) == .granted {
                _ = book.settle(
                    guesser(), digest("old"), askedUnder: 1, verdict: verdict, limits: limits, now: at(Double(second)))
                shown.append(second)
            }
            for (first, sixth) in zip(shown, shown.dropFirst(5)) { #expect(sixth - first > 600) }
            #expect(shown.count > 20)
        }
    }

    @Test func aPasswordThatNobodyWasAskedAboutCountsButMayStillBeAsked() {
        var book = GuessLimits()
        #expect(judged(&book, "old", generation: nil))
        #expect(guess(&book, "old") == .granted)
    }

    @Test func newSettingsLetTheSamePasswordBeAskedAgainWithoutCountingItTwice() {
        var book = GuessLimits()
        judged(&book, "old")
        #expect(guess(&book, "old", generation: 2) == .granted)
        let counted = book.settle(
            guesser(), digest("old"), askedUnder: 2, verdict: .wrong, limits: limits, now: start)
        #expect(!counted.counts)
    }

    // MARK: Clocks

    @Test func whatWasCountedBeforeARestartStillCounts() {
        var restarted = GuessLimits()
        let failures = (0..<5).map { _ in GuessFailure(uptime: 0, account: "ann", remoteAddress: "192.0.2.1") }
        restarted.restore(failures.map { ($0, 20) }, now: start)
        #expect(guess(&restarted, "guess 0", at: at(1)) == .tooMany(retryAfter: 579))
        #expect(guess(&restarted, "guess 0", at: at(581)) == .granted)
    }

    @Test(arguments: [-86_400.0, -3600, -60, 60, 3600, 86_400, 3_456_000])
    func aClockThatIsSetNeitherFreesNorLocksForLonger(offset: Double) {
        var book = lockedOut()
        #expect(guess(&book, "guess 5", at: at(10, clockSetBy: offset)) == .tooMany(retryAfter: 590))
        #expect(guess(&book, "guess 5", at: at(599, clockSetBy: offset)) == .tooMany(retryAfter: 1))
        #expect(guess(&book, "guess 5", at: at(601, clockSetBy: offset)) == .granted)
    }

    @Test func aClockThatIsSetBackAndForthNeitherFreesNorLocksForLonger() {
        var book = lockedOut()
        for (second, offset) in [(10.0, -86_400.0), (20, 0), (30, 86_400), (40, 0), (50, -86_400), (60, 86_400)] {
            #expect(guess(&book, "x", at: at(second, clockSetBy: offset)) == .tooMany(retryAfter: 600 - Int(second)))
        }
        #expect(guess(&book, "x", at: at(601)) == .granted)
    }

    /// Guessed while the clock was a day ahead; it is set right, and then ten minutes pass by it alone.
    @Test func aMachineThatWasPausedAfterItsClockWasSetRightKeepsNobodyWaiting() {
        var book = lockedOut(at: at(0, clockSetBy: 86_400))
        #expect(guess(&book, "x", at: at(5)) == .tooMany(retryAfter: 595))
        #expect(guess(&book, "x", at: at(10, clockSetBy: 500)) == .tooMany(retryAfter: 90))
        #expect(guess(&book, "x", at: at(10, clockSetBy: 1200)) == .granted)
    }
}
