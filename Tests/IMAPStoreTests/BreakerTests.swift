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
        let (gone, away, lost, other) = (
            try account("gone"), try account("away"), try account("lost"), try account("other")
        )
        let breaker = Desk()
        _ = breaker.isWell(hasLoggedIn: true, at: start)
        for account in [gone, gone, away] {
            _ = breaker.fails(failure(.masterTurnedAway), of: account, at: start)
            #expect(breaker.admits(other, at: start) && breaker.waits(other, at: start))
            _ = breaker.fails(failure(.abandoned), of: other, at: start)
        }
        // Three of them, and none let in between: perhaps the password was changed. Another may tell.
        _ = breaker.fails(failure(.masterTurnedAway), of: lost, at: start)
        #expect(!breaker.admits(gone, at: start + .seconds(5)) && !breaker.admits(other, at: start + .seconds(4)))
        #expect(breaker.waits(other, at: start + .seconds(4)) && !breaker.waits(gone, at: start + .seconds(4)))
        #expect(breaker.admits(other, at: start + .seconds(5)))
        _ = breaker.isWell(hasLoggedIn: true, at: start + .seconds(5))
        #expect(breaker.admits(gone, at: start + .seconds(5)) && breaker.suspect == nil)
    }

    /// Before anyone has been let in, one tries, and those that were turned away come last.
    @Test func oneTriesFirst() throws {
        let (gone, other) = (try account("gone"), try account("other"))
        let breaker = Desk()
        #expect(breaker.admits(gone, at: start))
        #expect(breaker.waits(other, at: start))
        _ = breaker.fails(failure(.masterTurnedAway), of: gone, at: start)
        #expect(!breaker.admits(gone, at: start) && breaker.admits(other, at: start))
        _ = breaker.isWell(hasLoggedIn: true, at: start)
        #expect(breaker.admits(gone, at: start) && breaker.admits(other, at: start))
        // Not all at once, for the password may be another from any moment on.
        #expect(breaker.admits(other, at: start) && breaker.waits(other, at: start))
        _ = breaker.isWell(hasLoggedIn: true, at: start)
        #expect(breaker.admits(gone, at: start + .seconds(60)) && breaker.waits(other, at: start + .seconds(60)))
    }

    /// Some ban an address after ten wrong passwords in ten minutes.
    @Test func aWrongMasterPasswordIsNotTriedForEverybody() throws {
        let (breaker, accounts) = (Desk(), try (0..<100).map { try account("user\($0)") })
        var tries = 0
        for tenth in 0..<6000 {
            let (now, account) = (start + .milliseconds(100 * tenth), accounts[tenth % accounts.count])
            guard breaker.admits(account, at: now) else { continue }
            tries += 1
            _ = breaker.fails(failure(.masterTurnedAway), of: account, at: now)
        }
        #expect((5..<10).contains(tries))
    }

    @Test func whoGaveUpHoldsUpNobody() throws {
        let (breaker, ann, bob) = (Desk(), try account("ann"), try account("bob"))
        #expect(breaker.admits(ann, at: start))
        #expect(!breaker.fails(failure(.abandoned), of: ann, at: start))
        #expect(breaker.error == nil && breaker.admits(bob, at: start))
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
    private var passes: [PlatformBreaker.Pass] = []

    var error: MailStoreError? { breaker.error }
    var suspect: EmailAddress? { breaker.suspect }

    func admits(_ account: EmailAddress? = nil, at now: ContinuousClock.Instant) -> Bool {
        guard case .enters(let pass) = breaker.admit(account, at: now) else { return false }
        passes.append(pass)
        return true
    }

    func waits(_ account: EmailAddress, at now: ContinuousClock.Instant) -> Bool {
        if case .waits = breaker.admit(account, at: now) { true } else { false }
    }

    func isWell(hasLoggedIn: Bool, at now: ContinuousClock.Instant) -> Bool {
        endAll()
        return breaker.isWell(hasLoggedIn: hasLoggedIn, at: now)
    }

    func fails(_ failure: PlatformFailure, of account: EmailAddress?, at now: ContinuousClock.Instant) -> Bool {
        endAll()
        return breaker.fails(failure, of: account, at: now)
    }

    private func endAll() {
        for pass in passes { breaker.ended(pass) }
        passes = []
    }

    /// Logins tried within a time, by one who wants in each tenth of a second.
    func tries(
        from start: ContinuousClock.Instant, seconds: Double, _ failure: PlatformFailure,
        of account: EmailAddress? = nil
    ) -> Int {
        var tries = 0
        for tenth in 0..<Int(seconds * 10) {
            let now = start + .milliseconds(100 * tenth)
            guard admits(account, at: now) else { continue }
            tries += 1
            _ = fails(failure, of: account, at: now)
        }
        return tries
    }
}
