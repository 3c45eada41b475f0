// SPDX-License-Identifier: Apache-2.0

import Records
public import Vocabulary

/// The outcome of pausing or resuming accounts.
public struct PauseOutcome: Sendable {
    /// How many have changed; the others already were as was asked for.
    public var changed = 0
    public var notFound: [EmailAddress] = []
    /// Of resumed accounts, those that have failed and whose password is not kept: their next login continues the move.
    public var needsLogin: [EmailAddress] = []
}

/// A paused account logs in as ever, but does not move until an administrator resumes it.
extension AccountDesk {
    /// No run of these accounts starts, and a run in progress ends after its batch. Their passwords are kept as long as
    /// a run would keep them.
    /// - Throws: `RecordsError`.
    public func pause(_ addresses: [EmailAddress]) async throws -> PauseOutcome {
        try await set(true, addresses) { account, _, _ in scheduler.cancel(account.id, .paused) }
    }

    /// Their runs may start again, and interrupted ones continue.
    /// - Throws: `RecordsError`.
    public func resume(_ addresses: [EmailAddress]) async throws -> PauseOutcome {
        let now = context.now()
        return try await set(false, addresses) { account, settings, outcome in
            guard let settings else { return }
            if account.needsLogin, settings.state(at: now) == .active { outcome.needsLogin.append(account.address) }
            scheduler.submit(account, settings)
        }
    }

    private enum Verdict: Sendable {
        case notFound
        case there(MigrationSettings?)
    }

    /// - Parameter changed: called for each account that has changed, once that is durable.
    private func set(
        _ isPaused: Bool, _ addresses: [EmailAddress],
        _ changed: (AccountRecord, MigrationSettings?, inout PauseOutcome) -> Void
    ) async throws -> PauseOutcome {
        let now = context.now()
        var outcome = PauseOutcome()
        var damage: RecordsError?
        for portion in addresses.portions(of: 500) {
            let outcomes = try await context.records.changeEach(portion.map(AccountKey.address)) {
                _, facts -> (effects: AccountEffects?, verdict: Verdict) in
                guard var account = facts.account else { return (nil, .notFound) }
                guard account.isPaused != isPaused else { return (nil, .there(facts.settings)) }
                account.isPaused = isPaused
                let event = EventRecord(at: now, account: account.address, kind: isPaused ? .paused : .resumed)
                return (AccountEffects(account, events: [event]), .there(facts.settings))
            }
            for (address, result) in zip(portion, outcomes) {
                switch result {
                case .success((let account?, .there(let settings))):
                    outcome.changed += 1
                    changed(account, settings, &outcome)
                    statuses.changed(account)
                case .success((_, .notFound)): outcome.notFound.append(address)
                case .success: break
                case .failure(let error): damage = error
                }
            }
        }
        // The others have changed all the same.
        if let damage { throw damage }
        return outcome
    }
}

extension Array {
    /// Slices of at most this many elements, each to be changed in one transaction.
    func portions(of count: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
    }
}
