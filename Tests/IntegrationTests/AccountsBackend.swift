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
        var hash: @Sendable (_ address: String) async throws -> String
        var stop: @Sendable () -> Void
        var start: @Sendable () async throws -> Void
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
            try await server.sql(Self.mailcow)
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
                    stop: { server.stop() }, start: { try await server.start() }))
        case .postgresql:
            let server = try await PostgreSQLServer()
            defer { server.stop() }
            try await server.sql("CREATE TABLE people (address TEXT PRIMARY KEY, secret TEXT NOT NULL, off BOOLEAN)")
            try await body(
                Running(
                    environment: environment(
                        PostgreSQLServer.password,
                        [
                            "MAILMOVE_ACCOUNTS_KIND": "sql", "MAILMOVE_ACCOUNTS_SQL_URL": server.url,
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
                    hash: { try await server.sql("SELECT secret FROM people WHERE address = '\($0)'").first ?? "" },
                    stop: { server.stop() }, start: { try await server.start() }))
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
                    stop: { server.stop() }, start: { try await server.start() }))
        }
    }

    /// As data/web/inc/init_db.inc.php makes it.
    private static let mailcow = """
        CREATE TABLE mailbox (username VARCHAR(255) NOT NULL PRIMARY KEY, password VARCHAR(255) NOT NULL,
        name VARCHAR(255), quota BIGINT(20) NOT NULL DEFAULT 102400, local_part VARCHAR(255) NOT NULL,
        domain VARCHAR(255) NOT NULL, attributes JSON, kind VARCHAR(100) NOT NULL DEFAULT '',
        authsource ENUM('mailcow','keycloak','generic-oidc','ldap') DEFAULT 'mailcow',
        modified DATETIME ON UPDATE CURRENT_TIMESTAMP, active TINYINT(1) NOT NULL DEFAULT 1)
        ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
        """
}
