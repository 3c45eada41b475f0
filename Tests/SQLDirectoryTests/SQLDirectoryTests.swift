// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Foundation
import Secrets
import Support
import Testing
import Vocabulary

@testable import SQLDirectory

@Suite(.timeLimit(.minutes(15)), .serialized) struct SQLDirectoryTests {
    private let ann: EmailAddress
    private let domain: DomainName

    init() throws {
        ann = try EmailAddress("ann@example.com")
        domain = try DomainName("example.com")
    }

    private static let table = """
        CREATE TABLE users (address VARCHAR(255) PRIMARY KEY, password VARCHAR(255), name VARCHAR(255), quota BIGINT,
        active INT DEFAULT 1, external INT DEFAULT 0)
        """

    private func settings(_ url: String, _ password: Password?, _ change: (inout SQLSettings) -> Void = { _ in }) throws
        -> SQLSettings
    {
        var settings = try SQLSettings(
            url: url, lookup: "SELECT password, active, external, name, quota FROM users WHERE address = :address",
            replace: "UPDATE users SET password = :password WHERE address = :address AND password = :expected",
            list:
                "SELECT address, name, quota FROM users WHERE 'example.com' = :domain AND address LIKE '%@example.com'",
            create: "INSERT INTO users (address, password) VALUES (:address, :password)", password: password, seconds: 5
        )
        change(&settings)
        return settings
    }

    @Test(arguments: AccountsDatabase.available)
    func whatAnAccountIsLikeIsRead(_ database: AccountsDatabase) async throws {
        try await database.with([Self.table]) { url, password, sql, _ in
            _ = try await sql(
                """
                INSERT INTO users (address, password, name, quota, active, external) VALUES
                ('ann@example.com', '{A}1', '安 Ann', 1048576, 1, 0), ('off@example.com', '{A}1', NULL, NULL, 0, 0),
                ('ext@example.com', NULL, NULL, NULL, 1, 1)
                """)
            let directory = try SQLDirectory(settings(url, password))
            let entry = try await directory.lookup(ann, recorded: nil)
            #expect(entry == DirectoryEntry(hash: "{A}1", displayName: "安 Ann", quotaOctets: 1_048_576))
            #expect(try await directory.lookup(EmailAddress("off@example.com"), recorded: nil)?.isActive == false)
            let external = try await directory.lookup(EmailAddress("ext@example.com"), recorded: nil)
            #expect(external?.isExternal == true && external?.hash == nil)
            #expect(try await directory.lookup(EmailAddress("nobody@example.com"), recorded: nil) == nil)
            #expect(!directory.decidesLogins && directory.canCreate)
            let listed = try await directory.list(domain, after: nil, limit: 2).map(\.address.description)
            #expect(listed == ["ann@example.com", "ext@example.com"])
            let rest = try await directory.list(domain, after: EmailAddress("ext@example.com"), limit: 2)
            #expect(rest.map(\.address.description) == ["off@example.com"])
        }
    }

    /// Nothing of an address becomes part of a statement.
    @Test(arguments: AccountsDatabase.available)
    func addressesAreNoSQL(_ database: AccountsDatabase) async throws {
        try await database.with([Self.table]) { url, password, sql, _ in
            _ = try await sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}1')")
            let directory = try SQLDirectory(settings(url, password))
            for local in ["' or '1'='1", "x' --", "a\\'", "x;drop table users", "%", "_nn"] {
                guard let address = try? EmailAddress("\(local)@example.com") else { continue }
                #expect(try await directory.lookup(address, recorded: nil) == nil, "\(local)")
                #expect(try await directory.replace(address, with: "{B}", ifStill: "{A}1") == .absent)
            }
            #expect(try await sql("SELECT password FROM users") == ["{A}1"])
        }
    }

    /// What a collation finds equal is another account, and another hash.
    @Test(.enabled(if: MariaDBServer.isAvailable)) func collationsMakeNobodySomebodyElse() async throws {
        let tables = [Self.table + " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"]
        try await AccountsDatabase.mariadb.with(tables) { url, password, sql, _ in
            _ = try await sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}abc')")
            for givesAddress in [false, true] {
                let directory = try SQLDirectory(
                    settings(url, password) { settings in
                        guard givesAddress else { return }
                        settings.givesAddress = true
                        settings.lookup =
                            (try? NamedStatement(
                                "SELECT address, password FROM users WHERE address = :address", beginningWith: "SELECT"))
                            ?? settings.lookup
                    })
                let umlaut = try EmailAddress("änn@example.com")
                #expect(try await directory.lookup(umlaut, recorded: nil) == nil)
                #expect(try await directory.replace(umlaut, with: "{B}", ifStill: "{A}abc") == .absent)
                #expect(try await directory.replace(ann, with: "{B}", ifStill: "{A}ABC") == .changed)
                #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}abc")
            }
            #expect(try await sql("SELECT password FROM users") == ["{A}abc"])
        }
    }

    @Test(arguments: AccountsDatabase.available)
    func aDatabaseThatGoesAndComesBackIsAnErrorMeanwhile(_ database: AccountsDatabase) async throws {
        guard database != .sqlite else { return }
        try await database.with([Self.table]) { url, password, sql, server in
            _ = try await sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}1')")
            let directory = try SQLDirectory(settings(url, password))
            #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
            server.stop()
            let error = await #expect(throws: DirectoryError.self) { try await directory.lookup(ann, recorded: nil) }
            #expect(error?.detail.contains("db-Pass-1") == false)
            try await server.start()
            // The connection of before is gone, and a new one is made.
            #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
        }
    }

    /// Who asks a server that hangs hears of it long before the time for an answer is over; and once it goes on, it is asked
    /// again.
    @Test(.enabled(if: MariaDBServer.isAvailable)) func aServerThatHangsIsNotWaitedFor() async throws {
        let server = try await MariaDBServer()
        defer { server.stop() }
        try await server.sql(Self.table)
        try await server.sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}1')")
        try await isNotWaitedFor(server.url, MariaDBServer.password) { server.hang($0) }
    }

    /// The same for packets that get lost.
    @Test(.enabled(if: PostgreSQLServer.isAvailable)) func aLineThatSwallowsPacketsIsNotWaitedFor() async throws {
        let server = try await PostgreSQLServer()
        defer { server.stop() }
        try await server.sql(Self.table)
        try await server.sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}1')")
        let line = try PostgreSQLProxy(to: server.port)
        defer { line.stop() }
        try await isNotWaitedFor("postgresql://mailmove@127.0.0.1:\(line.port)/mail", PostgreSQLServer.password) {
            line.freeze($0)
        }
    }

    private func isNotWaitedFor(_ url: String, _ password: String, hang: (Bool) -> Void) async throws {
        let directory = try SQLDirectory(settings(url, Password(password)) { $0.seconds = 120 })
        let ann = ann
        #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
        hang(true)
        let start = ContinuousClock.now
        // More than there are connections.
        let refused = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { (try? await directory.lookup(ann, recorded: nil)) == nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused == 20 && .now - start < .seconds(60))
        hang(false)
        var found: DirectoryEntry?
        for _ in 0..<100 where found == nil {
            found = try? await directory.lookup(ann, recorded: nil)
        }
        #expect(found?.hash == "{A}1")
    }

    /// A pooler in transaction mode knows no settings of a session.
    @Test(.enabled(if: PostgreSQLServer.isAvailable && PgBouncer.isAvailable)) func aPoolerMayStandBetween()
        async throws
    {
        let server = try await PostgreSQLServer()
        defer { server.stop() }
        try await server.sql(Self.table)
        try await server.sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}1')")
        let pooler = try await PgBouncer(before: server)
        let directory = try SQLDirectory(
            settings("postgresql://mailmove@127.0.0.1:\(pooler.port)/mail", Password(PostgreSQLServer.password)))
        #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
        #expect(try await directory.tryReplacement(of: ann, standing: "{A}1", by: "{A}2") == .sound)
        #expect(try await directory.replace(ann, with: "{A}2", ifStill: "{A}1") == .replaced)
    }

    /// By `ssl-mode` as MySQL's own programs know it.
    @Test(.enabled(if: MariaDBServer.isAvailable)) func aLineToMySQLIsEncryptedAsTheURLSays() async throws {
        let (server, plain) = (try await MariaDBServer(tls: true), try await MariaDBServer(networking: true))
        defer {
            server.stop()
            plain.stop()
        }
        for server in [server, plain] {
            try await server.sql(Self.table)
            try await server.sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}1')")
        }
        try await server.sql("ALTER USER mailmove REQUIRE SSL")
        let password = Password(MariaDBServer.password)
        func opens(_ server: MariaDBServer, _ parameters: String, host: String = "127.0.0.1") async throws -> Bool {
            let url = "mysql://mailmove@\(host):\(server.port ?? 0)/mail\(parameters)"
            let directory = try SQLDirectory(settings(url, password))
            return (try? await directory.lookup(ann, recorded: nil))?.hash == "{A}1"
        }
        let own = "&ssl-ca=\(server.certificate)"
        for good in [
            "", "?ssl-mode=preferred", "?ssl-mode=REQUIRED", "?ssl-mode=verify_ca" + own,
            "?ssl-mode=VERIFY_IDENTITY" + own,
        ] {
            #expect(try await opens(server, good), "\(good)")
        }
        // Nobody has signed it but itself; it names another host; the user may not come without TLS.
        #expect(try await !opens(server, "?ssl-mode=verify-identity"))
        #expect(try await !opens(server, "?ssl-mode=verify-identity" + own, host: "127.0.0.2"))
        #expect(try await opens(server, "?ssl-mode=verify-ca" + own, host: "127.0.0.2"))
        // Who is trusted has not signed it.
        let foreign = "/var/tmp/mailmove-foreign-\(UUID().uuidString.prefix(8))"
        defer { for end in ["", ".key"] { try? FileManager.default.removeItem(atPath: foreign + end) } }
        let made = try await ProgramRun.output(
            of: "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2", "-keyout",
                foreign + ".key", "-out", foreign,
            ])
        #expect(made.status == 0, "\(made.output)")
        for mode in ["verify-ca", "verify-identity"] {
            #expect(try await !opens(server, "?ssl-mode=\(mode)&ssl-ca=\(foreign)"), "\(mode)")
        }
        #expect(try await !opens(server, "?ssl-mode=disabled"))
        for good in ["", "?ssl-mode=disabled"] { #expect(try await opens(plain, good)) }
        for wanted in ["?ssl-mode=required", "?ssl-mode=verify-ca" + own, "?ssl-mode=verify-identity" + own] {
            #expect(try await !opens(plain, wanted), "\(wanted)")
        }
    }

    @Test(arguments: AccountsDatabase.available)
    func aStatementThatIsWrongIsAnError(_ database: AccountsDatabase) async throws {
        try await database.with(["CREATE TABLE others (a INT)"]) { url, password, _, _ in
            let directory = try SQLDirectory(settings(url, password))
            let error = await #expect(throws: DirectoryError.self) { try await directory.lookup(ann, recorded: nil) }
            #expect(error?.detail.contains("users") == true)
        }
    }

    @Test func aFileThatIsMissingIsNotMade() async throws {
        let path = "/var/tmp/mailmove-no-such-\(UUID().uuidString).db"
        let directory = try SQLDirectory(settings("sqlite:\(path)", nil))
        await #expect(throws: DirectoryError.self) { try await directory.lookup(ann, recorded: nil) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: AccountsDatabase.available)
    func manyQuestionsAtOnceAreAnswered(_ database: AccountsDatabase) async throws {
        try await database.with([Self.table]) { url, password, sql, _ in
            _ = try await sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}1')")
            let directory = try SQLDirectory(settings(url, password))
            let ann = ann
            let found = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await directory.lookup(ann, recorded: nil)?.hash == "{A}1" }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(found == 200)
        }
    }

    /// Whether a replacement would work is found out, and nothing changes.
    @Test(arguments: AccountsDatabase.available)
    func aReplacementIsTriedAndTakenBack(_ database: AccountsDatabase) async throws {
        let tables = [Self.table, "CREATE TABLE narrow (address VARCHAR(255) PRIMARY KEY, password VARCHAR(16))"]
        try await database.with(tables) { url, password, sql, _ in
            for table in ["users", "narrow"] {
                _ = try await sql("INSERT INTO \(table) (address, password) VALUES ('ann@example.com', '{A}1')")
            }
            func trial(_ replace: String, table: String = "users") async throws -> ReplacementTrial {
                let settings = try SQLSettings(
                    url: url, lookup: "SELECT password FROM \(table) WHERE address = :address", replace: replace,
                    password: password, seconds: 5)
                return try await SQLDirectory(settings)
                    .tryReplacement(of: ann, standing: "{A}1", by: "{A}" + String(repeating: "x", count: 60))
            }
            let compared = "UPDATE users SET password = :password WHERE address = :address AND password = :expected"
            #expect(try await trial(compared) == .sound)
            let faulty = [
                // It compares nothing, and changes nobody.
                "UPDATE users SET password = :password WHERE address = :address AND :expected <> 'x'",
                "UPDATE users SET password = :password WHERE address = 'x' AND password = :expected",
            ]
            for statement in faulty {
                guard case .faulty = try await trial(statement) else {
                    Issue.record("this was taken for sound: \(statement)")
                    continue
                }
            }
            await #expect(throws: DirectoryError.self) {
                _ = try await trial("UPDATE users SET pasword = :password WHERE address = :expected")
            }
            if database != .sqlite {
                // A column that is too short: an error, or a hash that is cut off.
                let narrow = try? await trial(compared.replacing("users", with: "narrow"), table: "narrow")
                #expect(narrow != .sound)
            }
            for table in ["users", "narrow"] { #expect(try await sql("SELECT password FROM \(table)") == ["{A}1"]) }
        }
    }

    @Test(.enabled(if: MariaDBServer.isAvailable)) func tablesWithoutTransactionsAreTriedInPart() async throws {
        try await AccountsDatabase.mariadb.with([Self.table + " ENGINE=Aria"]) { url, password, sql, _ in
            _ = try await sql("INSERT INTO users (address, password) VALUES ('ann@example.com', '{A}1')")
            let directory = try SQLDirectory(settings(url, password))
            #expect(try await directory.tryReplacement(of: ann, standing: "{A}1", by: "{A}2") == .soundSoFar)
            #expect(try await sql("SELECT password FROM users") == ["{A}1"])
        }
    }

    @Test func timesAreReadAsDatabasesWriteThem() {
        let time = Timestamp("2026-11-30T14:05:00Z")
        #expect(Timestamp(databaseText: "1796047500") == time)
        #expect(Timestamp(databaseText: "2026-11-30 14:05:00+00") == time)
        #expect(Timestamp(databaseText: "2026-11-30 15:05:00.000+01") == time)
        #expect(Timestamp(databaseText: "2026-11-30T14:05:00Z") == time)
        #expect(Timestamp(databaseText: "2026-11-30 14:05:00") != nil)
        #expect(Timestamp(databaseText: "soon") == nil)
    }
}
