// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary
import Waiting

/// What follows a login that has been answered: questions and runs for which nobody waits.
extension LoginDesk {
    /// A login with a password that is the new account's own and that the old server has never seen: it is asked
    /// once whether it is its own too.
    func askInBackground(_ login: Login, _ stale: LoginFacts) async {
        let alarm = Alarm()
        patient.withLock { $0[login.account] = alarm }
        defer { patient.withLock { $0[login.account] = nil } }
        let limits = context.limits
        do {
            let longest = limits.connectTimeout + limits.loginTimeout
            let hasRunOut = try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await self.turn.pass(login.account, width: 1) {
                        do {
                            try await self.askOnce(login, stale)
                        } catch is SettingsChanged {
                            try await self.askOnce(login, stale)
                        }
                    }
                    return false
                }
                group.addTask {
                    let start = ContinuousClock.now
                    await alarm.sleep(seconds: longest)
                    let hasRunOut = (.now - start) / .seconds(1) >= longest
                    // Somebody waits now, or it has been long enough: a moment more for a server that is about to answer.
                    try await pause(for: .seconds(1))
                    return hasRunOut
                }
                defer { group.cancelAll() }
                return try await group.next() ?? false
            }
            if hasRunOut { await noteAttempt(stale, login.via, .unavailable, .oldServerUnreachable) }
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
                    room: { self.scheduler.room(for: account, settings) },
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
                    account.wasAccepted(via: login.via, at: now)
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
        case .busy(let reason, let text), .failed(let reason, let text):
            if wasAsked {
                await note(facts, .postponed, login.via, reason, text)
            } else {
                await noteAttempt(facts, login.via, .unavailable, reason)
            }
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
                account.lastTriggeredBy = login.via
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
