// SPDX-License-Identifier: Apache-2.0

import Foundation
package import PostgreSQL
import PostgreSQLRecords
import RecordForms
import Records
import SQLiteRecords

/// Takes everything along from one node's SQLite into an empty PostgreSQL database.
///
/// 1. Whatever differs is copied, table by table in portions, the ledger account by account; a daemon may go on meanwhile.
/// 2. Once no daemon uses the file any more, the same again: little differs by then. A copy that was interrupted goes on
///    in the same way.
/// 3. All is compared. Then, and not before, nodes may use the database.
///
/// It blocks.
package struct RecordsCopy {
    /// What is left out, and how much was copied.
    package struct Summary: Sendable {
        package var rows = 0
        package var messages = 0
    }

    private let source: TableReader
    private let target: TableWriter
    private let path: String
    private let tell: (String) throws -> Void
    private static let portion = 500

    /// - Parameters:
    ///   - path: of SQLite's file.
    ///   - tell: called with what is going on, for people; what it throws ends the copy.
    /// - Throws: `RecordsError`.
    package init(
        path: String, to place: PostgreSQLPlace, _ library: PostgreSQL, tell: @escaping (String) throws -> Void
    ) throws {
        self.path = path
        self.tell = tell
        source = try TableReader(path: path)
        target = try TableWriter(library, place)
    }

    /// Copies all there is, waits until no daemon uses the file any more, copies what has changed, and compares.
    /// - Throws: `RecordsError`.
    package func run() throws -> Summary {
        var summary = Summary()
        var use = try ExclusiveUse(path: path)
        if use == nil {
            try copy(&summary)
            try tell(
                "a daemon uses \(path): stop it now (systemctl stop mailmoved.socket mailmoved-login.socket mailmoved); the "
                    + "rest is copied as soon as it has ended")
            while use == nil {
                usleep(500_000)
                use = try ExclusiveUse(path: path)
            }
        }
        try copy(&summary)
        try target.continueIdentities(of: Table.numbered)
        try compare()
        try target.finish()
        withExtendedLifetime(use) {}
        return summary
    }

    private func copy(_ summary: inout Summary) throws {
        for table in Table.all { summary.rows += try settle(table, with: nil, copies: true) }
        for (table, column) in Table.others { summary.rows += try settle(table, with: column, copies: true) }
        summary.messages += try settleLedger(copies: true)
        try copyGuesses()
    }

    private func compare() throws {
        var different = 0
        for table in Table.all { different += try settle(table, with: nil, copies: false) }
        for (table, column) in Table.others { different += try settle(table, with: column, copies: false) }
        different += try settleLedger(copies: false)
        guard different == 0 else {
            throw RecordsError(
                code: .corrupt,
                detail:
                    "\(different) rows differ in \(target.subject) and \(path) after they were copied; try again, and "
                    + "look at both servers' logs")
        }
    }

    // MARK: Tables

    /// Finds what differs, portion by portion in the order of the key, and copies it.
    /// - Parameter own: a column of PostgreSQL's alone.
    /// - Returns: how many rows differed.
    private func settle(_ table: Table, with own: String?, copies: Bool) throws -> Int {
        let names = table.columns.map(\.name).joined(separator: ", ")
        let key = table.key.joined(separator: ", ")
        let read = table.columns.map { $0.type == "bigint" ? "\($0.name)::bigint" : $0.name }.joined(separator: ", ")
        var last: [Cell]?
        var different = 0
        while true {
            let after = last.map { place in
                "AND (\(key)) > (\(place.indices.map { "?\($0 + 1)" }.joined(separator: ", ")))"
            }
            let rows = try source.rows(
                """
                SELECT \(names) FROM \(table.name) WHERE \(table.condition) \(after ?? "") ORDER BY \(key)
                LIMIT \(Self.portion)
                """, last ?? []
            ).map(\.withoutNUL)
            let isLast = rows.count < Self.portion
            let end = isLast ? nil : rows.last.map { row in table.places.map { row[$0] } }
            var bounds = "WHERE \(table.condition)"
            var values: [Cell] = []
            for (sign, place) in [(">", last), ("<=", end)] {
                guard let place else { continue }
                let parameters = place.indices.map { "$\(values.count + $0 + 1)" }.joined(separator: ", ")
                bounds += " AND (\(key)) \(sign) (\(parameters))"
                values += place
            }
            let there = try target.rows("SELECT \(read) FROM \(table.name) \(bounds)", values)
            different += try settle(table, own, rows, there, copies: copies)
            guard let end else { return different }
            last = end
        }
    }

    private func settle(
        _ table: Table, _ own: String?, _ rows: [[Cell]], _ there: [[Cell]], copies: Bool
    ) throws -> Int {
        func key(_ row: [Cell]) -> [Cell] { table.places.map { row[$0] } }
        let known = Dictionary(there.map { (key($0), $0) }) { $1 }
        let wanted = Set(rows.map(key))
        let changed = rows.filter { known[key($0)] != $0 }
        let gone = known.keys.filter { !wanted.contains($0) }
        guard copies, !changed.isEmpty || !gone.isEmpty else { return changed.count + gone.count }
        try target.transaction {
            for place in gone {
                let condition = table.key.enumerated().map { "\($1) = $\($0 + 1)" }.joined(separator: " AND ")
                try target.run("DELETE FROM \(table.name) WHERE \(condition)", place)
            }
            var columns = table.columns.map { (name: $0.name, type: $0.type) }
            var changed = changed
            var key = table.key
            if let own {
                columns.append((own, "integer"))
                changed = changed.map { $0 + [.integer(0)] }
                if own == "slot" { key.append(own) }
            }
            try target.put(changed, into: table.name, columns: columns, key: key)
        }
        return changed.count + gone.count
    }

    // MARK: The ledger

    /// Of an account's rows: how many there are, and sums over each column's halves, which tell different rows apart.
    private static func digest(_ cast: String) -> String {
        let halves = ["source", "uniqueID", "content", "octets"].flatMap { column in
            ["sum(\(column) & 4294967295)\(cast)", "sum((\(column) >> 32) & 4294967295)\(cast)"]
        }
        let products = "sum(((content & 65535) * (uniqueID & 65535) + (source & 65535) * (octets & 65535)))\(cast)"
        return (["count(*)"] + halves + ["sum(occurrence)\(cast)", "sum(flags)\(cast)", products])
            .joined(separator: ", ")
    }

    /// Account by account, where any row differs.
    private func settleLedger(copies: Bool) throws -> Int {
        var different = 0
        var last: Int64 = .min
        while true {
            let ids = try source.rows(
                "SELECT DISTINCT account FROM ledger WHERE account > ?1 ORDER BY account LIMIT \(Self.portion)",
                [.integer(last)]
            ).compactMap { row -> Int64? in if case .integer(let id)? = row.first { id } else { nil } }
            let end = ids.count < Self.portion ? Int64.max : ids.last ?? .max
            let bounds: [Cell] = [.integer(last), .integer(end)]
            let here = try source.rows(
                """
                SELECT account, \(Self.digest("")) FROM ledger WHERE account > ?1 AND account <= ?2 GROUP BY account
                """, bounds)
            let there = try target.rows(
                """
                SELECT account, \(Self.digest("::bigint")) FROM ledger WHERE account > $1 AND account <= $2
                GROUP BY account
                """, bounds)
            let known = Dictionary(there.map { ($0[0], $0) }) { $1 }
            let wanted = Set(here.map { $0[0] })
            let changed = here.filter { known[$0[0]] != $0 }.map { $0[0] } + known.keys.filter { !wanted.contains($0) }
            if copies {
                for account in changed { different += try copyLedger(of: account) }
            } else {
                different += changed.count
            }
            guard end < .max else { return different }
            last = end
        }
    }

    private func copyLedger(of account: Cell) throws -> Int {
        let table = Table.ledger
        let names = table.columns.map(\.name).joined(separator: ", ")
        let rows = try source.rows("SELECT \(names) FROM ledger WHERE account = ?1", [account])
        try target.transaction {
            try target.run("DELETE FROM ledger WHERE account = $1", [account])
            for start in stride(from: 0, to: rows.count, by: 10_000) {
                try target.put(
                    Array(rows[start..<min(start + 10_000, rows.count)]), into: table.name,
                    columns: table.columns.map { ($0.name, $0.type) }, key: table.key)
            }
        }
        return rows.count
    }

    // MARK: Guesses

    /// They count for minutes only, there by the database's clock.
    private func copyGuesses() throws {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        let rows = try source.rows(
            "SELECT ?1 - uptime, account, remoteAddress FROM guess WHERE uptime <= ?1 AND uptime > ?1 - 3600000",
            [.integer(now)])
        try target.transaction {
            try target.run("DELETE FROM attempt")
            for row in rows {
                try target.run(
                    """
                    INSERT INTO attempt (at, account, remoteAddress, isOpen)
                    VALUES (clock_timestamp() - $1::bigint * interval '1 millisecond', $2, $3, false)
                    """, row)
            }
        }
    }
}

extension [Cell] {
    /// As PostgreSQL keeps texts.
    fileprivate var withoutNUL: [Cell] {
        map { cell in
            if case .text(let text) = cell, text.utf8.contains(0) {
                return .text(text.replacing("\0", with: "\u{FFFD}"))
            }
            return cell
        }
    }
}
