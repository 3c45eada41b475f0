// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import Records
import Secrets
import Testing
import Vocabulary

/// An address is one account, in whatever form it is given to whichever method.
@Suite(.timeLimit(.minutes(15))) struct NormalFormTests {
    /// How it was created, and how it is typed.
    private static let pairs = [
        ("jos\u{e9}", "jose\u{301}"), ("jose\u{301}", "jos\u{e9}"), ("JOSE\u{301}", "jos\u{e9}"),
        ("\u{d55c}\u{ae00}", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
        ("ti\u{ea}\u{301}ng", "TIE\u{302}\u{301}NG"),
    ]

    private func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: pairs)
    func whatWasCreatedInOneFormIsMovedByALoginInAnother(created: String, typed: String) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let account = try EmailAddress("\(created)@example.com")
            let login = try EmailAddress("\(typed)@example.com")
            try await platform.enable(server, accounts: [])
            let row = AccountRow(
                address: "\(created)@example.com", password: Password(NewPlatform.newPassword), passwordHash: nil,
                displayName: nil, quotaOctets: nil)
            let again = AccountRow(
                address: "\(typed)@example.com", password: Password(NewPlatform.newPassword), passwordHash: nil,
                displayName: nil, quotaOctets: nil)
            let outcome = try await platform.move.accounts.create([row, again], onExisting: .fail)
            #expect(outcome.created == 1)
            #expect(outcome.rejected.map(\.reason) == [.duplicateInRequest])

            #expect(try await platform.login("old", as: login).decision == .accept)
            let status = try await platform.until(account) { $0.status == .completed }
            #expect(status.moved == 3)
            #expect(octets(status.account.description) == octets(login.description))
            // The old server has been asked with the spelling of the creation.
            let users = server.state.withLock { $0.lines.filter { $0.hasPrefix("USER ") } }
            #expect(!users.isEmpty)
            #expect(users.allSatisfy { octets($0) == octets("USER \(created)@example.com") })
            // By the portal, too, and after a restart the same password opens what was sealed.
            #expect(try await platform.trigger("old", as: login).account == account)
            _ = try await platform.until(login) { $0.status == .completed }
            #expect(try await platform.login("old", as: account).decision == .accept)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(platform.folder)/mail/example.com")
            #expect(names.map(octets) == [octets(login.localPart)])
            #expect(try await platform.status(of: login).status == .completed)
        }
    }

    @Test(arguments: pairs)
    func listsKnowAnAddressInWhateverForm(listed: String, typed: String) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let login = try EmailAddress("\(typed)@example.com")
            let cursor = try EmailAddress("\(listed)@example.com")
            try await platform.enable(server, accounts: [login]) { $0.knownAccounts = [cursor] }
            #expect(try await platform.login("old", as: login).decision == .accept)
            _ = try await platform.until(login) { $0.status == .completed }
            try await platform.enable(server, accounts: [login]) { $0.excludedAccounts = [cursor] }
            #expect(try await platform.status(of: login).status == .nonMigrating)

            let domain = try DomainName("example.com")
            let found = try await platform.move.accounts.list(domain, search: listed, after: nil, limit: 10)
            #expect(found.accounts.map(\.address) == [login])
            let after = try await platform.move.accounts.list(domain, search: nil, after: cursor, limit: 10)
            #expect(after.accounts.isEmpty)
            let deleted = try await platform.move.accounts.delete([cursor])
            #expect(deleted.deleted == 1)
        }
    }
}
