// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// A platform's own accounts in a real server, as a test's daemon and its Dovecot ask them.
enum AccountsBackend: String, CaseIterable, Sendable {
    /// mailcow's table, with rights by column as `platforms.md` grants them, and its preset.
    case mariadb
    /// A table of the administrator's own.
    case postgresql
    case ldap

    static var available: [AccountsBackend] {
        allCases.filter { backend in
            switch backend {
            case .mariadb: MariaDBServer.isAvailable
            case .postgresql: PostgreSQLServer.isAvailable
            case .ldap: LDAPServer.isAvailable
            }
        }
    }

    /// What is asked, set and stopped while it runs.
    struct Running: Sendable {
        /// The daemon's.
        var environment: [String: String]
        /// Dovecot's configuration of a passdb, with the file that it reads at `$FILE`, and that file.
        var driver: String
        var query: String
        var add: @Sendable (_ address: String, _ hash: String) async throws -> Void
        /// Many, with the same hash.
        var addAll: @Sendable (_ addresses: [String], _ hash: String) async throws -> Void = { _, _ in }
        var hash: @Sendable (_ address: String) async throws -> String
        /// As a user's own change of password would.
        var set: @Sendable (_ address: String, _ hash: String) async throws -> Void = { _, _ in }
        var stop: @Sendable () -> Void
        var start: @Sendable () async throws -> Void
        /// What the daemon asks gets no answer, or one again; Dovecot's own questions may.
        var hang: @Sendable (Bool) -> Void
    }

    /// Runs `body` with a fresh one. Its password for the daemon is in a file, as an administrator may have it.
    func running(_ body: (Running) async throws -> Void) async throws {
        let secret = "/var/tmp/mailmove-secret-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: secret) }
        func environment(_ password: String, _ more: [String: String]) throws -> [String: String] {
            try Data("\(password)\n".utf8).write(to: URL(filePath: secret))
            return ["MAILMOVE_ACCOUNTS_PASSWORD_FILE": secret].merging(more) { $1 }
        }
        switch self {
        case .mariadb:
            let server = try await MariaDBServer()
            defer { server.stop() }
            for table in PlatformTables.mailcow.tables { try await server.sql(table) }
            try await server.sql(
                """
                REVOKE ALL ON mail.* FROM mailmove; REVOKE ALL ON mail.* FROM mailmove@localhost;
                GRANT SELECT (username, password, active, authsource, name, quota, domain, kind, attributes),
                UPDATE (password, attributes) ON mail.mailbox TO mailmove@localhost;
                CREATE USER dovecot@localhost IDENTIFIED BY 'dove-Pass-1'; GRANT SELECT ON mail.* TO dovecot@localhost
                """)
            try await body(
                Running(
                    environment: environment(
                        MariaDBServer.password,
                        [
                            "MAILMOVE_ACCOUNTS_KIND": "sql", "MAILMOVE_ACCOUNTS_PRESET": "mailcow",
                            "MAILMOVE_ACCOUNTS_SQL_URL": server.url,
                        ]), driver: "sql",
                    query: """
                        driver = mysql
                        connect = host=\(server.socket) dbname=mail user=dovecot password=dove-Pass-1
                        default_pass_scheme = CRYPT
                        password_query = SELECT username AS user, password FROM mailbox WHERE username = '%u' AND active = 1
                        """,
                    add: { address, hash in
                        try await server.sql(
                            "INSERT INTO mailbox (username, password, local_part, domain, attributes) VALUES "
                                + "('\(address)', '\(hash)', 'x', 'example.com', '{\"force_pw_update\": \"1\"}')")
                    },
                    hash: {
                        try await server.sql("SELECT password FROM mailbox WHERE username = '\($0)'").first ?? ""
                    },
                    set: {
                        try await server.sql("UPDATE mailbox SET password = '\($1)' WHERE username = '\($0)'")
                    },
                    stop: { server.stop() }, start: { try await server.start() }, hang: { server.hang($0) }))
        case .postgresql:
            let server = try await PostgreSQLServer()
            defer { server.stop() }
            let line = try PostgreSQLProxy(to: server.port)
            defer { line.stop() }
            try await server.sql("CREATE TABLE people (address TEXT PRIMARY KEY, secret TEXT NOT NULL, off BOOLEAN)")
            try await body(
                Running(
                    environment: environment(
                        PostgreSQLServer.password,
                        [
                            "MAILMOVE_ACCOUNTS_KIND": "sql",
                            "MAILMOVE_ACCOUNTS_SQL_URL": "postgresql://mailmove@127.0.0.1:\(line.port)/mail",
                            "MAILMOVE_ACCOUNTS_SQL_LOOKUP":
                                "SELECT address, secret AS password, off IS NOT TRUE AS active FROM people WHERE address = :address",
                            "MAILMOVE_ACCOUNTS_SQL_REPLACE":
                                "UPDATE people SET secret = :password WHERE address = :address AND secret = :expected",
                            "MAILMOVE_ACCOUNTS_SQL_LIST":
                                "SELECT address FROM people WHERE address LIKE '%@' || :domain",
                        ]), driver: "sql",
                    query: """
                        driver = pgsql
                        connect = host=127.0.0.1 port=\(server.port) dbname=mail user=mailmove password=\(PostgreSQLServer.password)
                        default_pass_scheme = CRYPT
                        password_query = SELECT address AS user, secret AS password FROM people WHERE address = '%u'
                        """,
                    add: { address, hash in
                        try await server.sql("INSERT INTO people (address, secret) VALUES ('\(address)', '\(hash)')")
                    },
                    addAll: { addresses, hash in
                        let rows = addresses.map { "('\($0)', '\(hash)')" }.joined(separator: ", ")
                        try await server.sql("INSERT INTO people (address, secret) VALUES \(rows)")
                    },
                    hash: { try await server.sql("SELECT secret FROM people WHERE address = '\($0)'").first ?? "" },
                    stop: { server.stop() }, start: { try await server.start() }, hang: { line.freeze($0) }))
        case .ldap:
            let server = try await LDAPServer()
            defer { server.stop() }
            try await body(
                Running(
                    environment: environment(
                        LDAPServer.password,
                        [
                            "MAILMOVE_ACCOUNTS_KIND": "ldap", "MAILMOVE_ACCOUNTS_LDAP_URL": server.url,
                            "MAILMOVE_ACCOUNTS_LDAP_BIND_DN": LDAPServer.bindDN,
                            "MAILMOVE_ACCOUNTS_LDAP_BASE": LDAPServer.base,
                            "MAILMOVE_ACCOUNTS_LDAP_FILTER": "(&(objectClass=inetOrgPerson)(mail=%u))",
                        ]), driver: "ldap",
                    query: """
                        uris = \(server.url)
                        dn = \(LDAPServer.bindDN)
                        dnpass = \(LDAPServer.password)
                        base = \(LDAPServer.base)
                        auth_bind = no
                        pass_filter = (mail=%u)
                        pass_attrs = mail=user,userPassword=password
                        default_pass_scheme = CRYPT
                        """,
                    add: { try await server.add($0, [$1]) },
                    hash: { try await server.hashes(of: $0).first ?? "" },
                    stop: { server.stop() }, start: { try await server.start() }, hang: { server.hang($0) }))
        }
    }
}
