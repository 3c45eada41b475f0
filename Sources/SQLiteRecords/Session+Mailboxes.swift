// SPDX-License-Identifier: Apache-2.0

import GRDB
import RecordForms
import Records
import Vocabulary

extension Session {
    func mailbox(of account: AccountRecord.ID) throws -> MarkedMailbox? {
        try ask { db in
            try db.first("SELECT marker FROM mailbox WHERE account = ?", [account]) {
                MarkedMailbox(marker: try $0.optionalText())
            }
        }
    }

    func runs(of account: AccountRecord.ID) throws -> [Int64: Int64] {
        try ask { db in
            let rows = try db.integers("SELECT mark, last FROM namedRun WHERE account = ?", [account]) {
                ($0[0], $0[1])
            }
            return Dictionary(rows) { max($0, $1) }
        }
    }

    func hasMarkedMailboxes(of domain: DomainName?) throws -> Bool {
        try ask { db in
            let condition = domain == nil ? "" : "AND account.domain = (SELECT id FROM domain WHERE name = ?)"
            let arguments: StatementArguments = domain.map { [$0.name] } ?? []
            return try db.first(
                """
                SELECT 1 FROM account INDEXED BY account_moved CROSS JOIN mailbox ON mailbox.account = account.id
                WHERE account.moved > 0 AND account.deletedAt IS NULL AND marker IS NOT NULL \(condition) LIMIT 1
                """, arguments
            ) { try $0.integer() } != nil
        }
    }

    func mark(_ account: AccountRecord.ID, as marker: String) throws {
        try ask { db in
            try db.run(
                """
                INSERT INTO mailbox (account, marker) VALUES (?, ?)
                ON CONFLICT DO UPDATE SET marker = excluded.marker WHERE marker IS NOT excluded.marker
                """, [account, marker])
        }
    }

    func unmark(_ account: AccountRecord.ID) throws {
        try ask { db in try db.run("UPDATE mailbox SET marker = NULL WHERE account = ?", [account]) }
    }

    func note(_ runs: [Int64: Int64], of account: AccountRecord.ID) throws {
        try ask { db in
            try db.run(
                """
                INSERT INTO namedRun (account, mark, last) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET last = max(last, excluded.last)
                """, each: Array(runs)
            ) { run, bind in
                bind(account)
                bind(run.key)
                bind(run.value)
            }
        }
    }
}
