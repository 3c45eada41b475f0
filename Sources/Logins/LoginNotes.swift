// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Secrets
import Statuses
import Synchronization
import Vocabulary

/// A guess that may be judged. It is settled exactly once, however often that is attempted.
final class GrantedGuess: Sendable {
    let guesser: GuessLimits.Guesser
    let digest: PasswordDigest
    /// As all nodes know it.
    let shared: PasswordDigest
    private enum State: Sendable { case open, outlasting, closed }

    private let state = Mutex(State.open)
    /// Under which all nodes count it; nil where it is counted here alone, or already.
    let number = Mutex<GuessGrant.Number?>(nil)

    init(_ guesser: GuessLimits.Guesser, _ digest: PasswordDigest, shared: PasswordDigest) {
        self.guesser = guesser
        self.digest = digest
        self.shared = shared
    }

    /// - Returns: whether this was the first time.
    @discardableResult
    func close() -> Bool {
        state.withLock { state in
            defer { state = .closed }
            return state != .closed
        }
    }

    /// The old server is still being asked, though nobody waits: the guess is not to be released.
    func outlast() { state.withLock { if $0 == .open { $0 = .outlasting } } }

    /// - Returns: whether nobody settles it.
    func abandon() -> Bool {
        state.withLock { state in
            guard state == .open else { return false }
            state = .closed
            return true
        }
    }
}

/// What logins leave behind: counted guesses, changed rows, events.
extension LoginDesk {
    /// A guess that is to be admitted.
    /// - Parameter asks: whether the old server is to be asked.
    func guess(_ login: Login, _ digest: PasswordDigest, _ facts: LoginFacts, asks: Bool) -> GrantedGuess {
        GrantedGuess(
            guesser(login, facts, asks: asks), digest,
            shared: context.records.areShared
                ? sharedDigester.digest(login.password, context: login.account.description) : digest)
    }

    /// Whom a wrong password of this login counts against.
    /// - Parameter asks: whether the old server is to be asked.
    func guesser(_ login: Login, _ facts: LoginFacts, asks: Bool) -> GuessLimits.Guesser {
        let isNobody = asks && facts.account == nil
        return GuessLimits.Guesser(
            account: login.account.description, isNobody: isNobody, network: network(of: login, isNobody))
    }

    /// The network that guesses are counted against; nil for a gateway whose users share an address.
    private func network(of login: Login, _ isNobody: Bool) -> String? {
        guard let text = login.remoteAddress, !text.isEmpty else { return isNobody ? Self.elsewhere : nil }
        // Texts that are no address count together: otherwise a client that can choose the text would start afresh with
        // each.
        guard let address = ClientAddress(written: text) else { return Self.elsewhere }
        return context.limits.trustedAddresses.contains(address.description) ? nil : address.network.description
    }

    /// Stands for all clients whose address is not known.
    private static let elsewhere = "elsewhere"

    /// As ``admit(_:_:patience:)``, where the old server would have been asked.
    func admit(
        _ guess: GrantedGuess, _ login: Login, _ facts: LoginFacts, patience: GuessLimits.Patience = .program
    ) async throws -> GuessLimits.Verdict? {
        do {
            return try await admit(guess, facts, patience: patience)
        } catch let error as MoveError {
            noteRefusal(login, facts, error.reason)
            throw error
        }
    }

    /// - Returns: the verdict, if it is already known; nil if the guess is granted, and must be settled or released.
    /// - Throws: ``MoveError`` with `tooManyAttempts`.
    func admit(
        _ guess: GrantedGuess, _ facts: LoginFacts, patience: GuessLimits.Patience = .program
    ) async throws -> GuessLimits.Verdict? {
        let limits = context.limits
        let now = context.moment
        let admission = guesses.withLock { guesses in
            guesses.admit(
                guess.guesser, guess.digest, generation: facts.settings?.generation ?? 0, patience: patience,
                limits: limits, now: now)
        }
        switch admission {
        case .granted:
            try await grantByAll(guess, limits)
            guard let verdict = answer(guess, facts, patience: patience) else { return nil }
            // Another node has asked about it.
            release(guess)
            return verdict
        case .known(let verdict):
            guess.close()
            return verdict
        case .tooMany(let seconds):
            guess.close()
            throw tooMany(guess.guesser, seconds)
        }
    }

    /// Asks whether the other nodes have not granted too many, where there are others.
    private func grantByAll(_ guess: GrantedGuess, _ limits: MoveLimits) async throws {
        let claim = GuessClaim(
            account: guess.guesser.account, network: guess.guesser.network, mostOfAccount: limits.failuresPerAccount,
            mostOfNetwork: limits.failuresPerAddress, window: limits.failureWindow, digest: guess.shared.octets,
            countsAgain: guess.guesser.isNobody)
        do {
            switch try await context.records.grant(claim) {
            case .granted(let number, let earlier):
                guess.number.withLock { $0 = number }
                guard !earlier.isEmpty else { return }
                let now = context.moment
                guesses.withLock { $0.learn(earlier, of: guess.guesser, guess.digest, now: now) }
            case .tooMany(let seconds): throw tooMany(guess.guesser, seconds)
            }
        } catch {
            release(guess)
            throw error
        }
    }

    /// The verdict on a granted guess, if it became known while the guess waited for its turn.
    func answer(
        _ guess: GrantedGuess, _ facts: LoginFacts, patience: GuessLimits.Patience = .program
    ) -> GuessLimits.Verdict? {
        let limits = context.limits
        let now = context.moment
        return guesses.withLock {
            $0.answer(
                guess.guesser, guess.digest, generation: facts.settings?.generation ?? 0, patience: patience,
                limits: limits, now: now)
        }
    }

    /// A granted guess that nobody has judged counts for nothing.
    func release(_ guess: GrantedGuess) {
        guard guess.abandon() else { return }
        let limits = context.limits
        let now = context.moment
        _ = guesses.withLock {
            $0.settle(guess.guesser, guess.digest, askedUnder: nil, verdict: .free, limits: limits, now: now)
        }
        guard let number = guess.number.withLock({ $0 }) else { return }
        // Else it counts until it is too old to be open.
        background.submit(.guess(number)) { [records = context.records, log = context.log] in
            do {
                try await records.settle(number, counted: nil, shown: nil)
            } catch {
                log.debug("a guess that nobody has judged counts for a while: \(error)")
            }
        }
    }

    /// Records the outcome of a guess; a failure that cannot be recorded still counts until the restart.
    func settle(
        _ guess: GrantedGuess, askedUnder settings: MigrationSettings?, _ verdict: GuessLimits.Verdict
    ) async {
        guard guess.close() else { return }
        let now = context.moment
        let limits = context.limits
        let (outcome, isSwept) = guesses.withLock { guesses in
            let outcome = guesses.settle(
                guess.guesser, guess.digest, askedUnder: settings?.generation, verdict: verdict, limits: limits,
                now: now)
            return (outcome, outcome.counts && guesses.sweep(limits, now))
        }
        let number = guess.number.withLock { $0 }
        guard outcome.counts || number != nil else { return }
        let uptime = MachineUptime(now.uptime).milliseconds
        let failure = GuessFailure(uptime: uptime, account: guess.guesser.account, remoteAddress: outcome.network)
        do {
            if let number {
                let counted = outcome.counts ? CountedGuess(network: outcome.network) : nil
                let shown = settings.flatMap { settings in
                    verdict.text.map { ShownGuess(generation: settings.generation, verdict: $0) }
                }
                return try await context.records.settle(number, counted: counted, shown: shown)
            }
            try await context.records.count(
                failure, forgettingBefore: isSwept ? uptime - Int64(limits.failureWindow * 1000) : nil)
        } catch {
            context.log.error(
                "a wrong password is counted in memory only: \(error)",
                metadata: ["account": "\(guess.guesser.account)"])
        }
    }

    private func tooMany(_ guesser: GuessLimits.Guesser, _ seconds: Int) -> MoveError {
        MoveError(
            .tooManyAttempts,
            "too many wrong passwords for \(guesser.account) or from its address; the next may be tried in \(seconds) s",
            retryAfter: seconds)
    }

    /// Rejects without asking anybody; this takes as long as if somebody had been asked.
    func rejectUnasked(
        _ login: Login, _ facts: LoginFacts, _ digest: PasswordDigest, since start: ContinuousClock.Instant
    ) async throws -> LoginResult {
        let guess = guess(login, digest, facts, asks: false)
        if try await admit(guess, facts) == nil { await settle(guess, askedUnder: nil, .wrong) }
        await pad(facts, since: start)
        return rejected(facts)
    }

    /// Applies what an answer changes, if everything is still as it was when the question was asked.
    /// - Returns: the account as it stands now; nil if it has not changed.
    @discardableResult
    func apply(
        _ outcome: LoginEffects.Outcome, _ login: Login, _ facts: LoginFacts
    ) async throws -> AccountRecord? {
        let effects = LoginEffects(
            outcome, via: login.via, at: context.now(), asked: facts.account, address: login.account,
            generation: facts.settings?.generation)
        // An account that is yet to be created has no row ID.
        let key = facts.account.map { AccountKey.id($0.id) } ?? .address(login.account)
        let changed = try await context.records.change(key) { effects.effects(on: $0) }
        if let changed { statuses.changed(changed) }
        return changed
    }

    /// As ``apply(_:_:_:)``, where the login can be answered without it.
    /// - Returns: the facts, with the account as it stands now.
    @discardableResult
    func note(_ outcome: LoginEffects.Outcome, _ login: Login, _ facts: LoginFacts) async -> LoginFacts {
        guard let account = facts.account else { return facts }
        do {
            var facts = facts
            facts.account = try await apply(outcome, login, facts) ?? account
            return facts
        } catch {
            context.log.error("a change of the account is lost: \(error)", metadata: .about(account.address))
            return facts
        }
    }

    /// A guess too many is an attempt, too. It is recorded after the answer, which must take no longer for an account
    /// that exists than for one that does not.
    func noteRefusal(_ login: Login, _ facts: LoginFacts, _ reason: Reason) {
        guard facts.account != nil else { return }
        background.submit(login.account, .attempt) {
            await self.note(.notAsked(.unavailable, reason), login, facts)
        }
    }
}
