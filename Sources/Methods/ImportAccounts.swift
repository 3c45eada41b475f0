// SPDX-License-Identifier: Apache-2.0

import AccountFile
import Accounts
import MailMoveAPI

extension MethodTable {
    func importAccounts(_ parameters: ImportAccounts) async throws -> ImportedAccounts {
        let file: AccountFile
        do {
            file = try parameters.data.withUnsafeBytes { try AccountFile($0, encoding: parameters.encoding) }
        } catch let error as AccountFileError {
            throw Violation(error)
        }
        let outcome: ImportOutcome
        do {
            outcome = try await move.accounts.importAccounts(
                from: file, onExisting: parameters.onExisting ?? .skip, dryRun: parameters.dryRun ?? false,
                generatingPasswords: parameters.generatePasswords ?? false)
        } catch let error as AccountFileError {
            throw Violation(error)
        }
        return ImportedAccounts(
            encoding: file.encoding, separator: file.separator.rawValue,
            header: file.columns.map { column in
                .init(name: column.name, meaning: column.meaning)
            },
            created: outcome.created, updated: outcome.updated, passwordsKept: outcome.passwordsKept,
            skipped: outcome.skipped,
            rejected: outcome.rejected.map { ImportedAccounts.Rejection($0, in: parameters.lang ?? .english) },
            generated: outcome.generated.map { .init(address: $0.address.description, password: $0.password) })
    }
}

extension Violation {
    init(_ error: AccountFileError) {
        switch error {
        case .unknownEncoding:
            self.init("encoding", "must be an encoding such as UTF-8, UTF-16, GB18030, BIG5 or WINDOWS-1252")
        case .notInEncoding(let name): self.init("data", "is not written in \(name)")
        case .encodingNotFound:
            self.init("data", "is neither UTF-8 nor UTF-16 nor GB18030; say in encoding what it is")
        case .empty: self.init("data", "has no rows")
        case .noAddressColumn:
            self.init(
                "data",
                "has no column of addresses; call it Email in its first row, and separate fields by , ; | or tab")
        case .ambiguousColumns(let meaning):
            self.init(
                "data",
                "has two columns of one name that mean \(meaning.rawValue); rename the one that does not count")
        case .nulInHeader: self.init("data", "has a NUL in its header")
        case .tooManyRows:
            self.init("data", "has over \(AccountFile.mostRows) rows; import it in parts")
        }
    }
}
