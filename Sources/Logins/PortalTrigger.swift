// SPDX-License-Identifier: Apache-2.0

import Records
import Runs
import Secrets
public import Statuses
import Vocabulary
import Waiting

/// The explicit trigger: a user who is already logged in gives the old password.
extension LoginDesk {
    /// Asks the old server whether `login.password` is right there, and if so, starts the move.
    /// - Throws: ``MoveError``: `accountNotFound`, `migrationNotEnabled`, `migrationExpired`, `nonMigratingAccount`,
    ///   `tooManyAttempts`, `credentialsRejected`, and whatever kept the old server from being asked.
    public func trigger(_ login: Login) async throws -> AccountStatus {
        let digest = digester.digest(login.password, context: login.account.description)
        let start = ContinuousClock.now
        for _ in 0..<5 {
            let before = try await facts(of: login.account)
            try checkTriggerable(login, before)
            let guess = GrantedGuess(guesser(login, before, asks: true), digest)
            defer { release(guess) }
            let exposure = Questions.Exposure()
            let deadline = start + .seconds(context.limits.loginTimeout)
            hurry(login.account)
            let outcome = try await turn.pass(login.account, width: 1, within: deadline.secondsAway) {
                () async throws -> Outcome in
                let answer: (OldServerAnswer, LoginFacts)?
                do {
                    answer = try await withDeadline(seconds: deadline.secondsAway) {
                        try await self.askForTrigger(login, guess, exposure)
                    }
                } catch is SettingsChanged {
                    return .changed
                }
                // Still within this turn, so that the next question finds the mailbox free and sees what this one has
                // changed.
                guard let (answer, facts) = answer else { return .late }
                return try await self.conclude(trigger: login, answer, facts)
            }
            switch outcome ?? .late {
            case .started(let status): return status
            case .changed: continue
            case .late: throw late(login, exposure)
            }
        }
        throw MoveError(.overloaded, "the settings of \(login.account.domain) change too fast; try again")
    }

    private enum Outcome: Sendable {
        case started(AccountStatus)
        /// Something had changed before it could take effect: ask again.
        case changed
        /// No answer, or no turn, came in time.
        case late
    }

    private func late(_ login: Login, _ exposure: Questions.Exposure) -> MoveError {
        guard exposure.seconds >= context.limits.patience else {
            return MoveError(.overloaded, "other questions about \(login.account) are before this one; try again")
        }
        let seconds = Int(context.limits.loginTimeout.rounded(.up))
        return MoveError(
            .oldServerUnreachable, "the old server did not answer within \(seconds) s; nothing has changed")
    }

    private func checkTriggerable(_ login: Login, _ facts: LoginFacts) throws {
        guard facts.account != nil else {
            throw MoveError(.accountNotFound, "there is no account \(login.account) on the new platform")
        }
        guard let settings = facts.settings else {
            throw MoveError(.migrationNotEnabled, "migration of \(login.account.domain) was never enabled")
        }
        switch settings.state(at: facts.now) {
        case .disabled: throw MoveError(.migrationNotEnabled, "migration of \(login.account.domain) is disabled")
        case .expired:
            throw MoveError(
                .migrationExpired,
                "migration of \(login.account.domain) ended at \(settings.expiresAt); enable it again")
        case .active: break
        }
        guard facts.migrates else {
            throw MoveError(.nonMigratingAccount, "\(login.account) is not among the accounts that move")
        }
        guard !isLeftAlone(facts) else {
            throw MoveError(
                .nonMigratingAccount,
                "the platform's accounts have no \(login.account), have locked it, or check its password elsewhere")
        }
        guard login.password.isAcceptable else {
            throw MoveError(
                .credentialsRejected,
                "a password has 1 to 511 octets and no NUL, CR or LF; the old server was not asked")
        }
    }

    private func askForTrigger(
        _ login: Login, _ guess: GrantedGuess, _ exposure: Questions.Exposure
    ) async throws -> (OldServerAnswer, LoginFacts) {
        let facts = try await facts(of: login.account)
        try checkTriggerable(login, facts)
        guard let settings = facts.settings, let account = facts.account else {
            throw MoveError(.accountNotFound, "there is no account \(login.account)")
        }
        // The button was pressed twice: the old server has accepted this password, and may admit no second session
        // meanwhile.
        if scheduler.isBusy(account.id), account.outcome == .inProgress, isKept(login.password, by: account) {
            return (.accepted(nil), facts)
        }
        switch try admit(guess, login, facts, patience: .person) {
        case nil, .free?: return (try await put(login, guess, facts, settings, exposure), facts)
        case .unknownUser?: return (.noSuchUser("the old server knew no such user a moment ago"), facts)
        case .wrong?: return (.rejected("the old server rejected this password a moment ago"), facts)
        case .unjudged(let reason)?:
            return (.busy(reason, "the old server did not judge this password a moment ago; try again later"), facts)
        }
    }

    private func conclude(
        trigger login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts
    ) async throws -> Outcome {
        switch answer {
        case .accepted(let session):
            let status = try await ended(session) { try await self.start(login, facts, session) }
            return status.map(Outcome.started) ?? .changed
        case .rejected(let text):
            await note(.rejected(text, remembers: false), login, facts)
            throw MoveError(
                .credentialsRejected, "the old server does not take the password of \(login.account): \(text)")
        case .noSuchUser(let text):
            guard facts.account?.startedAt == nil else {
                // The user existed when the move began, so this is an ordinary rejection.
                await note(.rejected(text, remembers: false), login, facts)
                throw MoveError(.credentialsRejected, "the old server no longer knows \(login.account): \(text)")
            }
            await note(.noSuchUser(text), login, facts)
            throw MoveError(.nonMigratingAccount, "the old server knows no \(login.account): \(text)")
        case .busy(.overloaded, let text):
            await note(.notAsked(.unavailable, .overloaded), login, facts)
            throw MoveError(.overloaded, text)
        case .busy(let reason, let text), .failed(let reason, let text):
            await note(.postponed(reason, text), login, facts)
            throw MoveError(reason, text)
        }
    }

    private func isKept(_ password: Password, by account: AccountRecord) -> Bool {
        account.sealed.map { (try? vault.open($0, for: account.address)) == password } ?? false
    }

    /// The old server accepted the password: it becomes the account's own unless one was handed over before, and the
    /// move starts.
    private func start(
        _ login: Login, _ facts: LoginFacts, _ session: CheckedSession?
    ) async throws -> AccountStatus? {
        guard let settings = facts.settings, let account = facts.account else { return nil }
        let replaces = account.handover == .never && settings.syncPasswords
        let hash =
            replaces
            ? try await pool.hash(login.password, scheme: context.limits.passwordScheme, priority: .login) : nil
        let sealed = LoginEffects.Sealed(
            vault.seal(login.password, for: login.account),
            equal: isKept(login.password, by: account) ? account.sealed : nil)
        let changed: AccountRecord?
        do {
            changed =
                if replaces { try await handOver(login, replacing: hash, sealed, facts) } else {
                    try await apply(.started(sealed), login, facts)
                }
        } catch is ChangedThere {
            changed = try await apply(.started(sealed), login, facts)
        }
        guard let changed else { return nil }
        guesses.withLock { $0.forgetWrong(login.account.description) }
        start(changed, settings, in: session)
        return statuses.status(of: changed, settings: settings)
    }
}
