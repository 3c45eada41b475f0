// SPDX-License-Identifier: Apache-2.0

import MailStore
import Testing
import Vocabulary

@testable import IMAPStore

/// How often a platform that cannot be used is asked: by a clock that the test moves.
@Suite struct BreakerTests {
    private let start = ContinuousClock.now

    private func failure(_ kind: PlatformFailure.Kind, _ text: String = "no") -> PlatformFailure {
        PlatformFailure(kind: kind, error: MailStoreError(code: .refused, detail: text))
    }

    private func account(_ name: String) throws -> EmailAddress { try EmailAddress("\(name)@example.com") }

    @Test func aWrongMasterPasswordIsNotTriedAgainAndAgain() throws {
        let breaker = Desk()
        #expect(breaker.tries(from: start, seconds: 60, failure(.masterTurnedAway), of: try account("ann")) <= 5)
        #expect(breaker.error?.detail == "no")
        #expect(try breaker.suspect == account("ann"))
    }

    @Test func aMailboxThatIsNotThereHoldsUpNoOther() throws {
        let breaker = Desk()
        _ = breaker.isWell(hasLoggedIn: true, at: start)
        _ = breaker.fails(failure(.masterTurnedAway), of: try account("gone"), at: start)
        #expect(breaker.admits(at: start))
        _ = breaker.fails(failure(.masterTurnedAway), of: try account("gone"), at: start)
        _ = breaker.fails(failure(.masterTurnedAway), of: try account("away"), at: start)
        #expect(breaker.admits(at: start))
        // Three of them, and none let in between: the password was changed.
        _ = breaker.fails(failure(.masterTurnedAway), of: try account("lost"), at: start)
        #expect(!breaker.admits(at: start))
        _ = breaker.isWell(hasLoggedIn: true, at: start + .seconds(10))
        #expect(breaker.admits(at: start + .seconds(10)) && breaker.suspect == nil)
    }

    @Test func aConnectionAloneDoesNotProveThePassword() throws {
        let breaker = Desk()
        _ = breaker.fails(failure(.masterTurnedAway), of: try account("ann"), at: start)
        #expect(!breaker.isWell(hasLoggedIn: false, at: start))
        #expect(breaker.error != nil)
        #expect(breaker.isWell(hasLoggedIn: true, at: start))
        #expect(breaker.error == nil)
    }

    @Test func aPlatformThatIsBackIsUsedSoon() {
        let breaker = Desk()
        #expect(breaker.tries(from: start, seconds: 5, failure(.away)) >= 4)
        #expect(breaker.tries(from: start, seconds: 600, failure(.away)) < 40)
        #expect(breaker.admits(at: start + .seconds(700)))
        // One tries, and the others wait for what comes of it.
        #expect(!breaker.admits(at: start + .seconds(700)))
        #expect(breaker.isWell(hasLoggedIn: false, at: start + .seconds(700)))
        #expect(breaker.admits(at: start + .seconds(700)))
    }

    @Test func whatThePlatformAsksForIsObeyed() {
        let breaker = Desk()
        var failure = failure(.busy)
        failure.pause = 120
        _ = breaker.fails(failure, of: nil, at: start)
        #expect(!breaker.admits(at: start + .seconds(119)))
        #expect(breaker.admits(at: start + .seconds(121)))
    }

    @Test func whatIsAboutOneMailboxConcernsNoOther() throws {
        let breaker = Desk()
        #expect(!breaker.fails(failure(.mailbox), of: try account("ann"), at: start))
        #expect(breaker.admits(at: start))
    }
}

/// A breaker at which things happen.
private final class Desk {
    private var breaker = PlatformBreaker()

    var error: MailStoreError? { breaker.error }
    var suspect: EmailAddress? { breaker.suspect }

    func admits(at now: ContinuousClock.Instant) -> Bool { breaker.admit(at: now) == nil }

    func isWell(hasLoggedIn: Bool, at now: ContinuousClock.Instant) -> Bool {
        breaker.isWell(hasLoggedIn: hasLoggedIn, at: now)
    }

    func fails(_ failure: PlatformFailure, of account: EmailAddress?, at now: ContinuousClock.Instant) -> Bool {
        breaker.fails(failure, of: account, at: now)
    }

    /// Logins tried within a time, by one who wants in each tenth of a second.
    func tries(
        from start: ContinuousClock.Instant, seconds: Double, _ failure: PlatformFailure,
        of account: EmailAddress? = nil
    ) -> Int {
        var tries = 0
        for tenth in 0..<Int(seconds * 10) {
            let now = start + .milliseconds(100 * tenth)
            guard admits(at: now) else { continue }
            tries += 1
            _ = fails(failure, of: account, at: now)
        }
        return tries
    }
}
