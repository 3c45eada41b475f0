// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records

/// The statements that write an account.
enum AccountRow {
    static let insertion = """
        INSERT INTO account (domain, address, \(AccountForm.written.joined(separator: ", ")))
        VALUES (\((1...(2 + AccountForm.written.count)).map { "$\($0)" }.joined(separator: ", ")))
        ON CONFLICT (domain, address) DO NOTHING RETURNING id
        """

    static let replacement = """
        UPDATE account SET \(AccountForm.written.enumerated().map { "\($1) = $\($0 + 2)" }.joined(separator: ", "))
        WHERE id = $1
        """

    static func insertionArguments(_ account: AccountRecord, domain: Int64) -> [PostgreSQLValue] {
        [.integer(domain), .text(account.address.key)] + values(account)
    }

    static func replacementArguments(_ account: AccountRecord) -> [PostgreSQLValue] {
        [.integer(account.id)] + values(account)
    }

    private static func values(_ account: AccountRecord) -> [PostgreSQLValue] {
        AccountForm.values(account).map(\.value)
    }
}
