// SPDX-License-Identifier: Apache-2.0

import Records

extension Session {
    func beginRun(of account: AccountRecord.ID, isSuspect: Bool) throws {
        try ask { db in
            try db.run(
                """
                INSERT INTO run (account, going, moved) SELECT id, ?, moved FROM account WHERE id = ?
                ON CONFLICT DO UPDATE SET going = excluded.going
                """, [isSuspect ? 2 : 1, account])
        }
    }

    func endRun(of account: AccountRecord.ID) throws {
        try ask { db in try db.run("DELETE FROM run WHERE account = ?", [account]) }
    }

    func suspendRuns(of account: AccountRecord.ID?) throws {
        try ask { db in try db.run("UPDATE run SET going = 0 WHERE account = ifnull(?, account)", [account]) }
    }

    func chargeRuns() throws -> [RunDeaths] {
        try ask { db in
            let most = try db.first("SELECT ifnull(max(going), 0) FROM run") { try $0.integer() } ?? 0
            let charged = Set(
                try db.all("SELECT account FROM run WHERE going > 0 AND going = ?", [most]) { try $0.integer() })
            try db.run(
                """
                UPDATE run SET
                    deaths = CASE WHEN account.moved > run.moved THEN 1 ELSE deaths + 1 END,
                    moved = account.moved
                FROM account WHERE account.id = run.account AND going > 0 AND going = ?
                """, [most])
            try db.run("UPDATE run SET going = 0")
            return try db.all("SELECT account, deaths FROM run WHERE deaths > 1 ORDER BY account") { columns in
                let account = try columns.integer()
                return RunDeaths(
                    account: account, deaths: Int(try columns.integer()),
                    isCertain: charged.count == 1 && charged.contains(account))
            }
        }
    }
}
