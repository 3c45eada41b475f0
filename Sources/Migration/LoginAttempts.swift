// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

/// What is remembered of each time that the old server was asked about a password, or would have been. What cannot be
/// recorded is logged: no login fails for it.
extension LoginDesk {
    /// Nothing but the attempt.
    /// - Returns: the facts with the account as it is now; so do all of these.
    @discardableResult
    func noteAttempt(
        _ facts: LoginFacts, _ via: TriggerOrigin, _ outcome: AttemptOutcome, _ reason: Reason?
    ) async -> LoginFacts {
        let attempt = PasswordAttempt(at: context.now(), via: via, outcome: outcome, reason: reason)
        return await note(facts, attempt, nil) { _, _ in false }
    }

    /// An event tells of it, and the account stays as it is.
    @discardableResult
    func note(
        _ facts: LoginFacts, _ kind: EventRecord.Kind, _ via: TriggerOrigin, _ reason: Reason, _ detail: String
    ) async -> LoginFacts {
        let outcome: AttemptOutcome = kind == .passwordRejected ? .rejected : .unavailable
        let attempt = PasswordAttempt(at: context.now(), via: via, outcome: outcome, reason: reason)
        return await note(facts, attempt, (kind, detail)) { _, _ in true }
    }

    /// The old server's words are known to mean that there is no such user; never believed of one who has moved.
    @discardableResult
    func noteNonMigrating(_ facts: LoginFacts, _ via: TriggerOrigin, _ detail: String) async -> LoginFacts {
        let attempt = PasswordAttempt(at: context.now(), via: via, outcome: .noSuchUser)
        return await note(facts, attempt, (.nonMigrating, detail)) { account, isCurrent in
            guard isCurrent, account.startedAt == nil, account.nonMigrating == nil else { return false }
            account.nonMigrating = .reply
            return true
        }
    }

    /// The old server could not be asked, while somebody waited for its answer.
    @discardableResult
    func noteFailure(
        _ facts: LoginFacts, _ via: TriggerOrigin, _ reason: Reason, _ detail: String
    ) async -> LoginFacts {
        let now = context.now()
        let attempt = PasswordAttempt(at: now, via: via, outcome: .unavailable, reason: reason)
        return await note(facts, attempt, (.failed, detail)) { account, isCurrent in
            guard isCurrent, account.outcome != .inProgress else { return false }
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

    /// - Parameters:
    ///   - event: is recorded where `change` says so.
    ///   - change: is told whether password and settings are still those that were asked under; what was said under
    ///     others is no longer true of these.
    private func note(
        _ facts: LoginFacts, _ attempt: PasswordAttempt, _ event: (kind: EventRecord.Kind, detail: String)?,
        _ change: @escaping @Sendable (inout AccountRecord, _ isCurrent: Bool) -> Bool
    ) async -> LoginFacts {
        guard let expected = facts.account else { return facts }
        let generation = facts.settings?.generation
        let body: @Sendable (any RecordsWriter) throws -> AccountRecord? = { records in
            // One that was made again meanwhile is another account.
            guard var account = try records.account(id: expected.id), account.deletedAt == nil,
                account.createdAt == expected.createdAt
            else { return nil }
            let isCurrent =
                try account.revision == expected.revision
                && records.settings(of: expected.address.domain)?.generation == generation
            account.lastAttempt = attempt
            if change(&account, isCurrent), let event {
                try records.append(
                    EventRecord(
                        at: attempt.at, account: account.address, kind: event.kind, via: attempt.via,
                        reason: attempt.reason, detail: event.detail))
            }
            try records.update(account)
            return account
        }
        do {
            // An attempt alone is not worth waiting for the disk.
            let changed = try await event == nil ? context.records.note(body) : context.records.write(body)
            guard let changed else { return facts }
            statuses.changed(changed)
            var facts = facts
            facts.account = changed
            return facts
        } catch {
            context.log.error("what came of a login is lost: \(error)", metadata: .about(expected.address))
            return facts
        }
    }
}
