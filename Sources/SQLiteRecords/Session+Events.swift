// SPDX-License-Identifier: Apache-2.0

import GRDB
import RecordForms
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
            // `at` is in the index, so skipping rows before `since` reads none of them.
            let found = try db.all(
                """
                SELECT id, at, address, given, kind, via, reason, detail, idle, count, since FROM \(subject) AND id > ? AND at >= ?
                ORDER BY id LIMIT ?
                """,
                StatementArguments([
                    key, after.databaseValue, (query.since?.milliseconds ?? .min).databaseValue,
                    (limit + 1).databaseValue,
                ])
            ) { columns in
                let id = try columns.integer()
                var event = EventRecord(at: try columns.time(), domain: query.domain, kind: .created, detail: nil)
                event.account = try columns.optionalAddress()
                event.kind = try columns.word()
                event.via = try columns.optionalWord()
                event.reason = try columns.optionalWord()
                event.detail = try columns.optionalText()
                event.isIdle = try columns.integer() != 0
                event.count = Int(clamping: try columns.integer())
                event.since = try columns.optionalTime()
                return (id, event)
            }
            let page = found.prefix(limit)
            return EventPage(
                events: page.map { $0.1 },
                nextCursor: found.count > limit ? page.last.map { EventCursor(id: $0.0, of: query).text } : nil)
        }
    }

    func append(_ event: EventRecord) throws {
        try ask { db in
            let domain = try added(event.domain, in: db)
            let earlier = try repeated(event, in: db)
            // Under a new id, because events are listed by their latest times.
            if let earlier { try db.run("DELETE FROM event WHERE id = ?", [earlier.id]) }
            try db.run(
                """
                INSERT INTO event (at, domain, address, given, kind, via, reason, detail, idle, count, since, likeness)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    event.at.milliseconds, domain, event.key, event.account?.givenWhereNotKey,
                    event.kind.rawValue, event.via?.rawValue, event.reason?.rawValue, event.detail,
                    event.isIdle, (earlier?.count ?? 0) + 1, earlier?.since, event.likeness,
                ])
            if event.isIdle, event.kind == .completed { try markIdleTrigger(event, in: db) }
        }
        appended.append(event)
    }

    /// The row that the event repeats, since the account's last run that brought something.
    private func repeated(_ event: EventRecord, in db: Database) throws -> (id: Int64, count: Int64, since: Int64)? {
        guard let likeness = event.likeness else { return nil }
        let key = event.key
        return try db.first(
            """
            SELECT id, count, ifnull(since, at) FROM event INDEXED BY event_by_likeness
            WHERE address = ?1 AND likeness = ?2 AND kind = ?3 AND via IS ?4 AND reason IS ?5
                AND id > ifnull((
                    SELECT max(id) FROM event INDEXED BY event_fruitful
                    WHERE address = ?1 AND kind = 'completed' AND idle = 0), 0)
            ORDER BY id DESC LIMIT 1
            """, [key, likeness, event.kind.rawValue, event.via?.rawValue, event.reason?.rawValue]
        ) { (try $0.integer(), try $0.integer(), try $0.integer()) }
    }

    /// The trigger of a run that brought nothing is of no more interest than the run.
    private func markIdleTrigger(_ event: EventRecord, in db: Database) throws {
        try db.run(
            """
            UPDATE event SET idle = 1
            WHERE address = ?1 AND kind = 'triggered' AND idle = 0 AND id > ifnull((
                SELECT max(id) FROM event INDEXED BY event_fruitful
                WHERE address = ?1 AND kind = 'completed' AND idle = 0), 0)
            """, [event.key])
    }

    func removeIdleEvents(before time: Timestamp) throws -> Bool {
        try ask { db in
            let some = 1000
            let removed = try db.all(
                """
                DELETE FROM event WHERE id IN (
                    SELECT id FROM event INDEXED BY event_idle WHERE idle = 1 AND at < ? LIMIT ?)
                RETURNING id
                """, [time.milliseconds, some]
            ) { try $0.integer() }
            return removed.count == some
        }
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

extension EventQuery {
    fileprivate var domain: DomainName {
        switch subject {
        case .account(let address): address.domain
        case .domain(let domain): domain
        }
    }
}

extension EventRecord {
    /// The key that it is found under; a domain's own events belong to no account.
    fileprivate var key: String { account?.key ?? "" }
}
