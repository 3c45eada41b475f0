// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records
import Vocabulary

/// Pages of a domain's accounts, and its sums.
extension Session {
    func log(_ query: LogQuery) throws -> LogPage {
        let after = try query.cursor.map { try LogCursor($0, of: query) }
        return try ask {
            let totals = try self.totals(of: query.domain)
            let statuses = query.statuses.isEmpty ? Set(MigrationStatus.allCases) : query.statuses
            guard let domain = try id(of: query.domain) else {
                return LogPage(entries: [], nextCursor: nil, total: 0, totals: totals)
            }
            let limit = max(1, query.limit)
            let walk = LogWalk(
                domain: domain, sort: query.sort, descending: query.descending, search: query.search,
                startedBy: query.startedBy, needsAttention: query.needsAttention, after: after?.position)
            if walk.isFiltered { try takeTime() }
            let positions = try walk.page(of: statuses, limit: limit, in: self)
            let sums = query.needsAttention ? totals.attention : totals.counts
            let total =
                walk.isFiltered
                ? try walk.count(of: statuses, in: self) : statuses.reduce(0) { $0 + sums[$1, default: 0] }
            let page = positions.prefix(limit)
            return LogPage(
                entries: try rows(page.map(\.id)),
                nextCursor: positions.count > limit ? page.last.map { LogCursor(position: $0, of: query).text } : nil,
                total: total, totals: totals)
        }
    }

    func accounts(
        of domain: DomainName, search: String?, after cursor: EmailAddress?, limit: Int
    ) throws -> AccountRecordPage {
        try ask {
            guard let domain = try id(of: domain) else { return AccountRecordPage(accounts: [], next: nil) }
            let after = cursor.map { LogPosition(id: 0, key: 0, address: $0.key) }
            let walk = LogWalk(domain: domain, sort: .account, descending: false, search: search, after: after)
            let limit = max(1, limit)
            let positions = try walk.page(of: Set(MigrationStatus.allCases), limit: limit, in: self)
            let page = positions.prefix(limit)
            let next = positions.count > limit ? page.last : nil
            return AccountRecordPage(
                accounts: try rows(page.map(\.id)), next: try next.map { try EmailAddress($0.address) })
        }
    }

    func hasAccounts(_ domain: DomainName) throws -> Bool {
        try ask {
            try first(
                """
                SELECT 1 FROM account
                WHERE domain = (SELECT id FROM domain WHERE name = $1) AND deletedAt IS NULL LIMIT 1
                """, [.text(domain.name)]
            ) { try $0.integer() } != nil
        }
    }

    func completedAccounts() throws -> Int64 {
        try ask {
            try first("SELECT coalesce(sum(accounts), 0)::bigint FROM tally WHERE status = 2") { try $0.integer() } ?? 0
        }
    }

    func totals(of domain: DomainName) throws -> DomainTotals {
        try ask {
            var totals = DomainTotals()
            for status in MigrationStatus.allCases {
                totals.counts[status] = 0
                totals.attention[status] = 0
            }
            let sums = try all(
                """
                SELECT status, \(Self.sums) FROM tally
                WHERE domain = (SELECT id FROM domain WHERE name = $1) GROUP BY status
                """, [.text(domain.name)]
            ) { columns in
                let status = try MigrationStatus(code: columns.integer())
                let numbers = try (0..<10).map { _ in try columns.integer() }
                return (status, numbers)
            }
            for (status, sum) in sums {
                let (accounts, unlisted, attention, paused) = (sum[0], sum[1], sum[2], sum[3])
                totals.counts[status] = accounts
                totals.attention[status] = attention
                if status != .nonMigrating { totals.unlisted += unlisted }
                if status == .inProgress {
                    totals.underWay = DomainTotals.Remainder(
                        accounts: accounts - paused, messages: sum[6] - sum[8], octets: max(0, sum[7] - sum[9]))
                }
                totals.moved = totals.moved.addingSaturated(sum[4])
                totals.movedOctets = totals.movedOctets.addingSaturated(sum[5])
                totals.remaining = totals.remaining.addingSaturated(sum[6])
                totals.remainingOctets = totals.remainingOctets.addingSaturated(sum[7])
                totals.paused += paused
            }
            return totals
        }
    }

    /// Over all slots; a sum that does not fit ends at the largest number.
    private static let sums =
        [
            "accounts", "unlisted", "attention", "paused", "moved", "movedOctets", "remaining", "remainingOctets",
            "pausedRemaining", "pausedRemainingOctets",
        ].map { "greatest(0, least(sum(\($0)), \(Int64.max)))::bigint" }.joined(separator: ", ")
}
