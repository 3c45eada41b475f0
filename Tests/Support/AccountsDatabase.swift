// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Secrets

/// A database with a table of accounts, and how it is asked.
public enum AccountsDatabase: String, CaseIterable, Sendable {
    case sqlite, postgresql, mariadb

    public var isAvailable: Bool {
        switch self {
        case .sqlite: FileManager.default.isExecutableFile(atPath: "/usr/bin/sqlite3")
        case .postgresql: PostgreSQLServer.isAvailable
        case .mariadb: MariaDBServer.isAvailable
        }
    }

    public static var available: [AccountsDatabase] { allCases.filter(\.isAvailable) }

    /// Runs `body` with a fresh one, in which `tables` were made.
    public func with(
        _ tables: [String],
        _ body: (_ url: String, _ password: Password?, _ sql: (String) async throws -> [String], _ server: Server)
            async throws -> Void
    ) async throws {
        switch self {
        case .sqlite:
            let file = "/var/tmp/mailmove-accounts-\(UUID().uuidString).db"
            defer { try? FileManager.default.removeItem(atPath: file) }
            func sql(_ text: String) async throws -> [String] {
                let (status, output) = try await ProgramRun.output(
                    of: "/usr/bin/sqlite3", ["-batch", "-separator", "\t", "-cmd", ".timeout 5000", file, text])
                guard status == 0 else { throw PostgreSQLServer.Failed(description: output) }
                return output.split(separator: "\n").map(String.init)
            }
            for table in tables { _ = try await sql(table) }
            try await body("sqlite:\(file)", nil, sql, Server(stop: {}, start: {}))
        case .postgresql:
            let server = try await PostgreSQLServer()
            defer { server.stop() }
            for table in tables { try await server.sql(table) }
            try await body(
                server.url, Password(PostgreSQLServer.password), { try await server.sql($0) },
                Server(stop: { server.stop() }, start: { try await server.start() }))
        case .mariadb:
            let server = try await MariaDBServer()
            defer { server.stop() }
            for table in tables { try await server.sql(table) }
            try await body(
                server.url, Password(MariaDBServer.password), { try await server.sql($0) },
                Server(stop: { server.stop() }, start: { try await server.start() }))
        }
    }

    public struct Server {
        public var stop: () -> Void
        public var start: () async throws -> Void
    }
}
