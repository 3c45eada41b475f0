// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records
import Vocabulary

extension Session {
    func events(_ query: EventQuery) throws -> EventPage {
        let after = try query.cursor.map { try EventCursor($0, of: query).id } ?? 0
        return try ask {
            let limit = max(1, query.limit)
            let subject: String
            let key: PostgreSQLValue
            let domain: DomainName
            switch query.subject {
            case .account(let address): (subject, key, domain) = ("address", .text(address.key), address.domain)
            case .domain(let its): (subject, key, domain) = ("domain", column(try id(of: its)), its)
            }
            let found = try all(
                """
                SELECT id, at, address, given, kind, via, reason, detail, idle, count, since FROM event
                WHERE \(subject) = $1 AND id > $2 AND at >= $3
                ORDER BY id LIMIT $4
                """, [key, .integer(after), .integer(query.since?.milliseconds ?? .min), .integer(Int64(limit + 1))]
            ) { columns in
                let id = try columns.integer()
                var event = EventRecord(at: try columns.time(), domain: domain, kind: .created, detail: nil)
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
        try ask {
            let domain = try added(event.domain)
            let earlier = try repeated(event)
            // Under a new id, because events are listed by their latest times.
            if let earlier { try run("DELETE FROM event WHERE id = $1", [.integer(earlier.id)]) }
            try run(
                """
                INSERT INTO event (at, domain, address, given, kind, via, reason, detail, idle, count, since, likeness)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                """,
                [
                    .integer(event.at.milliseconds), .integer(domain), .text(event.key),
                    column(event.account?.givenWhereNotKey), .text(event.kind.rawValue), column(event.via?.rawValue),
                    column(event.reason?.rawValue), column(event.detail), .integer(event.isIdle ? 1 : 0),
                    .integer((earlier?.count ?? 0) + 1), column(earlier?.since), column(event.likeness),
                ])
            if event.isIdle, event.kind == .completed { try markIdleTrigger(event) }
        }
        appended.append(event)
    }

    /// What comes before the account's last run that brought something repeats nothing.
    private static let sinceFruitful = """
        id > coalesce((
            SELECT max(id) FROM event WHERE address = $1 AND kind = 'completed' AND idle = 0), 0)
        """

    /// The row that the event repeats, since the account's last run that brought something.
    private func repeated(_ event: EventRecord) throws -> (id: Int64, count: Int64, since: Int64)? {
        guard let likeness = event.likeness else { return nil }
        return try first(
            """
            SELECT id, count, coalesce(since, at) FROM event
            WHERE address = $1 AND likeness = $2 AND kind = $3 AND via IS NOT DISTINCT FROM $4::text
                AND reason IS NOT DISTINCT FROM $5::text AND \(Self.sinceFruitful)
            ORDER BY id DESC LIMIT 1
            """,
            [
                .text(event.key), .integer(likeness), .text(event.kind.rawValue), column(event.via?.rawValue),
                column(event.reason?.rawValue),
            ]
        ) { (try $0.integer(), try $0.integer(), try $0.integer()) }
    }

    /// The trigger of a run that brought nothing is of no more interest than the run.
    private func markIdleTrigger(_ event: EventRecord) throws {
        try run(
            """
            UPDATE event SET idle = 1
            WHERE address = $1 AND kind = 'triggered' AND idle = 0 AND \(Self.sinceFruitful)
            """, [.text(event.key)])
    }

    func removeIdleEvents(before time: Timestamp) throws -> Bool {
        let some = 1000
        return try run(
            """
            DELETE FROM event WHERE id IN (
                SELECT id FROM event WHERE idle = 1 AND at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
            """, [.integer(time.milliseconds), .integer(Int64(some))]) == some
    }

    func failures() throws -> [GuessFailure] {
        try ask {
            try all("SELECT uptime, account, remoteAddress FROM guess ORDER BY uptime, id") { columns in
                GuessFailure(
                    uptime: try columns.integer(), account: try columns.text(),
                    remoteAddress: try columns.optionalText())
            }
        }
    }

    func insert(_ failure: GuessFailure) throws {
        try run(
            "INSERT INTO guess (uptime, account, remoteAddress) VALUES ($1, $2, $3)",
            [.integer(failure.uptime), .text(failure.account), column(failure.remoteAddress)])
    }

    func removeFailures(before uptime: Int64) throws {
        try run("DELETE FROM guess WHERE uptime < $1", [.integer(uptime)])
    }

    func restartFailures(at uptime: Int64) throws {
        try run("UPDATE guess SET uptime = 0 WHERE uptime > $1", [.integer(uptime)])
    }

    func removeFailures(ofAccount account: String) throws {
        try run("DELETE FROM guess WHERE account = $1", [.text(account)])
    }

    func value(_ name: String) throws -> [UInt8]? {
        try ask {
            // Who sets one has asked for it first.
            try hold(only: Lock.kept(name))
            return try first("SELECT value FROM kept WHERE name = $1", [.text(name)]) { try $0.octets() }
        }
    }

    func set(_ name: String, to value: [UInt8]) throws {
        try run(
            "INSERT INTO kept (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [.text(name), .octets(value)])
    }
}

extension EventRecord {
    /// The key that it is found under; a domain's own events belong to no account.
    fileprivate var key: String { account?.key ?? "" }
}
