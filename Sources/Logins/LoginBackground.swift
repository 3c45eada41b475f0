// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Statuses
import Vocabulary
import Waiting

/// What follows an answered login: questions and runs that nobody waits for.
extension LoginDesk {
    /// After a login with a password that is the new account's own and that the old server has never seen: asks it,
    /// once, whether the password is valid there too.
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
                    // Somebody waits now, or it has taken long enough: one more second, in case the server is about to
                    // answer.
                    try await pause(for: .seconds(1))
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            context.log.info("the old server could not be asked: \(error)", metadata: .about(login.account))
        }
    }

    private func askOnce(_ login: Login, _ stale: LoginFacts) async throws {
        let facts = try await facts(of: login.account)
        guard facts.account?.revision == stale.account?.revision, facts.entry?.hash == stale.entry?.hash,
            !isLeftAlone(facts), let settings = facts.settings,
            let account = facts.account, LoginDecision(facts, matches: true) == .acceptAndAsk
        else { return }
        let user = settings.oldServer.username(of: account.address)
        let exposure = Questions.Exposure()
        let answer: OldServerAnswer
        do {
            answer = try await settingsWatch.whileCurrent(settings) {
                try await self.questions.ask(
                    settings.oldServer, user: user, password: login.password, urgency: .canWait, exposure: exposure,
                    room: { self.scheduler.room(for: account.id, settings) },
                    // Recorded first, so that no password is shown twice, whatever happens to this process.
                    willShow: {
                        guard try await self.apply(.willBeShown, login, facts) != nil else {
                            throw CancellationError()
                        }
                    }
                ).timed(login.account, by: self)
            }
        } catch {
            try await takeBack(login, facts, exposure)
            throw error
        }
        try await takeBack(login, facts, exposure)
        try await concludeInBackground(login, answer, facts, wasAsked: exposure.begun != nil)
    }

    /// A password that was not shown after all may be shown at the next login.
    private func takeBack(_ login: Login, _ facts: LoginFacts, _ exposure: Questions.Exposure) async throws {
        guard exposure.begun != nil, !exposure.isSent else { return }
        try await apply(.wasNotShown, login, facts)
    }

    private func concludeInBackground(
        _ login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts, wasAsked: Bool
    ) async throws {
        switch answer {
        case .accepted(let session):
            guard let settings = facts.settings else { return }
            let sealed = LoginEffects.Sealed(vault.seal(login.password, for: login.account))
            let changed = try await ended(session) {
                try await self.handOver(login, replacing: nil, sealed, facts)
            }
            if let changed { start(changed, settings, in: session) }
        case .rejected(let text): try await apply(.rejected(text, remembers: true), login, facts)
        case .noSuchUser(let text): await note(.noSuchUser(text), login, facts)
        case .busy(let reason, let text), .failed(let reason, let text):
            await note(wasAsked ? .postponed(reason, text) : .notAsked(.unavailable, reason), login, facts)
        }
    }

    /// After a login with the handed-over password: fetches mail that has arrived since.
    func requestRun(_ login: Login, _ facts: LoginFacts) async {
        guard let settings = facts.settings else { return }
        let sealed = LoginEffects.Sealed(vault.seal(login.password, for: login.account))
        let run = facts.account.map { scheduler.runState(of: $0.id) } ?? .none
        do {
            let changed = try await apply(.askedForMore(sealed, run), login, facts)
            if let changed { scheduler.submit(changed, settings) }
        } catch {
            context.log.error(
                "the login could not be recorded as a trigger: \(error)", metadata: .about(login.account))
        }
    }
}
