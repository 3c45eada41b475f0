// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Vocabulary

/// What logins leave behind: counted guesses, changed rows, events.
extension LoginDesk {
    /// The address that guesses are counted against; none for a gateway whose users share one.
    func countedAddress(_ login: Login) -> String? {
        guard let text = login.remoteAddress else { return nil }
        guard let address = ClientAddress(text) else { return text }
        return context.limits.trustedAddresses.contains(address.description) ? nil : address.network.description
    }

    func admit(
        _ login: Login, _ digest: PasswordDigest, _ facts: LoginFacts, from: String?, memory: Double? = nil
    ) -> GuessLimits.Admission {
        let limits = context.limits
        let now = context.now()
        return guesses.withLock {
            $0.admit(
                login.account.description, from: from, digest: digest, generation: facts.settings?.generation ?? 0,
                memory: memory, limits: limits, now: now)
        }
    }

    /// Remembers what came of a guess; a failure that cannot be stored still counts until the restart.
    func settle(
        _ login: Login, _ digest: PasswordDigest, from address: String?, askedUnder settings: MigrationSettings?,
        _ verdict: GuessLimits.Verdict
    ) async {
        let now = context.now()
        let limits = context.limits
        let (failure, horizon) = guesses.withLock { guesses in
            let failure = guesses.settle(
                login.account.description, from: address, digest: digest, askedUnder: settings?.generation,
                verdict: verdict, now: now)
            return (failure, failure == nil ? nil : guesses.sweep(limits, now))
        }
        guard let failure else { return }
        do {
            try await context.records.write { records in
                if let horizon { try records.removeFailures(before: horizon) }
                try records.insert(failure)
            }
        } catch {
            context.log.error(
                "a wrong password is counted in memory only: \(error)", metadata: .about(login.account))
        }
    }

    func tooMany(_ login: Login, _ seconds: Int) -> MoveError {
        MoveError(
            .tooManyAttempts,
            "too many wrong passwords for \(login.account) or from its address; the next may be tried in \(seconds) s",
            retryAfter: seconds)
    }

    /// Wrong here, and nobody is asked; it takes as long as if somebody had been.
    func rejectUnasked(
        _ login: Login, _ facts: LoginFacts, _ digest: PasswordDigest, since start: ContinuousClock.Instant
    ) async throws -> LoginResult {
        let from = countedAddress(login)
        switch admit(login, digest, facts, from: from) {
        case .tooMany(let seconds): throw tooMany(login, seconds)
        case .knownWrong: break
        case .granted: await settle(login, digest, from: from, askedUnder: nil, .wrong)
        }
        await pad(facts, since: start)
        return rejected(facts)
    }

    /// Who guesses at accounts with the costliest hashes must not keep all of a mail server's workers waiting.
    static let longestPad = Duration.milliseconds(500)

    /// Waits until a login that began at `start` has taken as long as a wrong password does here, whatever the hash, and
    /// as long as one that the old server rejected lately, where it could have been asked.
    func pad(_ facts: LoginFacts, since start: ContinuousClock.Instant) async {
        var duration = min(context.pool.slowestMismatch, Self.longestPad)
        if facts.migrates, let settings = facts.settings, settings.syncPasswords,
            let asked = rejections.withLock({ $0[settings.oldServer.name]?.any })
        {
            duration = max(duration, asked)
        }
        // Cancelled: nobody waits for the answer any more.
        try? await Task.sleep(until: start + duration, clock: .continuous)
    }

    /// The old server has rejected a login that began at `start`.
    func rememberRejection(by server: OldServer, since start: ContinuousClock.Instant) {
        rejections.withLock { $0[server.name, default: RecentDurations()].add(.now - start) }
    }

    /// Changes the account if it and the settings are still as in `facts`, and the window is still open.
    /// - Returns: the changed row; nil where something else came first.
    @discardableResult
    func change(
        _ facts: LoginFacts, events: [EventRecord.Kind] = [], via: TriggerOrigin? = nil,
        _ body: @escaping @Sendable (inout AccountRecord) -> Void
    ) async throws -> AccountRecord? {
        guard let expected = facts.account else { return nil }
        let generation = facts.settings?.generation
        let now = context.now()
        let changed = try await context.records.write { records -> AccountRecord? in
            guard var account = try records.account(id: expected.id), account.deletedAt == nil,
                account.revision == expected.revision,
                let settings = try records.settings(of: expected.address.domain), settings.generation == generation,
                settings.state(at: now) == .active
            else { return nil }
            body(&account)
            try records.update(account)
            for kind in events {
                try records.append(EventRecord(at: now, account: account.address, kind: kind, via: via))
            }
            return account
        }
        if let changed { statuses.changed(changed) }
        return changed
    }

    /// An event, and nothing else.
    func note(
        _ facts: LoginFacts, _ kind: EventRecord.Kind, _ via: TriggerOrigin, _ reason: Reason, _ detail: String
    ) async {
        guard let account = facts.account else { return }
        let event = EventRecord(
            at: context.now(), account: account.address, kind: kind, via: via, reason: reason, detail: detail)
        do {
            try await context.records.write { try $0.append(event) }
        } catch {
            context.log.error("an event is lost: \(error)", metadata: .about(account.address))
        }
    }

    /// The old server's words are known to mean that there is no such user; never believed of one who has moved.
    func noteNonMigrating(_ facts: LoginFacts, _ via: TriggerOrigin, _ detail: String) async {
        await noteChange(facts, .nonMigrating, via, nil, detail) { account, _ in
            guard account.startedAt == nil, account.nonMigrating == nil else { return false }
            account.nonMigrating = .reply
            return true
        }
    }

    /// The old server could not be asked, while somebody waited for its answer.
    func noteFailure(_ facts: LoginFacts, _ via: TriggerOrigin, _ reason: Reason, _ detail: String) async {
        await noteChange(facts, .failed, via, reason, detail) { account, now in
            guard account.outcome != .inProgress else { return false }
            // A mail program that polls a server that is down says nothing new each minute.
            if account.outcome == .failed, let last = account.error, last.reason == reason,
                abs(now.seconds(since: last.at)) < 600
            {
                return false
            }
            account.hasFailed(reason, detail, at: now)
            return true
        }
    }

    private func noteChange(
        _ facts: LoginFacts, _ kind: EventRecord.Kind, _ via: TriggerOrigin, _ reason: Reason?, _ detail: String,
        _ body: @escaping @Sendable (inout AccountRecord, Timestamp) -> Bool
    ) async {
        guard let expected = facts.account else { return }
        let generation = facts.settings?.generation
        let now = context.now()
        do {
            let changed = try await context.records.write { records -> AccountRecord? in
                guard var account = try records.account(id: expected.id), account.deletedAt == nil,
                    account.revision == expected.revision,
                    // What was said under other settings is no longer true of these.
                    try records.settings(of: expected.address.domain)?.generation == generation, body(&account, now)
                else { return nil }
                try records.update(account)
                try records.append(
                    EventRecord(at: now, account: account.address, kind: kind, via: via, reason: reason, detail: detail)
                )
                return account
            }
            if let changed { statuses.changed(changed) }
        } catch {
            context.log.error("a change of the account is lost: \(error)", metadata: .about(expected.address))
        }
    }
}
