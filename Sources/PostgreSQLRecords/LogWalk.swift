// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records
import Vocabulary

/// A walk through a domain's accounts that are not deleted, in one sort: each status is a range of the sort's index, and
/// PostgreSQL merges them.
struct LogWalk {
    let domain: Int64
    let sort: LogQuery.Sort
    let descending: Bool
    var search: String?
    var startedBy: TriggerOrigin?
    var needsAttention = false
    let after: LogPosition?

    /// Whether accounts are left out by what no index holds.
    var isFiltered: Bool { !(search ?? "").isEmpty || startedBy != nil }

    /// The next positions: one more than `limit`, if there are that many.
    func page(of statuses: Set<MigrationStatus>, limit: Int, in session: Session) throws -> [LogPosition] {
        var values = [PostgreSQLValue.integer(domain)]
        let condition = filter(&values)
        var place = ""
        let sign = descending ? "<" : ">"
        if let after {
            values.append(.text(after.address))
            let address = values.count
            if keyIsColumn {
                values.append(.integer(after.key))
                place = "AND (\(key), address) \(sign) ($\(values.count)::bigint, $\(address))"
            } else {
                place = "AND address \(sign) $\(address)"
            }
        }
        values.append(.integer(Int64(limit + 1)))
        let count = "$\(values.count)"
        let direction = descending ? "DESC" : "ASC"
        let ranges = statuses.sorted { $0.code < $1.code }.compactMap { status -> String? in
            var place = place
            if let after, sort == .status, after.key != status.code {
                if descending == (status.code > after.key) { return nil }
                // The parameter is used, whatever it says.
                place = "AND $\(values.count - 1)::text IS NOT NULL"
            }
            return """
                (SELECT id, \(key) AS key, address FROM account
                WHERE domain = $1 AND status = \(status.code) AND \(isCounted) \(condition) \(place)
                ORDER BY \(keyIsColumn ? "\(key) \(direction), " : "")address \(direction) LIMIT \(count))
                """
        }
        guard !ranges.isEmpty else { return [] }
        return try session.all(
            """
            SELECT id, key, address FROM (\(ranges.joined(separator: "\nUNION ALL\n"))) AS walk
            ORDER BY key \(direction), address \(direction) LIMIT \(count)
            """, values
        ) { columns in
            LogPosition(id: try columns.integer(), key: try columns.integer(), address: try columns.text())
        }
    }

    /// How many accounts of these statuses pass the filter, over all pages.
    func count(of statuses: Set<MigrationStatus>, in session: Session) throws -> Int64 {
        var values = [PostgreSQLValue.integer(domain)]
        let condition = filter(&values)
        let codes = statuses.map { String($0.code) }.joined(separator: ", ")
        return try session.first(
            "SELECT count(*) FROM account WHERE domain = $1 AND status IN (\(codes)) AND \(isCounted) \(condition)",
            values
        ) { try $0.integer() } ?? 0
    }

    private func filter(_ values: inout [PostgreSQLValue]) -> String {
        var condition = ""
        if let search, !search.isEmpty {
            values.append(.text(search.folded))
            // Not a pattern, so nothing needs escaping.
            condition += " AND (strpos(address, $\(values.count)) > 0 OR strpos(foldedName, $\(values.count)) > 0)"
        }
        if let startedBy {
            values.append(.text(startedBy.rawValue))
            condition += " AND startedBy = $\(values.count)"
        }
        return condition
    }

    private var keyIsColumn: Bool { sort != .account && sort != .status }

    private var key: String {
        switch sort {
        case .account: "0::bigint"
        case .status: "status::bigint"
        case .startedAt: "coalesce(startedAt, -9223372036854775807)"
        case .remaining: "remaining"
        case .lastTriggeredAt: "coalesce(lastTriggeredAt, -9223372036854775807)"
        }
    }

    /// What the indexes leave out.
    private var isCounted: String { needsAttention ? "attention = 1 AND deletedAt IS NULL" : "deletedAt IS NULL" }
}
