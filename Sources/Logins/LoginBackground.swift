// SPDX-License-Identifier: Apache-2.0

import Ground
import OldServerPlaces
import OldServerPolicy
import Records
import Runs
import Statuses
import Vocabulary
import Waiting

/// What follows an answered login: questions and runs that nobody waits for.
extension LoginDesk {
    /// After a login with a password that is the new account's own and that the old server has never seen: asks it,
    /// once, whether the password is valid there too.
    func askInBackground(_ login: Login, _ stale: LoginFacts) async {
        let hurry = Latch<Void>()
        patient.withLock { $0[login.account] = hurry }
        defer { patient.withLock { $0[login.account] = nil } }
        let limits = context.limits
        let deadline = ContinuousClock.now + .seconds(limits.connectTimeout + limits.loginTimeout)
        do {
            _ = try await turn.pass(login.account, width: 1, within: deadline.secondsAway) {
                do {
                    try await self.askOnce(login, stale, until: deadline, hurry)
                } catch is SettingsChanged {
                    try await self.askOnce(login, stale, until: deadline, hurry)
                }
            }
        } catch {
            context.log.info("the old server could not be asked: \(error)", metadata: .about(login.account))
        }
    }

    private func askOnce(
        _ login: Login, _ stale: LoginFacts, until deadline: ContinuousClock.Instant, _ hurry: Latch<Void>
    ) async throws {
        let facts = try await facts(of: login.account)
        guard facts.account?.revision == stale.account?.revision, facts.entry?.hash == stale.entry?.hash,
            !isLeftAlone(facts), let settings = facts.settings,
            let account = facts.account, LoginDecision(facts, matches: true) == .acceptAndAsk
        else { return }
        let exposure = Exposure()
        let inquiry = Questions.Inquiry(
            server: settings.oldServer, user: settings.oldServer.username(of: account.address),
            password: login.password,
            question: OldServerPolicy.Question(
                .account(account.id), domain: OldServerPolicy.Domain(settings), urgency: .canWait,
                deadline: context.uptime() + (deadline - .now)),
            exposure: exposure, hurry: hurry,
            // Recorded first, so that no password is shown twice, whatever happens to this process.
            willShow: {
                guard try await self.apply(.willBeShown, login, facts) != nil else { throw CancellationError() }
            })
        let asked = await questions.ask(inquiry, under: settings) { answer, session in
            // A password that was not shown after all may be shown at the next login.
            if !exposure.isSent { try await self.apply(.wasNotShown, login, facts) }
            try await self.concludeInBackground(login, try answer.get(), facts, session)
        }
        switch asked {
        case .answer(let result): try result.get()
        case .refused(let refusal):
            let reason = OldServerAnswer(refusal, settings.oldServer).reason ?? .overloaded
            await note(.notAsked(.unavailable, reason), login, facts)
        case .late(goesOn: false): await note(.notAsked(.unavailable, .oldServerUnreachable), login, facts)
        case .late, .nothing, .stopped: break
        }
    }

    private func concludeInBackground(
        _ login: Login, _ answer: OldServerAnswer, _ facts: LoginFacts, _ session: KeptSession?
    ) async throws {
        switch answer {
        case .accepted:
            guard let settings = facts.settings else { return }
            let sealed = LoginEffects.Sealed(vault.seal(login.password, for: login.account))
            let changed = try await handOver(login, replacing: nil, sealed, facts)
            if let changed { start(changed, settings, in: session) }
        case .rejected(let text): try await apply(.rejected(text, remembers: true), login, facts)
        case .noSuchUser(let text): await note(.noSuchUser(text), login, facts)
        case .busy(let reason, let text), .failed(let reason, let text):
            await note(.postponed(reason, text), login, facts)
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
