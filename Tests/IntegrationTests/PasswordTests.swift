// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Testing

extension Integration {
    /// Passwords of any form, as a real old server takes them.
    @Suite struct PasswordTests {
        private static let passwords = [
            " spaces at both ends ", "  ", String(repeating: "x", count: 200), "wörd of Latin-1", "密码 пароль",
            #"quotes " and \ and %u {PLAIN}"#,
        ]

        private static func accounts(of passwords: [String]) -> [(address: String, password: String)] {
            passwords.enumerated().map { ("user\($0)@\(Platform.domain)", $1) }
        }

        @Test(arguments: ["USER", "LOGIN", "APOP", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
        func aPasswordArrivesWholeByEachMechanism(mechanism: String) async throws {
            var passwords = Self.passwords
            // What Dovecot makes of these, where it has nothing else, is not what RFC 2831 §2.1.2.1 makes of them.
            if mechanism == "DIGEST-MD5" { passwords.removeAll { $0.utf8.contains { $0 > 127 } } }
            // 511 octets are more than a PASS may have; Dovecot's PLAIN, beside USER, takes them.
            if mechanism == "USER" { passwords.append(String(repeating: "y", count: 511)) }
            let accounts = Self.accounts(of: passwords)
            var options = DovecotServer.Options()
            options.mechanisms = mechanism == "USER" ? "plain" : "plain \(mechanism.lowercased())"
            let dovecot = try await DovecotServer(
                users: Dictionary(uniqueKeysWithValues: accounts), options: options)
            defer { dovecot.stop() }
            let server = OldServerParameters.loopback(
                port: dovecot.port, secure: !["USER", "LOGIN"].contains(mechanism))
            try await Platform.migrating(from: server, accounts: accounts.map(\.address)) { platform in
                for (address, password) in accounts {
                    let almost = try await platform.logIn(address, password: "\(password) ")
                    #expect(almost.decision == .reject, "\(address): \(String(describing: almost.migration?.error))")
                    let right = try await platform.logIn(address, password: password)
                    #expect(right.decision == .accept, "\(address): \(String(describing: right.migration?.error))")
                    #expect(right.passwordReplaced)
                }
            }
        }

        @Test func aLatin1PasswordGoesByAnotherMechanismThanDIGESTMD5WhereThereIsOne() async throws {
            var options = DovecotServer.Options()
            options.mechanisms = "plain digest-md5 cram-md5"
            let dovecot = try await DovecotServer(users: [Platform.ann: Platform.oldPassword], options: options)
            defer { dovecot.stop() }
            try await Platform.migrating(from: .loopback(port: dovecot.port, secure: true)) { platform in
                let answer = try await platform.logIn()
                #expect(answer.decision == .accept)
            }
        }
    }
}
