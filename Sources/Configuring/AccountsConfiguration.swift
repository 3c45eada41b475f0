// SPDX-License-Identifier: Apache-2.0

public import PlatformHashes
import SQLDirectory
public import Vocabulary

/// Where accounts and passwords live (`accounts.*`).
public struct AccountsConfiguration: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// In this program's own records.
        case builtin
        case sql, ldap, command
    }

    /// `accounts.sql.*`.
    public struct SQL: Sendable, Equatable {
        public var url: String?
        public var lookup: String?
        public var replace: String?
        public var others: String?
        public var list: String?
        public var create: String?
    }

    /// `accounts.ldap.*`.
    public struct LDAP: Sendable, Equatable {
        public var url: String?
        public var bindDN: String?
        public var base: String?
        public var filter = "(mail=%u)"
        public var listFilter = "(mail=*@%d)"
        public var passwordAttribute = "userPassword"
        public var nameAttribute = "displayName"
        public var externalFilter: String?
        public var startTLS = false
    }

    public var kind = Kind.builtin
    public var preset: String?
    /// The file with the password for the database or the LDAP server.
    public var passwordFile: String?
    public var ownNetworks: [IPNetwork] = []
    public var sql = SQL()
    public var ldap = LDAP()
    /// A program's path.
    public var command: String?
    public var hash: HashStyle?
    public var flush: FlushAddress?

    /// In what form the platform takes passwords.
    public var style: HashStyle {
        if let hash { return hash }
        return switch kind {
        case .sql: preset.flatMap(SQLPreset.named)?.hash ?? .sha512
        case .ldap: .crypt
        case .builtin, .command: .sha512
        }
    }

    /// What does not go together, each with the key that it is about.
    var problems: [(key: String, detail: String)] {
        var problems: [(key: String, detail: String)] = []
        func want(_ key: String, _ value: String?, _ what: String) {
            if value == nil { problems.append(("accounts.kind", "\(kind.rawValue) needs \(key), \(what)")) }
        }
        switch kind {
        case .builtin: break
        case .sql:
            want("accounts.sql.url", sql.url, "where the database is")
            if preset == nil {
                want("accounts.sql.lookup", sql.lookup, "or accounts.preset")
                want("accounts.sql.replace", sql.replace, "or accounts.preset")
            }
        case .ldap:
            want("accounts.ldap.url", ldap.url, "where the server is")
            want("accounts.ldap.base", ldap.base, "the DN below which accounts are")
            if ldap.startTLS, ldap.url?.hasPrefix("ldap://") == false {
                problems.append(("accounts.ldap.startTLS", "is for ldap:// alone"))
            }
        case .command: want("accounts.command", command, "the program that is asked")
        }
        if preset != nil, kind != .sql { problems.append(("accounts.preset", "is for accounts.kind: sql")) }
        if hash == .plain, kind != .command {
            problems.append(("accounts.hash", "plain is for accounts.kind: command, which takes the password itself"))
        }
        return problems
    }

    /// Sentences about keys that have no effect.
    var warnings: [String] {
        var warnings: [String] = []
        func warn(_ key: String, _ isSet: Bool, _ wanted: Kind) {
            if isSet, kind != wanted {
                warnings.append("\(key) has no effect: accounts.kind is \(kind.rawValue), not \(wanted.rawValue)")
            }
        }
        warn("accounts.sql", sql != SQL(), .sql)
        warn("accounts.ldap", ldap != LDAP(), .ldap)
        warn("accounts.command", command != nil, .command)
        if kind == .builtin, flush != nil || hash != nil {
            warnings.append("accounts.hash and accounts.flush have no effect: accounts.kind is builtin")
        }
        return warnings
    }
}
