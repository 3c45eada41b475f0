// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
public import Vocabulary

/// Bulk creation: 10,000 in one call is normal, and a bad row never affects the others.
extension AccountDesk {
    fileprivate struct Sound: Sendable {
        var index: Int
        var address: EmailAddress
        var row: AccountRow
        var hash: PasswordHash?
        /// Whether its password is generated, which is done only for a new account.
        var isGenerated = false

        mutating func generatePassword() {
            guard hash == nil, row.password == nil else { return }
            row.password = .readable()
            isGenerated = true
        }
    }

    /// - Parameters:
    ///   - dryRun: tells what would become of each row, and changes nothing.
    ///   - generatingPasswords: generates a password for a new account whose row has none.
    /// - Throws: ``MoveError`` with `overloaded`; `RecordsError`. A bad row throws nothing: it is in `rejected`.
    public func create(
        _ rows: [AccountRow], onExisting: OnExisting, dryRun: Bool = false, generatingPasswords: Bool = false
    ) async throws -> CreationOutcome {
        if areElsewhere { return try await takeIn(rows, onExisting: onExisting, dryRun: dryRun) }
        var outcome = CreationOutcome()
        var sound = parse(rows, &outcome)
        // Rows that will be skipped or refused anyway cost no hash.
        let present = try await existing(sound.map(\.address))
        var seen: Set<EmailAddress> = []
        sound.removeAll { candidate in
            let account = present[candidate.address]
            // A rejected row does not affect a later one of the same address.
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
            guard let address = outcome.address(of: row, index) else { return nil }
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

    func existing(_ addresses: [EmailAddress]) async throws -> [EmailAddress: AccountRecord] {
        let rows = try await context.records.accounts(addresses.map(AccountKey.address))
        return Dictionary(rows.filter { $0.deletedAt == nil }.map { ($0.address, $0) }) { first, _ in first }
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

    /// Hashes on all cores, at low priority: a login that comes meanwhile goes first.
    ///
    /// If the account already has this password, its hash is kept, so that updating it changes nothing: what the old
    /// server said about it remains true.
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
            let changes = try await context.records.changeEach(portion.map { .address($0.address) }) { index, facts in
                Self.put(portion[index], onExisting, facts, at: now)
            }
            for (row, change) in zip(portion, changes) {
                switch change {
                case .success(let change):
                    outcome.add(change.verdict, row)
                    if let account = change.changed { statuses.changed(account) }
                case .failure(let error):
                    outcome.reject(
                        row.index, row.row, .invalidRow, "what is recorded of it cannot be changed: \(error)")
                }
            }
        }
    }

    /// What becomes of a row.
    fileprivate enum Fate: Sendable {
        case created
        case updated(keepsPassword: Bool)
        case skipped
        /// Under this address.
        case exists(EmailAddress)
        case missingPassword
    }

    private static func put(
        _ row: Sound, _ onExisting: OnExisting, _ facts: AccountFacts, at now: Timestamp
    ) -> (AccountEffects?, Fate) {
        if let present = facts.account {
            switch onExisting {
            case .skip: return (nil, .skipped)
            case .fail: return (nil, .exists(present.address))
            case .update: return update(present, row)
            }
        }
        guard let hash = row.hash else { return (nil, .missingPassword) }
        var account = facts.row ?? AccountRecord(address: row.address, passwordHash: hash.stored, createdAt: now)
        account.address = row.address
        account.passwordHash = hash.stored
        account.createdAt = now
        account.displayName = row.row.displayName
        account.quotaOctets = row.row.quotaOctets
        account.nonMigrating = facts.listedEvidence
        if account.deletedAt != nil {
            account.deletedAt = nil
            account.revision += 1
        }
        return (
            AccountEffects(account, events: [EventRecord(at: now, account: account.address, kind: .created)]), .created
        )
    }

    private static func update(_ present: AccountRecord, _ row: Sound) -> (AccountEffects?, Fate) {
        var account = present
        if let name = row.row.displayName { account.displayName = name }
        if let quota = row.row.quotaOctets { account.quotaOctets = quota }
        // An account that was created meanwhile keeps its password.
        guard let hash = row.hash, !row.isGenerated else {
            return (AccountEffects(account), .updated(keepsPassword: false))
        }
        guard account.handover == .never else { return (AccountEffects(account), .updated(keepsPassword: true)) }
        if account.passwordHash != hash.stored {
            account.passwordHash = hash.stored
            account.revision += 1
            account.shown = nil
        }
        return (AccountEffects(account), .updated(keepsPassword: false))
    }
}

extension CreationOutcome {
    /// The row's address; nil where it is rejected, for that or for its form.
    mutating func address(of row: AccountRow, _ index: Int) -> EmailAddress? {
        if let problem = row.problem {
            reject(index, row, .invalidRow, problem)
            return nil
        }
        do throws(InvalidAddress) {
            return try EmailAddress(row.address)
        } catch {
            reject(index, row, .invalidAddress, error.detail)
            return nil
        }
    }

    mutating func reject(_ index: Int, _ row: AccountRow, _ reason: Rejection.Reason, _ detail: String) {
        rejected.append(Rejection(index: index, address: row.address, reason: reason, detail: detail))
    }

    fileprivate mutating func add(_ fate: AccountDesk.Fate, _ row: AccountDesk.Sound) {
        switch fate {
        case .created:
            created += 1
            if row.isGenerated, let password = row.row.password { generated.append((row.address, password)) }
        case .updated(let keepsPassword):
            updated += 1
            if keepsPassword { passwordsKept += 1 }
        case .skipped: skipped += 1
        case .exists(let address): reject(row.index, row.row, .exists, "there is an account \(address)")
        case .missingPassword: reject(row.index, row.row, .missingPassword, "give password or passwordHash")
        }
    }
}
