// SPDX-License-Identifier: Apache-2.0

extension ConfigurationKey {
    /// All keys that may occur in a file, a flag or the environment: those that are built, and those that are not.
    static let known = all + planned

    /// Keys that are described but not built yet. Any value but the default prevents the start with an explanation;
    /// otherwise a planned key would be reported as a misspelling.
    static let planned: [ConfigurationKey] = [
        .init(planned: "accounts.kind", "builtin", others: ["sql", "ldap", "command are"]),
        .init(planned: "accounts.preset"),
        .init(planned: "accounts.passwordFile"),
        .init(planned: "accounts.ownNetworks"),
        .init(planned: "accounts.sql.url", isSecret: true),
        .init(planned: "accounts.sql.lookup"),
        .init(planned: "accounts.sql.replace"),
        .init(planned: "accounts.sql.others"),
        .init(planned: "accounts.sql.list"),
        .init(planned: "accounts.sql.create"),
        .init(planned: "accounts.ldap.url"),
        .init(planned: "accounts.ldap.bindDN"),
        .init(planned: "accounts.ldap.base"),
        .init(planned: "accounts.ldap.filter", "(mail=%u)"),
        .init(planned: "accounts.ldap.listFilter", "(mail=*@%d)"),
        .init(planned: "accounts.ldap.passwordAttribute", "userPassword"),
        .init(planned: "accounts.ldap.nameAttribute", "displayName"),
        .init(planned: "accounts.ldap.externalFilter"),
        .init(planned: "accounts.ldap.startTLS", "false", others: ["true is"]),
        .init(planned: "accounts.command"),
        .init(planned: "accounts.hash"),
        .init(planned: "accounts.flush", isSecret: true),
    ]
}
