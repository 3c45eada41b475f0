// SPDX-License-Identifier: Apache-2.0

import MailStore
import Vocabulary

/// Keeps a platform that cannot be used from being asked again and again: a value, whose time is an argument.
///
/// One that is away, busy or must not be trusted is left alone for a while that grows, whatever account wants it. A login
/// that is turned away may be about that mailbox alone, which is not there yet, or about the master user. So where nobody
/// has been let in lately, one login is tried at a time; whoever has not been turned away yet comes first, and others of
/// them soon after, but ever more slowly: many servers ban an address after a few wrong passwords.
struct PlatformBreaker: Sendable {
    typealias Moment = ContinuousClock.Instant

    /// Of one who asks; ``ended(_:)`` when it is known what has come of it.
    struct Pass: Sendable {
        /// Whether others wait for what comes of it.
        fileprivate var isTrial: Bool
        fileprivate var isLogin: Bool
    }

    enum Admission: Sendable {
        case enters(Pass)
        /// Another tries first: until it is known what comes of that, or until then at least.
        case waits(until: Moment?, MailStoreError?)
        case refused(MailStoreError)
    }

    private struct Trouble: Sendable {
        var kind: PlatformFailure.Kind
        var error: MailStoreError
        var until: Moment
        /// The same for accounts that have not been turned away.
        var untilForOthers: Moment
        var times: Int
    }

    private var trouble: Trouble?
    /// Whether one is trying whether it is over, or whether the master user is let in at all.
    private var isTried = false
    /// Logins that are under way.
    private var logins = 0
    /// Accounts turned away since the last that was let in.
    private var turnedAway: Set<EmailAddress> = []
    /// When the master user was let in last; nil where several mailboxes have turned it away since.
    private var letInAt: Moment?
    /// How often in a row.
    private var letIn = 0
    /// When it was last seen to be in order.
    private(set) var wellAt: Moment?

    private static let mostTurnedAway = 3
    /// For how long a login proves that others are let in, too.
    private static let proof = Duration.seconds(30)

    /// What is wrong at present.
    var error: MailStoreError? { trouble?.error }
    var kind: PlatformFailure.Kind? { trouble?.kind }

    /// Whether it may be asked now.
    /// - Parameters:
    ///   - account: whose mailbox is entered; nil where nobody logs in.
    ///   - othersWait: whether one waits that has not been turned away.
    mutating func admit(_ account: EmailAddress?, othersWait: Bool = false, at now: Moment) -> Admission {
        if let trouble, trouble.kind != .masterTurnedAway {
            if trouble.until > now || isTried { return .refused(trouble.error) }
            return entered(account, isTrial: true)
        }
        let isProven = turnedAway.isEmpty && letInAt.map { now - $0 < Self.proof } ?? false
        guard let account else { return entered(nil, isTrial: false) }
        if isProven {
            // Few at first, more with each that is let in: as many are turned away at once when the password changes.
            return logins < 2 + letIn ? entered(account, isTrial: false) : .waits(until: nil, nil)
        }
        if let trouble, turnedAway.contains(account) {
            if trouble.until > now || isTried || othersWait { return .refused(trouble.error) }
        } else if isTried {
            return .waits(until: nil, trouble?.error)
        } else if let trouble, trouble.untilForOthers > now {
            return .waits(until: trouble.untilForOthers, trouble.error)
        }
        return entered(account, isTrial: true)
    }

    private mutating func entered(_ account: EmailAddress?, isTrial: Bool) -> Admission {
        let pass = Pass(isTrial: isTrial, isLogin: account != nil)
        if pass.isTrial { isTried = true }
        if pass.isLogin { logins += 1 }
        return .enters(pass)
    }

    /// Whatever has come of it, which is told next.
    mutating func ended(_ pass: Pass) {
        if pass.isTrial { isTried = false }
        if pass.isLogin { logins -= 1 }
    }

    /// It is there: a login has succeeded, or as much as was tried.
    /// - Parameter hasLoggedIn: whether the master user was let in.
    /// - Returns: whether that is news.
    @discardableResult
    mutating func isWell(hasLoggedIn: Bool, at now: Moment) -> Bool {
        wellAt = now
        if hasLoggedIn {
            letIn = letInAt.map { now - $0 < Self.proof } ?? false ? letIn + 1 : 1
            (letInAt, turnedAway) = (now, [])
        }
        guard let trouble, trouble.kind != .masterTurnedAway || hasLoggedIn else { return false }
        self.trouble = nil
        return true
    }

    /// - Returns: whether that is news.
    mutating func fails(_ failure: PlatformFailure, of account: EmailAddress?, at now: Moment) -> Bool {
        switch failure.kind {
        case .abandoned: return false
        case .mailbox:
            trouble = nil
            return false
        case .masterTurnedAway, .busy:
            if let account { turnedAway.insert(account) }
            letIn = 0
            // Dovecot, for one, counts connections by user.
            guard account == nil || letInAt == nil || turnedAway.count >= Self.mostTurnedAway else {
                // As it answers, nothing else is wrong.
                if trouble?.kind != failure.kind { trouble = nil }
                return false
            }
            if failure.kind == .masterTurnedAway { letInAt = nil }
        case .configuration, .away: break
        }
        let isNews = trouble?.kind != failure.kind
        let times =
            isNews ? max(1, failure.kind == .masterTurnedAway ? turnedAway.count : 1) : (trouble?.times ?? 0) + 1
        let (own, others) = Self.pauses(failure.kind, times: times)
        let asked = Double(failure.pause ?? 0)
        trouble = Trouble(
            kind: failure.kind, error: failure.error, until: now + .seconds(min(max(asked, own), 3600)),
            untilForOthers: now + .seconds(min(max(asked, others), 3600)), times: times)
        return isNews
    }

    /// Seconds until it is asked again, in all; and for an account that has not been turned away.
    private static func pauses(_ kind: PlatformFailure.Kind, times: Int) -> (own: Double, others: Double) {
        func grown(_ first: Double, _ longest: Double, times: Int) -> Double {
            min(longest, first * Double(1 << min(max(times - 1, 0), 20)))
        }
        switch kind {
        case .masterTurnedAway:
            let others = times == 1 ? 0 : times == 2 ? 2 : grown(5, 300, times: times - 2)
            return (grown(2, 300, times: times), others)
        case .configuration: return (grown(2, 300, times: times), grown(2, 300, times: times))
        case .busy: return (grown(1, 60, times: times), grown(1, 60, times: times))
        case .away, .mailbox, .abandoned: return (grown(0.25, 30, times: times), grown(0.25, 30, times: times))
        }
    }

    func hasTurnedAway(_ account: EmailAddress) -> Bool { turnedAway.contains(account) }

    /// Who was turned away last may be let in by now.
    var suspect: EmailAddress? { kind == .masterTurnedAway ? turnedAway.first : nil }
}
