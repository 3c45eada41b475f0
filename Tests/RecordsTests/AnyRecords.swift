// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostgreSQL
import PostgreSQLRecords
import Records
import SQLiteRecords
import Support
import Vocabulary

/// Every conformer, new and empty.
enum RecordsKind: CaseIterable, Sendable {
    case memory, sqlite, postgreSQL

    static let allCases: [RecordsKind] =
        PostgreSQLServer.isAvailable ? [.memory, .sqlite, .postgreSQL] : [.memory, .sqlite]

    func with(_ body: (any Records) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(MemoryRecords())
        case .sqlite:
            let folder = NSTemporaryDirectory() + "/records-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let records = try await SQLiteRecords.open(path: folder + "/mailmove.db")
            do {
                try await body(records)
            } catch {
                await records.close()
                throw error
            }
            await records.close()
        case .postgreSQL: try await Databases.withRecords { try await body($0) }
        }
    }
}

enum Databases {
    static func withRecords(_ body: (PostgreSQLRecords) async throws -> Void) async throws {
        let (server, name) = try await SharedPostgreSQL.shared.database()
        let library = try PostgreSQL()
        let records = try await PostgreSQLRecords.open(library, try library.place(of: server.url(of: name)))
        do {
            try await body(records)
        } catch {
            await records.close()
            throw error
        }
        await records.close()
    }
}

/// What the tests write down.
struct Sample {
    let domain: DomainName
    let ann: EmailAddress
    let bob: EmailAddress
    let now = Timestamp(milliseconds: 1_800_000_000_000)

    init() throws {
        domain = try DomainName("example.org")
        ann = try EmailAddress("ann@example.org")
        bob = try EmailAddress("bob@example.org")
    }

    func account(_ address: EmailAddress, _ change: (inout AccountRecord) -> Void = { _ in }) -> AccountRecord {
        var account = AccountRecord(address: address, passwordHash: "{CRYPT}$y$j9T$x", createdAt: now)
        change(&account)
        return account
    }

    func settings(
        knowsAccounts: Bool = false, generation: Int64 = 1, host: String = "192.0.2.1"
    ) -> MigrationSettings {
        MigrationSettings(
            domain: domain, oldServer: OldServer(host: host), validDays: 30, hasKnownAccounts: knowsAccounts,
            autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(), enabledAt: now,
            generation: generation, warnings: [])
    }

    func attempt(_ outcome: AttemptOutcome) -> PasswordAttempt {
        PasswordAttempt(at: now, via: .imap, outcome: outcome)
    }

    func event(_ kind: EventRecord.Kind, _ address: EmailAddress? = nil, detail: String? = nil) -> EventRecord {
        EventRecord(at: now, account: address ?? ann, kind: kind, detail: detail)
    }

    func row(_ content: Int64, octets: Int64 = 100) -> LedgerRow {
        LedgerRow(uniqueID: content, occurrence: 0, content: content, octets: octets, source: 7)
    }

    func intent(_ account: AccountRecord.ID, _ contents: [Int64]) -> Intent {
        Intent(
            account: account, recordedAt: now, batch: [1, 2], rows: contents.map { row($0) },
            octets: contents.map { _ in 90 })
    }
}

extension Records {
    @discardableResult
    func create(_ account: AccountRecord) async throws -> AccountRecord {
        guard let created = try await change(.address(account.address), { _ in AccountEffects(account) }) else {
            throw RecordsError(code: .conflict, detail: "\(account.address) was not created")
        }
        return created
    }
}

func isConflict(_ error: any Error) -> Bool { (error as? RecordsError)?.code == .conflict }
