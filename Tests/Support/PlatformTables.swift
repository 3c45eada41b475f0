// SPDX-License-Identifier: Apache-2.0

/// The tables of accounts of known mail platforms: columns, types, defaults, collations and keys as each makes them, for
/// what reads accounts or writes passwords.
public struct PlatformTables: Sendable, CustomStringConvertible {
    public struct Account: Sendable {
        public var address: String
        public var hash: String
        public var name = "Ann 安"
        public var isActive = true
        public var isExternal = false

        public init(_ address: String, _ hash: String, isActive: Bool = true, isExternal: Bool = false) {
            self.address = address
            self.hash = hash
            self.isActive = isActive
            self.isExternal = isExternal
        }

        var localPart: String { String(address.prefix { $0 != "@" }) }
        var domain: String { String(address.drop { $0 != "@" }.dropFirst()) }
    }

    /// As `accounts.preset` names it.
    public var preset: String
    public var database: AccountsDatabase
    /// What the platform calls its database.
    public var name: String
    public var tables: [String]
    /// What it calls its table of accounts, and the columns of addresses and hashes.
    public var table: String
    public var address = "username"
    /// Whether it keeps names, quotas, whose password is checked elsewhere, when a password was changed.
    public var hasNames = true
    public var quotas: Bool = true
    public var hasExternal = false
    /// Statements with which the platform itself changes a password, and something else; `$` is the address.
    public var changes: (password: String, other: String)?
    var insert: @Sendable (Account) -> [String]

    public var description: String { "\(preset) in \(database)" }

    public func adding(_ account: Account) -> [String] { insert(account) }

    /// Of each account, in octets.
    public static let quota: Int64 = 3_221_225_472

    public static func all(in database: AccountsDatabase) -> [PlatformTables] {
        all.filter { $0.database == database }
    }

    public static let all = [
        mailcow, postfixadminInMySQL, postfixadmin, modoboaInMySQL, modoboa, iredmailInMySQL, iredmail, ispconfig,
        dovecot(.mariadb), dovecot(.postgresql),
    ]

    // MARK: mailcow: data/web/inc/init_db.inc.php, functions.mailbox.inc.php, functions.inc.php

    public static let mailcow = PlatformTables(
        preset: "mailcow", database: .mariadb, name: "mailcow",
        tables: [
            """
            CREATE TABLE mailbox (username VARCHAR(255) NOT NULL, password VARCHAR(255) NOT NULL, name VARCHAR(255),
            description VARCHAR(255), mailbox_path_prefix VARCHAR(150) DEFAULT '/var/vmail/',
            quota BIGINT(20) NOT NULL DEFAULT 102400, local_part VARCHAR(255) NOT NULL, domain VARCHAR(255) NOT NULL,
            attributes JSON, custom_attributes JSON NOT NULL DEFAULT ('{}'), kind VARCHAR(100) NOT NULL DEFAULT '',
            multiple_bookings INT NOT NULL DEFAULT -1,
            authsource ENUM('mailcow', 'keycloak', 'generic-oidc', 'ldap') DEFAULT 'mailcow',
            created DATETIME(0) NOT NULL DEFAULT NOW(0), modified DATETIME ON UPDATE CURRENT_TIMESTAMP,
            active TINYINT(1) NOT NULL DEFAULT 1, PRIMARY KEY (username), KEY domain (domain), KEY kind (kind))
            ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC
            """,
            """
            CREATE TABLE app_passwd (id INT NOT NULL AUTO_INCREMENT, name VARCHAR(255) NOT NULL,
            mailbox VARCHAR(255) NOT NULL, domain VARCHAR(255) NOT NULL, password VARCHAR(255) NOT NULL,
            created DATETIME(0) NOT NULL DEFAULT NOW(0), modified DATETIME ON UPDATE CURRENT_TIMESTAMP,
            imap_access TINYINT(1) NOT NULL DEFAULT 1, smtp_access TINYINT(1) NOT NULL DEFAULT 1,
            dav_access TINYINT(1) NOT NULL DEFAULT 1, eas_access TINYINT(1) NOT NULL DEFAULT 1,
            pop3_access TINYINT(1) NOT NULL DEFAULT 1, sieve_access TINYINT(1) NOT NULL DEFAULT 1,
            active TINYINT(1) NOT NULL DEFAULT 1, PRIMARY KEY (id), KEY mailbox (mailbox))
            ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC
            """,
        ],
        table: "mailbox", hasExternal: true,
        changes: (
            """
            UPDATE mailbox SET password = '{BLF-CRYPT}$2y$10$theirs', attributes = JSON_SET(attributes,
            '$.force_pw_update', '0'), attributes = JSON_SET(attributes, '$.passwd_update', NOW())
            WHERE username = '$'
            """, "UPDATE mailbox SET quota = quota + 1024, name = 'Ann B.' WHERE username = '$'"
        ),
        insert: { account in
            [
                """
                INSERT INTO mailbox (username, password, name, quota, local_part, domain, attributes, authsource, active)
                VALUES ('\(account.address)', '\(account.hash)', '\(account.name)', \(quota), '\(account.localPart)',
                '\(account.domain)', '{"force_pw_update": "1", "tls_enforce_in": "0", "sogo_access": "1",
                "passwd_update": "0"}', '\(account.isExternal ? "keycloak" : "mailcow")', \(account.isActive))
                """,
                """
                UPDATE mailbox SET attributes = JSON_SET(attributes, '$.passwd_update', NOW())
                WHERE username = '\(account.address)'
                """,
            ]
        })

    // MARK: PostfixAdmin: public/upgrade.php, of which this is what all its steps come to

    private static func postfixadmin(_ database: AccountsDatabase, _ tables: [String]) -> PlatformTables {
        PlatformTables(
            preset: "postfixadmin", database: database, name: "postfix", tables: tables, table: "mailbox",
            changes: (
                "UPDATE mailbox SET password = '$6$theirs', modified = NOW() WHERE username = '$'",
                "UPDATE mailbox SET quota = quota + 1024, modified = NOW() WHERE username = '$'"
            ),
            insert: { account in
                [
                    """
                    INSERT INTO mailbox (username, password, name, maildir, local_part, quota, domain, active, created,
                    modified) VALUES ('\(account.address)', '\(account.hash)', '\(account.name)',
                    '\(account.domain)/\(account.localPart)/', '\(account.localPart)', \(quota), '\(account.domain)',
                    '\(account.isActive ? 1 : 0)', NOW(), NOW())
                    """
                ]
            })
    }

    public static let postfixadminInMySQL = postfixadmin(
        .mariadb,
        [
            """
            CREATE TABLE mailbox (username VARCHAR(255) NOT NULL, password VARCHAR(255) NOT NULL,
            name VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL, maildir VARCHAR(255) NOT NULL,
            quota BIGINT(20) NOT NULL DEFAULT 0, local_part VARCHAR(255) NOT NULL, domain VARCHAR(255) NOT NULL,
            created DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
            modified DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', active TINYINT(1) NOT NULL DEFAULT 1,
            phone VARCHAR(30) CHARACTER SET utf8mb4 NOT NULL DEFAULT '', email_other VARCHAR(255) NOT NULL DEFAULT '',
            token VARCHAR(255) NOT NULL DEFAULT '', token_validity DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
            password_expiry DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', totp_secret VARCHAR(255) DEFAULT NULL,
            smtp_active TINYINT(1) NOT NULL DEFAULT 1, PRIMARY KEY (username), KEY domain (domain))
            ENGINE=InnoDB CHARACTER SET latin1 COLLATE latin1_general_ci
            """
        ])

    public static let postfixadmin = postfixadmin(
        .postgresql,
        [
            """
            CREATE TABLE domain (domain VARCHAR(255) NOT NULL PRIMARY KEY, description VARCHAR(255) NOT NULL DEFAULT '',
            active BOOLEAN NOT NULL DEFAULT true)
            """,
            "INSERT INTO domain VALUES ('example.com'), ('example.org')",
            """
            CREATE TABLE mailbox (username VARCHAR(255) NOT NULL, password VARCHAR(255) NOT NULL DEFAULT '',
            name VARCHAR(255) NOT NULL DEFAULT '', maildir VARCHAR(255) NOT NULL DEFAULT '',
            quota BIGINT NOT NULL DEFAULT 0, created TIMESTAMP WITH TIME ZONE DEFAULT now(),
            modified TIMESTAMP WITH TIME ZONE DEFAULT now(), active BOOLEAN NOT NULL DEFAULT true,
            domain VARCHAR(255) REFERENCES domain (domain), local_part VARCHAR(255) NOT NULL,
            phone VARCHAR(30) NOT NULL DEFAULT '', email_other VARCHAR(255) NOT NULL DEFAULT '',
            token VARCHAR(255) NOT NULL DEFAULT '', token_validity TIMESTAMP WITH TIME ZONE DEFAULT '2000-01-01',
            password_expiry TIMESTAMP WITH TIME ZONE DEFAULT '2000-01-01', totp_secret VARCHAR(255) DEFAULT NULL,
            smtp_active BOOLEAN NOT NULL DEFAULT true, CONSTRAINT mailbox_key PRIMARY KEY (username))
            """,
        ])

    // MARK: Modoboa: modoboa/core/migrations and modoboa/admin/migrations, as Django makes them of its models

    private static func modoboa(
        _ database: AccountsDatabase, key: String, truth: String, time: String
    ) -> PlatformTables {
        PlatformTables(
            preset: "modoboa", database: database, name: "modoboa",
            tables: [
                """
                CREATE TABLE core_user (id \(key), password VARCHAR(256) NOT NULL, last_login \(time),
                is_superuser \(truth) NOT NULL, username VARCHAR(254) NOT NULL UNIQUE, first_name VARCHAR(30) NOT NULL,
                last_name VARCHAR(30) NOT NULL, email VARCHAR(254) NOT NULL, is_staff \(truth) NOT NULL,
                is_active \(truth) NOT NULL, date_joined \(time) NOT NULL, is_local \(truth) NOT NULL,
                master_user \(truth) NOT NULL, language VARCHAR(10) NOT NULL, phone_number VARCHAR(128),
                secondary_email VARCHAR(254), totp_enabled \(truth) NOT NULL)
                """,
                "CREATE INDEX core_user_email_active ON core_user (email, is_active)",
                """
                CREATE TABLE admin_domain (id \(key), name VARCHAR(100) NOT NULL UNIQUE, quota INTEGER NOT NULL,
                default_mailbox_quota INTEGER NOT NULL, enabled \(truth) NOT NULL, type VARCHAR(20) NOT NULL)
                """,
                """
                CREATE TABLE admin_mailbox (id \(key), address VARCHAR(252) NOT NULL, quota INTEGER NOT NULL,
                use_domain_quota \(truth) NOT NULL, domain_id INTEGER NOT NULL, user_id INTEGER NOT NULL UNIQUE,
                is_send_only \(truth) NOT NULL)
                """,
                """
                INSERT INTO admin_domain (name, quota, default_mailbox_quota, enabled, type) VALUES
                ('example.com', 0, 0, true, 'domain'), ('example.org', 0, 0, true, 'domain')
                """,
            ],
            table: "core_user", quotas: false, hasExternal: true, changes: nil,
            insert: { account in
                [
                    """
                    INSERT INTO core_user (password, is_superuser, username, first_name, last_name, email, is_staff,
                    is_active, date_joined, is_local, master_user, language, totp_enabled) VALUES ('\(account.hash)',
                    false, '\(account.address)', 'Ann', '安', '\(account.address)', false, \(account.isActive), NOW(),
                    \(!account.isExternal), false, 'en', false)
                    """,
                    """
                    INSERT INTO admin_mailbox (address, quota, use_domain_quota, domain_id, user_id, is_send_only)
                    SELECT '\(account.localPart)', 3072, false, d.id, u.id, false FROM core_user u, admin_domain d
                    WHERE u.username = '\(account.address)' AND d.name = '\(account.domain)'
                    """,
                ]
            })
    }

    public static let modoboa = modoboa(
        .postgresql, key: "SERIAL PRIMARY KEY", truth: "BOOLEAN", time: "TIMESTAMP WITH TIME ZONE")
    public static let modoboaInMySQL = modoboa(
        .mariadb, key: "INT NOT NULL AUTO_INCREMENT PRIMARY KEY", truth: "BOOL", time: "DATETIME(6)")

    // MARK: iRedMail: samples/iredmail/iredmail.mysql and iredmail.pgsql; its switches for protocols are many more

    private static func iredmail(
        _ database: AccountsDatabase, truth: String, flag: String, time: String
    ) -> PlatformTables {
        let text = "VARCHAR(255) NOT NULL DEFAULT ''"
        return PlatformTables(
            preset: "iredmail", database: database, name: "vmail",
            tables: [
                """
                CREATE TABLE mailbox (username \(text), password \(text), name \(text),
                language VARCHAR(5) NOT NULL DEFAULT '', mailboxformat VARCHAR(50) NOT NULL DEFAULT 'maildir',
                mailboxfolder VARCHAR(50) NOT NULL DEFAULT 'Maildir', storagebasedirectory \(text), storagenode \(text),
                maildir \(text), quota BIGINT NOT NULL DEFAULT 0, domain \(text), transport \(text), department \(text),
                employeeid \(text), isadmin \(truth) DEFAULT 0, isglobaladmin \(truth) DEFAULT 0,
                enablesmtp \(truth) DEFAULT 1, enablepop3 \(truth) DEFAULT 1, enableimap \(truth) DEFAULT 1,
                enabledeliver \(truth) DEFAULT 1, enablesogo \(truth) DEFAULT 1,
                enablesogowebmail \(flag) NOT NULL DEFAULT 'y', allow_nets TEXT DEFAULT NULL, disclaimer TEXT,
                settings TEXT, passwordlastchange \(time), created \(time), modified \(time),
                expired \(time.prefix { $0 != " " }) NOT NULL DEFAULT '9999-12-31 00:00:00', active \(truth) DEFAULT 1,
                PRIMARY KEY (username))
                """,
                "CREATE INDEX mailbox_domain ON mailbox (domain)",
            ],
            table: "mailbox",
            changes: (
                "UPDATE mailbox SET password = '{SSHA512}theirs', passwordlastchange = NOW() WHERE username = '$'",
                "UPDATE mailbox SET quota = quota + 1024, modified = NOW() WHERE username = '$'"
            ),
            insert: { account in
                [
                    """
                    INSERT INTO mailbox (username, password, name, quota, domain, active, passwordlastchange, created)
                    VALUES ('\(account.address)', '\(account.hash)', '\(account.name)', \(quota / 1_048_576),
                    '\(account.domain)', \(account.isActive ? 1 : 0), NOW(), NOW())
                    """
                ]
            })
    }

    public static let iredmail = iredmail(
        .postgresql, truth: "INT2 NOT NULL", flag: "VARCHAR(1)",
        time: "TIMESTAMP WITHOUT TIME ZONE NOT NULL DEFAULT NOW()::TIMESTAMP WITHOUT TIME ZONE")
    public static let iredmailInMySQL = iredmail(
        .mariadb, truth: "TINYINT(1) NOT NULL", flag: "CHAR(1)",
        time: "DATETIME NOT NULL DEFAULT '1970-01-01 01:01:01'")

    // MARK: ISPConfig: install/sql/ispconfig3.sql

    public static let ispconfig = PlatformTables(
        preset: "ispconfig", database: .mariadb, name: "dbispconfig",
        tables: [
            """
            CREATE TABLE mail_user (mailuser_id INT(11) UNSIGNED NOT NULL AUTO_INCREMENT,
            sys_userid INT(11) UNSIGNED NOT NULL DEFAULT 0, sys_groupid INT(11) UNSIGNED NOT NULL DEFAULT 0,
            server_id INT(11) UNSIGNED NOT NULL DEFAULT 0, email VARCHAR(255) NOT NULL DEFAULT '',
            login VARCHAR(255) NOT NULL DEFAULT '', password VARCHAR(255) NOT NULL DEFAULT '',
            name VARCHAR(255) NOT NULL DEFAULT '', uid INT(11) NOT NULL DEFAULT 5000, gid INT(11) NOT NULL DEFAULT 5000,
            maildir VARCHAR(255) NOT NULL DEFAULT '', maildir_format VARCHAR(255) NOT NULL DEFAULT 'maildir',
            quota BIGINT(20) NOT NULL DEFAULT -1, homedir VARCHAR(255) NOT NULL DEFAULT '',
            autoresponder ENUM('n', 'y') NOT NULL DEFAULT 'n', move_junk ENUM('n', 'y') NOT NULL DEFAULT 'n',
            postfix ENUM('n', 'y') NOT NULL DEFAULT 'y', access ENUM('n', 'y') NOT NULL DEFAULT 'y',
            disableimap ENUM('n', 'y') NOT NULL DEFAULT 'n', disablepop3 ENUM('n', 'y') NOT NULL DEFAULT 'n',
            disabledeliver ENUM('n', 'y') NOT NULL DEFAULT 'n', disablesmtp ENUM('n', 'y') NOT NULL DEFAULT 'n',
            disabledoveadm ENUM('n', 'y') NOT NULL DEFAULT 'n', last_quota_notification DATE DEFAULT NULL,
            PRIMARY KEY (mailuser_id), KEY server_id (server_id, email), KEY email_access (email, access))
            ENGINE=InnoDB DEFAULT CHARSET=utf8
            """
        ],
        table: "mail_user", address: "email", changes: nil,
        insert: { account in
            [
                """
                INSERT INTO mail_user (server_id, email, login, password, name, quota, disableimap, disablepop3) VALUES
                (1, '\(account.address)', '\(account.address)', '\(account.hash)', '\(account.name)', \(quota),
                '\(account.isActive ? "n" : "y")', '\(account.isActive ? "n" : "y")')
                """
            ]
        })

    // MARK: Dovecot's documentation: the example in dovecot-sql.conf.ext

    public static func dovecot(_ database: AccountsDatabase) -> PlatformTables {
        PlatformTables(
            preset: "dovecot-sql", database: database, name: "mails",
            tables: [
                """
                CREATE TABLE users (username VARCHAR(128) NOT NULL, domain VARCHAR(128) NOT NULL,
                password VARCHAR(64) NOT NULL, home VARCHAR(255) NOT NULL, uid INTEGER NOT NULL,
                gid INTEGER NOT NULL, active CHAR(1) DEFAULT 'Y' NOT NULL)
                """
            ],
            table: "users", address: "CONCAT(username, '@', domain)", hasNames: false, quotas: false, changes: nil,
            insert: { account in
                [
                    """
                    INSERT INTO users VALUES ('\(account.localPart)', '\(account.domain)', '\(account.hash)',
                    '/home/\(account.localPart)', 1000, 1000, '\(account.isActive ? "Y" : "N")')
                    """
                ]
            })
    }
}
