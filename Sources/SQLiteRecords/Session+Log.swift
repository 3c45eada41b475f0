// SPDX-License-Identifier: Apache-2.0

import GRDB
import RecordForms
import Records
import Vocabulary

/// Pages of a domain's accounts.
///
/// Each status is a range of the sort's index, so a page merges at most five walks, none longer than the page, whatever
/// statuses are asked for. An account without a time comes before all that have one; equal ones are sorted by address.
extension Session {
    func log(_ query: LogQuery) throws -> LogPage {
        let after = try query.cursor.map { try LogCursor($0, of: query) }
        return try ask { db in
            let totals = try self.totals(of: query.domain)
            let statuses = query.statuses.isEmpty ? Set(MigrationStatus.allCases) : query.statuses
            let filter = AccountFilter(search: query.search, startedBy: query.startedBy)
            guard let domain = try id(of: query.domain, in: db) else {
                return LogPage(entries: [], nextCursor: nil, total: 0, totals: totals)
            }
            let limit = max(1, query.limit)
            let walk = LogWalk(
                domain: domain, sort: query.sort, descending: query.descending, filter: filter,
                needsAttention: query.needsAttention, after: after?.position)
            let positions = try walk.page(of: statuses, limit: limit, in: db)
            var total: Int64 = 0
            let sums = query.needsAttention ? totals.attention : totals.counts
            for status in statuses {
                total += filter.isEmpty ? sums[status, default: 0] : try walk.count(of: status, in: db)
            }
            let page = positions.prefix(limit)
            return LogPage(
                entries: try page.compactMap { try soundRow($0.id, in: db) },
                nextCursor: positions.count > limit ? page.last.map { LogCursor(position: $0, of: query).text } : nil,
                total: total, totals: totals)
        }
    }

    func accounts(
        of domain: DomainName, search: String?, after cursor: EmailAddress?, limit: Int
    ) throws -> AccountRecordPage {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return AccountRecordPage(accounts: [], next: nil) }
            let after = cursor.map { LogPosition(id: 0, key: 0, address: $0.key) }
            let walk = LogWalk(
                domain: domain, sort: .account, descending: false,
                filter: AccountFilter(search: search, startedBy: nil), after: after)
            let limit = max(1, limit)
            let positions = try walk.page(of: Set(MigrationStatus.allCases), limit: limit, in: db)
            let page = positions.prefix(limit)
            let next = positions.count > limit ? page.last : nil
            return AccountRecordPage(
                accounts: try page.compactMap { try soundRow($0.id, in: db) },
                next: try next.map { try EmailAddress($0.address) })
        }
    }

    func hasAccounts(_ domain: DomainName) throws -> Bool {
        try ask { db in
            try db.first(
                "SELECT 1 FROM account INDEXED BY account_by_address "
                    + "WHERE domain = (SELECT id FROM domain WHERE name = ?) AND deletedAt IS NULL LIMIT 1",
                [domain.name]
            ) { try $0.integer() } != nil
        }
    }

    func completedAccounts() throws -> Int64 {
        try ask { db in
            try db.first("SELECT sum(accounts) FROM tally WHERE status = ?", [MigrationStatus.completed.code]) {
                try $0.optionalInteger() ?? 0
            } ?? 0
        }
    }

    func totals(of domain: DomainName) throws -> DomainTotals {
        try ask { db in
            var totals = DomainTotals()
            for status in MigrationStatus.allCases {
                totals.counts[status] = 0
                totals.attention[status] = 0
            }
            let sums = try db.all(
                """
                SELECT
                    status, accounts, moved, movedOctets, remaining, remainingOctets, unlisted, attention, paused,
                    pausedRemaining, pausedRemainingOctets
                FROM tally WHERE domain = (SELECT id FROM domain WHERE name = ?)
                """, [domain.name]
            ) { columns in
                let sum = DomainTotals(
                    counts: [try MigrationStatus(code: columns.integer()): try columns.integer()],
                    moved: try columns.integer(), movedOctets: try columns.integer(), remaining: try columns.integer(),
                    remainingOctets: max(0, try columns.integer()), unlisted: try columns.integer())
                return (
                    sum, attention: try columns.integer(), paused: try columns.integer(),
                    pausedRemaining: try columns.integer(), pausedOctets: max(0, try columns.integer())
                )
            }
            for (sum, attention, paused, pausedRemaining, pausedOctets) in sums {
                for (status, accounts) in sum.counts {
                    totals.counts[status] = accounts
                    totals.attention[status] = attention
                    if status != .nonMigrating { totals.unlisted += sum.unlisted }
                    guard status == .inProgress else { continue }
                    totals.underWay = DomainTotals.Remainder(
                        accounts: accounts - paused, messages: sum.remaining - pausedRemaining,
                        octets: max(0, sum.remainingOctets - pausedOctets))
                }
                totals.moved = totals.moved.addingSaturated(sum.moved)
                totals.movedOctets = totals.movedOctets.addingSaturated(sum.movedOctets)
                totals.remaining = totals.remaining.addingSaturated(sum.remaining)
                totals.remainingOctets = totals.remainingOctets.addingSaturated(sum.remainingOctets)
                totals.paused += paused
            }
            return totals
        }
    }
}
