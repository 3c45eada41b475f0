// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

extension MemoryTransaction {
    func movedByHour(of domain: DomainName) throws -> [MovedInHour] {
        (tables.moved[domain.name] ?? [:]).values.sorted { $0.hour < $1.hour }
    }

    func add(_ moved: MovedInHour, to domain: DomainName) throws {
        var hours = tables.moved[domain.name] ?? [:]
        var sum = hours[moved.hour] ?? MovedInHour(hour: moved.hour, messages: 0, octets: 0)
        sum.messages = sum.messages.addingSaturated(moved.messages)
        sum.octets = sum.octets.addingSaturated(moved.octets)
        hours[moved.hour] = sum
        if hours.count > MovedInHour.kept, let first = hours.keys.min() { hours[first] = nil }
        tables.moved[domain.name] = hours
    }

    func failures(of domain: DomainName) throws -> [Reason: Int64] {
        present(domain).filter { $0.status == .failed }.reduce(into: [:]) { counts, row in
            counts[row.error?.reason ?? .interrupted, default: 0] += 1
        }
    }

    func largestAccounts(of domain: DomainName, limit: Int) throws -> [AccountSize] {
        let moved = present(domain).filter { $0.moved > 0 }
        let sorted = moved.sorted { ($1.movedOctets, $0.address) < ($0.movedOctets, $1.address) }
        return sorted.prefix(limit).map {
            AccountSize(address: $0.address, moved: $0.moved, movedOctets: $0.movedOctets)
        }
    }
}
