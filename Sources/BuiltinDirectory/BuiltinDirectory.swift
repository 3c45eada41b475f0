// SPDX-License-Identifier: Apache-2.0

public import AccountDirectory
public import Records
public import Secrets
public import Vocabulary

/// Passwords in the records of this program: logins are decided here.
public struct BuiltinDirectory: AccountDirectory {
    private let records: any Records
    private let now: @Sendable () -> Timestamp

    public init(records: any Records, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.records = records
        self.now = now
    }

    public var decidesLogins: Bool { true }

    public var canCreate: Bool { true }

    public func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry? {
        if let recorded { return recorded }
        let row = try await asking { try await $0.account(address) }
        return row.flatMap { row in
            row.deletedAt == nil
                ? DirectoryEntry(hash: row.passwordHash, displayName: row.displayName, quotaOctets: row.quotaOctets)
                : nil
        }
    }

    public func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool {
        throw DirectoryError("every account here has a hash")
    }

    public func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement {
        let changes = try await asking { records in
            try await records.change([.address(address)]) { _, facts -> (AccountEffects?, Replacement) in
                guard var account = facts.account else { return (nil, .absent) }
                guard account.passwordHash == expected else { return (nil, .changed) }
                account.passwordHash = hash
                account.revision += 1
                return (AccountEffects(account), .replaced)
            }
        }
        return changes.first?.verdict ?? .absent
    }

    public func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool {
        let now = now()
        let created = try await asking { records in
            try await records.change(.address(address)) { facts in
                guard facts.row == nil else { return nil }
                var account = AccountRecord(address: address, passwordHash: hash, createdAt: now)
                account.nonMigrating = facts.listedEvidence
                return AccountEffects(account, events: [EventRecord(at: now, account: address, kind: .created)])
            }
        }
        return created != nil
    }

    public func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount] {
        let page = try await asking { try await $0.accounts(of: domain, search: nil, after: cursor, limit: limit) }
        return page.accounts.map {
            DirectoryAccount(address: $0.address, displayName: $0.displayName, quotaOctets: $0.quotaOctets)
        }
    }

    public func flush(_ address: EmailAddress) async {}

    private func asking<Result>(
        _ question: (any Records) async throws -> Result
    ) async throws(DirectoryError) -> Result {
        do {
            return try await question(records)
        } catch {
            throw DirectoryError("\(error)")
        }
    }
}
