// SPDX-License-Identifier: Apache-2.0

import Configuring
import Foundation
import Testing
import Yams

@Suite struct KeyTests {
    @Test func theKeysAreTheContractsWithItsDefaults() {
        let defaults = ConfigurationKey.all.map { "\($0.name) \($0.defaultText)" }
        #expect(
            defaults == [
                "mailStore.kind maildir", "mailStore.maildir.path /var/mail/%d/%n/Maildir",
                "mailStore.maildir.layout maildir++", "mailStore.maildir.shared false", "mailStore.folders.sent Sent",
                "mailStore.folders.drafts Drafts",
                "mailStore.folders.junk Junk", "mailStore.folders.trash Trash", "mailStore.folders.archive Archive",
                "mailStore.imap.address none", "mailStore.imap.security starttls",
                "mailStore.imap.certificate.verify full", "mailStore.imap.certificate.sha256 none",
                "mailStore.imap.masterUser none", "mailStore.imap.userFormat %u*%m",
                "mailStore.imap.masterPasswordFile none", "mailStore.imap.connections 32",
                "accounts.kind builtin", "accounts.preset none", "accounts.passwordFile none",
                "accounts.ownNetworks none", "accounts.sql.url none", "accounts.sql.lookup none",
                "accounts.sql.replace none", "accounts.sql.others none", "accounts.sql.list none",
                "accounts.sql.create none", "accounts.ldap.url none",
                "accounts.ldap.bindDN none: SASL EXTERNAL over ldapi", "accounts.ldap.base none",
                "accounts.ldap.filter (mail=%u)", "accounts.ldap.listFilter (mail=*@%d)",
                "accounts.ldap.passwordAttribute userPassword", "accounts.ldap.nameAttribute displayName",
                "accounts.ldap.externalFilter none", "accounts.ldap.startTLS false", "accounts.command none",
                "accounts.hash the preset's, else {SHA512-CRYPT}", "accounts.flush none",
                "database.url sqlite:$STATE/mailmove.db", "database.leaseSeconds 15", "node.name the host name",
                "limits.concurrentMoves 64",
                "limits.connectionsPerOldServer 16", "limits.secondsBetweenRuns 10", "limits.requestBytes 16777216",
                "limits.connections 1024", "limits.failuresPerAccount 5", "limits.failuresPerAddress 50",
                "limits.trustedAddresses none", "timeouts.connect 10", "timeouts.read 60", "timeouts.login 10",
                "dns.server the system's", "passwords.scheme yescrypt", "passwords.cacheSeconds 300",
                "notify.target none", "idleExit 0", "log.level info",
            ])
    }

    @Test(
        arguments: [
            ("mailStore.maildir.path", "--mail-store-maildir-path", "MAILMOVE_MAIL_STORE_MAILDIR_PATH"),
            (
                "limits.connectionsPerOldServer", "--limits-connections-per-old-server",
                "MAILMOVE_LIMITS_CONNECTIONS_PER_OLD_SERVER"
            ),
            ("passwords.cacheSeconds", "--passwords-cache-seconds", "MAILMOVE_PASSWORDS_CACHE_SECONDS"),
            ("idleExit", "--idle-exit", "MAILMOVE_IDLE_EXIT"),
        ])
    func aKeyIsAFlagAndAVariable(name: String, flag: String, variable: String) throws {
        let key = try #require(ConfigurationKey.named(name))
        #expect(key.flag == flag)
        #expect(key.environmentVariable == variable)
    }

    @Test(arguments: ConfigurationKey.all.filter(\.hasDefault).map(\.name))
    func everyDefaultIsAcceptedAsAValue(name: String) throws {
        let key = try #require(ConfigurationKey.named(name))
        let byFlag = try load(flags: [key.flag, key.defaultText]).configuration
        let byVariable = try load(environment: [key.environmentVariable: key.defaultText]).configuration
        #expect(byFlag == DaemonConfiguration())
        #expect(byVariable == DaemonConfiguration())
    }

    @Test func helpNamesEveryFlagVariableAndDefault() {
        for key in ConfigurationKey.all {
            for text in [key.flag, key.environmentVariable, key.meaning, "default: \(key.defaultText)"] {
                #expect(ConfigurationSource.help.contains(text))
            }
        }
        for flag in [
            "--admin-socket", "--login-socket", "--config", "--mailbox", "--check", "--check-file", "--help",
            "--version",
        ] {
            #expect(ConfigurationSource.help.contains("  \(flag)"))
        }
        #expect(ConfigurationSource.help.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    /// The annotated file shows every key, commented out, with its default or (a resolver) an example.
    @Test func theAnnotatedFileNamesExactlyTheKeysWithTheirDefaults() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "systemd/mailmoved.yaml")
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let annotated = try String(contentsOf: file, encoding: .utf8)
        #expect(try load(annotated).configuration == DaemonConfiguration())
        // `#key:` and `#  key: value` are settings; a comment of several words is prose.
        let plain = annotated.replacing(/(?m)^( *)#( *[A-Za-z0-9]+:(?: .*)?)$/) { "\($0.output.1)\($0.output.2)" }
        let names = leaves(try Yams.compose(yaml: plain), below: "")
        #expect(Set(names) == Set(ConfigurationKey.all.map(\.name)))
        #expect(names.count == ConfigurationKey.all.count)
        var shown = try load(plain).configuration
        #expect(shown.databasePath == DaemonConfiguration().databasePath)
        shown.databaseURL = DaemonConfiguration().databaseURL
        shown.dnsServer = nil
        // What has no default is shown by an example.
        shown.mailStore.imap = DaemonConfiguration().mailStore.imap
        shown.nodeName = DaemonConfiguration().nodeName
        #expect(shown == DaemonConfiguration())
    }

    @Test func theManualNamesExactlyTheKeysWithTheirDefaults() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let manual = try String(contentsOf: root.appending(path: "systemd/mailmoved.yaml.5"), encoding: .utf8)
        for key in ConfigurationKey.all {
            #expect(manual.contains("\n.It Cm \(key.name) Pq Ev \(key.environmentVariable)\n"))
            let text = key.defaultText.replacing("'", with: "\\(aq")
            let item = manual.split(separator: ".It Cm \(key.name) ", maxSplits: 1).last
            #expect(item?.split(separator: "\n.It ", maxSplits: 1).first?.contains("default: \(text).") == true)
        }
        #expect(manual.split(separator: "\n.It Cm ").count - 1 == ConfigurationKey.all.count)
    }

    private func leaves(_ node: Node?, below group: String) -> [String] {
        guard case .mapping(let mapping) = node else { return group.isEmpty ? [] : [group] }
        return mapping.flatMap { key, value in
            leaves(value, below: (group.isEmpty ? "" : group + ".") + (key.string ?? ""))
        }
    }
}
