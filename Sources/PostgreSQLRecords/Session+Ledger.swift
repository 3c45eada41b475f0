// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records
import Vocabulary

extension Session {
    func ledger(of account: AccountRecord.ID) throws -> [LedgerRow] {
        try ask {
            try all(
                "SELECT source, uniqueID, content, occurrence, octets, flags FROM ledger WHERE account = $1",
                [.integer(account)]
            ) { columns in
                let (source, uniqueID, content) = (
                    try columns.integer(), try columns.integer(), try columns.integer()
                )
                guard let occurrence = Int32(exactly: try columns.integer()) else {
                    throw Damage(detail: "the ledger of account \(account) holds an occurrence that is too large")
                }
                let octets = try columns.integer()
                let flags = LedgerFlags(rawValue: try columns.integer())
                return LedgerRow(
                    uniqueID: flags.contains(.uniqueID) ? uniqueID : nil, occurrence: occurrence, content: content,
                    octets: octets, source: source, deleted: flags.contains(.deleted),
                    isShared: flags.contains(.shared), isShown: flags.contains(.shown))
            }
        }
    }

    func insert(_ rows: [LedgerRow], for account: AccountRecord.ID) throws {
        guard !rows.isEmpty else { return }
        // No foreign key: a check for each row would cost more than the row.
        guard try hold(domainOf: account) else {
            throw RecordsError(
                code: .conflict, detail: "There is no account \(account) that messages could be moved to.")
        }
        try run(
            """
            INSERT INTO ledger (account, source, uniqueID, content, occurrence, octets, flags)
            SELECT $1, * FROM \(Self.rows)
            """, [.integer(account)] + values(rows))
    }

    func remove(_ rows: [LedgerRow], for account: AccountRecord.ID) throws {
        guard !rows.isEmpty else { return }
        try hold(domainOf: account)
        try run(
            """
            DELETE FROM ledger USING \(Self.rows) AS gone (source, uniqueID, content, occurrence, octets, flags)
            WHERE ledger.account = $1 AND ledger.source = gone.source AND ledger.uniqueID = gone.uniqueID
                AND ledger.content = gone.content AND ledger.occurrence = gone.occurrence
                AND ledger.octets = gone.octets AND ledger.flags = gone.flags
            """, [.integer(account)] + values(rows))
    }

    /// Rows as arrays of columns, from the second parameter on.
    private static let rows =
        "unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[], $7::smallint[])"

    private func values(_ rows: [LedgerRow]) -> [PostgreSQLValue] {
        [
            column(rows.lazy.map(\.source)), column(rows.lazy.map { $0.uniqueID ?? 0 }),
            column(rows.lazy.map(\.content)),
            column(rows.lazy.map { Int64($0.occurrence) }), column(rows.lazy.map(\.octets)),
            column(rows.lazy.map { LedgerFlags(of: $0).rawValue }),
        ]
    }

    func intents(of account: AccountRecord.ID?) throws -> [Intent] {
        try ask {
            let condition = account == nil ? "" : "WHERE account = $1"
            let read = { (columns: inout Columns) in
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
            let sql = "SELECT id, account, recordedAt, batch, messages FROM intent \(condition) ORDER BY id"
            // When all accounts are read, an intent that cannot be read holds up only its own account.
            guard let account else { return try sound(sql, [], read) }
            return try all(sql, [.integer(account)], read)
        }
    }

    func insert(_ intent: Intent) throws -> Intent.ID {
        try ask {
            guard intent.rows.count == intent.octets.count else {
                throw RecordsError(
                    code: .conflict,
                    detail: "An intent of account \(intent.account) names \(intent.rows.count) messages and "
                        + "\(intent.octets.count) sizes.")
            }
            try hold(domainOf: intent.account)
            let id = try changing(
                "INSERT INTO intent (account, recordedAt, batch, messages) VALUES ($1, $2, $3, $4) RETURNING id",
                [
                    .integer(intent.account), .integer(intent.recordedAt.milliseconds), .octets(intent.batch),
                    .octets(IntentMessages.encode(intent.rows, intent.octets)),
                ]
            ) { try $0.integer() }.first
            guard let id else { throw server.overtaken }
            return id
        }
    }

    func removeIntent(_ id: Intent.ID) throws { try run("DELETE FROM intent WHERE id = $1", [.integer(id)]) }

    func folders(of account: AccountRecord.ID) throws -> [FolderFigures] {
        try ask {
            let counts = try all(
                "SELECT source, count(*) FROM ledger WHERE account = $1 AND flags & 8::smallint = 0 GROUP BY source",
                [.integer(account)]
            ) { (try $0.integer(), try $0.integer()) }
            let moved = Dictionary(counts) { $1 }
            return try all(
                "SELECT source, path, target, use, remaining, moved, mark FROM folder WHERE account = $1 ORDER BY path",
                [.integer(account)]
            ) { columns in
                let folder = FolderRecord(
                    source: try columns.integer(), path: Self.levels(try columns.text()),
                    target: Self.levels(try columns.text()), specialUse: try columns.optionalWord(),
                    remaining: try columns.integer(), moved: try columns.integer(),
                    mark: try columns.optionalText().flatMap { FolderMark($0) })
                return FolderFigures(folder, moved: moved[folder.source] ?? 0)
            }
        }
    }

    private static func levels(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

    func put(_ folders: [FolderRecord], of account: AccountRecord.ID) throws {
        guard !folders.isEmpty else { return }
        try hold(domainOf: account)
        // A source that is named twice keeps what is said last.
        let folders = Dictionary(folders.map { ($0.source, $0) }) { $1 }.values.sorted { $0.source < $1.source }
        try run(
            """
            INSERT INTO folder (account, source, path, target, use, remaining, moved, mark)
            SELECT $1, * FROM unnest(
                $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[])
            ON CONFLICT (account, source) DO UPDATE SET
                path = excluded.path, target = excluded.target, use = excluded.use,
                remaining = excluded.remaining, moved = excluded.moved, mark = excluded.mark
            """,
            [
                .integer(account), column(folders.map(\.source)),
                column(folders.map { $0.path.joined(separator: "/") }),
                column(folders.map { $0.target.joined(separator: "/") }),
                column(folders.map { $0.specialUse?.rawValue }),
                column(folders.map(\.remaining)), column(folders.map(\.moved)),
                column(folders.map { $0.mark?.description }),
            ])
    }
}
