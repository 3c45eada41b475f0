// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Testing
import Vocabulary

@testable import Migration

@Suite struct GuessLimitsTests {
    private let digester = PasswordDigester()
    private let limits = MoveLimits()
    private let start = Timestamp(milliseconds: 10_000_000)

    private func digest(_ text: String) -> PasswordDigest { digester.digest(Password(text), context: "ann") }

    private func guess(
        _ book: inout GuessLimits, _ text: String, account: String = "ann", from address: String? = nil,
        generation: Int64 = 1, after seconds: Double = 0
    ) -> GuessLimits.Admission {
        book.admit(
            account, from: address, digest: digest(text), generation: generation, limits: limits,
            now: start.adding(seconds: seconds))
    }

    @discardableResult
    private func wrong(
        _ book: inout GuessLimits, _ text: String, account: String = "ann", from address: String? = nil,
        after seconds: Double = 0
    ) -> GuessFailure? {
        #expect(guess(&book, text, account: account, from: address, after: seconds) == .granted)
        return book.settle(
            account, from: address, digest: digest(text), askedUnder: 1, verdict: .wrong,
            now: start.adding(seconds: seconds))
    }

    @Test func theSixthDifferentPasswordIsOneTooMany() {
        var book = GuessLimits()
        for number in 0..<5 { wrong(&book, "guess \(number)") }
        #expect(guess(&book, "guess 5") == .tooMany(retryAfter: 600))
        #expect(guess(&book, "other", account: "bob") == .granted)
    }

    @Test func tenMinutesLaterGuessingIsFreeAgain() {
        var book = GuessLimits()
        for number in 0..<5 { wrong(&book, "guess \(number)", after: Double(number)) }
        #expect(guess(&book, "guess 5", after: 599) == .tooMany(retryAfter: 1))
        #expect(guess(&book, "guess 5", after: 601) == .granted)
    }

    @Test func onePasswordRepeatedAllNightCountsOnceAndIsAskedOnce() {
        var book = GuessLimits()
        wrong(&book, "mistyped")
        for second in 1..<500 { #expect(guess(&book, "mistyped", after: Double(second)) == .knownWrong) }
        #expect(guess(&book, "right", after: 500) == .granted)
    }

    @Test func whoWasUnknownIsAskedForAgainLessAndLessOften() {
        var book = GuessLimits()
        var asked: [Int] = []
        for second in 0..<600 where guess(&book, "old", after: Double(second)) == .granted {
            asked.append(second)
            let failure = book.settle(
                "ann", from: nil, digest: digest("old"), askedUnder: 1, verdict: .unknownUser,
                now: start.adding(seconds: Double(second)))
            #expect((failure != nil) == (second == 0))
        }
        #expect(asked == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511])
        #expect(guess(&book, "old", generation: 2, after: 512) == .granted)
    }

    @Test func aPasswordThatNobodyWasAskedAboutCountsButMayStillBeAsked() {
        var book = GuessLimits()
        #expect(guess(&book, "old") == .granted)
        #expect(
            book.settle("ann", from: nil, digest: digest("old"), askedUnder: nil, verdict: .wrong, now: start) != nil)
        #expect(guess(&book, "old") == .granted)
    }

    @Test func newSettingsLetTheSamePasswordBeAskedAgainWithoutCountingItTwice() {
        var book = GuessLimits()
        wrong(&book, "old")
        #expect(guess(&book, "old", generation: 2) == .granted)
        let counted = book.settle("ann", from: nil, digest: digest("old"), askedUnder: 2, verdict: .wrong, now: start)
        #expect(counted == nil)
    }

    @Test func guessesAtTheSameTimeGetNoFurtherThanOneAfterAnother() {
        var book = GuessLimits()
        for number in 0..<5 { #expect(guess(&book, "guess \(number)") == .granted) }
        guard case .tooMany = guess(&book, "guess 5") else {
            Issue.record("a sixth guess was let through")
            return
        }
        _ = book.settle("ann", from: nil, digest: digest("guess 0"), askedUnder: 1, verdict: .free, now: start)
        #expect(guess(&book, "guess 5") == .granted)
    }

    @Test func anAddressHasALimitOfItsOwn() {
        var book = GuessLimits()
        for number in 0..<50 { wrong(&book, "x", account: "user\(number)", from: "192.0.2.1") }
        #expect(guess(&book, "x", account: "user50", from: "192.0.2.1") == .tooMany(retryAfter: 600))
        #expect(guess(&book, "x", account: "user50", from: "192.0.2.2") == .granted)
    }

    @Test func whatWasCountedBeforeARestartStillCounts() {
        var book = GuessLimits()
        let failures = (0..<5).map { number in wrong(&book, "guess \(number)", from: "192.0.2.1") }
        var restarted = GuessLimits()
        restarted.restore(failures.compactMap(\.self))
        #expect(guess(&restarted, "guess 0", after: 1) == .tooMany(retryAfter: 599))
    }
}
