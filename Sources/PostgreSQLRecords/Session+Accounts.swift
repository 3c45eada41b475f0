// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records
import Vocabulary

extension Session {
    func account(_ address: EmailAddress) throws -> AccountRecord? {
        try ask {
            guard let domain = try id(of: address.domain) else {
                unknown.insert(address.key)
                return nil
            }
            let row = try first(
                "SELECT \(AccountForm.selected) FROM account WHERE domain = $1 AND address = $2 \(forUpdate)",
                [.integer(domain), .text(address.key)], AccountForm.read)
            if row == nil { unknown.insert(address.key) }
            return row
        }
    }

    func account(id: AccountRecord.ID) throws -> AccountRecord? {
        try ask {
            if isWriter, try !hold(domainOf: id) { return nil }
            return try first(
                "SELECT \(AccountForm.selected) FROM account WHERE id = $1 \(forUpdate)", [.integer(id)],
                AccountForm.read)
        }
    }

    /// Account rows, leaving out those that cannot be read.
    private func rows(_ rest: String, _ values: [PostgreSQLValue] = []) throws -> [AccountRecord] {
        try sound("SELECT \(AccountForm.selected) FROM account \(rest)", values, AccountForm.read)
    }

    /// Rows in the order of their ids.
    func rows(_ ids: [AccountRecord.ID]) throws -> [AccountRecord] {
        guard !ids.isEmpty else { return [] }
        return try rows(
            "JOIN unnest($1::bigint[]) WITH ORDINALITY AS wanted (id_, place) ON id = id_ ORDER BY place",
            [column(ids)])
    }

    func accountsWithSealedPassword() throws -> [AccountRecord] {
        try ask { try rows("WHERE sealed IS NOT NULL ORDER BY id") }
    }

    func accountsHandingOver() throws -> [AccountRecord] {
        try ask { try rows("WHERE intendedHash IS NOT NULL ORDER BY id") }
    }

    func accountsWithSealedPassword(of domain: DomainName) throws -> [AccountRecord] {
        try ask {
            guard let domain = try id(of: domain) else { return [] }
            return try rows(
                "WHERE domain = $1 AND sealed IS NOT NULL ORDER BY id \(forUpdate)", [.integer(domain)])
        }
    }

    func accountsThatNeedALogin(of domain: DomainName) throws -> [EmailAddress] {
        try ask {
            guard let domain = try id(of: domain) else { return [] }
            return try all(
                """
                SELECT address, given FROM account
                WHERE domain = $1 AND status = 3 AND attention = 1 AND deletedAt IS NULL AND sealed IS NULL AND paused = 0
                ORDER BY address
                """, [.integer(domain)]
            ) { try $0.address() }
        }
    }

    func accountsInProgress() throws -> [AccountRecord] {
        try ask { try rows("WHERE outcome = 1 AND nonMigrating IS NULL AND deletedAt IS NULL ORDER BY id") }
    }

    func accountsInProgress(of domain: DomainName) throws -> [AccountRecord] {
        try ask {
            guard let domain = try id(of: domain) else { return [] }
            return try rows(
                "WHERE domain = $1 AND status = 1 AND deletedAt IS NULL ORDER BY address", [.integer(domain)])
        }
    }

    func insert(_ account: AccountRecord) throws -> AccountRecord {
        try ask {
            let domain = try added(account.address.domain)
            let id = try changing(
                AccountRow.insertion, AccountRow.insertionArguments(account, domain: domain)
            ) { try $0.integer() }.first
            guard let id else {
                // Decided on its absence, and another was first.
                if unknown.contains(account.address.key) { throw server.overtaken }
                throw RecordsError(
                    code: .conflict,
                    detail: "The account \(account.address) has a row already; it can only be updated.")
            }
            var inserted = account
            inserted.id = id
            unknown.remove(account.address.key)
            return inserted
        }
    }

    func update(_ account: AccountRecord) throws -> AccountRecord {
        try ask {
            try hold(domainOf: account.id)
            let old = try first(
                "SELECT address, version FROM account WHERE id = $1 FOR NO KEY UPDATE", [.integer(account.id)]
            ) { (key: try $0.text(), version: try $0.integer()) }
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
            try run(AccountRow.replacement, AccountRow.replacementArguments(updated))
            return updated
        }
    }

    func reclassify(_ domain: DomainName, keepsReplies: Bool) throws -> [AccountRecord.ID] {
        try ask {
            guard let id = try id(of: domain) else { return [] }
            try takeTime()
            let hasKnown = try settings(of: domain)?.hasKnownAccounts ?? false
            return try changing(
                """
                UPDATE account SET nonMigrating = evidence.now, version = version + 1
                FROM (
                    SELECT id, CASE
                        WHEN EXISTS (
                            SELECT 1 FROM listed
                            WHERE domain = $1 AND kind = 1 AND listed.address = account.address) THEN 'excluded'
                        WHEN $2::integer = 1 AND NOT EXISTS (
                            SELECT 1 FROM listed
                            WHERE domain = $1 AND kind = 0 AND listed.address = account.address) THEN 'notKnown'
                        WHEN $3::integer = 1 AND nonMigrating = 'reply' THEN 'reply'
                        END AS now
                    FROM account WHERE domain = $1 AND deletedAt IS NULL
                ) AS evidence
                WHERE evidence.id = account.id AND account.nonMigrating IS DISTINCT FROM evidence.now
                RETURNING account.id
                """, [.integer(id), .integer(hasKnown ? 1 : 0), .integer(keepsReplies ? 1 : 0)]
            ) { try $0.integer() }
        }
    }

    func eraseSealedPasswords(of domain: DomainName) throws -> [AccountRecord.ID] {
        try ask {
            guard let domain = try id(of: domain) else { return [] }
            try run(
                """
                UPDATE account SET intendedSealed = NULL, version = version + 1
                WHERE domain = $1 AND intendedHash IS NOT NULL AND intendedSealed IS NOT NULL
                """, [.integer(domain)])
            return try changing(
                """
                UPDATE account SET
                    sealed = NULL, pendingKind = NULL, pendingDue = NULL, pendingFailures = NULL,
                    pendingFailingSince = NULL, pendingFollowUpUntil = NULL, pendingSessions = NULL, pendingFound = NULL, pendingWait = NULL,
                    version = version + 1
                WHERE domain = $1 AND sealed IS NOT NULL
                RETURNING id
                """, [.integer(domain)]
            ) { try $0.integer() }
        }
    }

    func forget(_ domain: DomainName) throws -> [AccountRecord.ID] {
        try ask {
            guard let domain = try id(of: domain) else { return [] }
            let its: [PostgreSQLValue] = [.integer(domain)]
            try takeTime()
            let changed = try all(
                """
                SELECT id FROM account
                WHERE domain = $1 AND deletedAt IS NULL
                    AND (outcome <> 0 OR nonMigrating IS NOT NULL OR startedAt IS NOT NULL)
                """, its
            ) { try $0.integer() }
            for table in ["ledger", "folder", "intent", "run"] {
                try run("DELETE FROM \(table) WHERE account IN (SELECT id FROM account WHERE domain = $1)", its)
            }
            for table in ["event", "movedInHour", "settings", "listed"] {
                try run("DELETE FROM \(table) WHERE domain = $1", its)
            }
            try run(
                "UPDATE mailbox SET marker = NULL WHERE account IN (SELECT id FROM account WHERE domain = $1)", its)
            try run(
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
                WHERE domain = $1
                """, its)
            return changed
        }
    }
}
