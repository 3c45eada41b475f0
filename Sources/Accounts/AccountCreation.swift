// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Vocabulary

/// Bulk creation: 10,000 in one call is normal, and one bad row never spoils the others.
extension AccountDesk {
    private struct Sound: Sendable {
        var index: Int
        var address: EmailAddress
        var row: AccountRow
        var hash: PasswordHash?
        /// Its password is made up, for a new account alone.
        var isGenerated = false

        mutating func generatePassword() {
            guard hash == nil, row.password == nil else { return }
            row.password = .readable()
            isGenerated = true
        }
    }

    /// - Parameters:
    ///   - dryRun: tells what would become of each row, and changes nothing.
    ///   - generatingPasswords: makes up a password for a new account whose row has none.
    /// - Throws: ``MoveError`` with `overloaded`; `RecordsError`. A bad row throws nothing: it is in `rejected`.
    public func create(
        _ rows: [AccountRow], onExisting: OnExisting, dryRun: Bool = false, generatingPasswords: Bool = false
    ) async throws -> CreationOutcome {
        var outcome = CreationOutcome()
        var sound = parse(rows, &outcome)
        // Rows that will be skipped or refused anyway cost no hash.
        let present = try await existing(sound.map(\.address))
        var seen: Set<EmailAddress> = []
        sound.removeAll { candidate in
            let account = present[candidate.address]
            // A row that was rejected spoils no later one of its address.
            if seen.contains(candidate.address) {
                outcome.reject(
                    candidate.index, candidate.row, .duplicateInRequest, "an earlier row has the same address")
            } else if account == nil, candidate.hash == nil, candidate.row.password == nil, !generatingPasswords {
                outcome.reject(candidate.index, candidate.row, .missingPassword, "give password or passwordHash")
            } else if let account, onExisting == .fail {
                outcome.reject(candidate.index, candidate.row, .exists, "there is an account \(account.address)")
            } else {
                seen.insert(candidate.address)
                guard account != nil, onExisting == .skip else { return false }
                outcome.skipped += 1
            }
            return true
        }
        if dryRun {
            foresee(sound, present, &outcome)
        } else {
            for index in sound.indices where present[sound[index].address] == nil { sound[index].generatePassword() }
            try await hash(&sound, present)
            try await store(sound, onExisting, &outcome)
        }
        outcome.rejected.sort { $0.index < $1.index }
        return outcome
    }

    private func parse(_ rows: [AccountRow], _ outcome: inout CreationOutcome) -> [Sound] {
        rows.enumerated().compactMap { index, row in
            if let problem = row.problem {
                outcome.reject(index, row, .invalidRow, problem)
                return nil
            }
            let address: EmailAddress
            do throws(InvalidAddress) {
                address = try EmailAddress(row.address)
            } catch {
                outcome.reject(index, row, .invalidAddress, error.detail)
                return nil
            }
            if let password = row.password {
                guard row.passwordHash == nil else {
                    outcome.reject(index, row, .unsupportedHash, "give password or passwordHash, not both")
                    return nil
                }
                if let weakness = Self.weakness(of: password, for: address) {
                    outcome.reject(index, row, .weakPassword, weakness)
                    return nil
                }
            }
            var hash: PasswordHash?
            if let text = row.passwordHash {
                do throws(SecretsError) {
                    hash = try PasswordHash(text)
                } catch {
                    outcome.reject(index, row, .unsupportedHash, error.detail)
                    return nil
                }
            }
            return Sound(index: index, address: address, row: row, hash: hash)
        }
    }

    private func existing(_ addresses: [EmailAddress]) async throws -> [EmailAddress: AccountRecord] {
        try await context.records.read { records in
            var found: [EmailAddress: AccountRecord] = [:]
            for address in addresses {
                if let account = try records.account(address), account.deletedAt == nil { found[address] = account }
            }
            return found
        }
    }

    /// What ``store(_:_:_:)`` would do.
    private func foresee(
        _ rows: [Sound], _ present: [EmailAddress: AccountRecord], _ outcome: inout CreationOutcome
    ) {
        for row in rows {
            guard let account = present[row.address] else {
                outcome.created += 1
                continue
            }
            outcome.updated += 1
            if account.handover != .never, row.hash != nil || row.row.password != nil { outcome.passwordsKept += 1 }
        }
    }

    /// All cores hash, at low priority: a login that comes meanwhile goes first.
    ///
    /// A password that an account has already keeps its hash, so that an update with it changes nothing: what the old
    /// server has said of it stays true.
    private func hash(_ rows: inout [Sound], _ present: [EmailAddress: AccountRecord]) async throws {
        var open: [Int] = []
        var passwords: [HashingPool.Wanted] = []
        for (index, row) in rows.enumerated() where row.hash == nil {
            guard let password = row.row.password else { continue }
            let account = present[row.address].flatMap { $0.handover == .never ? $0 : nil }
            open.append(index)
            passwords.append(.init(password, unless: account.flatMap { try? PasswordHash($0.passwordHash) }))
        }
        guard !passwords.isEmpty else { return }
        let hashes = try await pool.hash(passwords, scheme: context.limits.passwordScheme)
        for (index, hash) in zip(open, hashes) { rows[index].hash = hash }
    }

    private func store(_ rows: [Sound], _ onExisting: OnExisting, _ outcome: inout CreationOutcome) async throws {
        // In portions, so that other accounts' changes get their turn between them.
        for start in stride(from: 0, to: rows.count, by: 500) {
            let portion = Array(rows[start..<min(start + 500, rows.count)])
            let now = context.now()
            let before = outcome
            let (after, changed) = try await context.records.write { records in
                var outcome = before
                var changed: [AccountRecord] = []
                for row in portion {
                    if let account = try Self.put(row, onExisting, records, now, &outcome) { changed.append(account) }
                }
                return (outcome, changed)
            }
            outcome = after
            for account in changed { statuses.changed(account) }
        }
    }

    private static func put(
        _ row: Sound, _ onExisting: OnExisting, _ records: any RecordsWriter, _ now: Timestamp,
        _ outcome: inout CreationOutcome
    ) throws -> AccountRecord? {
        let present = try records.account(row.address)
        if let present, present.deletedAt == nil {
            switch onExisting {
            case .skip:
                outcome.skipped += 1
                return nil
            case .fail:
                outcome.reject(row.index, row.row, .exists, "there is an account \(present.address)")
                return nil
            case .update: return try update(present, row, records, &outcome)
            }
        }
        guard let hash = row.hash else {
            outcome.reject(row.index, row.row, .missingPassword, "give password or passwordHash")
            return nil
        }
        var account = present ?? AccountRecord(address: row.address, passwordHash: hash.stored, createdAt: now)
        account.address = row.address
        account.passwordHash = hash.stored
        account.createdAt = now
        account.displayName = row.row.displayName
        account.quotaOctets = row.row.quotaOctets
        account.nonMigrating = try evidence(row.address, records)
        if account.deletedAt != nil {
            account.deletedAt = nil
            account.revision += 1
            try records.update(account)
        } else {
            account = try records.insert(account)
        }
        try records.append(EventRecord(at: now, account: account.address, kind: .created))
        outcome.created += 1
        if row.isGenerated, let password = row.row.password { outcome.generated.append((row.address, password)) }
        return account
    }

    private static func update(
        _ present: AccountRecord, _ row: Sound, _ records: any RecordsWriter, _ outcome: inout CreationOutcome
    ) throws -> AccountRecord {
        var account = present
        if let name = row.row.displayName { account.displayName = name }
        if let quota = row.row.quotaOctets { account.quotaOctets = quota }
        // An account that has come into being meanwhile keeps the password it has.
        if let hash = row.hash, !row.isGenerated {
            if account.handover != .never {
                outcome.passwordsKept += 1
            } else if account.passwordHash != hash.stored {
                account.passwordHash = hash.stored
                account.revision += 1
                account.shown = nil
            }
        }
        try records.update(account)
        outcome.updated += 1
        return account
    }

    /// What the lists of the domain say of a new account.
    private static func evidence(
        _ address: EmailAddress, _ records: any RecordsWriter
    ) throws -> AccountRecord.NonMigratingEvidence? {
        guard let settings = try records.settings(of: address.domain) else { return nil }
        let lists = try records.listing(of: address)
        if lists.excluded { return .excluded }
        return settings.hasKnownAccounts && !lists.known ? .notKnown : nil
    }
}

extension CreationOutcome {
    mutating func reject(_ index: Int, _ row: AccountRow, _ reason: Rejection.Reason, _ detail: String) {
        rejected.append(Rejection(index: index, address: row.address, reason: reason, detail: detail))
    }
}
