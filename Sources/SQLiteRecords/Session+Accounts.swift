// SPDX-License-Identifier: Apache-2.0

import GRDB
import RecordForms
import Records
import Vocabulary

extension Session {
    func account(_ address: EmailAddress) throws -> AccountRecord? {
        try ask { db in
            try db.first(
                """
                SELECT \(AccountForm.selected) FROM account
                WHERE domain = (SELECT id FROM domain WHERE name = ?) AND address = ?
                """, [address.domain.name, address.key], AccountForm.read)
        }
    }

    func account(id: AccountRecord.ID) throws -> AccountRecord? {
        try ask { db in try row(id, in: db) }
    }

    func row(_ id: AccountRecord.ID, in db: Database) throws -> AccountRecord? {
        try db.first("SELECT \(AccountForm.selected) FROM account WHERE id = ?", [id], AccountForm.read)
    }

    /// Account rows, leaving out those that cannot be read.
    private func sound(in db: Database, _ sql: String, _ arguments: StatementArguments) throws -> [AccountRecord] {
        try db.sound(sql, arguments, damaged: file.pass) { columns in try AccountForm.read(&columns) }
    }

    /// For lists: nil also if the row cannot be read.
    func soundRow(_ id: AccountRecord.ID, in db: Database) throws -> AccountRecord? {
        do {
            return try row(id, in: db)
        } catch let damage as Damage {
            file.pass(over: damage)
            return nil
        }
    }

    func accountsWithSealedPassword() throws -> [AccountRecord] {
        try ask { db in
            try sound(
                in: db,
                """
                SELECT \(AccountForm.selected) FROM account INDEXED BY account_sealed
                WHERE sealed IS NOT NULL ORDER BY id
                """, [])
        }
    }

    func accountsHandingOver() throws -> [AccountRecord] {
        try ask { db in
            try sound(
                in: db,
                """
                SELECT \(AccountForm.selected) FROM account INDEXED BY account_handing_over
                WHERE intendedHash IS NOT NULL ORDER BY id
                """, [])
        }
    }

    func accountsWithSealedPassword(of domain: DomainName) throws -> [AccountRecord] {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return [] }
            return try sound(
                in: db,
                """
                SELECT \(AccountForm.selected) FROM account INDEXED BY account_sealed
                WHERE domain = ? AND sealed IS NOT NULL ORDER BY id
                """, [domain])
        }
    }

    func accountsThatNeedALogin(of domain: DomainName) throws -> [EmailAddress] {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return [] }
            return try db.all(
                """
                SELECT address, given FROM account INDEXED BY attention_by_address
                WHERE domain = ? AND status = 3 AND attention = 1 AND deletedAt IS NULL AND sealed IS NULL AND paused = 0
                ORDER BY address
                """, [domain]
            ) { try $0.address() }
        }
    }

    func accountsInProgress() throws -> [AccountRecord] {
        try ask { db in
            try sound(
                in: db,
                """
                SELECT \(AccountForm.selected) FROM account INDEXED BY account_in_progress
                WHERE outcome = 1 AND nonMigrating IS NULL AND deletedAt IS NULL ORDER BY id
                """, [])
        }
    }

    func accountsInProgress(of domain: DomainName) throws -> [AccountRecord] {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return [] }
            return try sound(
                in: db,
                """
                SELECT \(AccountForm.selected) FROM account INDEXED BY account_by_address
                WHERE domain = ? AND status = 1 AND deletedAt IS NULL ORDER BY address
                """, [domain])
        }
    }

    func insert(_ account: AccountRecord) throws -> AccountRecord {
        try ask { db in
            let domain = try added(account.address.domain, in: db)
            let there = try db.first(
                "SELECT id FROM account WHERE domain = ? AND address = ?", [domain, account.address.key]
            ) { try $0.integer() }
            if let there {
                throw RecordsError(
                    code: .conflict,
                    detail: "The account \(account.address) has a row already (\(there)); it can only be updated.")
            }
            try db.run(AccountRow.insertion, AccountRow.insertionArguments(account, domain: domain))
            var inserted = account
            inserted.id = db.lastInsertedRowID
            return inserted
        }
    }

    func update(_ account: AccountRecord) throws -> AccountRecord {
        try ask { db in
            let old = try db.first(
                "SELECT address, version, \(AccountRow.indexed.joined(separator: ", ")) FROM account WHERE id = ?",
                [account.id]
            ) { columns in
                (
                    key: try columns.text(), version: try columns.integer(),
                    indexed: try AccountRow.indexed.map { _ in try columns.any() }
                )
            }
            guard let old, old.key == account.address.key else {
                throw RecordsError(
                    code: .conflict,
                    detail: "The row \(account.id) is \(old?.key ?? "not there"); it cannot become \(account.address).")
            }
            guard old.version == account.version else {
                throw RecordsError(
                    code: .conflict,
                    detail: "The row of \(account.address) has changed since it was read (version \(account.version), "
                        + "now \(old.version)).")
            }
            var updated = account
            updated.version += 1
            let (sql, arguments) = AccountRow.replacement(by: updated, of: old.indexed)
            try db.run(sql, arguments)
            return updated
        }
    }

    func reclassify(_ domain: DomainName, keepsReplies: Bool) throws -> [AccountRecord.ID] {
        try ask { db in
            guard let id = try id(of: domain, in: db) else { return [] }
            let hasKnown = try settings(of: domain)?.hasKnownAccounts ?? false
            return try db.all(
                """
                UPDATE account SET nonMigrating = evidence.now, version = version + 1
                FROM (
                    SELECT id, CASE
                        WHEN EXISTS (
                            SELECT 1 FROM listed
                            WHERE domain = ?1 AND kind = 1 AND listed.address = account.address) THEN 'excluded'
                        WHEN ?2 AND NOT EXISTS (
                            SELECT 1 FROM listed
                            WHERE domain = ?1 AND kind = 0 AND listed.address = account.address) THEN 'notKnown'
                        WHEN ?3 AND nonMigrating = 'reply' THEN 'reply'
                        END AS now
                    FROM account WHERE domain = ?1 AND deletedAt IS NULL
                ) AS evidence
                WHERE evidence.id = account.id AND account.nonMigrating IS NOT evidence.now
                RETURNING id
                """, [id, hasKnown, keepsReplies]
            ) { try $0.integer() }
        }
    }

    func eraseSealedPasswords(of domain: DomainName) throws -> [AccountRecord.ID] {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return [] }
            try db.run(
                """
                UPDATE account INDEXED BY account_handing_over SET intendedSealed = NULL, version = version + 1
                WHERE domain = ? AND intendedHash IS NOT NULL AND intendedSealed IS NOT NULL
                """, [domain])
            return try db.all(
                """
                UPDATE account INDEXED BY account_sealed SET
                    sealed = NULL, pendingKind = NULL, pendingDue = NULL, pendingFailures = NULL,
                    pendingFailingSince = NULL, pendingFollowUpUntil = NULL, pendingSessions = NULL, pendingFound = NULL, pendingWait = NULL,
                    version = version + 1
                WHERE domain = ? AND sealed IS NOT NULL
                RETURNING id
                """, [domain]
            ) { try $0.integer() }
        }
    }

    func forget(_ domain: DomainName) throws -> [AccountRecord.ID] {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return [] }
            let changed = try db.all(
                """
                SELECT id FROM account
                WHERE domain = ? AND deletedAt IS NULL
                    AND (outcome != 0 OR nonMigrating IS NOT NULL OR startedAt IS NOT NULL)
                """, [domain]
            ) { try $0.integer() }
            try db.run("DELETE FROM ledger WHERE account IN (SELECT id FROM account WHERE domain = ?)", [domain])
            try db.run("DELETE FROM folder WHERE account IN (SELECT id FROM account WHERE domain = ?)", [domain])
            try db.run("DELETE FROM intent WHERE account IN (SELECT id FROM account WHERE domain = ?)", [domain])
            try db.run("DELETE FROM run WHERE account IN (SELECT id FROM account WHERE domain = ?)", [domain])
            try db.run("DELETE FROM event WHERE domain = ?", [domain])
            try db.run("DELETE FROM movedInHour WHERE domain = ?", [domain])
            try db.run(
                "UPDATE mailbox SET marker = NULL WHERE account IN (SELECT id FROM account WHERE domain = ?)", [domain])
            try db.run("DELETE FROM settings WHERE domain = ?", [domain])
            try db.run("DELETE FROM listed WHERE domain = ?", [domain])
            try db.run(
                """
                UPDATE account SET
                    outcome = 0, nonMigrating = NULL, shownRevision = NULL, shownGeneration = NULL,
                    rejectedRevision = NULL, rejectedGeneration = NULL,
                    startedAt = NULL, startedBy = NULL, lastTriggeredAt = NULL, lastTriggeredBy = NULL,
                    finishedAt = NULL, attemptAt = NULL, attemptVia = NULL, attemptOutcome = NULL,
                    attemptReason = NULL, paused = 0,
                    moved = 0, movedOctets = 0, remaining = 0, remainingOctets = 0, runs = 0,
                    errorReason = NULL, errorDetail = NULL, errorAt = NULL,
                    pendingKind = NULL, pendingDue = NULL, pendingFailures = NULL, pendingFailingSince = NULL,
                    pendingFollowUpUntil = NULL, pendingSessions = NULL, pendingFound = NULL, pendingWait = NULL,
                    lookedThrough = NULL, intendedHash = NULL, intendedSealed = NULL, intendedGeneration = NULL,
                    intendedVia = NULL, intendedReplaced = NULL, sealed = NULL, version = version + 1
                WHERE domain = ?
                """, [domain])
            return changed
        }
    }
}
