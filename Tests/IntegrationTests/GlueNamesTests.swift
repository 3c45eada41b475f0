// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Names of users that are not in ASCII, at a Dovecot and a Postfix that are configured as shipped.
    @Suite(.enabled(if: PlatformDovecot.isAvailable, "Dovecot and Postfix beside other users' mail want root"))
    struct GlueNamesTests {
        private static let names = [
            "jos\u{e9}", "ti\u{1ebf}ng", "\u{d55c}\u{ae00}", "\u{738b}\u{5c0f}\u{660e}", "\u{438}\u{432}\u{430}\u{43d}",
            "\u{3b3}\u{3b9}\u{3ce}\u{3c1}\u{3b3}\u{3bf}\u{3c2}", "\u{2000b}", "o'neil+x=1",
        ]

        @Test func aNameInAnyScriptLogsInInWhateverFormItIsTyped() async throws {
            try await MailServers.running { servers in
                for name in Self.names {
                    let user = "\(name)@\(Platform.domain)"
                    try await servers.platform.create([user])
                    let forms = [name, name.decomposedStringWithCanonicalMapping, name.uppercased()]
                    for (form, access) in zip(forms, MailLogin.Access.allCases) {
                        let typed = "\(form)@\(Platform.domain)"
                        try await servers.expect(.accepted, access, typed, password: Platform.newPassword)
                    }
                    try await servers.expect(.wrongPassword, .imap, user, password: "not theirs")
                }
                #expect(!servers.dovecot.log.contains("auth_username_chars"))
            }
        }

        @Test func aDomainInAnyScriptIsTheSameInBothItsForms() async throws {
            try await MailServers.running { servers in
                try await servers.platform.create(["ann@b\u{fc}cher.example"])
                for domain in [
                    "b\u{fc}cher.example", "bu\u{308}cher.example", "B\u{dc}CHER.example", "xn--bcher-kva.example",
                ] {
                    for access in MailLogin.Access.allCases {
                        try await servers.expect(
                            .accepted, access, "ann@\(domain)", password: Platform.newPassword)
                    }
                }
            }
        }

        /// Moved under one spelling, read and written to under others.
        @Test func anAccountHasOneMaildirHoweverItsAddressIsSpelled() async throws {
            let strict: @Sendable (String) -> String = { $0.replacingOccurrences(of: " allow_all_users=yes", with: "") }
            try await MailServers.running(editing: strict) { servers in
                let composed = "jos\u{e9}@\(Platform.domain)"
                let typed = "JOSE\u{301}@\(Platform.domain)"
                try await servers.platform.create([typed])
                #expect(try await servers.mailbox(composed, password: Platform.newPassword).isEmpty)
                #expect(try await servers.mailbox(typed, password: Platform.newPassword).isEmpty)
                let folder = servers.platform.daemon.folder.appending(path: "mail/\(Platform.domain)")
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(names.filter { $0.hasPrefix("j") }.map { Array($0.utf8) } == [Array("jos\u{e9}".utf8)])
                let doveadm = ["-c", servers.dovecot.configurationFile, "user", "-f", "home", typed]
                let home = try await CommandOutcome.of("doveadm", doveadm)
                #expect(home.output.contains("\(Platform.domain)/jos\u{e9}"), "\(home.output)")
            }
        }

        @Test(arguments: [
            "../ann@example.com", "a/../ann@example.com", "ann@example.com/..", "\u{202e}nna@example.com",
        ])
        func aNameThatIsNoneLeavesNoFolder(_ name: String) async throws {
            try await MailServers.running { servers in
                for access in MailLogin.Access.allCases {
                    try await servers.expect(.wrongPassword, access, name, password: Platform.newPassword)
                }
            }
        }
    }
}
