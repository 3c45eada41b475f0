// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Records
import Synchronization
import Vocabulary

@testable import SQLiteRecords

/// A folder of its own for the duration of `body`.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = NSTemporaryDirectory() + "/records-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// New records, closed after `body`.
func withRecords<Result>(
    options: Options = Options(), _ body: (SQLiteRecords) async throws -> Result
) async throws -> Result {
    try await withFolder { folder in
        let records = try await SQLiteRecords.open(path: folder + "/mailmove.db", options: options)
        do {
            let result = try await body(records)
            await records.close()
            return result
        } catch {
            await records.close()
            throw error
        }
    }
}

extension SQLiteRecords {
    /// Runs SQL of the test's own within the writer's transaction; the first column of the first row, as text.
    @discardableResult
    func sql(_ sql: String) async throws -> String? {
        try await write { writer in
            guard let session = writer as? Session else { return nil }
            return try session.ask { db in try String.fetchOne(db, sql: sql) }
        }
    }
}

let example = domain("example.org")
let morning = Timestamp(milliseconds: 1_800_000_000_123)

func domain(_ name: String) -> DomainName {
    guard let domain = try? DomainName(name) else { fatalError("\(name) is no domain") }
    return domain
}

func address(_ text: String) -> EmailAddress {
    guard let address = try? EmailAddress(text) else { fatalError("\(text) is no address") }
    return address
}

func newAccount(_ text: String) -> AccountRecord {
    AccountRecord(address: address(text), passwordHash: "{CRYPT}$y$j9T$x", createdAt: morning)
}

func settings(
    _ name: String = "example.org", hasKnownAccounts: Bool = false, generation: Int64 = 1
) -> MigrationSettings {
    MigrationSettings(
        domain: domain(name), oldServer: OldServer(host: "192.0.2.1"), validDays: 30,
        hasKnownAccounts: hasKnownAccounts, autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(),
        enabledAt: morning, generation: generation, warnings: ["a warning"])
}

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }
}
