// SPDX-License-Identifier: Apache-2.0

import MailStore
import Vocabulary

/// Keeps a platform that cannot be used from being asked again and again: a value, whose time is an argument.
///
/// One that is away, busy or must not be trusted is left alone for a while that grows, whatever account wants it. A login
/// that is turned away may be about that mailbox alone; where several are, and no other has been let in since, it is the
/// platform, or the master user's password.
struct PlatformBreaker: Sendable {
    typealias Moment = ContinuousClock.Instant

    private struct Trouble: Sendable {
        var kind: PlatformFailure.Kind
        var error: MailStoreError
        var until: Moment
        var times: Int
        /// Whether one is trying whether it is over.
        var isTried = false
    }

    private var trouble: Trouble?
    /// Accounts turned away since the last that was let in.
    private var turnedAway: Set<EmailAddress> = []
    private var hasLetIn = false
    /// When it was last seen to be in order.
    private(set) var wellAt: Moment?

    private static let mostTurnedAway = 3

    /// What is wrong at present.
    var error: MailStoreError? { trouble?.error }
    var kind: PlatformFailure.Kind? { trouble?.kind }

    /// Whether it may be asked now; then it counts as tried.
    /// - Returns: why not.
    mutating func admit(at now: Moment) -> MailStoreError? {
        guard let trouble else { return nil }
        if trouble.until > now || trouble.isTried { return trouble.error }
        self.trouble?.isTried = true
        return nil
    }

    /// It is there: a login has succeeded, or as much as was tried.
    /// - Parameter hasLoggedIn: whether the master user was let in.
    /// - Returns: whether that is news.
    @discardableResult
    mutating func isWell(hasLoggedIn: Bool, at now: Moment) -> Bool {
        wellAt = now
        if hasLoggedIn { (hasLetIn, turnedAway) = (true, []) }
        guard let trouble else { return false }
        if trouble.kind == .masterTurnedAway, !hasLoggedIn {
            self.trouble?.isTried = false
            return false
        }
        self.trouble = nil
        return true
    }

    /// - Returns: whether that is news.
    mutating func fails(_ failure: PlatformFailure, of account: EmailAddress?, at now: Moment) -> Bool {
        let pause: (first: Double, longest: Double)
        switch failure.kind {
        case .mailbox:
            trouble = nil
            return false
        case .masterTurnedAway, .busy:
            if let account { turnedAway.insert(account) }
            // Dovecot, for one, counts connections by user.
            guard account == nil || !hasLetIn || turnedAway.count >= Self.mostTurnedAway else {
                // As it answers, nothing else is wrong.
                if trouble?.kind == failure.kind { trouble?.isTried = false } else { trouble = nil }
                return false
            }
            pause = failure.kind == .busy ? (1, 60) : (2, 300)
        case .configuration: pause = (2, 300)
        case .away: pause = (0.25, 30)
        }
        let times = trouble?.kind == failure.kind ? (trouble?.times ?? 0) + 1 : 1
        let seconds = max(Double(failure.pause ?? 0), min(pause.longest, pause.first * Double(1 << min(times - 1, 20))))
        defer {
            trouble = Trouble(
                kind: failure.kind, error: failure.error, until: now + .seconds(min(seconds, 3600)), times: times)
        }
        return trouble?.kind != failure.kind
    }

    /// Who was turned away last may be let in by now.
    var suspect: EmailAddress? { kind == .masterTurnedAway ? turnedAway.first : nil }
}
