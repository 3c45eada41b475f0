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
        let outcome = try await move.accounts.create(rows, onExisting: OnExisting(parameters.onExisting))
        return CreatedAccounts(
            created: outcome.created, updated: outcome.updated, passwordsKept: outcome.passwordsKept,
            skipped: outcome.skipped,
            rejected: outcome.rejected.map { rejection in
                CreatedAccounts.Rejection(
                    index: rejection.index, address: rejection.address,
                    reason: CreatedAccounts.Rejection.Reason(rejection.reason), detail: rejection.detail)
            })
    }
}

extension OnExisting {
    init(_ wish: CreateAccounts.OnExisting?) {
        switch wish {
        case nil, .skip?: self = .skip
        case .update?: self = .update
        case .fail?: self = .fail
        }
    }
}

extension CreatedAccounts.Rejection.Reason {
    fileprivate init(_ reason: CreationOutcome.Rejection.Reason) {
        switch reason {
        case .invalidAddress: self = .invalidAddress
        case .weakPassword: self = .weakPassword
        case .missingPassword: self = .missingPassword
        case .unsupportedHash: self = .unsupportedHash
        case .exists: self = .exists
        case .duplicateInRequest: self = .duplicateInRequest
        case .invalidRow: self = .invalidRow
        }
    }
}
