// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records
import Vocabulary

extension Session {
    func movedByHour(of domain: DomainName) throws -> [MovedInHour] {
        try ask {
            guard let domain = try id(of: domain) else { return [] }
            return try all(
                """
                SELECT hour, least(sum(messages), \(Int64.max))::bigint, least(sum(octets), \(Int64.max))::bigint
                FROM movedInHour WHERE domain = $1 GROUP BY hour ORDER BY hour DESC LIMIT $2
                """, [.integer(domain), .integer(MovedInHour.kept)]
            ) { MovedInHour(hour: try $0.integer(), messages: try $0.integer(), octets: try $0.integer()) }.reversed()
        }
    }

    func add(_ moved: MovedInHour, to domain: DomainName) throws {
        try ask {
            let domain = try added(domain)
            try run(
                """
                INSERT INTO movedInHour (domain, hour, slot, messages, octets) VALUES ($1, $2, mailmove_slot(), $3, $4)
                ON CONFLICT (domain, hour, slot) DO UPDATE SET
                    messages = movedInHour.messages + excluded.messages, octets = movedInHour.octets + excluded.octets
                """,
                [.integer(domain), .integer(moved.hour), .integer(moved.messages), .integer(moved.octets)])
            // Readers pass over what is too old; now and then it goes.
            guard moved.hour % 128 == 0 else { return }
            try run(
                """
                DELETE FROM movedInHour WHERE domain = $1 AND hour < (
                    SELECT hour FROM movedInHour WHERE domain = $1 GROUP BY hour ORDER BY hour DESC LIMIT 1 OFFSET $2)
                """, [.integer(domain), .integer(MovedInHour.kept - 1)])
        }
    }

    func failures(of domain: DomainName) throws -> [Reason: Int64] {
        try ask {
            guard let domain = try id(of: domain) else { return [:] }
            try takeTime()
            let found = try all(
                """
                SELECT errorReason, count(*) FROM account
                WHERE domain = $1 AND status = 3 AND deletedAt IS NULL GROUP BY errorReason
                """, [.integer(domain)]
            ) { (try $0.optionalWord(Reason.self) ?? .interrupted, try $0.integer()) }
            return Dictionary(found, uniquingKeysWith: +)
        }
    }

    /// Looks at every account that has moved something: no index is kept for what is asked this seldom.
    func largestAccounts(of domain: DomainName, limit: Int) throws -> [AccountSize] {
        try ask {
            guard let domain = try id(of: domain) else { return [] }
            try takeTime()
            return try sound(
                """
                SELECT address, given, moved, movedOctets FROM account
                WHERE domain = $1 AND deletedAt IS NULL AND moved > 0
                ORDER BY movedOctets DESC, address LIMIT $2
                """, [.integer(domain), .integer(Int64(limit))]
            ) { AccountSize(address: try $0.address(), moved: try $0.integer(), movedOctets: try $0.integer()) }
        }
    }
}
