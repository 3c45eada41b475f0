// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import Records
import Vocabulary

/// Where mail was moved to, and runs in progress.
extension Session {
    func mailbox(of account: AccountRecord.ID) throws -> MarkedMailbox? {
        try ask {
            try first("SELECT marker FROM mailbox WHERE account = $1", [.integer(account)]) {
                MarkedMailbox(marker: try $0.optionalText())
            }
        }
    }

    func runs(of account: AccountRecord.ID) throws -> [Int64: Int64] {
        try ask {
            let rows = try all("SELECT mark, last FROM namedRun WHERE account = $1", [.integer(account)]) {
                (try $0.integer(), try $0.integer())
            }
            return Dictionary(rows) { max($0, $1) }
        }
    }

    func hasMarkedMailboxes(of domain: DomainName?) throws -> Bool {
        try ask {
            let condition = domain == nil ? "" : "AND account.domain = (SELECT id FROM domain WHERE name = $1)"
            return try first(
                """
                SELECT 1 FROM account JOIN mailbox ON mailbox.account = account.id
                WHERE account.moved > 0 AND account.deletedAt IS NULL AND marker IS NOT NULL \(condition) LIMIT 1
                """, domain.map { [.text($0.name)] } ?? []
            ) { try $0.integer() } != nil
        }
    }

    func mark(_ account: AccountRecord.ID, as marker: String) throws {
        try run(
            """
            INSERT INTO mailbox (account, marker) VALUES ($1, $2)
            ON CONFLICT (account) DO UPDATE SET marker = excluded.marker
            WHERE mailbox.marker IS DISTINCT FROM excluded.marker
            """, [.integer(account), .text(marker)])
    }

    func unmark(_ account: AccountRecord.ID) throws {
        try run("UPDATE mailbox SET marker = NULL WHERE account = $1", [.integer(account)])
    }

    func note(_ runs: [Int64: Int64], of account: AccountRecord.ID) throws {
        guard !runs.isEmpty else { return }
        let runs = runs.sorted { $0.key < $1.key }
        try run(
            """
            INSERT INTO namedRun (account, mark, last) SELECT $1, * FROM unnest($2::bigint[], $3::bigint[])
            ON CONFLICT (account, mark) DO UPDATE SET last = greatest(namedRun.last, excluded.last)
            """, [.integer(account), column(runs.map(\.key)), column(runs.map(\.value))])
    }

    // MARK: Runs in progress

    func beginRun(of account: AccountRecord.ID, isSuspect: Bool) throws {
        try run(
            """
            INSERT INTO run (account, going, deaths, moved, node) SELECT id, $2, 0, moved, $3 FROM account WHERE id = $1
            ON CONFLICT (account) DO UPDATE SET going = excluded.going, node = excluded.node
            """, [.integer(account), .integer(isSuspect ? 2 : 1), .integer(Int64(server.node))])
    }

    func endRun(of account: AccountRecord.ID) throws {
        try run("DELETE FROM run WHERE account = $1", [.integer(account)])
    }

    func suspendRuns(of account: AccountRecord.ID?) throws {
        try run(
            "UPDATE run SET going = 0 WHERE node = $1 AND going > 0 AND ($2::bigint IS NULL OR account = $2)",
            [.integer(Int64(server.node)), column(account)])
    }

    /// The deaths of this node's own process.
    func chargeRuns() throws -> [RunDeaths] {
        try ask {
            let mine: [PostgreSQLValue] = [.integer(Int64(server.node))]
            let going = try all(
                "SELECT account, going FROM run WHERE node = $1 AND going > 0 ORDER BY account FOR UPDATE", mine
            ) { (account: try $0.integer(), going: try $0.integer()) }
            let most = going.map(\.going).max() ?? 0
            let charged = going.filter { $0.going == most }.map(\.account)
            if !charged.isEmpty {
                try run(
                    """
                    UPDATE run SET
                        deaths = CASE WHEN account.moved > run.moved THEN 1 ELSE deaths + 1 END, moved = account.moved
                    FROM account WHERE account.id = run.account AND run.account = ANY ($1::bigint[])
                    """, [column(charged)])
            }
            if !going.isEmpty { try run("UPDATE run SET going = 0 WHERE node = $1 AND going > 0", mine) }
            return try all("SELECT account, deaths FROM run WHERE node = $1 AND deaths > 1 ORDER BY account", mine) {
                columns in
                let account = try columns.integer()
                return RunDeaths(
                    account: account, deaths: Int(clamping: try columns.integer()), isCertain: charged == [account])
            }
        }
    }
}
