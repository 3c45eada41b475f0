// SPDX-License-Identifier: Apache-2.0

import GRDB
import RecordForms
import Records
import Vocabulary

/// Filters a walk by what no index holds.
struct AccountFilter {
    var condition = ""
    var arguments: [DatabaseValue] = []

    init(search: String?, startedBy: TriggerOrigin?) {
        if let search, !search.isEmpty {
            // Not a pattern, so nothing needs escaping.
            condition += " AND (instr(address, ?) > 0 OR instr(foldedName, ?) > 0)"
            arguments += [column(search.folded), column(search.folded)]
        }
        if let startedBy {
            condition += " AND startedBy = ?"
            arguments.append(column(startedBy.rawValue))
        }
    }

    var isEmpty: Bool { arguments.isEmpty }
}

/// A walk through a domain's accounts that are not deleted, in one sort.
struct LogWalk {
    let domain: Int64
    let sort: LogQuery.Sort
    let descending: Bool
    let filter: AccountFilter
    var needsAttention = false
    let after: LogPosition?

    /// The next positions: one more than `limit`, if there are that many.
    func page(of statuses: Set<MigrationStatus>, limit: Int, in db: Database) throws -> [LogPosition] {
        var positions: [LogPosition] = []
        for status in statuses {
            positions += try range(of: status, limit: limit + 1, in: db)
        }
        positions.sort { descending ? $1.precedes($0) : $0.precedes($1) }
        return Array(positions.prefix(limit + 1))
    }

    /// How many accounts of `status` pass the filter, over all pages.
    func count(of status: MigrationStatus, in db: Database) throws -> Int64 {
        let arguments = [domain.databaseValue, status.code.databaseValue] + filter.arguments
        return try db.first(
            """
            SELECT count(*) FROM account INDEXED BY \(indexes)_by_address
            WHERE domain = ? AND status = ? AND \(isCounted)\(filter.condition)
            """, StatementArguments(arguments)
        ) { try $0.integer() } ?? 0
    }

    /// The next positions within one status.
    private func range(of status: MigrationStatus, limit: Int, in db: Database) throws -> [LogPosition] {
        var arguments = [domain.databaseValue, status.code.databaseValue]
        var condition = filter.condition
        arguments += filter.arguments
        let sign = descending ? "<" : ">"
        if let after {
            switch sort {
            case .startedAt, .remaining, .lastTriggeredAt:
                condition += " AND (\(key), address) \(sign) (?, ?)"
                arguments += [after.key.databaseValue, after.address.databaseValue]
            case .status where after.key != status.code:
                if descending == (status.code > after.key) { return [] }
            case .account, .status:
                condition += " AND address \(sign) ?"
                arguments.append(after.address.databaseValue)
            }
        }
        let direction = descending ? "DESC" : "ASC"
        let order = keyIsColumn ? "\(key) \(direction), address \(direction)" : "address \(direction)"
        arguments.append(Int64(limit).databaseValue)
        return try db.all(
            """
            SELECT id, \(key), address FROM account INDEXED BY \(index)
            WHERE domain = ? AND status = ? AND \(isCounted)\(condition)
            ORDER BY \(order) LIMIT ?
            """, StatementArguments(arguments)
        ) { columns in
            LogPosition(id: try columns.integer(), key: try columns.integer(), address: try columns.text())
        }
    }

    private var keyIsColumn: Bool { sort != .account && sort != .status }

    private var key: String {
        switch sort {
        case .account: "0"
        case .status: "status"
        case .startedAt: "startedSort"
        case .remaining: "remaining"
        case .lastTriggeredAt: "triggeredSort"
        }
    }

    private var index: String {
        switch sort {
        case .account, .status: "\(indexes)_by_address"
        case .startedAt: "\(indexes)_by_start"
        case .remaining: "\(indexes)_by_remaining"
        case .lastTriggeredAt: "\(indexes)_by_trigger"
        }
    }

    /// One a sort: of all accounts, or of those that somebody has to look at.
    private var indexes: String { needsAttention ? "attention" : "account" }

    /// What the indexes leave out.
    private var isCounted: String { needsAttention ? "attention = 1 AND deletedAt IS NULL" : "deletedAt IS NULL" }
}
