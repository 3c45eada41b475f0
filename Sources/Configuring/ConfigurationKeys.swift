// SPDX-License-Identifier: Apache-2.0

extension ConfigurationKey {
    /// Every key there is, in the order of the manual; reading, checks and help have no other list.
    public static let all: [ConfigurationKey] = [
        .init(
            "mailStore.kind", .choice(), \.mailStore.kind, atReload: false,
            "where mail goes: into Maildirs, or into the platform's own IMAP server"),
        .init(
            "mailStore.maildir.path", .maildirTemplate, \.mailStore.maildirPath, atReload: false,
            "an account's Maildir: %u address, %n local part, %d domain, %% a percent sign"),
        .init(
            "mailStore.maildir.layout", .choice(), \.mailStore.maildirLayout, atReload: false,
            "how folders lie below a Maildir: .Sent.2024, or fs: Sent/2024; as Dovecot's LAYOUT"),
        .init(
            "mailStore.maildir.shared", .truth, \.mailStore.isMaildirShared, atReload: false,
            "whether all nodes reach the same Maildirs; else only one may use the database"),
        .init(
            "mailStore.folders.sent", .specialFolder, \.mailStore.sent, atReload: false,
            "the platform's folder for sent mail; / between levels"),
        .init(
            "mailStore.folders.drafts", .specialFolder, \.mailStore.drafts, atReload: false,
            "the platform's folder for drafts"),
        .init(
            "mailStore.folders.junk", .specialFolder, \.mailStore.junk, atReload: false,
            "the platform's folder for junk"),
        .init(
            "mailStore.folders.trash", .specialFolder, \.mailStore.trash, atReload: false,
            "the platform's folder for deleted mail"),
        .init(
            "mailStore.folders.archive", .specialFolder, \.mailStore.archive, atReload: false,
            "the platform's folder for archived mail"),
        .init(
            "mailStore.imap.address", .optional(.hostAndPort), \.mailStore.imap.address, atReload: false,
            "the platform's IMAP server"),
        .init(
            "mailStore.imap.security", .choice(), \.mailStore.imap.security, atReload: false,
            "how the connection to it is protected"),
        .init(
            "mailStore.imap.certificate.verify", .choice(), \.mailStore.imap.verify, atReload: false,
            "how its certificate is judged"),
        .init(
            "mailStore.imap.certificate.sha256", .optional(.fingerprint), \.mailStore.imap.sha256, atReload: false,
            "its certificate's SHA-256, for fingerprint"),
        .init(
            "mailStore.imap.masterUser", .optional(.line("a name without control characters", "NAME")),
            \.mailStore.imap.masterUser, atReload: false,
            "who may enter every mailbox there; the password is the credential imap-master"),
        .init(
            "mailStore.imap.userFormat", .userFormat, \.mailStore.imap.userFormat, atReload: false,
            "how the master user enters one: %u the account, %m the master user; authzid: SASL PLAIN with an identity to act as"
        ),
        .init(
            "mailStore.imap.masterPasswordFile", .optional(.path), \.mailStore.imap.masterPasswordFile, atReload: false,
            "the master user's password, where there is no credential imap-master"),
        .init(
            "mailStore.imap.connections", .integer(1...10_000), \.mailStore.imap.connections, atReload: false,
            "connections to it at once, of this node"),
        .init(
            "accounts.kind", .choice(), \.accounts.kind, atReload: false,
            "where accounts and passwords live: here (builtin), or in the platform's own SQL database, LDAP or API"),
        .init(
            "accounts.preset", .optional(.preset), \.accounts.preset, atReload: false,
            "the queries and the form of hashes of a known platform"),
        .init(
            "accounts.passwordFile", .optional(.path), \.accounts.passwordFile, atReload: false,
            "the file with the password for the platform's database; else the credential accounts-password"),
        .init(
            "accounts.ownNetworks", .networks, \.accounts.ownNetworks, atReload: true,
            "addresses whose logins are other programs' of the platform, not users'"),
        .init(
            "accounts.sql.url",
            .optional(.sql("url", "mysql://USER@HOST/DATABASE, postgresql://… or sqlite:/PATH", "URL")),
            \.accounts.sql.url, atReload: false, "the platform's database, without a password", isSecret: true),
        .init(
            "accounts.sql.lookup", .optional(.sql("lookup", "one SELECT of password with :address")),
            \.accounts.sql.lookup, atReload: false,
            "an account: password, and if there are: active, external, name, quota, changedAt, now, address"),
        .init(
            "accounts.sql.replace", .optional(.sql("replace", "one UPDATE with :password and :expected")),
            \.accounts.sql.replace, atReload: false, "changes the account's hash if it still is :expected"),
        .init(
            "accounts.sql.others", .optional(.sql("others", "one SELECT with :address")), \.accounts.sql.others,
            atReload: false, "further hashes of the account, such as application passwords"),
        .init(
            "accounts.sql.list", .optional(.sql("list", "one SELECT of address with :domain")), \.accounts.sql.list,
            atReload: false, "the accounts of a domain: address, and if there are: name, quota"),
        .init(
            "accounts.sql.create", .optional(.sql("create", "one INSERT with :password")), \.accounts.sql.create,
            atReload: false, "makes an account, for autoCreateAccounts"),
        .init(
            "accounts.ldap.url", .optional(.ldapURL), \.accounts.ldap.url, atReload: false, "the platform's LDAP server"
        ),
        .init(
            "accounts.ldap.bindDN", .optional(.line("a DN", "DN")), \.accounts.ldap.bindDN, atReload: false,
            "who may read and change passwords there", without: "none: SASL EXTERNAL over ldapi"),
        .init(
            "accounts.ldap.base", .optional(.line("a DN", "DN")), \.accounts.ldap.base, atReload: false,
            "below which accounts are"),
        .init(
            "accounts.ldap.filter", .ldapFilter, \.accounts.ldap.filter, atReload: false,
            "an account: %u address, %n local part, %d domain"),
        .init(
            "accounts.ldap.listFilter", .ldapFilter, \.accounts.ldap.listFilter, atReload: false,
            "the accounts of a domain"),
        .init(
            "accounts.ldap.passwordAttribute", .ldapAttribute, \.accounts.ldap.passwordAttribute, atReload: false,
            "what holds the hash"),
        .init(
            "accounts.ldap.nameAttribute", .ldapAttribute, \.accounts.ldap.nameAttribute, atReload: false,
            "what holds the display name"),
        .init(
            "accounts.ldap.externalFilter", .optional(.ldapFilter), \.accounts.ldap.externalFilter, atReload: false,
            "accounts whose password is checked elsewhere"),
        .init(
            "accounts.ldap.startTLS", .truth, \.accounts.ldap.startTLS, atReload: false,
            "StartTLS before anything is said"),
        .init(
            "accounts.command", .optional(.path), \.accounts.command, atReload: false,
            "a program that knows the platform's API: a JSON object in, one out"),
        .init(
            "accounts.hash", .optional(.choice()), \.accounts.hash, atReload: false,
            "the form of hashes that are written; by LDAP {CRYPT} where none is set",
            without: "the preset's, else {SHA512-CRYPT}"),
        .init(
            "accounts.flush", .optional(.flushAddress), \.accounts.flush, atReload: false,
            "what is called after a password was replaced, so that no cache knows the old one", isSecret: true),
        .init(
            "database.url", .databaseURL, \.databaseURL, atReload: false,
            "what is remembered; $STATE is $STATE_DIRECTORY, else /var/lib/mailmove; postgresql: is shared by all nodes",
            isSecret: true),
        .init(
            "database.leaseSeconds", .integer(5...300), \.leaseSeconds, atReload: false,
            "seconds that a node's runs stay its own without a sign of life"),
        .init(
            "node.name", .nodeName, \.nodeName, atReload: false,
            "this node's name, unique among those that share a database", default: "the host name"),
        .init(
            "limits.concurrentMoves", .integer(1...10_000), \.limits.concurrentMoves, atReload: true,
            "accounts moving at once"),
        .init(
            "limits.connectionsPerOldServer", .integer(1...1000), \.limits.connectionsPerOldServer, atReload: true,
            "connections of moves to one old server at once; login checks have a quarter as many, at least 4"),
        .init(
            "limits.secondsBetweenRuns", .seconds(0...86_400), \.limits.secondsBetweenRuns, atReload: true,
            "seconds between runs of one account; a login within them gets one run at their end"),
        .init(
            "limits.requestBytes", .integer(1024...1_073_741_824), \.limits.requestBytes, atReload: false,
            "octets of the longest JSON-RPC line"),
        .init("limits.connections", .integer(1...65_536), \.limits.connections, atReload: true, "clients at once"),
        .init(
            "limits.failuresPerAccount", .integer(1...1_000_000), \.limits.failuresPerAccount, atReload: true,
            "different wrong passwords of an account in 10 minutes, after which the old server is not asked"),
        .init(
            "limits.failuresPerAddress", .integer(1...1_000_000), \.limits.failuresPerAddress, atReload: true,
            "different wrong passwords from an address in 10 minutes, after which the old server is not asked"),
        .init(
            "limits.trustedAddresses", .addresses, \.limits.trustedAddresses, atReload: true,
            "gateways (webmail) whose users share an address: not counted per address"),
        .init(
            "timeouts.connect", .seconds(0.1...600), \.timeouts.connect, atReload: true,
            "seconds until an old server must have taken the connection"),
        .init(
            "timeouts.read", .seconds(0.1...3600), \.timeouts.read, atReload: true,
            "seconds that an old server may be silent"),
        .init(
            "timeouts.login", .seconds(0.1...300), \.timeouts.login, atReload: true,
            "seconds in all for the answer to one login"),
        .init(
            "dns.server", .optional(.hostAndPort), \.dnsServer, atReload: true,
            "the resolver that checkDomain asks", without: "the system's"),
        .init(
            "passwords.scheme", .choice(), \.passwords.scheme, atReload: true, "how new password hashes are made"),
        .init(
            "passwords.cacheSeconds", .seconds(0...86_400), \.passwords.cacheSeconds, atReload: true,
            "seconds that a right password is remembered, in memory only; 0 is off"),
        .init(
            "notify.target", .optional(.noticeAddress), \.notifyTarget, atReload: true,
            "who is told when a domain is half done, done or stalled, its old server away, its window about to end or over"
        ),
        .init(
            "idleExit", .seconds(0...31_536_000), \.idleExit, atReload: true,
            "seconds without clients or work after which the daemon exits 0; 0 is off"),
        .init("log.level", .choice(), \.logLevel, atReload: true, "the least severe messages that are logged"),
    ]

    /// The paths that contain keys but are none: `limits`, `mailStore.maildir`.
    static let groups: Set<String> = {
        var groups: Set<String> = []
        for key in all {
            let parts = key.name.split(separator: ".")
            for end in parts.indices.dropFirst() { groups.insert(parts[..<end].joined(separator: ".")) }
        }
        return groups
    }()
}
