// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Foundation
import PlatformHashes
import Secrets
import Support
import Testing
import Vocabulary

@testable import SQLDirectory

/// Each preset on its platform's tables, in a real server, by the rights that `platforms.md` says to grant.
@Suite(.timeLimit(.minutes(15)), .serialized) struct PresetTests {
    private let ann: EmailAddress
    private let domain: DomainName
    private static let hash = "$6$rounds=1000$salt$Qd9kyr0"

    init() throws {
        ann = try EmailAddress("ann@example.com")
        domain = try DomainName("example.com")
    }

    /// A server's databases of several platforms, one after the other, each with a user who may no more than is granted.
    private func each(
        _ all: [PlatformTables], isNarrow: Bool = false,
        _ body: (PlatformTables, SQLPreset, SQLDirectory, _ sql: (String) async throws -> [String]) async throws -> Void
    ) async throws {
        guard let database = all.first?.database, database.isAvailable else { return }
        if database == .mariadb {
            let server = try await MariaDBServer()
            defer { server.stop() }
            for platform in all {
                try await server.sql("CREATE DATABASE \(platform.name) CHARACTER SET utf8mb4", in: "")
                for table in platform.tables { try await server.sql(table, in: platform.name) }
                try await server.sql("DROP USER mailmove; DROP USER IF EXISTS mailmove@localhost", in: "")
                try await server.sql(grant(platform, isNarrow: isNarrow), in: platform.name)
                try await server.sql("CREATE USER IF NOT EXISTS mailmove", in: "")
                let url = "mysql://mailmove@/\(platform.name)?socket=\(server.socket)"
                let (preset, directory) = try directory(platform, url, MariaDBServer.password)
                try await body(platform, preset, directory) { try await server.sql($0, in: platform.name) }
            }
        } else {
            let server = try await PostgreSQLServer()
            defer { server.stop() }
            var former: String?
            for platform in all {
                try await server.sql("CREATE DATABASE \(platform.name)", in: "postgres")
                for table in platform.tables { try await server.sql(table, in: platform.name) }
                if let former { try await server.sql("DROP OWNED BY mailmove", in: former) }
                former = platform.name
                try await server.sql(
                    "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM mailmove; DROP ROLE mailmove")
                try await server.sql(grant(platform, isNarrow: isNarrow), in: platform.name)
                let url = "postgresql://mailmove@127.0.0.1:\(server.port)/\(platform.name)"
                let (preset, directory) = try directory(platform, url, PostgreSQLServer.password)
                try await body(platform, preset, directory) { try await server.sql($0, in: platform.name) }
            }
        }
    }

    private func directory(
        _ platform: PlatformTables, _ url: String, _ password: String
    ) throws -> (SQLPreset, SQLDirectory) {
        let preset = try #require(SQLPreset.named(platform.preset))
        return (preset, try SQLDirectory(SQLSettings(preset, url: url, password: Password(password), seconds: 30)))
    }

    /// What the page says to grant, as it stands there; only the password is another.
    private func grant(_ platform: PlatformTables, isNarrow: Bool) throws -> String {
        let page = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../clients/dovecot/platforms.md"), encoding: .utf8)
        let section = try #require(
            page.components(separatedBy: "\n## ").first { $0.contains("preset: \(platform.preset)") },
            "\(platform)")
        let label = platform.database == .mariadb ? "-- MariaDB\n" : "-- PostgreSQL\n"
        let start = try #require(section.firstRange(of: label)?.upperBound, "\(platform)")
        let end = section[start...].firstRange(of: "```")?.lowerBound ?? section.endIndex
        var text = section[start..<end].components(separatedBy: "-- ")[0]
        // Where a test wants it as narrow as it was.
        if isNarrow, let end = text.firstIndex(of: ";") { text = String(text[text.index(after: end)...]) }
        return text.replacing("'…'", with: "'\(MariaDBServer.password)'")
    }

    @Test(arguments: [AccountsDatabase.mariadb, .postgresql])
    func whatAPlatformHasIsReadAndRepaired(_ database: AccountsDatabase) async throws {
        try await each(PlatformTables.all(in: database)) { platform, preset, directory, sql in
            var accounts = [
                PlatformTables.Account("ann@example.com", Self.hash), .init("bob@example.com", Self.hash),
                .init("off@example.com", Self.hash, isActive: false), .init("eve@example.org", Self.hash),
            ]
            if platform.hasExternal { accounts.append(.init("ext@example.com", Self.hash, isExternal: true)) }
            for account in accounts {
                for statement in platform.adding(account) { _ = try await sql(statement) }
            }
            try await directory.connect()
            let entry = try #require(try await directory.lookup(ann, recorded: nil), "\(platform)")
            #expect(entry.hash == Self.hash && entry.isActive && !entry.isExternal, "\(platform)")
            #expect(entry.displayName == (platform.hasNames ? "Ann 安" : nil), "\(platform)")
            #expect(entry.quotaOctets == (platform.quotas ? PlatformTables.quota : nil), "\(platform)")
            #expect(try await directory.lookup(EmailAddress("off@example.com"), recorded: nil)?.isActive == false)
            for stranger in ["nobody@example.com", "änn@example.com", "ann@example.org"] {
                #expect(try await directory.lookup(EmailAddress(stranger), recorded: nil) == nil, "\(platform)")
            }
            if platform.hasExternal {
                #expect(try await directory.lookup(EmailAddress("ext@example.com"), recorded: nil)?.isExternal == true)
            }
            let listed = try await directory.list(domain, after: nil, limit: 99)
            #expect(
                Set(listed.map(\.address.localPart)).subtracting(["ext"]) == ["ann", "bob"], "\(platform): \(listed)")
            #expect(listed.first?.displayName == (platform.hasNames ? "Ann 安" : nil), "\(platform)")

            let (new, newer) = (try preset.hash.make(Password("old öf ann")), try preset.hash.make(Password("x")))
            #expect(try await directory.tryReplacement(of: ann, standing: Self.hash, by: new) == .sound, "\(platform)")
            let others = "SELECT * FROM \(platform.table) WHERE \(platform.address) <> '\(ann)' ORDER BY 1"
            let before = try await sql(others)
            for wrong in [Self.hash.uppercased(), newer] {
                #expect(try await directory.replace(ann, with: new, ifStill: wrong) == .changed, "\(platform)")
            }
            #expect(try await directory.replace(ann, with: new, ifStill: Self.hash) == .replaced, "\(platform)")
            let stored = try await sql("SELECT password FROM \(platform.table) WHERE \(platform.address) = '\(ann)'")
            #expect(stored == [new], "\(platform)")
            #expect(try PlatformHash(stored.first ?? "").matches(Password("old öf ann")))
            #expect(try await directory.replace(ann, with: newer, ifStill: Self.hash) == .changed, "\(platform)")
            #expect(try await sql(others) == before, "\(platform)")
        }
    }

    /// A change of the password is known by its time, whatever the database's time zone; a change of something else is
    /// none.
    @Test(arguments: [AccountsDatabase.mariadb, .postgresql])
    func whenAPasswordWasChangedIsKnownWhereThePlatformSaysSo(_ database: AccountsDatabase) async throws {
        try await each(PlatformTables.all(in: database).filter { $0.changes != nil }) {
            platform, _, directory, sql in
            // Far from here: what was written there a moment ago looks hours away.
            if database == .mariadb {
                _ = try await sql("SET GLOBAL time_zone = '+09:00'")
            } else {
                _ = try await sql("ALTER DATABASE \(platform.name) SET timezone = 'Asia/Tokyo'")
            }
            for statement in platform.adding(.init("ann@example.com", Self.hash)) { _ = try await sql(statement) }
            let created = try await directory.lookup(ann, recorded: nil)?.changedAt
            try await Task.sleep(for: .milliseconds(2100))
            let changes = try #require(platform.changes)
            _ = try await sql(changes.other.replacing("'$'", with: "'\(ann)'"))
            let other = try await directory.lookup(ann, recorded: nil)?.changedAt
            _ = try await sql(changes.password.replacing("'$'", with: "'\(ann)'"))
            let changed = try await directory.lookup(ann, recorded: nil)?.changedAt
            guard platform.preset != "postfixadmin" else {
                #expect(created == nil && changed == nil)
                return
            }
            let (first, second, third) = (
                try #require(created, "\(platform)"), try #require(other, "\(platform)"),
                try #require(changed, "\(platform)")
            )
            #expect(abs(second.seconds(since: first)) < 1, "\(platform): \(first), \(second)")
            #expect(third.seconds(since: second) > 1, "\(platform): \(second), \(third)")
            #expect(abs(Timestamp.now.seconds(since: third)) < 1800, "\(platform): \(third)")
        }
    }

    /// The documentation's column is too narrow: nobody's password is lost by that.
    @Test(arguments: [AccountsDatabase.mariadb, .postgresql])
    func aColumnThatIsTooNarrowIsFoundOut(_ database: AccountsDatabase) async throws {
        try await each([.dovecot(database)], isNarrow: true) { _, preset, directory, sql in
            let hash = "{SSHA}cGFzc3dvcmQ="
            for statement in PlatformTables.dovecot(database).adding(.init("ann@example.com", hash)) {
                _ = try await sql(statement)
            }
            let new = try preset.hash.make(Password("old of ann"))
            let trial = try? await directory.tryReplacement(of: ann, standing: hash, by: new)
            #expect(trial != .sound)
            _ = try? await directory.replace(ann, with: new, ifStill: hash)
            #expect(try await sql("SELECT password FROM users") == [hash])
        }
    }
}
