// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import RecordForms
import Records
import Vocabulary

/// The statements that write an account.
enum AccountRow {
    static let insertion = """
        INSERT INTO account (domain, address, \(AccountForm.written.joined(separator: ", "))) \
        VALUES (\(Array(repeating: "?", count: 2 + AccountForm.written.count).joined(separator: ", ")))
        """

    /// Columns that an index holds or depends on, as `replacement` expects them after SELECT, behind the address.
    static let indexed = [
        "deletedAt", "outcome", "nonMigrating", "startedAt", "lastTriggeredAt", "remaining", "intendedHash", "sealed",
    ]

    /// Where in ``AccountForm/written`` each of `indexed` is.
    private static let indexedPlaces = indexed.compactMap { AccountForm.written.firstIndex(of: $0) }

    /// One statement for each set of changed indexed columns, a bit each: it sets those, and every column without an
    /// index.
    private static let replacements: [String] = (0..<1 << indexed.count).map { changed in
        let set = AccountForm.written.filter { name in
            indexed.firstIndex(of: name).map { changed & 1 << $0 != 0 } ?? true
        }
        return "UPDATE account SET \(set.map { $0 + " = ?" }.joined(separator: ", ")) WHERE id = ?"
    }

    /// The statement that turns a row into `account`, where its indexed columns are now `old`. Unchanged ones are not
    /// set: SQLite rewrites every index whose columns a SET names, four of them for each message moved.
    static func replacement(
        by account: AccountRecord, of old: [DatabaseValue]
    ) -> (sql: String, arguments: StatementArguments) {
        var values = values(account)
        var changed = 0
        // Backwards, so that removing one does not move those still to be visited.
        for (bit, place) in indexedPlaces.enumerated().sorted(by: { $0.element > $1.element }) {
            if values[place] == old[bit] {
                values.remove(at: place)
            } else {
                changed |= 1 << bit
            }
        }
        values.append(account.id.databaseValue)
        return (replacements[changed], StatementArguments(values))
    }

    static func insertionArguments(_ account: AccountRecord, domain: Int64) -> StatementArguments {
        StatementArguments([domain.databaseValue, account.address.key.databaseValue] + values(account))
    }

    private static func values(_ account: AccountRecord) -> [DatabaseValue] {
        AccountForm.values(account).map(\.databaseValue)
    }
}

// Column values, nil as NULL.
func column(_ text: String?) -> DatabaseValue { text?.databaseValue ?? .null }
func column(_ number: Int64?) -> DatabaseValue { number?.databaseValue ?? .null }
func column(_ time: Timestamp?) -> DatabaseValue { time?.milliseconds.databaseValue ?? .null }
func column(_ octets: [UInt8]?) -> DatabaseValue { octets.map { Data($0).databaseValue } ?? .null }
