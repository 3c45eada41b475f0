// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

/// Pages, sums and events.
extension MemoryTransaction {
    func log(_ query: LogQuery) throws -> LogPage {
        let statuses = query.statuses.isEmpty ? Set(MigrationStatus.allCases) : query.statuses
        var rows = present(query.domain).filter { row in
            statuses.contains(row.status) && row.matches(query.search)
                && (query.startedBy == nil || row.startedBy == query.startedBy)
                && (!query.needsAttention || row.needsAttention)
        }
        rows.sort { Position($0, query.sort) < Position($1, query.sort) }
        if query.descending { rows.reverse() }
        let total = Int64(rows.count)
        if let cursor = query.cursor {
            let after = try Position(cursor, of: query)
            rows.removeAll { row in
                let position = Position(row, query.sort)
                return query.descending ? position >= after : position <= after
            }
        }
        let page = Array(rows.prefix(max(1, query.limit)))
        let last = rows.count > page.count ? page.last : nil
        return LogPage(
            entries: page, nextCursor: last.map { Position($0, query.sort).cursor(of: query) }, total: total,
            totals: try totals(of: query.domain))
    }

    /// Where a row is in a sort.
    private struct Position: Comparable {
        var key: Int64
        var address: String

        init(_ row: AccountRecord, _ sort: LogQuery.Sort) {
            address = row.address.description
            key =
                switch sort {
                case .account: 0
                case .startedAt: row.startedAt?.milliseconds ?? .min
                case .status: Int64(MigrationStatus.allCases.firstIndex(of: row.status) ?? 0)
                case .remaining: row.remaining
                case .lastTriggeredAt: row.lastTriggeredAt?.milliseconds ?? .min
                }
        }

        init(_ cursor: String, of query: LogQuery) throws {
            let fields = cursor.split(separator: " ").map(String.init)
            guard fields.count == 5, fields[0] == query.domain.name, fields[1] == query.sort.rawValue,
                fields[2] == "\(query.descending)", let key = Int64(fields[3])
            else { throw InvalidCursor() }
            (self.key, address) = (key, fields[4])
        }

        func cursor(of query: LogQuery) -> String {
            "\(query.domain.name) \(query.sort.rawValue) \(query.descending) \(key) \(address)"
        }

        static func < (left: Position, right: Position) -> Bool {
            (left.key, left.address) < (right.key, right.address)
        }
    }

    func totals(of domain: DomainName) throws -> DomainTotals {
        var totals = DomainTotals()
        for status in MigrationStatus.allCases { (totals.counts[status], totals.attention[status]) = (0, 0) }
        for row in present(domain) {
            totals.counts[row.status, default: 0] += 1
            totals.moved += row.moved
            totals.movedOctets += row.movedOctets
            totals.remaining += row.remaining
            totals.remainingOctets += row.remainingOctets
            if row.status != .nonMigrating, row.runs == 0 { totals.unlisted += 1 }
            if row.needsAttention { totals.attention[row.status, default: 0] += 1 }
            if row.isPaused { totals.paused += 1 }
            guard row.status == .inProgress, !row.isPaused else { continue }
            totals.underWay.accounts += 1
            totals.underWay.messages += row.remaining
            totals.underWay.octets += row.remainingOctets
        }
        return totals
    }

    func events(_ query: EventQuery) throws -> EventPage {
        let after = try query.cursor.map { cursor in
            guard let id = Int64(cursor) else { throw InvalidCursor() }
            return id
        }
        let found = tables.events.filter { id, event in
            guard id > after ?? 0, event.at >= query.since ?? event.at else { return false }
            switch query.subject {
            case .account(let address): return event.account == address
            case .domain(let domain): return event.domain == domain
            }
        }
        let page = found.prefix(max(1, query.limit))
        return EventPage(
            events: page.map(\.event), nextCursor: found.count > page.count ? page.last.map { "\($0.id)" } : nil)
    }

    func append(_ event: EventRecord) throws {
        var event = event
        let fruitful = tables.events.last { $0.event.account == event.account && $0.event.isFruitful }?.id ?? 0
        let earlier = tables.events.lastIndex { id, other in
            event.likeness != nil && id > fruitful && other.account == event.account && other.kind == event.kind
                && other.via == event.via && other.reason == event.reason && other.likeness == event.likeness
        }
        if let earlier {
            let other = tables.events.remove(at: earlier).event
            event.count = other.count + 1
            event.since = other.since ?? other.at
        }
        tables.events.append((tables.nextID(), event))
        guard event.isIdle, event.kind == .completed else { return }
        for index in tables.events.indices
        where tables.events[index].id > fruitful && tables.events[index].event.account == event.account
            && tables.events[index].event.kind == .triggered
        {
            tables.events[index].event.isIdle = true
        }
    }

    func removeIdleEvents(before time: Timestamp) throws -> Bool {
        tables.events.removeAll { $0.event.isIdle && $0.event.at < time }
        return false
    }
}

extension EventRecord {
    fileprivate var isFruitful: Bool { kind == .completed && !isIdle }
}
