// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
package import Records
import Secrets
import Statuses
import Synchronization
import Vocabulary

/// The platform's directory has a different password by now, which is left alone.
struct ChangedThere: Error {}

/// How an accepted password becomes the account's own.
///
/// If passwords live in our own records, this is one transaction. Otherwise there are two databases: the change is
/// recorded as intended, the password replaced if it is still the one that was read before, read back, and the change
/// recorded as done. After a crash in between, the hash found in the directory tells what happened. A newer password is
/// never overwritten.
extension LoginDesk {
    /// - Parameter replaces: nil if the password is already the account's own there.
    /// - Returns: the account as it stands now; nil where something has changed since the old server was asked.
    /// - Throws: ``ChangedThere``; `DirectoryError`, after which the next login or start settles what was intended;
    ///   `RecordsError`.
    func handOver(
        _ login: Login, replacing hash: PasswordHash?, _ sealed: LoginEffects.Sealed, _ facts: LoginFacts
    ) async throws -> AccountRecord? {
        guard !directory.decidesLogins else {
            return try await apply(.takenOver(hash: hash?.stored, sealed), login, facts)
        }
        guard let hash else {
            // Later, what was taken over is recognised by a hash of our own.
            let own = try await pool.hash(login.password, scheme: context.limits.passwordScheme, priority: .login)
            return try await apply(.takenOver(hash: own.stored, sealed), login, facts)
        }
        let address = login.account
        handingOver.withLock { _ = $0.insert(address) }
        defer { handingOver.withLock { _ = $0.remove(address) } }
        guard let entry = facts.entry else {
            guard try await directory.create(address, hash: hash.stored) else { return nil }
            return try await apply(.takenOver(hash: hash.stored, sealed), login, facts)
        }
        guard try await apply(.intended(hash: hash.stored, sealed), login, facts) != nil else { return nil }
        let replacement = try await directory.replace(address, with: hash.stored, ifStill: entry.hash)
        guard replacement == .replaced, try await stands(hash.stored, of: address) else {
            try await apply(.abandoned(hash: hash.stored), login, facts)
            throw ChangedThere()
        }
        await directory.flush(address)
        return try await apply(.takenOver(hash: hash.stored, sealed), login, facts)
    }

    private func stands(_ hash: String, of address: EmailAddress) async throws -> Bool {
        try await directory.lookup(address, recorded: nil)?.hash == hash
    }

    /// Ends a hand-over that was interrupted by a crash, or by a directory that did not answer.
    /// - Returns: the account as it stands now.
    /// - Throws: `DirectoryError`, in which case the next login tries again; `RecordsError`.
    package func settleHandOver(of account: AccountRecord) async throws -> AccountRecord? {
        let entry = try await directory.lookup(account.address, recorded: nil)
        return try await settle(account, entry)
    }

    private func settle(_ account: AccountRecord, _ entry: DirectoryEntry?) async throws -> AccountRecord? {
        guard let hash = account.intendedHash, !handingOver.withLock({ $0.contains(account.address) }) else {
            return account
        }
        let facts = try await context.records.facts(of: .id(account.id))
        let outcome: LoginEffects.Outcome
        if entry?.hash == hash, let octets = account.sealed {
            outcome = .takenOver(hash: hash, LoginEffects.Sealed(octets))
        } else {
            outcome = .abandoned(hash: hash)
        }
        let effects = LoginEffects(
            outcome, via: account.startedBy ?? .other, at: context.now(), asked: facts.account,
            address: account.address, generation: facts.settings?.generation)
        let changed = try await context.records.change(.id(account.id)) { effects.effects(on: $0) }
        guard let changed else { return facts.account }
        if case .takenOver = outcome { await directory.flush(account.address) }
        statuses.changed(changed)
        if changed.pending != nil, let settings = facts.settings { scheduler.submit(changed, settings) }
        return changed
    }

    /// Adds what the platform's own directory says about the address to what is known here.
    func looked(up facts: LoginFacts, at address: EmailAddress, wasThere: Bool) async throws -> LoginFacts {
        // A domain without an open window does not concern us, and nothing is looked up.
        guard facts.isOpen else { return facts }
        var facts = facts
        facts.entry = try await directory.lookup(address, recorded: nil)
        if let account = facts.account {
            if account.intendedHash != nil { facts.account = try await settle(account, facts.entry) }
        } else if let entry = facts.entry, entry.isActive, !entry.isExternal, !wasThere {
            let effects = LoginEffects(
                .takenIn(displayName: entry.displayName, quotaOctets: entry.quotaOctets), via: .other,
                at: context.now(), asked: nil, address: address, generation: facts.settings?.generation)
            let takenIn = try await context.records.change(.address(address)) { effects.effects(on: $0) }
            if let takenIn { statuses.changed(takenIn) }
            facts.account =
                if let takenIn { takenIn } else { try await context.records.facts(of: .address(address)).account }
        }
        return facts
    }
}
