// SPDX-License-Identifier: Apache-2.0

import GRDB
import Records
import Vocabulary

extension Session {
    func events(_ query: EventQuery) throws -> EventPage {
        let after = try query.cursor.map { try EventCursor($0, of: query).id } ?? 0
        return try ask { db in
            let limit = max(1, query.limit)
            let subject: String
            let key: DatabaseValue
            switch query.subject {
            case .account(let address):
                subject = "event INDEXED BY event_by_address WHERE address = ?"
                key = address.key.databaseValue
            case .domain(let domain):
                subject = "event INDEXED BY event_by_domain WHERE domain = ?"
                key = try column(id(of: domain, in: db))
            }
            // `at` is in the index, so that skipping what came before `since` reads no row.
            let found = try db.all(
                """
                SELECT id, at, address, given, kind, via, reason, detail FROM \(subject) AND id > ? AND at >= ?
                ORDER BY id LIMIT ?
                """,
                StatementArguments([
                    key, after.databaseValue, (query.since?.milliseconds ?? .min).databaseValue,
                    (limit + 1).databaseValue,
                ])
            ) { columns in
                let id = try columns.integer()
                let at = try columns.time()
                let account = try columns.address()
                return (
                    id,
                    EventRecord(
                        at: at, account: account, kind: try columns.word(), via: try columns.optionalWord(),
                        reason: try columns.optionalWord(), detail: try columns.optionalText())
                )
            }
            let page = found.prefix(limit)
            return EventPage(
                events: page.map { $0.1 },
                nextCursor: found.count > limit ? page.last.map { EventCursor(id: $0.0, of: query).text } : nil)
        }
    }

    func append(_ event: EventRecord) throws {
        try ask { db in
            let domain = try added(event.account.domain, in: db)
            try db.run(
                """
                INSERT INTO event (at, domain, address, given, kind, via, reason, detail)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    event.at.milliseconds, domain, event.account.key, event.account.givenWhereNotKey,
                    event.kind.rawValue, event.via?.rawValue, event.reason?.rawValue, event.detail,
                ])
        }
        appended.append(event)
    }

    func failures() throws -> [GuessFailure] {
        try ask { db in
            try db.all("SELECT uptime, account, remoteAddress FROM guess ORDER BY uptime, id", []) { columns in
                GuessFailure(
                    uptime: try columns.integer(), account: try columns.text(),
                    remoteAddress: try columns.optionalText())
            }
        }
    }

    func insert(_ failure: GuessFailure) throws {
        try ask { db in
            try db.run(
                "INSERT INTO guess (uptime, account, remoteAddress) VALUES (?, ?, ?)",
                [failure.uptime, failure.account, failure.remoteAddress])
        }
    }

    func removeFailures(before uptime: Int64) throws {
        try ask { db in try db.run("DELETE FROM guess WHERE uptime < ?", [uptime]) }
    }

    func restartFailures(at uptime: Int64) throws {
        try ask { db in try db.run("UPDATE guess SET uptime = 0 WHERE uptime > ?", [uptime]) }
    }

    func removeFailures(ofAccount account: String) throws {
        try ask { db in try db.run("DELETE FROM guess WHERE account = ?", [account]) }
    }

    func value(_ name: String) throws -> [UInt8]? {
        try ask { db in try db.first("SELECT value FROM kept WHERE name = ?", [name]) { try $0.octets() } }
    }

    func set(_ name: String, to value: [UInt8]) throws {
        try ask { db in
            try db.run(
                "INSERT INTO kept (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                StatementArguments([name.databaseValue, column(value)]))
        }
    }
}
