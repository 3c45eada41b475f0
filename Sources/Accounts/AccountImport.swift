// SPDX-License-Identifier: Apache-2.0

public import AccountFile
public import Secrets
public import Vocabulary

/// What came of an import.
public struct ImportOutcome: Sendable {
    public struct Rejection: Sendable {
        public enum Fault: Sendable {
            /// The row does not describe an account.
            case row(RowFault)
            /// The account cannot be created.
            case account(CreationOutcome.Rejection.Reason, detail: String)
        }

        /// The row's first line in the file.
        public var line: Int
        public var address: String
        public var fault: Fault
    }

    public var created = 0
    public var updated = 0
    public var passwordsKept = 0
    public var skipped = 0
    public var rejected: [Rejection] = []
    public var generated: [(address: EmailAddress, password: Password)] = []
}

extension AccountDesk {
    /// Creates the accounts of a file.
    ///
    /// - Parameters: as for ``create(_:onExisting:dryRun:generatingPasswords:)``.
    /// - Throws: as that method; ``AccountFileError``.
    public func importAccounts(
        from file: AccountFile, onExisting: OnExisting, dryRun: Bool, generatingPasswords: Bool
    ) async throws -> ImportOutcome {
        var file = file
        var outcome = ImportOutcome()
        var rows: [AccountRow] = []
        var lines: [Int] = []
        var read = 0
        while let entry = try file.next() {
            switch entry {
            case .row(let row):
                rows.append(
                    AccountRow(
                        address: row.address, password: row.password, passwordHash: row.passwordHash,
                        displayName: row.displayName, quotaOctets: row.quotaOctets))
                lines.append(row.line)
            case .rejected(let row):
                outcome.rejected.append(.init(line: row.line, address: row.address, fault: .row(row.fault)))
            }
            read += 1
            // A long file must not hold up short requests.
            if read.isMultiple(of: 1000) { await Task.yield() }
        }
        let created = try await create(
            rows, onExisting: onExisting, dryRun: dryRun, generatingPasswords: generatingPasswords)
        outcome.created = created.created
        outcome.updated = created.updated
        outcome.passwordsKept = created.passwordsKept
        outcome.skipped = created.skipped
        outcome.generated = created.generated
        for rejection in created.rejected {
            outcome.rejected.append(
                .init(
                    line: lines[rejection.index], address: rejection.address,
                    fault: .account(rejection.reason, detail: rejection.detail)))
        }
        outcome.rejected.sort { $0.line < $1.line }
        return outcome
    }
}
