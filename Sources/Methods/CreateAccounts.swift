// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailMoveAPI

extension MethodTable {
    func createAccounts(_ parameters: CreateAccounts) async throws -> CreatedAccounts {
        let rows = parameters.accounts.map { row in
            AccountRow(
                address: row.address, password: row.password, passwordHash: row.passwordHash,
                displayName: row.displayName, quotaOctets: row.quotaOctets.map(Int64.init),
                problem: row.problem)
        }
        let outcome = try await move.accounts.create(rows, onExisting: parameters.onExisting ?? .skip)
        return CreatedAccounts(
            created: outcome.created, updated: outcome.updated, passwordsKept: outcome.passwordsKept,
            skipped: outcome.skipped,
            rejected: outcome.rejected.map { rejection in
                CreatedAccounts.Rejection(
                    index: rejection.index, address: rejection.address,
                    reason: rejection.reason, detail: rejection.detail)
            })
    }
}
