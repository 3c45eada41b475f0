// SPDX-License-Identifier: Apache-2.0

import GRDB
import RecordForms
import Records

extension Session {
    func ledger(of account: AccountRecord.ID) throws -> [LedgerRow] {
        try ask { db in
            try db.integers(
                "SELECT source, uniqueID, content, occurrence, octets, flags FROM ledger WHERE account = ?", [account]
            ) { row in
                guard let occurrence = Int32(exactly: row[3]) else {
                    throw Damage(detail: "the ledger of account \(account) holds an occurrence that is too large")
                }
                let flags = LedgerFlags(rawValue: row[5])
                return LedgerRow(
                    uniqueID: flags.contains(.uniqueID) ? row[1] : nil, occurrence: occurrence, content: row[2],
                    octets: row[4], source: row[0], deleted: flags.contains(.deleted),
                    isShared: flags.contains(.shared), isShown: flags.contains(.shown))
            }
        }
    }

    func insert(_ rows: [LedgerRow], for account: AccountRecord.ID) throws {
        try change(
            rows, of: account,
            """
            INSERT INTO ledger (account, source, uniqueID, content, occurrence, octets, flags)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """)
    }

    func remove(_ rows: [LedgerRow], for account: AccountRecord.ID) throws {
        try change(
            rows, of: account,
            """
            DELETE FROM ledger WHERE account = ? AND source = ? AND uniqueID = ? AND content = ?
            AND occurrence = ? AND octets = ? AND flags = ?
            """)
    }

    /// Runs `sql` with each row's columns.
    private func change(_ rows: [LedgerRow], of account: AccountRecord.ID, _ sql: String) throws {
        try ask { db in
            try db.run(sql, each: rows) { row, bind in
                bind(account)
                bind(row.source)
                bind(row.uniqueID ?? 0)
                bind(row.content)
                bind(Int64(row.occurrence))
                bind(row.octets)
                bind(LedgerFlags(of: row).rawValue)
            }
        }
    }

    func intents(of account: AccountRecord.ID?) throws -> [Intent] {
        try ask { db in
            let condition = account == nil ? "" : "WHERE account = ?"
            let arguments: StatementArguments = account.map { [$0] } ?? []
            let sql = "SELECT id, account, recordedAt, batch, messages FROM intent \(condition) ORDER BY id"
            // When all accounts are read, an intent that cannot be read holds up only its own account.
            return try db.sound(
                sql, arguments, damaged: { if account == nil { file.pass(over: $0) } else { throw $0 } }
            ) { columns in
                let id = try columns.integer()
                let account = try columns.integer()
                let recordedAt = try columns.time()
                let batch = try columns.octets()
                guard let (rows, octets) = IntentMessages.decode(try columns.octets()) else {
                    throw Damage(detail: "the intent \(id) of account \(account) cannot be read")
                }
                return Intent(
                    id: id, account: account, recordedAt: recordedAt, batch: batch, rows: rows, octets: octets)
            }
        }
    }

    func insert(_ intent: Intent) throws -> Intent.ID {
        try ask { db in
            guard intent.rows.count == intent.octets.count else {
                throw RecordsError(
                    code: .conflict,
                    detail: "An intent of account \(intent.account) names \(intent.rows.count) messages and "
                        + "\(intent.octets.count) sizes.")
            }
            try db.run(
                "INSERT INTO intent (account, recordedAt, batch, messages) VALUES (?, ?, ?, ?)",
                StatementArguments([
                    intent.account.databaseValue, intent.recordedAt.milliseconds.databaseValue,
                    column(intent.batch), column(IntentMessages.encode(intent.rows, intent.octets)),
                ]))
            return db.lastInsertedRowID
        }
    }

    func removeIntent(_ id: Intent.ID) throws {
        try ask { db in try db.run("DELETE FROM intent WHERE id = ?", [id]) }
    }
}
