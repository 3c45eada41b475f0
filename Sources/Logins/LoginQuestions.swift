// SPDX-License-Identifier: Apache-2.0

import Records
import Runs
import Secrets
import Statuses
import Vocabulary
import Waiting

/// Logins that the old server decides, or hears of.
extension LoginDesk {
    private enum Outcome: Sendable {
        case answer(OldServerAnswer, LoginFacts)
        case again
        /// The old server was asked a moment ago.
        case known(GuessLimits.Verdict, LoginFacts)
        /// The password was right and took effect; nil if something had changed meanwhile.
        case takenOver(LoginResult?)
    }

    /// Asks the old server, one question per account at a time.
    /// - Parameter start: when the login arrived; it is answered within the login timeout from then on.
    /// - Returns: nil if something has changed meanwhile and the login must be decided afresh.
    func ask(
        _ login: Login, _ digest: PasswordDigest, _ facts: LoginFacts, since start: ContinuousClock.Instant
    ) async throws -> LoginResult? {
        // Before it waits for its turn, so that endless guessing does not fill the line.
        let guess = GrantedGuess(guesser(login, facts, asks: true), digest)
        if let verdict = try admit(guess, login, facts) { return await known(verdict, login, facts, since: start) }
        defer { release(guess) }
        let exposure = Questions.Exposure()
        let seconds = context.limits.loginTimeout
        let deadline = start + .seconds(seconds)
        hurry(login.account)
        let outcome = try await turn.pass(login.account, width: 1, within: deadline.secondsAway) {
            () async throws -> Outcome? in
            let outcome = try await withDeadline(seconds: deadline.secondsAway) {
                do {
                    return try await self.askInTurn(login, guess, facts, exposure)
                } catch is SettingsChanged {
                    return .again
                }
            }
            // Still within this turn, so that the next login in line is decided on what this one has changed.
            guard case .answer(.accepted(let session), let facts)? = outcome else { return outcome }
            return .takenOver(try await self.conclude(login, .accepted(session), facts))
        }
        switch outcome ?? nil {
        case .again?: return nil
        case .takenOver(let result)?: return result
        case .known(let verdict, let facts)?: return await known(verdict, login, facts, since: start)
        case .answer(let answer, let facts)?:
            let result = try await conclude(login, answer, facts)
            if let settings = facts.settings, result?.decision == .reject {
                await rememberRejection(by: settings.oldServer, since: start)
            }
            return result
        case nil:
            let facts = try await self.facts(of: login.account)
            // Another login may have settled it meanwhile.
            switch LoginDecision(facts, matches: false) {
            case .ask, .askAndCreate: break
            default: return nil
            }
            // It spent most of the time waiting behind other questions, which says nothing about the old server.
            guard exposure.seconds >= context.limits.patience else {
                return unavailable(await note(.notAsked(.unavailable, .overloaded), login, facts), .overloaded)
            }
            let detail = "the old server did not answer within \(Int(seconds.rounded(.up))) s"
            guard exposure.isReached, seconds < context.limits.readTimeout else {
                return try await conclude(login, .failed(.oldServerUnreachable, detail), facts)
            }
            // The server can be reached, but is slow.
            return unavailable(
                await note(.postponed(.oldServerUnreachable, detail), login, facts), .oldServerUnreachable)
        }
    }

    /// What the old server said about this same password a moment ago.
    private func known(
        _ verdict: GuessLimits.Verdict, _ login: Login, _ facts: LoginFacts, since start: ContinuousClock.Instant
    ) async -> LoginResult {
        if case .unjudged(let reason) = verdict {
            return unavailable(await note(.notAsked(.unavailable, reason), login, facts), reason)
        }
        let isUnknown = if case .unknownUser = verdict { true } else { false }
        let facts = await note(
            isUnknown ? .notAsked(.noSuchUser, nil) : .notAsked(.rejected, .credentialsRejected), login, facts)
        await pad(facts, since: start)
        return rejected(facts)
    }

    private func askInTurn(
        _ login: Login, _ guess: GrantedGuess, _ stale: LoginFacts, _ exposure: Questions.Exposure
    ) async throws -> Outcome {
        let facts = try await facts(of: login.account)
        guard facts.entry?.hash == stale.entry?.hash, !isLeftAlone(facts), let settings = facts.settings else {
            return .again
        }
        switch LoginDecision(facts, matches: false) {
        case .ask, .askAndCreate: break
        default: return .again
        }
        if let verdict = answer(guess, facts) { return .known(verdict, facts) }
        return .answer(try await put(login, guess, facts, settings, exposure), facts)
    }

    /// Puts a granted guess to the old server and settles it, whatever comes.
    func put(
        _ login: Login, _ guess: GrantedGuess, _ facts: LoginFacts, _ settings: MigrationSettings,
        _ exposure: Questions.Exposure
    ) async throws -> OldServerAnswer {
        let user = settings.oldServer.username(of: facts.account?.address ?? login.account)
        do {
            let answer = try await settingsWatch.whileCurrent(settings) {
                try await self.questions.ask(
                    settings.oldServer, user: user, password: login.password, exposure: exposure,
                    room: { self.scheduler.room(for: facts.account?.id, settings) }
                ).timed(login.account, by: self)
            }
            let verdict: GuessLimits.Verdict =
                switch answer {
                case .rejected: .wrong
                case .noSuchUser: .unknownUser
                case .accepted: .free
                case .busy(let reason, _), .failed(let reason, _): exposure.isSent ? .unjudged(reason) : .free
                }
            await settle(guess, askedUnder: settings, verdict)
            return answer
        } catch {
            // The question was given up, but the server may still judge what it was shown.
            await settle(guess, askedUnder: settings, exposure.isSent ? .unjudged(.oldServerUnreachable) : .free)
            throw error
        }
    }

    /// Applies the old server's answer, if everything is still as it was when the server was asked.
    private func conclude(_ login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts) async throws -> LoginResult? {
        switch answer {
        case .accepted(let session):
            let status = try await ended(session) { try await self.takeOver(login, facts, session) }
            guard let status else { return nil }
            return LoginResult(decision: .accept, passwordReplaced: true, status: status, message: status.message)
        case .rejected(let text):
            return rejected(await note(.rejected(text, remembers: false), login, facts))
        case .noSuchUser(let text):
            await note(.noSuchUser(text), login, facts)
            return rejected(try await self.facts(of: login.account))
        // Nobody was asked.
        case .busy(.overloaded, _):
            return unavailable(await note(.notAsked(.unavailable, .overloaded), login, facts), .overloaded)
        case .busy(let reason, let text):
            return unavailable(await note(.postponed(reason, text), login, facts), reason)
        case .failed(let reason, let text):
            await note(.failed(reason, text), login, facts)
            return unavailable(try await self.facts(of: login.account), reason)
        }
    }

    /// The password is the account's own from now on, and the first run starts.
    /// - Returns: nil if hash or settings have changed since the question was asked.
    private func takeOver(
        _ login: Login, _ facts: LoginFacts, _ session: CheckedSession?
    ) async throws -> AccountStatus? {
        guard let settings = facts.settings else { return nil }
        let hash = try await pool.hash(login.password, scheme: context.limits.passwordScheme, priority: .login)
        let sealed = LoginEffects.Sealed(vault.seal(login.password, for: login.account))
        let address = login.account
        guard let changed = try await handOver(login, replacing: hash, sealed, facts) else { return nil }
        guesses.withLock { $0.forgetWrong(address.description) }
        remember(digester.digest(login.password, context: address.description), of: changed, hash: hash.stored)
        start(changed, settings, in: session)
        return statuses.status(of: changed, settings: settings)
    }

    /// Queues an account's run, which continues in `session` if its turn comes at once.
    func start(_ account: AccountRecord, _ settings: MigrationSettings, in session: CheckedSession?) {
        if let session { checkedSessions.put(session, for: account, settings) }
        scheduler.submit(account, settings)
    }

    /// The result of `takeOver` for an accepted password. If it has no effect, the session has ended before anyone asks
    /// again.
    func ended<Value>(_ session: CheckedSession?, unless takeOver: () async throws -> Value?) async throws -> Value? {
        do {
            if let value = try await takeOver() { return value }
        } catch {
            await session?.end()
            throw error
        }
        await session?.end()
        return nil
    }
}

extension OldServerAnswer {
    /// Has a kept session end in a moment, unless its run has begun by then.
    func timed(_ account: EmailAddress, by desk: LoginDesk) async -> Self {
        guard case .accepted(let session?) = self else { return self }
        let sessions = desk.checkedSessions
        let isTimed = desk.background.submit(account, .farewell(ObjectIdentifier(session))) {
            await session.end(after: desk.context.limits.checkedSessionSeconds)
            sessions.remove(session)
        }
        if isTimed { return self }
        await session.end()
        return .accepted(nil)
    }
}

extension ContinuousClock.Instant {
    /// Seconds from now; negative if it has passed.
    var secondsAway: Double { (self - .now) / .seconds(1) }
}
