// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import BuiltinDirectory
import CommandDirectory
import Configuring
import LDAPDirectory
import Logging
import NIOCore
import PlatformAccounts
import Records
import SQLDirectory
import Secrets
import Systemd

/// Where accounts and passwords live, as configured.
enum Accounts {
    /// Does not connect yet: the daemon starts without it.
    /// - Throws: `SystemdError` where a password cannot be read; `DirectoryError` where a library is missing, or what is
    ///   configured makes no sense.
    static func directory(
        _ configuration: DaemonConfiguration, records: any Records, group: any EventLoopGroup, log: Logger
    ) throws -> any AccountDirectory {
        let accounts = configuration.accounts
        // As long as a login may take.
        let seconds = max(1, Int(configuration.timeouts.login))
        let base: any AccountDirectory
        switch accounts.kind {
        case .builtin: return BuiltinDirectory(records: records)
        case .sql:
            do {
                base = try SQLDirectory(
                    SQLSettings(
                        accounts.preset.flatMap(SQLPreset.named), url: accounts.sql.url ?? "",
                        lookup: accounts.sql.lookup, replace: accounts.sql.replace, others: accounts.sql.others,
                        list: accounts.sql.list, create: accounts.sql.create, password: password(accounts),
                        seconds: seconds))
            } catch let error as SQLSettings.Fault {
                throw DirectoryError(error.description)
            }
        case .ldap:
            let ldap = accounts.ldap
            base = try LDAPDirectory(
                LDAPSettings(
                    url: ldap.url ?? "", startsTLS: ldap.startTLS, bindDN: ldap.bindDN, password: password(accounts),
                    base: ldap.base ?? "", filter: ldap.filter, listFilter: ldap.listFilter,
                    externalFilter: ldap.externalFilter, passwordAttribute: ldap.passwordAttribute,
                    nameAttribute: ldap.nameAttribute, seconds: seconds))
        case .command:
            base = CommandDirectory(program: accounts.command ?? "", patience: .seconds(configuration.timeouts.login))
        }
        return PlatformAccounts(
            base, form: accounts.style, flush: accounts.flush,
            key: try Credential.text(named: "doveadm-api-key").map(Self.secret), group: group, log: log)
    }

    /// Of the database or the LDAP server.
    private static func password(_ accounts: AccountsConfiguration) throws -> Password? {
        let octets =
            if let file = accounts.passwordFile {
                try Credential.text(ofFile: file, "accounts.passwordFile")
            } else {
                try Credential.text(named: "accounts-password")
            }
        return octets.map(secret)
    }

    private static func secret(_ octets: [UInt8]) -> Password { octets.withUnsafeBytes { Password(octets: $0) } }
}
