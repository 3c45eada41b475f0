// SPDX-License-Identifier: Apache-2.0

import Records
public import Vocabulary

/// What came of trying again at once.
public struct RetryOutcome: Sendable {
    /// Accounts whose run now waits for nothing but its turn.
    public var queued = 0
    /// Those whose password is not kept: the next login tries again.
    public var needsLogin: [EmailAddress] = []
}

/// What is put off, or waits for its next try, is tried at once.
extension AccountDesk {
    /// All that waits in a domain.
    /// - Throws: ``MoveError`` with `migrationNotEnabled` or `migrationExpired`; `RecordsError`.
    public func retry(_ domain: DomainName) async throws -> RetryOutcome {
        let now = context.now()
        let (waiting, needsLogin) = try await context.records.read { records in
            try records.expectOpen(domain, at: now)
            return (
                try records.accountsWithSealedPassword(of: domain).map(\.address),
                try records.accountsThatNeedALogin(of: domain)
            )
        }
        return RetryOutcome(queued: try await tryAgain(waiting), needsLogin: needsLogin)
    }

    /// These accounts.
    /// - Throws: ``MoveError`` with `accountNotFound`, `migrationNotEnabled` or `migrationExpired`: nothing has changed
    ///   then. `RecordsError`.
    public func retry(_ addresses: [EmailAddress]) async throws -> RetryOutcome {
        let now = context.now()
        var seen: Set<EmailAddress> = []
        let addresses = addresses.filter { seen.insert($0).inserted }
        let (waiting, needsLogin) = try await context.records.read { records in
            for domain in Set(addresses.map(\.domain)) { try records.expectOpen(domain, at: now) }
            let accounts = try addresses.map { address in
                guard let account = try records.account(address), account.deletedAt == nil else {
                    throw MoveError(.accountNotFound, "there is no account \(address) on the new platform")
                }
                return account
            }
            return (
                accounts.filter { $0.sealed != nil }.map(\.address),
                // Whoever has never logged in has nothing that could be tried.
                accounts.filter { $0.needsLogin || ($0.status == .notStarted && !$0.isPaused) }.map(\.address)
            )
        }
        return RetryOutcome(queued: try await tryAgain(waiting), needsLogin: needsLogin)
    }

    /// - Returns: how many are queued now.
    private func tryAgain(_ addresses: [EmailAddress]) async throws -> Int {
        let now = context.now()
        var queued = 0
        for portion in addresses.portions(of: 500) {
            let changed = try await context.records.write { [scheduler] records in
                try portion.compactMap { address -> (AccountRecord, MigrationSettings)? in
                    guard var account = try records.account(address), account.deletedAt == nil, !account.isPaused,
                        account.sealed != nil, var run = account.pending, !scheduler.isRunning(account.id),
                        let settings = try records.settings(of: address.domain)
                    else { return nil }
                    if run.due > now {
                        run.due = now
                        account.pending = run
                        try records.update(account)
                        try records.append(EventRecord(at: now, account: account.address, kind: .retried))
                    }
                    return (account, settings)
                }
            }
            for (account, settings) in changed {
                statuses.changed(account)
                scheduler.submit(account, settings)
            }
            queued += changed.count
        }
        return queued
    }
}

extension RecordsReader {
    /// - Throws: ``MoveError`` where the window of `domain` is not open.
    fileprivate func expectOpen(_ domain: DomainName, at now: Timestamp) throws {
        let settings = try settings(of: domain)
        switch settings?.state(at: now) {
        case .active?: return
        case .expired?:
            throw MoveError(
                .migrationExpired, "migration of \(domain) ended at \(settings?.expiresAt ?? now); extend or enable it")
        case .disabled?: throw MoveError(.migrationNotEnabled, "migration of \(domain) is disabled; enable it again")
        case nil: throw MoveError(.migrationNotEnabled, "migration of \(domain) was never enabled")
        }
    }
}
