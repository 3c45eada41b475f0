// SPDX-License-Identifier: Apache-2.0

import OldServerPlaces
import OldServerPolicy
import Records
import Runs
import Secrets
import Statuses
import Vocabulary
import Waiting

/// Logins that the old server decides, or hears of.
extension LoginDesk {
    private enum Outcome: Sendable {
        /// nil if something had changed before the answer could take effect.
        case result(LoginResult?)
        case again
        /// The old server was asked a moment ago.
        case known(GuessLimits.Verdict, LoginFacts)
        /// It is being asked about the same password, for somebody who waits no more.
        case joined(Latch<Void>)
        /// Time is up; whether the question goes on.
        case late(goesOn: Bool)
    }

    /// Asks the old server, one question per account at a time.
    /// - Parameter start: when the login arrived; it is answered within the login timeout from then on.
    /// - Returns: nil if something has changed meanwhile and the login must be decided afresh.
    func ask(
        _ login: Login, _ digest: PasswordDigest, _ facts: LoginFacts, since start: ContinuousClock.Instant
    ) async throws -> LoginResult? {
        let deadline = start + .seconds(context.limits.loginTimeout)
        if let late = lateQuestions.answer(to: LateQuestions.Key(digest, facts)) {
            return try await joined(late, facts, until: deadline)
        }
        // Before it waits for its turn, so that endless guessing does not fill the line.
        let guess = guess(login, digest, facts, asks: true)
        if let verdict = try await admit(guess, login, facts) {
            return await known(verdict, login, facts, since: start)
        }
        defer { release(guess) }
        let exposure = Exposure()
        hurry(login.account)
        let outcome = try await turn.pass(login.account, width: 1, within: deadline.secondsAway) {
            try await self.askInTurn(login, guess, facts, exposure, since: start, until: deadline)
        }
        switch outcome {
        case .again?: return nil
        case .result(let result)?: return result
        case .known(let verdict, let facts)?: return await known(verdict, login, facts, since: start)
        case .joined(let late)?: return try await joined(late, facts, until: deadline)
        case .late(goesOn: true)?: return try await late(login, exposure, goesOn: true)
        case .late(goesOn: false)?, nil: return try await late(login, exposure, goesOn: false)
        }
    }

    /// Another login has asked the same, and what it is answered takes effect.
    /// - Returns: nil when there is an answer.
    private func joined(
        _ late: Latch<Void>, _ facts: LoginFacts, until deadline: ContinuousClock.Instant
    ) async throws -> LoginResult? {
        let isAnswered = try await withDeadline(seconds: deadline.secondsAway) {
            await late.waitUnlessCancelled() != nil
        }
        return isAnswered == true ? nil : unavailable(facts, .oldServerUnreachable)
    }

    /// No answer has come in time.
    private func late(_ login: Login, _ exposure: Exposure, goesOn: Bool) async throws -> LoginResult? {
        let facts = try await facts(of: login.account, given: login.password)
        // Another login may have settled it meanwhile.
        switch LoginDecision(facts, matches: false) {
        case .ask, .askAndCreate: break
        default: return nil
        }
        // It spent most of the time waiting behind other questions, which says nothing about the old server.
        guard goesOn || exposure.seconds >= context.limits.patience else {
            return unavailable(await note(.notAsked(.unavailable, .overloaded), login, facts), .overloaded)
        }
        let seconds = Int(context.limits.loginTimeout.rounded(.up))
        let detail = "the old server did not answer within \(seconds) s"
        guard exposure.isReached else {
            return try await conclude(login, .failed(.oldServerUnreachable, detail), facts, nil)
        }
        // The server can be reached, but is slow.
        return unavailable(
            await note(.postponed(.oldServerUnreachable, detail), login, facts), .oldServerUnreachable)
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
        _ login: Login, _ guess: GrantedGuess, _ stale: LoginFacts, _ exposure: Exposure,
        since start: ContinuousClock.Instant, until deadline: ContinuousClock.Instant
    ) async throws -> Outcome {
        let facts = try await facts(of: login.account, given: login.password)
        guard facts.entry?.hash == stale.entry?.hash, !isLeftAlone(facts), let settings = facts.settings else {
            return .again
        }
        switch LoginDecision(facts, matches: false) {
        case .ask, .askAndCreate: break
        default: return .again
        }
        if let verdict = answer(guess, facts) { return .known(verdict, facts) }
        if let late = lateQuestions.answer(to: LateQuestions.Key(guess.digest, facts)) { return .joined(late) }
        // Within this turn, so that the next login in line is decided on what this one has changed.
        let asked = await put(login, guess, facts, settings, exposure, until: deadline) { answer, session in
            let result = try await self.conclude(login, answer, facts, session)
            if result?.decision == .reject { await self.rememberRejection(by: settings.oldServer, since: start) }
            return result
        }
        switch asked {
        case .answer(.success(let result)): return .result(result)
        case .answer(.failure(is SettingsChanged)): return .again
        case .answer(.failure(let error)): throw error
        case .refused(let refusal):
            return .result(try await conclude(login, OldServerAnswer(refusal, settings.oldServer), facts, nil))
        case .late(let goesOn): return .late(goesOn: goesOn)
        case .nothing: return .late(goesOn: false)
        case .stopped: throw MoveError(.shuttingDown, "the daemon is stopping; try again in a moment")
        }
    }

    /// Puts a granted guess to the old server and settles it, whatever comes, and whoever still waits.
    func put<Result: Sendable>(
        _ login: Login, _ guess: GrantedGuess, _ facts: LoginFacts, _ settings: MigrationSettings,
        _ exposure: Exposure, until deadline: ContinuousClock.Instant,
        _ conclude: @escaping @Sendable (OldServerAnswer, KeptSession?) async throws -> Result
    ) async -> Asked<Swift.Result<Result, any Error>> {
        let inquiry = Questions.Inquiry(
            server: settings.oldServer, user: settings.oldServer.username(of: facts.account?.address ?? login.account),
            password: login.password,
            question: OldServerPolicy.Question(
                facts.account.map { .account($0.id) } ?? .name(login.account.description),
                domain: OldServerPolicy.Domain(settings), deadline: context.uptime() + (deadline - .now)),
            exposure: exposure)
        let key = LateQuestions.Key(guess.digest, facts)
        lateQuestions.begin(key)
        let asked = await questions.ask(inquiry, under: settings) { answer, session in
            defer { self.lateQuestions.end(key) }
            switch answer {
            case .success(let answer):
                await self.settle(guess, askedUnder: settings, answer.verdict(isSent: exposure.isSent))
                return try await conclude(answer, session)
            case .failure(let error):
                // The question was given up, but the server may still judge what it was shown.
                await self.settle(
                    guess, askedUnder: settings, exposure.isSent ? .unjudged(.oldServerUnreachable) : .free)
                throw error
            }
        }
        switch asked {
        case .late(goesOn: true): guess.outlast()
        case .answer, .late: break
        case .refused, .stopped, .nothing: lateQuestions.end(key)
        }
        return asked
    }

    /// Applies the old server's answer, if everything is still as it was when the server was asked.
    private func conclude(
        _ login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts, _ session: KeptSession?
    ) async throws -> LoginResult? {
        switch answer {
        case .accepted:
            guard let status = try await takeOver(login, facts, session) else { return nil }
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
        _ login: Login, _ facts: LoginFacts, _ session: KeptSession?
    ) async throws -> AccountStatus? {
        guard let settings = facts.settings else { return nil }
        let hash = try await newHash(of: login.password)
        let sealed = LoginEffects.Sealed(vault.seal(login.password, for: login.account))
        let address = login.account
        guard let changed = try await handOver(login, replacing: hash, sealed, facts) else { return nil }
        guesses.withLock { $0.forgetWrong(address.description) }
        if directory.style?.isSlow ?? true {
            remember(digester.digest(login.password, context: address.description), of: changed, hash: hash.written)
        }
        start(changed, settings, in: session)
        return statuses.status(of: changed, settings: settings)
    }

    /// Queues an account's run, which continues in `session` if its turn comes at once.
    func start(_ account: AccountRecord, _ settings: MigrationSettings, in kept: KeptSession?) {
        if let kept {
            kept.isHandedIn.settle(())
            checkedSessions.put(kept.session, of: kept.ticket, for: account, settings, end: kept.end)
        }
        scheduler.submit(account, settings, in: kept?.ticket)
    }
}

extension OldServerAnswer {
    /// What it makes of a guess.
    fileprivate func verdict(isSent: Bool) -> GuessLimits.Verdict {
        switch self {
        case .rejected: .wrong
        case .noSuchUser: .unknownUser
        case .accepted: .free
        case .busy(let reason, _), .failed(let reason, _): isSent ? .unjudged(reason) : .free
        }
    }
}

extension ContinuousClock.Instant {
    /// Seconds from now; negative if it has passed.
    var secondsAway: Double { (self - .now) / .seconds(1) }
}
