// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostgreSQL
import Records
import Support
import Testing
import Vocabulary

@testable import PostgreSQLRecords

/// A new database of a real PostgreSQL, which as many nodes as a test wants may share.
struct SharedDatabase: Sendable {
    let server: PostgreSQLServer
    let name: String
    var url: String { server.url(of: name) }

    static func with(_ body: (SharedDatabase) async throws -> Void) async throws {
        let (server, name) = try await SharedPostgreSQL.shared.database()
        try await body(SharedDatabase(server: server, name: name))
    }

    func open(_ url: String? = nil, options: PostgreSQLRecords.Options = .init()) async throws -> PostgreSQLRecords {
        let library = try PostgreSQL()
        return try await PostgreSQLRecords.open(library, try library.place(of: url ?? self.url), options: options)
    }

    /// Records that nodes of these names have.
    func nodes(
        _ names: String..., seconds: Double = 30, through url: String? = nil,
        _ body: ([PostgreSQLRecords]) async throws -> Void
    ) async throws {
        var nodes: [PostgreSQLRecords] = []
        for name in names {
            let records = try await open(url)
            try await records.join(.test(name, seconds: seconds))
            nodes.append(records)
        }
        do {
            try await body(nodes)
        } catch {
            for node in nodes { await node.close() }
            throw error
        }
        for node in nodes { await node.close() }
    }
}

extension JoiningNode {
    static func test(
        _ name: String, seconds: Double = 30, sharesMail: Bool = true, key: [UInt8] = [1]
    ) -> JoiningNode {
        JoiningNode(name: name, version: "1", sharesMail: sharesMail, leaseSeconds: seconds, sealKeyPrint: key)
    }
}

let morning = Timestamp(milliseconds: 1_800_000_000_123)

func account(_ name: String) throws -> AccountRecord {
    AccountRecord(address: try EmailAddress("\(name)@example.org"), passwordHash: "{CRYPT}x", createdAt: morning)
}

extension Records {
    @discardableResult
    func create(_ account: AccountRecord) async throws -> AccountRecord {
        try #require(try await change(.address(account.address)) { _ in AccountEffects(account) })
    }

    /// One more run.
    func count(_ id: AccountRecord.ID) async throws {
        try await change(.id(id)) { facts in
            var effects = AccountEffects(facts.account)
            effects.account?.runs += 1
            return effects
        }
    }
}

func code(_ error: any Error) -> RecordsError.Code? { (error as? RecordsError)?.code }
