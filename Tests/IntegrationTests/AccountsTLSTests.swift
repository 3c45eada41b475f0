// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Directories on other machines.
    @Suite struct AccountsTLSTests {
        /// By ldap.conf(5), as for all that use libldap.
        @Test(.enabled(if: LDAPServer.isAvailable), arguments: [true, false])
        func anLDAPServerIsAskedByStartTLSWhereItsCertificateIsTrusted(isTrusted: Bool) async throws {
            let server = try await LDAPServer(tls: true)
            defer { server.stop() }
            try await server.add(Platform.ann, ["{PLAIN}\(Platform.newPassword)"])
            let old = try MailboxServer(passwords: [Platform.ann: Platform.oldPassword], mail: [:])
            defer { old.stop() }
            let secret = "/var/tmp/mailmove-secret-\(UUID().uuidString.prefix(8))"
            defer { try? FileManager.default.removeItem(atPath: secret) }
            try Data("\(LDAPServer.password)\n".utf8).write(to: URL(filePath: secret))
            var environment = [
                "MAILMOVE_ACCOUNTS_KIND": "ldap", "MAILMOVE_ACCOUNTS_LDAP_URL": server.url,
                "MAILMOVE_ACCOUNTS_LDAP_START_TLS": "true", "MAILMOVE_ACCOUNTS_LDAP_BIND_DN": LDAPServer.bindDN,
                "MAILMOVE_ACCOUNTS_LDAP_BASE": LDAPServer.base, "MAILMOVE_ACCOUNTS_PASSWORD_FILE": secret,
                "MAILMOVE_ACCOUNTS_HASH": "{SHA512-CRYPT}",
            ]
            if isTrusted { environment["LDAPTLS_CACERT"] = server.certificate }
            try await DaemonProcess.running(environment: environment) { daemon in
                let platform = Platform(daemon)
                guard isTrusted else {
                    let findings = try await platform.admin.verifyAccounts(account: Platform.ann)
                    #expect(!findings.ok && "\(findings.checks)".contains("StartTLS"), "\(findings.checks)")
                    return
                }
                try await platform.enable(.loopback(port: old.port))
                let findings = try await platform.admin.verifyAccounts(account: Platform.ann)
                #expect(findings.ok, "\(findings.checks)")
                let login = try await platform.logIn()
                #expect(login.decision == .pass && login.passwordReplaced)
                #expect(try await server.hashes(of: Platform.ann).first?.hasPrefix("{SHA512-CRYPT}") == true)
            }
        }
    }
}
