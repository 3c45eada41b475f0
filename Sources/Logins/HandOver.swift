// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import PlatformHashes
package import Records
import Secrets
import Statuses
import Synchronization
import Vocabulary

/// The platform's directory has a different password by now, which is left alone.
struct ChangedThere: Error {}

/// A password as a hand-over writes it.
struct NewHash: Sendable {
    /// What the directory is given, in its own form.
    var written: String
    /// What is kept here: costly to guess from, whatever the directory's form is.
    var kept: String
}

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
        _ login: Login, replacing hash: NewHash?, _ sealed: LoginEffects.Sealed, _ facts: LoginFacts
    ) async throws -> AccountRecord? {
        guard !directory.decidesLogins else {
            return try await apply(.takenOver(hash: hash?.kept, sealed), login, facts)
        }
        guard let hash else { return try await takeOverTheirOwn(login, sealed, facts) }
        let address = login.account
        handingOver.withLock { _ = $0.insert(address) }
        defer { handingOver.withLock { _ = $0.remove(address) } }
        guard let entry = facts.entry else {
            guard facts.account == nil, facts.settings?.autoCreateAccounts == true, directory.canCreate else {
                return nil
            }
            guard try await directory.create(address, hash: hash.written), try await stands(hash, login) else {
                return nil
            }
            // That there is no such account may be remembered, too.
            await directory.flush(address)
            return try await apply(.takenOver(hash: hash.kept, sealed), login, facts)
        }
        let mark = try await mark(of: entry.hash)
        guard try await apply(.intended(hash: hash.kept, replaced: mark?.text, sealed), login, facts) != nil else {
            return nil
        }
        let replacement = try await directory.replace(address, with: hash.written, ifStill: entry.hash)
        guard replacement != .absent, try await stands(hash, login) else {
            let wasCutOff = await restore(entry.hash, insteadOf: hash.written, at: address)
            // Where it was replaced, and something else stands there, somebody was quick.
            let overtaken = replacement == .replaced && !wasCutOff
            try await apply(.settled(hash: hash.kept, overtaken ? .overtaken : .undone), login, facts)
            throw ChangedThere()
        }
        await directory.flush(address)
        return try await apply(.settled(hash: hash.kept, .stands), login, facts)
    }

    private func mark(of hash: String?) async throws -> HashMark? {
        let scheme = context.limits.passwordScheme
        guard let hash, !hash.isEmpty, hash.utf8.count <= Password.longest else { return nil }
        return try await pool.compute { try HashMark(of: hash, crypt: scheme) }
    }

    /// A column that is too short cuts a hash off without a word, and then no password opens the account: what was there
    /// before is put back.
    /// - Returns: whether it was so.
    private func restore(_ before: String?, insteadOf written: String, at address: EmailAddress) async -> Bool {
        do {
            guard let before, let found = try await directory.lookup(address, recorded: nil)?.hash, !found.isEmpty,
                found != written, written.hasPrefix(found)
            else { return false }
            let outcome = try await directory.replace(address, with: before, ifStill: found)
            context.log.error(
                "the platform has cut the hash off, and has its former one again (\(outcome)): is there room for it?",
                metadata: .about(address))
        } catch {
            context.log.error("the platform has cut the hash off: \(error)", metadata: .about(address))
        }
        return true
    }

    func newHash(of password: Password) async throws -> NewHash {
        let scheme = context.limits.passwordScheme
        guard let style = directory.style else {
            let hash = try await pool.hash(password, scheme: scheme, priority: .login).stored
            return NewHash(written: hash, kept: hash)
        }
        return try await pool.compute {
            let written = try style.make(password, crypt: scheme)
            return NewHash(written: written, kept: style.isSlow ? written : try scheme.make(password).stored)
        }
    }

    /// Reads back what was written. A platform may have put it into another form; and who has just written the same
    /// password has done the same.
    private func stands(_ hash: NewHash, _ login: Login) async throws -> Bool {
        let written = DirectoryEntry(hash: hash.written)
        guard let entry = try await directory.lookup(login.account, recorded: written) else { return false }
        if entry.hash == hash.written { return true }
        return try await isOwn(login.password, login.account, entry)
    }

    /// Whether the password is the account's own there, by whatever form its hash has.
    private func isOwn(
        _ password: Password, _ address: EmailAddress, _ entry: DirectoryEntry
    ) async throws -> Bool {
        guard let text = entry.hash else {
            return directory.comparesPasswords ? try await directory.matches(password, of: address) : false
        }
        guard let hash = try? platformHash(text) else { return false }
        return try await pool.verify(password, against: hash)
    }

    /// The password is the account's own there: it is known again by a hash of ours.
    private func takeOverTheirOwn(
        _ login: Login, _ sealed: LoginEffects.Sealed, _ facts: LoginFacts
    ) async throws -> AccountRecord? {
        let own = try await pool.hash(login.password, scheme: context.limits.passwordScheme, priority: .login)
        // It may have been changed there while the old server was asked.
        let entry = try await directory.lookup(login.account, recorded: facts.entry)
        guard entry?.hash == facts.entry?.hash else { return nil }
        return try await apply(.takenOver(hash: own.stored, sealed), login, facts)
    }

    // MARK: After a crash, or a directory that did not answer

    /// Ends a hand-over that was interrupted, and queues the run that follows.
    /// - Throws: `DirectoryError`, with which it waits for the next login; `RecordsError`.
    package func settleHandOver(of account: AccountRecord) async throws { _ = try await facts(of: account.address) }

    /// - Parameters:
    ///   - entry: what the directory has; nil if it has no such account, or was not asked.
    ///   - password: what a login has given.
    /// - Returns: the account as it stands now.
    private func settle(
        _ account: AccountRecord, _ entry: DirectoryEntry?, given password: Password?
    ) async throws -> AccountRecord? {
        // One that is under way here settles itself.
        guard let intended = account.handingOver, !handingOver.withLock({ $0.contains(account.address) }),
            let replacing = try await happened(intended, account, entry, given: password)
        else { return account }
        let effects = LoginEffects(
            .settled(hash: intended.hash, replacing), via: intended.via, at: context.now(), asked: account,
            address: account.address, generation: intended.generation)
        let changed = try await context.records.change(.id(account.id)) { effects.effects(on: $0) }
        guard let changed else { return try await context.records.facts(of: .id(account.id)).account }
        if replacing == .stands { await directory.flush(account.address) }
        statuses.changed(changed)
        if changed.pending != nil, let settings = try await context.records.settings(of: account.address.domain) {
            scheduler.submit(changed, settings)
        }
        return changed
    }

    /// What has come of the replacement that was intended; nil where only a login can tell.
    ///
    /// What stands there is neither what was to be replaced nor what was written where the platform has hashed the password
    /// again, or somebody has changed it since. Then it is theirs.
    private func happened(
        _ intended: IntendedHandOver, _ account: AccountRecord, _ entry: DirectoryEntry?, given: Password?
    ) async throws -> LoginEffects.Replacing? {
        guard let entry else { return .undone }
        if entry.hash == intended.hash { return .stands }
        let mark = intended.replaced.map { HashMark(text: $0) }
        if let mark, let hash = entry.hash, try await pool.compute({ try mark.fits(hash) }) { return .undone }
        let otherwise = mark == nil || entry.hash == nil ? LoginEffects.Replacing.undone : .overtaken
        if let password = intended.sealed.flatMap({ try? vault.open($0, for: account.address) }) {
            return try await isOwn(password, account.address, entry) ? .stands : otherwise
        }
        if directory.style?.isSlow ?? true, entry.hash != nil, otherwise == .undone { return .undone }
        guard let given, let kept = try? PasswordHash(intended.hash) else { return nil }
        let isOwn = try await isOwn(given, account.address, entry)
        guard try await pool.verify(given, against: kept) else { return isOwn ? otherwise : nil }
        return isOwn ? .stands : otherwise
    }

    /// Adds what the platform's own directory says about the address to what is known here.
    func looked(
        up facts: LoginFacts, at address: EmailAddress, given password: Password?
    ) async throws -> LoginFacts {
        var facts = facts
        // A domain without an open window is none of ours: nothing is looked up.
        guard facts.isOpen else {
            if let account = facts.account { facts.account = try await settle(account, nil, given: nil) }
            return facts
        }
        let known = facts.account.map { DirectoryEntry(hash: $0.handingOver?.hash ?? $0.passwordHash) }
        let entry = try await directory.lookup(address, recorded: known)
        facts.entry = entry
        if let account = facts.account {
            facts.account = try await settle(account, entry, given: password)
            if let account = facts.account, let entry, isChangedThere(account, entry) {
                facts.account = try await close(account) ?? account
            }
        } else if let entry, entry.isActive, !entry.isExternal, !facts.wasDeleted {
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

    /// Whether the password was changed there after the account was taken in, by somebody else than us.
    private func isChangedThere(_ account: AccountRecord, _ entry: DirectoryEntry) -> Bool {
        guard account.handover == .never, account.handingOver == nil, let changedAt = entry.changedAt else {
            return false
        }
        return changedAt > account.createdAt && entry.hash != account.passwordHash
    }

    /// Closes the account to hand-over: its password is its user's own, and is shown to nobody.
    private func close(_ account: AccountRecord) async throws -> AccountRecord? {
        let generation = try await context.records.settings(of: account.address.domain)?.generation
        let effects = LoginEffects(
            .changedElsewhere, via: .other, at: context.now(), asked: account, address: account.address,
            generation: generation)
        let changed = try await context.records.change(.id(account.id)) { effects.effects(on: $0) }
        if let changed { statuses.changed(changed) }
        return changed
    }
}
