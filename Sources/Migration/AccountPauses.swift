// SPDX-License-Identifier: Apache-2.0

import Records
public import Vocabulary

/// What came of pausing accounts, or of letting them go on.
public struct PauseOutcome: Sendable {
    /// How many were not as was asked for, and are now.
    public var changed = 0
    public var notFound: [EmailAddress] = []
    /// Those that have failed and whose password is not kept: the next login goes on. Of resumed accounts alone.
    public var needsLogin: [EmailAddress] = []
}

/// Accounts that log in as ever, and do not move until an administrator says so.
extension AccountDesk {
    /// No run of these accounts starts; one that is going on ends after its batch. Their passwords are kept for as long
    /// as a run would keep them.
    /// - Throws: `RecordsError`.
    public func pause(_ addresses: [EmailAddress]) async throws -> PauseOutcome {
        try await set(true, addresses) { account, _, _ in
            scheduler.cancel(account.id, .paused)
        }
    }

    /// Their runs may start again, and what was under way goes on.
    /// - Throws: `RecordsError`.
    public func resume(_ addresses: [EmailAddress]) async throws -> PauseOutcome {
        let now = context.now()
        return try await set(false, addresses) { account, settings, outcome in
            guard let settings else { return }
            if account.needsLogin, settings.state(at: now) == .active { outcome.needsLogin.append(account.address) }
            scheduler.submit(account, settings)
        }
    }

    /// - Parameter changed: is called with each account that has changed, durably.
    private func set(
        _ isPaused: Bool, _ addresses: [EmailAddress],
        _ changed: (AccountRecord, MigrationSettings?, inout PauseOutcome) -> Void
    ) async throws -> PauseOutcome {
        let now = context.now()
        var outcome = PauseOutcome()
        var seen: Set<EmailAddress> = []
        let addresses = addresses.filter { seen.insert($0).inserted }
        for portion in addresses.portions(of: 500) {
            let (accounts, missing) = try await context.records.write { records in
                var accounts: [(AccountRecord, MigrationSettings?)] = []
                var missing: [EmailAddress] = []
                for address in portion {
                    guard var account = try records.account(address), account.deletedAt == nil else {
                        missing.append(address)
                        continue
                    }
                    guard account.isPaused != isPaused else { continue }
                    account.isPaused = isPaused
                    try records.update(account)
                    try records.append(
                        EventRecord(at: now, account: account.address, kind: isPaused ? .paused : .resumed))
                    accounts.append((account, try records.settings(of: address.domain)))
                }
                return (accounts, missing)
            }
            outcome.changed += accounts.count
            outcome.notFound += missing
            for (account, settings) in accounts {
                changed(account, settings, &outcome)
                statuses.changed(account)
            }
        }
        return outcome
    }
}

extension Array {
    /// In their order, so many at a time: what is changed in one transaction.
    func portions(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}

extension AccountRecord {
    /// Of an account that is paused: what its run would have given up by now is given up.
    /// - Returns: whether that is so.
    mutating func givesUpWhilePaused(_ settings: MigrationSettings, _ limits: MoveLimits, _ clock: RunClock) -> Bool {
        guard isPaused, let pending else { return false }
        let isOver =
            switch pending.kind {
            case .retry:
                pending.failingSince.map {
                    clock.elapsed(.failing, of: id, since: $0, longest: limits.retryFor) >= limits.retryFor
                } ?? false
            case .followUp: pending.followUpUntil.map { $0 <= clock.now } ?? false
            // What a login has asked for is done whenever it may.
            case .first, .incremental: false
            }
        if isOver { eraseSealedPassword() }
        return isOver
    }
}
