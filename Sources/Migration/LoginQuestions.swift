// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Vocabulary

/// Logins that the old server decides, or is told of.
extension LoginDesk {
    private enum Outcome: Sendable {
        case answer(OldServerAnswer, LoginFacts)
        case again
        case rejectedBefore(LoginFacts)
        /// It was right, and has taken effect; nil where something had changed meanwhile.
        case takenOver(LoginResult?)
    }

    /// Asks the old server, one question an account at a time.
    /// - Parameter start: when the login came; it is answered within the login timeout from then on.
    /// - Returns: nil when something has changed meanwhile and the login is to be decided afresh.
    func ask(
        _ login: Login, _ digest: PasswordDigest, hash: String?, since start: ContinuousClock.Instant
    ) async throws -> LoginResult? {
        let exposure = Questions.Exposure()
        let seconds = context.limits.loginTimeout
        let deadline = start + .seconds(seconds)
        hurry(login.account)
        let outcome = try await turn.pass(login.account, width: 1, within: deadline.secondsAway) {
            () async throws -> Outcome? in
            let outcome = try await withDeadline(seconds: deadline.secondsAway) {
                do {
                    return try await self.askInTurn(login, digest, hash: hash, exposure)
                } catch is SettingsChanged {
                    return .again
                }
            }
            // In the same turn, so that the next login in line decides on what this one has changed.
            guard case .answer(.accepted(let session), let facts)? = outcome else { return outcome }
            return .takenOver(try await self.conclude(login, .accepted(session), facts))
        }
        switch outcome ?? nil {
        case .again?: return nil
        case .takenOver(let result)?: return result
        case .rejectedBefore(let facts)?:
            await pad(facts, since: start)
            return rejected(facts)
        case .answer(let answer, let facts)?:
            let result = try await conclude(login, answer, facts)
            if let settings = facts.settings, result?.decision == .reject {
                rememberRejection(by: settings.oldServer, since: start)
            }
            return result
        case nil:
            let facts = try await facts(of: login.account)
            // Another login may have settled it meanwhile.
            switch LoginDecision(facts, matches: false) {
            case .ask, .askAndCreate: break
            default: return nil
            }
            // It waited behind other questions for the most part: that says nothing of the old server.
            guard exposure.seconds >= context.limits.patience else { return unavailable(facts, .overloaded) }
            let detail = "the old server did not answer within \(Int(seconds.rounded(.up))) s"
            return try await conclude(login, .failed(.oldServerUnreachable, detail), facts)
        }
    }

    private func askInTurn(
        _ login: Login, _ digest: PasswordDigest, hash: String?, _ exposure: Questions.Exposure
    ) async throws -> Outcome {
        let facts = try await facts(of: login.account)
        guard facts.account?.passwordHash == hash, let settings = facts.settings else { return .again }
        switch LoginDecision(facts, matches: false) {
        case .ask, .askAndCreate: break
        default: return .again
        }
        let from = countedAddress(login)
        switch admit(login, digest, facts, from: from) {
        case .knownWrong: return .rejectedBefore(facts)
        case .tooMany(let seconds): throw tooMany(login, seconds)
        case .granted: return .answer(try await put(login, digest, facts, settings, from: from, exposure), facts)
        }
    }

    /// Puts a granted guess to the old server and settles it, whatever comes.
    func put(
        _ login: Login, _ digest: PasswordDigest, _ facts: LoginFacts, _ settings: MigrationSettings, from: String?,
        _ exposure: Questions.Exposure
    ) async throws -> OldServerAnswer {
        let user = settings.oldServer.username(of: facts.account?.address ?? login.account)
        do {
            let answer = try await context.settingsWatch.whileCurrent(settings) {
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
                case .busy, .failed: exposure.isSent ? .unjudged : .free
                }
            await settle(login, digest, from: from, askedUnder: settings, verdict)
            return answer
        } catch {
            // Given up: what the server was shown it may still judge.
            await settle(login, digest, from: from, askedUnder: settings, exposure.isSent ? .unjudged : .free)
            throw error
        }
    }

    /// The old server's answer takes effect, if all is still as it was when it was asked.
    private func conclude(_ login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts) async throws -> LoginResult? {
        switch answer {
        case .accepted(let session):
            let status = try await ended(session) { try await self.takeOver(login, facts, session) }
            guard let status else { return nil }
            return LoginResult(decision: .accept, passwordReplaced: true, status: status, message: status.message)
        case .rejected(let text):
            await note(facts, .passwordRejected, login.via, .credentialsRejected, text)
            return rejected(facts)
        case .noSuchUser(let text):
            await noteNonMigrating(facts, login.via, text)
            return rejected(try await self.facts(of: login.account))
        case .busy(let reason, let text):
            await note(facts, .postponed, login.via, reason, text)
            return unavailable(facts, reason)
        case .failed(let reason, let text):
            await noteFailure(facts, login.via, reason, text)
            return unavailable(try await self.facts(of: login.account), reason)
        }
    }

    /// The password is the account's own from now on, and the first run starts.
    /// - Returns: nil when hash or settings are no longer those that were asked under.
    private func takeOver(
        _ login: Login, _ facts: LoginFacts, _ session: CheckedSession?
    ) async throws -> AccountStatus? {
        guard let settings = facts.settings else { return nil }
        let hash = try await context.pool.hash(login.password, scheme: context.limits.passwordScheme, priority: .login)
        let sealed = context.vault.seal(login.password, for: login.account)
        let now = context.now()
        let address = login.account
        let expected = facts.account?.revision
        let changed = try await context.records.write { records -> AccountRecord? in
            guard let current = try records.settings(of: address.domain), current.generation == settings.generation,
                current.state(at: now) == .active
            else { return nil }
            let row = try records.account(address)
            var account: AccountRecord
            if let row {
                guard row.deletedAt == nil, row.revision == expected else { return nil }
                account = row
            } else {
                guard expected == nil, current.autoCreateAccounts else { return nil }
                account = try records.insert(AccountRecord(address: address, passwordHash: hash.stored, createdAt: now))
                try records.append(EventRecord(at: now, account: address, kind: .created, via: login.via))
            }
            account.passwordHash = hash.stored
            account.handOver()
            account.wasTriggered(via: login.via, at: now)
            account.isMoving()
            account.keep(sealed, for: PendingRun(kind: .first, due: now))
            try records.update(account)
            try records.append(EventRecord(at: now, account: account.address, kind: .handedOver, via: login.via))
            try records.append(EventRecord(at: now, account: account.address, kind: .triggered, via: login.via))
            return account
        }
        guard let changed else { return nil }
        guesses.withLock { $0.forgetWrong(address.description) }
        remember(context.digester.digest(login.password, context: address.description), of: changed)
        statuses.changed(changed)
        start(changed, settings, in: session)
        return statuses.status(of: changed, settings: settings)
    }

    /// Queues an account's run, which goes on in `session` if its turn comes at once.
    func start(_ account: AccountRecord, _ settings: MigrationSettings, in session: CheckedSession?) {
        if let session { context.checkedSessions.put(session, for: account, settings) }
        scheduler.submit(account, settings)
    }

    /// What `takeOver` makes of an accepted password. Where it takes no effect the session has ended before anyone asks
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

    /// A login with a password that is the new account's own and that the old server has never seen: it is asked
    /// once whether it is its own too.
    func askInBackground(_ login: Login, _ stale: LoginFacts) async {
        let alarm = Alarm()
        patient.withLock { $0[login.account] = alarm }
        defer { patient.withLock { $0[login.account] = nil } }
        let limits = context.limits
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await self.turn.pass(login.account, width: 1) {
                        do {
                            try await self.askOnce(login, stale)
                        } catch is SettingsChanged {
                            try await self.askOnce(login, stale)
                        }
                    }
                }
                group.addTask {
                    await alarm.sleep(seconds: limits.connectTimeout + limits.loginTimeout)
                    // Somebody waits now, or it has been long enough: a moment more for a server that is about to answer.
                    try await Task.sleep(for: .seconds(1))
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            context.log.info("the old server could not be asked: \(error)", metadata: .about(login.account))
        }
    }

    /// Somebody waits for the old server's answer: a background question about the account makes way.
    func hurry(_ account: EmailAddress) { patient.withLock { $0[account] }?.ring() }

    private func askOnce(_ login: Login, _ stale: LoginFacts) async throws {
        let facts = try await facts(of: login.account)
        guard facts.account?.revision == stale.account?.revision, let mark = facts.mark, let settings = facts.settings,
            let account = facts.account, LoginDecision(facts, matches: true) == .acceptAndAsk
        else { return }
        let user = settings.oldServer.username(of: account.address)
        let exposure = Questions.Exposure()
        let answer: OldServerAnswer
        do {
            answer = try await context.settingsWatch.whileCurrent(settings) {
                try await self.questions.ask(
                    settings.oldServer, user: user, password: login.password, urgency: .canWait, exposure: exposure,
                    room: { self.scheduler.room(for: account.id, settings) },
                    // Recorded first: what was shown once is not shown again, whatever happens to this process.
                    willShow: {
                        guard try await self.change(facts, { $0.shown = mark }) != nil else {
                            throw CancellationError()
                        }
                    }
                ).timed(login.account, by: self)
            }
        } catch {
            try await takeBack(mark, facts, exposure)
            throw error
        }
        try await takeBack(mark, facts, exposure)
        try await concludeInBackground(login, answer, facts, wasAsked: exposure.begun != nil)
    }

    /// A password that was not shown after all may be, with the next login.
    private func takeBack(_ mark: PasswordMark, _ facts: LoginFacts, _ exposure: Questions.Exposure) async throws {
        guard exposure.begun != nil, !exposure.isSent else { return }
        try await change(facts) { if $0.shown == mark { $0.shown = nil } }
    }

    private func concludeInBackground(
        _ login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts, wasAsked: Bool
    ) async throws {
        switch answer {
        case .accepted(let session):
            guard let settings = facts.settings else { return }
            let sealed = context.vault.seal(login.password, for: login.account)
            let now = context.now()
            let changed = try await ended(session) {
                try await self.change(facts, events: [.handedOver, .triggered], via: login.via) { account in
                    account.handOver()
                    account.wasTriggered(via: login.via, at: now)
                    account.isMoving()
                    account.keep(sealed, for: PendingRun(kind: .first, due: now))
                }
            }
            if let changed { start(changed, settings, in: session) }
        case .rejected(let text):
            let mark = facts.mark
            try await change(facts) { $0.rejected = mark }
            await note(facts, .passwordRejected, login.via, .credentialsRejected, text)
        case .noSuchUser(let text): await noteNonMigrating(facts, login.via, text)
        case .busy(let reason, let text): await note(facts, .postponed, login.via, reason, text)
        case .failed(let reason, let text):
            if wasAsked { await note(facts, .postponed, login.via, reason, text) }
        }
    }

    /// A login with the handed-over password: whatever has come since is fetched.
    func requestRun(_ login: Login, _ facts: LoginFacts) async {
        guard let settings = facts.settings else { return }
        let now = context.now()
        let sealed = context.vault.seal(login.password, for: login.account)
        let joins = facts.account.map { scheduler.isBusy($0.id) } ?? false
        do {
            let changed = try await change(facts, events: joins ? [] : [.triggered], via: login.via) { account in
                account.lastTriggeredAt = now
                account.startedAt = account.startedAt ?? now
                account.startedBy = account.startedBy ?? login.via
                switch account.pending?.kind {
                case nil: account.keep(sealed, for: PendingRun(kind: .incremental, due: now))
                case .retry?: account.pending?.due = now
                // Late mail is looked for from the end of this run on.
                case .followUp?: account.pending = PendingRun(kind: .incremental, due: now)
                case .first?, .incremental?: break
                }
            }
            if let changed { scheduler.submit(changed, settings) }
        } catch {
            context.log.error(
                "the login could not be recorded as a trigger: \(error)", metadata: .about(login.account))
        }
    }
}

extension OldServerAnswer {
    /// Lets a session that is kept end in a moment, unless its run has begun by then.
    func timed(_ account: EmailAddress, by desk: LoginDesk) async -> Self {
        guard case .accepted(let session?) = self else { return self }
        let sessions = desk.context.checkedSessions
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
    /// Seconds from now; negative where it has passed.
    var secondsAway: Double { (self - .now) / .seconds(1) }
}
