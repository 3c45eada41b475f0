// SPDX-License-Identifier: Apache-2.0

import Records
public import Vocabulary

/// The outcome of asking for another try at once.
public struct RetryOutcome: Sendable {
    /// Accounts whose run now waits only for its turn.
    public var queued = 0
    /// Those whose password is not kept: their next login tries again.
    public var needsLogin: [EmailAddress] = []
}

/// Runs that were put off, or wait for their next try, are due at once.
extension AccountDesk {
    /// All that wait in a domain.
    /// - Throws: ``MoveError`` with `migrationNotEnabled` or `migrationExpired`; `RecordsError`.
    public func retry(_ domain: DomainName) async throws -> RetryOutcome {
        try await expectOpen(domain)
        let (waiting, needsLogin) = try await context.records.waitingAccounts(of: domain)
        return RetryOutcome(queued: try await tryAgain(waiting), needsLogin: needsLogin)
    }

    /// - Throws: ``MoveError`` with `accountNotFound`, `migrationNotEnabled` or `migrationExpired`, in which case nothing
    ///   has changed; `RecordsError`.
    public func retry(_ addresses: [EmailAddress]) async throws -> RetryOutcome {
        var seen: Set<EmailAddress> = []
        let addresses = addresses.filter { seen.insert($0).inserted }
        for domain in Set(addresses.map(\.domain)) { try await expectOpen(domain) }
        let accounts = try await context.records.accounts(addresses.map(AccountKey.address))
            .filter { $0.deletedAt == nil }
        let there = Set(accounts.map(\.address))
        if let missing = addresses.first(where: { !there.contains($0) }) {
            throw MoveError(.accountNotFound, "there is no account \(missing) on the new platform")
        }
        return RetryOutcome(
            queued: try await tryAgain(accounts.filter { $0.sealed != nil }.map(\.id)),
            // An account that has never logged in has nothing that could be tried.
            needsLogin: accounts.filter { $0.needsLogin || ($0.status == .notStarted && !$0.isPaused) }
                .map(\.address))
    }

    /// - Returns: how many are queued now.
    private func tryAgain(_ accounts: [AccountRecord.ID]) async throws -> Int {
        let now = context.now()
        var queued = 0
        for portion in accounts.portions(of: 500) {
            let outcomes = try await context.records.changeEach(portion.map(AccountKey.id)) {
                _, facts -> (effects: AccountEffects?, verdict: (AccountRecord, MigrationSettings)?) in
                guard var account = facts.account, !account.isPaused, account.sealed != nil,
                    let run = account.pending, let settings = facts.settings
                else { return (nil, nil) }
                guard run.due > now else { return (nil, (account, settings)) }
                account.pending?.becomeDue(at: now)
                let event = EventRecord(at: now, account: account.address, kind: .retried)
                return (AccountEffects(account, events: [event]), (account, settings))
            }
            for result in outcomes {
                switch result {
                case .success((let changed, (let account, let settings)?)):
                    if let changed { statuses.changed(changed) }
                    guard scheduler.runState(of: account.id) != .running else { continue }
                    scheduler.submit(changed ?? account, settings)
                    queued += 1
                case .success: break
                case .failure(let error): context.log.error("a run cannot be tried again: \(error)")
                }
            }
        }
        return queued
    }

    /// - Throws: ``MoveError`` unless the window of `domain` is open.
    private func expectOpen(_ domain: DomainName) async throws {
        let settings = try await context.records.settings(of: domain)
        switch settings?.state(at: context.now()) {
        case .active?: return
        case .expired?:
            throw MoveError(
                .migrationExpired,
                "migration of \(domain) ended at \(settings?.expiresAt ?? context.now()); extend it or enable it again")
        case .disabled?: throw MoveError(.migrationNotEnabled, "migration of \(domain) is disabled; enable it again")
        case nil: throw MoveError(.migrationNotEnabled, "migration of \(domain) was never enabled")
        }
    }
}
