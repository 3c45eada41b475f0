// SPDX-License-Identifier: Apache-2.0

public import PlatformHashes

/// The statements and the form of hashes of a known platform (`accounts.preset`). Each can be set over.
public struct SQLPreset: Sendable, Hashable {
    public var name: String
    public var lookup: String
    public var replace: String
    public var list: String
    public var hash: HashStyle
    /// Whether `lookup` gives the address, so that it is found by an index, whatever its collation, and compared here.
    public var givesAddress = true

    public static func named(_ name: String) -> SQLPreset? { all.first { $0.name == name } }

    public static let all = [mailcow, postfixadmin, modoboa, iredmail, ispconfig, dovecot]

    /// mailcow-dockerized, data/web/inc/init_db.inc.php (`mailbox`) and functions.mailbox.inc.php. Passwords of users of
    /// Keycloak, OIDC and LDAP are checked elsewhere (`authsource`). `passwd_update` is set with a password alone, while
    /// `modified` is set by each change of a row.
    private static let mailcow = SQLPreset(
        name: "mailcow",
        lookup: """
            SELECT username AS address, password, active = 1 AS active, authsource <> 'mailcow' AS external, name, quota, \
            JSON_VALUE(attributes, '$.passwd_update') AS changedAt, LOCALTIMESTAMP(6) AS now \
            FROM mailbox WHERE username = :address
            """,
        replace: """
            UPDATE mailbox SET password = :password, attributes = JSON_SET(attributes, '$.force_pw_update', '0', \
            '$.passwd_update', NOW()) WHERE username = :address AND authsource = 'mailcow' AND password = :expected
            """,
        list:
            "SELECT username AS address, name, quota FROM mailbox WHERE domain = :domain AND active = 1 AND kind = ''",
        hash: .bcrypt)

    /// PostfixAdmin, public/upgrade.php (`mailbox`); on MySQL and PostgreSQL. Its addresses ignore case and accents there.
    /// `modified` is set by each change of a mailbox, be it its quota, so it says nothing of the password.
    private static let postfixadmin = SQLPreset(
        name: "postfixadmin",
        lookup: "SELECT username AS address, password, active, name, quota FROM mailbox WHERE username = :address",
        replace: """
            UPDATE mailbox SET password = :password, modified = NOW() \
            WHERE username = :address AND password = :expected
            """,
        list: "SELECT username AS address, name, quota FROM mailbox WHERE domain = :domain AND active = '1'",
        hash: .bareSHA512)

    /// Modoboa, modoboa/core/models.py (`core_user`) and modoboa/admin/models (`admin_mailbox`, `admin_domain`). A scheme
    /// that it does not know, {CRYPT} too, counts as plain text to it. When a password was changed is not kept.
    private static let modoboa = SQLPreset(
        name: "modoboa",
        lookup: """
            SELECT u.email AS address, u.password, u.is_active AS active, NOT u.is_local AS external, \
            TRIM(CONCAT(u.first_name, ' ', u.last_name)) AS name FROM core_user u WHERE u.email = :address
            """,
        replace: "UPDATE core_user SET password = :password WHERE email = :address AND password = :expected",
        list: """
            SELECT u.email AS address, TRIM(CONCAT(u.first_name, ' ', u.last_name)) AS name FROM core_user u \
            JOIN admin_mailbox m ON m.user_id = u.id JOIN admin_domain d ON d.id = m.domain_id \
            WHERE d.name = :domain AND u.is_active
            """,
        hash: .sha512)

    /// iRedMail, samples/iredmail/iredmail.mysql and .pgsql (`vmail.mailbox`); quotas are MB. `passwordlastchange` is set
    /// with a password alone.
    private static let iredmail = SQLPreset(
        name: "iredmail",
        lookup: """
            SELECT username AS address, password, active, name, quota * 1048576 AS quota, \
            passwordlastchange AS changedAt, LOCALTIMESTAMP(6) AS now FROM mailbox WHERE username = :address
            """,
        replace: """
            UPDATE mailbox SET password = :password, passwordlastchange = NOW() \
            WHERE username = :address AND password = :expected
            """,
        list: """
            SELECT username AS address, name, quota * 1048576 AS quota FROM mailbox WHERE domain = :domain AND active = 1
            """,
        hash: .saltedSHA512)

    /// ISPConfig, install/sql/ispconfig3.sql (`mail_user`). What is written here is not replicated to its other servers.
    /// When a password was changed is not kept.
    private static let ispconfig = SQLPreset(
        name: "ispconfig",
        lookup: """
            SELECT email AS address, password, disableimap = 'n' OR disablepop3 = 'n' AS active, name, quota \
            FROM mail_user WHERE email = :address
            """,
        replace: "UPDATE mail_user SET password = :password WHERE email = :address AND password = :expected",
        list: """
            SELECT email AS address, name, quota FROM mail_user \
            WHERE email LIKE CONCAT('%@', :domain) AND (disableimap = 'n' OR disablepop3 = 'n')
            """,
        hash: .bareSHA512)

    /// The table of Dovecot's own documentation (AuthDatabase.SQL): `users(username, domain, password, active)`. Its
    /// password has 64 characters there, too few for a hash that is slow to guess with its scheme's name before it.
    private static let dovecot = SQLPreset(
        name: "dovecot-sql",
        lookup: """
            SELECT password, active = 'Y' AS active FROM users WHERE username = :localPart AND domain = :domain
            """,
        replace: """
            UPDATE users SET password = :password \
            WHERE username = :localPart AND domain = :domain AND password = :expected
            """,
        list: "SELECT username AS localpart FROM users WHERE domain = :domain AND active = 'Y'",
        hash: .sha512, givesAddress: false)
}
