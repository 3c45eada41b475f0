// SPDX-License-Identifier: Apache-2.0

import GRDB
import Records
import Vocabulary

extension Session {
    func movedByHour(of domain: DomainName) throws -> [MovedInHour] {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return [] }
            return try db.integers(
                "SELECT hour, messages, octets FROM movedInHour WHERE domain = ? ORDER BY hour", [domain]
            ) { MovedInHour(hour: $0[0], messages: $0[1], octets: $0[2]) }
        }
    }

    func add(_ moved: MovedInHour, to domain: DomainName) throws {
        try ask { db in
            let domain = try added(domain, in: db)
            // Sums that overflow are capped, as in the tallies.
            let known = try db.first(
                """
                UPDATE movedInHour SET
                    messages = CAST(messages + ?3 AS INTEGER), octets = CAST(octets + ?4 AS INTEGER)
                WHERE domain = ?1 AND hour = ?2
                RETURNING hour
                """, [domain, moved.hour, moved.messages, moved.octets]
            ) { try $0.integer() }
            guard known == nil else { return }
            try db.run(
                "INSERT INTO movedInHour (domain, hour, messages, octets) VALUES (?, ?, ?, ?)",
                [domain, moved.hour, moved.messages, moved.octets])
            try db.run(
                """
                DELETE FROM movedInHour WHERE domain = ?1 AND hour < (
                    SELECT hour FROM movedInHour WHERE domain = ?1 ORDER BY hour DESC LIMIT 1 OFFSET ?2)
                """, [domain, MovedInHour.kept - 1])
        }
    }

    func failures(of domain: DomainName) throws -> [Reason: Int64] {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return [:] }
            let found = try db.all(
                """
                SELECT errorReason, count(*) FROM account INDEXED BY account_by_address
                WHERE domain = ? AND status = 3 AND deletedAt IS NULL GROUP BY errorReason
                """, [domain]
            ) { (try $0.optionalWord(Reason.self) ?? .interrupted, try $0.integer()) }
            return Dictionary(found, uniquingKeysWith: +)
        }
    }

    /// Looks at every account that has moved something: no index is kept for what is asked this seldom.
    func largestAccounts(of domain: DomainName, limit: Int) throws -> [AccountSize] {
        try ask { db in
            guard let domain = try id(of: domain, in: db) else { return [] }
            return try db.sound(
                """
                SELECT address, given, moved, movedOctets FROM account
                WHERE domain = ? AND deletedAt IS NULL AND moved > 0
                ORDER BY movedOctets DESC, address LIMIT ?
                """, [domain, limit], damaged: file.pass
            ) { AccountSize(address: try $0.address(), moved: try $0.integer(), movedOctets: try $0.integer()) }
        }
    }
}
