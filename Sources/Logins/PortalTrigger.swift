// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import OldServerPlaces
import OldServerPolicy
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
        do {
            return try await started(login)
        } catch let error as DirectoryError {
            _ = try await noteUnreadable(login)
            throw MoveError(.directoryUnavailable, error.detail)
        }
    }

    private func started(_ login: Login) async throws -> AccountStatus {
        let digest = digester.digest(login.password, context: login.account.description)
        let deadline = ContinuousClock.now + .seconds(context.limits.loginTimeout)
        for _ in 0..<5 {
            let before = try await facts(of: login.account, given: login.password)
            try checkTriggerable(login, before)
            let guess = guess(login, digest, before, asks: true)
            defer { release(guess) }
            let exposure = Exposure()
            hurry(login.account)
            // The question is put, and takes effect, within this turn, so that the next one finds the mailbox free and sees
            // what this one has changed.
            let outcome = try await turn.pass(login.account, width: 1, within: deadline.secondsAway) {
                try await self.askForTrigger(login, guess, exposure, until: deadline)
            }
            switch outcome {
            case .started(let status)?: return status
            case .changed?: continue
            case .late(let goesOn)?: throw late(login, exposure, goesOn: goesOn)
            case nil: throw late(login, exposure, goesOn: false)
            }
        }
        throw MoveError(.overloaded, "the settings of \(login.account.domain) change too fast; try again")
    }

    private enum Outcome: Sendable {
        case started(AccountStatus)
        /// Something had changed before it could take effect: ask again.
        case changed
        /// No answer has come in time; whether the question goes on.
        case late(goesOn: Bool)
    }

    private func late(_ login: Login, _ exposure: Exposure, goesOn: Bool) -> MoveError {
        guard goesOn || exposure.seconds >= context.limits.patience else {
            return MoveError(.overloaded, "other questions about \(login.account) are before this one; try again")
        }
        let seconds = Int(context.limits.loginTimeout.rounded(.up))
        let end = goesOn ? "if it takes the password after all, the move starts by itself" : "nothing has changed"
        return MoveError(.oldServerUnreachable, "the old server did not answer within \(seconds) s; \(end)")
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
        _ login: Login, _ guess: GrantedGuess, _ exposure: Exposure, until deadline: ContinuousClock.Instant
    ) async throws -> Outcome {
        let facts = try await facts(of: login.account, given: login.password)
        try checkTriggerable(login, facts)
        guard let settings = facts.settings, let account = facts.account else {
            throw MoveError(.accountNotFound, "there is no account \(login.account)")
        }
        // The button was pressed twice: the old server has accepted this password, and may admit no second session
        // meanwhile.
        if scheduler.isBusy(account.id), account.outcome == .inProgress, isKept(login.password, by: account) {
            return try await conclude(trigger: login, .accepted, facts, nil)
        }
        let text = "this password a moment ago"
        switch try await admit(guess, login, facts, patience: .person) {
        case nil, .free?: break
        case .unknownUser?:
            return try await conclude(
                trigger: login, .noSuchUser("the old server knew no such user a moment ago"), facts, nil)
        case .wrong?:
            return try await conclude(trigger: login, .rejected("the old server rejected \(text)"), facts, nil)
        case .unjudged(let reason)?:
            return try await conclude(
                trigger: login, .busy(reason, "the old server did not judge \(text); try again later"), facts, nil)
        }
        let asked = await put(login, guess, facts, settings, exposure, until: deadline) { answer, session in
            try await self.conclude(trigger: login, answer, facts, session)
        }
        switch asked {
        case .answer(.success(let outcome)): return outcome
        case .answer(.failure(is SettingsChanged)): return .changed
        case .answer(.failure(let error)): throw error
        case .refused(let refusal):
            return try await conclude(trigger: login, OldServerAnswer(refusal, settings.oldServer), facts, nil)
        case .late(let goesOn): return .late(goesOn: goesOn)
        case .nothing: return .late(goesOn: false)
        case .stopped: throw MoveError(.shuttingDown, "the daemon is stopping; try again in a moment")
        }
    }

    private func conclude(
        trigger login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts, _ session: KeptSession?
    ) async throws -> Outcome {
        switch answer {
        case .accepted:
            let status = try await start(login, facts, session)
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
        _ login: Login, _ facts: LoginFacts, _ session: KeptSession?
    ) async throws -> AccountStatus? {
        guard let settings = facts.settings, let account = facts.account else { return nil }
        let replaces = account.handover == .never && settings.syncPasswords
        let hash = replaces ? try await newHash(of: login.password) : nil
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
