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
        guard let hash else { return try await takeOverTheirOwn(login, sealed, facts) }
        let address = login.account
        handingOver.withLock { _ = $0.insert(address) }
        defer { handingOver.withLock { _ = $0.remove(address) } }
        guard let entry = facts.entry else {
            guard facts.account == nil, facts.settings?.autoCreateAccounts == true, directory.canCreate else {
                return nil
            }
            guard try await directory.create(address, hash: hash.stored) else { return nil }
            return try await apply(.takenOver(hash: hash.stored, sealed), login, facts)
        }
        guard try await apply(.intended(hash: hash.stored, sealed), login, facts) != nil else { return nil }
        let replacement = try await directory.replace(address, with: hash.stored, ifStill: entry.hash)
        guard replacement == .replaced, try await hashThere(address) == hash.stored else {
            try await apply(.settled(hash: hash.stored, stands: false), login, facts)
            throw ChangedThere()
        }
        await directory.flush(address)
        return try await apply(.settled(hash: hash.stored, stands: true), login, facts)
    }

    /// The password is the account's own there: it is known again by a hash of ours.
    private func takeOverTheirOwn(
        _ login: Login, _ sealed: LoginEffects.Sealed, _ facts: LoginFacts
    ) async throws -> AccountRecord? {
        let own = try await pool.hash(login.password, scheme: context.limits.passwordScheme, priority: .login)
        // It may have been changed there while the old server was asked.
        guard try await hashThere(login.account) == facts.entry?.hash else { return nil }
        return try await apply(.takenOver(hash: own.stored, sealed), login, facts)
    }

    private func hashThere(_ address: EmailAddress) async throws -> String? {
        try await directory.lookup(address, recorded: nil)?.hash
    }

    // MARK: After a crash, or a directory that did not answer

    /// Ends a hand-over that was interrupted, and queues the run that follows.
    /// - Throws: `DirectoryError`, with which it waits for the next login; `RecordsError`.
    package func settleHandOver(of account: AccountRecord) async throws {
        let isOpen = try await facts(of: account.address).isOpen
        _ = try await settle(account, isOpen ? hashThere(account.address) : nil)
    }

    /// - Parameter stands: the hash that the directory has.
    /// - Returns: the account as it stands now.
    private func settle(_ account: AccountRecord, _ stands: String?) async throws -> AccountRecord? {
        // One that is under way here settles itself.
        guard let intended = account.handingOver, !handingOver.withLock({ $0.contains(account.address) }) else {
            return account
        }
        let stands = stands == intended.hash
        let effects = LoginEffects(
            .settled(hash: intended.hash, stands: stands), via: intended.via, at: context.now(), asked: account,
            address: account.address, generation: intended.generation)
        let changed = try await context.records.change(.id(account.id)) { effects.effects(on: $0) }
        guard let changed else { return try await context.records.facts(of: .id(account.id)).account }
        if stands { await directory.flush(account.address) }
        statuses.changed(changed)
        if changed.pending != nil, let settings = try await context.records.settings(of: account.address.domain) {
            scheduler.submit(changed, settings)
        }
        return changed
    }

    /// Adds what the platform's own directory says about the address to what is known here.
    func looked(up facts: LoginFacts, at address: EmailAddress, wasThere: Bool) async throws -> LoginFacts {
        var facts = facts
        // A domain without an open window is none of ours: nothing is looked up.
        guard facts.isOpen else {
            if let account = facts.account { facts.account = try await settle(account, nil) }
            return facts
        }
        facts.entry = try await directory.lookup(address, recorded: nil)
        if let account = facts.account {
            facts.account = try await settle(account, facts.entry?.hash)
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
