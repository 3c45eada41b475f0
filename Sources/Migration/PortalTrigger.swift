// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Vocabulary

/// The explicit trigger: somebody who is already inside gives the old password.
extension LoginDesk {
    /// Asks the old server whether `login.password` is right there, and if so starts the move.
    /// - Throws: ``MoveError``: `accountNotFound`, `migrationNotEnabled`, `migrationExpired`, `nonMigratingAccount`,
    ///   `tooManyAttempts`, `credentialsRejected`, and whatever kept the old server from being asked.
    public func trigger(_ login: Login) async throws -> AccountStatus {
        let digest = context.digester.digest(login.password, context: login.account.description)
        for _ in 0..<5 {
            let before = try await facts(of: login.account)
            try checkTriggerable(login, before)
            let outcome = try await withDeadline(seconds: context.limits.loginTimeout) {
                try await self.turn.pass(login.account, width: 1) { try await self.askForTrigger(login, digest) }
            }
            guard let (answer, facts) = outcome else {
                throw MoveError(
                    .oldServerUnreachable,
                    "the old server did not answer within \(Int(context.limits.loginTimeout)) s; nothing has changed")
            }
            if let status = try await conclude(trigger: login, answer, facts) { return status }
        }
        throw MoveError(.overloaded, "the settings of \(login.account.domain) change too fast; try again")
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
        guard login.password.isAcceptable else {
            throw MoveError(
                .credentialsRejected,
                "a password has 1 to 511 octets and no NUL, CR or LF; the old server was not asked")
        }
    }

    private func askForTrigger(
        _ login: Login, _ digest: PasswordDigest
    ) async throws -> (OldServerAnswer, LoginFacts) {
        let facts = try await facts(of: login.account)
        try checkTriggerable(login, facts)
        guard let settings = facts.settings, let account = facts.account else {
            throw MoveError(.accountNotFound, "there is no account \(login.account)")
        }
        let from = countedAddress(login)
        switch admit(login, digest, facts) {
        case .knownWrong: return (.rejected("the old server rejected this password a moment ago"), facts)
        case .tooMany(let seconds): throw tooMany(login, seconds)
        case .granted: break
        }
        do {
            let answer = try await questions.ask(
                settings.oldServer, user: settings.oldServer.username(of: account.address), password: login.password)
            var wasWrong = false
            if case .rejected = answer { wasWrong = true }
            if case .noSuchUser = answer { wasWrong = true }
            await settle(login, digest, from: from, askedUnder: settings, wasWrong: wasWrong)
            return (answer, facts)
        } catch {
            await settle(login, digest, from: from, askedUnder: settings, wasWrong: false)
            throw error
        }
    }

    private func conclude(
        trigger login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts
    ) async throws -> AccountStatus? {
        switch answer {
        case .accepted: return try await start(login, facts)
        case .rejected(let text):
            await note(facts, .passwordRejected, login.via, .credentialsRejected, text)
            throw MoveError(
                .credentialsRejected, "the old server does not take the password of \(login.account): \(text)")
        case .noSuchUser(let text):
            await noteNonMigrating(facts, login.via, text)
            throw MoveError(.nonMigratingAccount, "the old server knows no \(login.account): \(text)")
        case .busy(let reason, let text), .failed(let reason, let text):
            await note(facts, .postponed, login.via, reason, text)
            throw MoveError(reason, text)
        }
    }

    /// The password was right over there: it becomes the account's own unless one was handed over before, and the
    /// move starts.
    private func start(_ login: Login, _ facts: LoginFacts) async throws -> AccountStatus? {
        guard let settings = facts.settings, let account = facts.account else { return nil }
        let replaces = account.handover == .never && settings.syncPasswords
        let hash =
            replaces
            ? try await context.pool.hash(login.password, scheme: context.limits.passwordScheme, priority: .login) : nil
        let sealed = context.vault.seal(login.password, for: login.account)
        let now = context.now()
        let changed = try await change(
            facts, events: replaces ? [.handedOver, .triggered] : [.triggered], via: login.via
        ) { account in
            if let hash {
                account.passwordHash = hash.stored
                account.handOver()
            }
            account.wasTriggered(via: login.via, at: now)
            account.isMoving()
            account.keep(sealed, for: PendingRun(kind: .first, due: now))
        }
        guard let changed else { return nil }
        guesses.withLock { $0.forgetWrong(login.account.description) }
        scheduler.submit(changed, settings)
        return statuses.status(of: changed, settings: settings)
    }
}
