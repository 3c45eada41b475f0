// SPDX-License-Identifier: Apache-2.0

import Accounts
import Records
import Secrets
import Testing
import Vocabulary

@Suite(.timeLimit(.minutes(15))) struct AccountTests {
    private func row(
        _ address: String, _ password: String? = "Str0ng-0-pass", hash: String? = nil, name: String? = nil
    ) -> AccountRow {
        AccountRow(
            address: address, password: password.map { Password($0) }, passwordHash: hash, displayName: name,
            quotaOctets: nil)
    }

    private func reasons(_ outcome: CreationOutcome) -> [Int: CreationOutcome.Rejection.Reason] {
        Dictionary(uniqueKeysWithValues: outcome.rejected.map { ($0.index, $0.reason) })
    }

    @Test func oneBadRowNeverSpoilsTheOthers() async throws {
        try await NewPlatform.run { platform in
            let outcome = try await platform.move.accounts.create(
                [
                    row("a@example.com"), row("no-at-sign"), row("b@example.com", nil), row("A@EXAMPLE.com"),
                    row("c@example.com", "short"), row("longname@example.com", "longname"),
                    row("d@example.com", nil, hash: "{ROT13}x"),
                    row("e@example.com", "Str0ng-0-pass", hash: "{CRYPT}x"),
                    row("f@example.com", "with\nlf-in-it"), row("g@例子.example"),
                ], onExisting: .skip)
            #expect(outcome.created == 2)
            #expect(
                reasons(outcome) == [
                    1: .invalidAddress, 2: .missingPassword, 3: .duplicateInRequest, 4: .weakPassword,
                    5: .weakPassword, 6: .unsupportedHash, 7: .unsupportedHash, 8: .weakPassword,
                ])
            let list = try await platform.move.accounts.list(
                try DomainName("xn--fsqu00a.example"), search: nil, after: nil, limit: 10)
            #expect(list.accounts.map(\.address.description) == ["g@xn--fsqu00a.example"])
        }
    }

    @Test func aRowThatIsRejectedClaimsNoAddress() async throws {
        try await NewPlatform.run { platform in
            let outcome = try await platform.move.accounts.create(
                [
                    row("a@example.com", "short"), row("A@example.com"), row("a@example.com"),
                    row("b@example.com", nil), row("b@example.com"), row("c@example.com", nil, hash: "{ROT13}x"),
                    row("c@example.com"), row("longname@example.com", "LongName"),
                ], onExisting: .skip)
            #expect(outcome.created == 3)
            #expect(
                reasons(outcome) == [
                    0: .weakPassword, 2: .duplicateInRequest, 3: .missingPassword, 5: .unsupportedHash,
                    7: .weakPassword,
                ])
        }
    }

    /// As a nightly import does it: what the old server has said of a password stays true.
    @Test func anUpdateWithTheSamePasswordChangesNothing() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for _ in 0..<3 {
                #expect(try await platform.login(NewPlatform.newPassword).decision == .accept)
                try await platform.settle()
                let before = try await platform.row()?.passwordHash
                let outcome = try await platform.move.accounts.create(
                    [row("ann@example.com", NewPlatform.newPassword, name: "Ann")], onExisting: .update)
                #expect((outcome.updated, outcome.passwordsKept) == (1, 0))
                #expect(try await platform.row()?.passwordHash == before)
                let hash = try #require(before)
                _ = try await platform.move.accounts.create(
                    [row("ann@example.com", nil, hash: hash)], onExisting: .update)
            }
            #expect(server.shown == [NewPlatform.newPassword])
            _ = try await platform.move.accounts.create([row("ann@example.com", "Other-0-pass")], onExisting: .update)
            #expect(try await platform.login("Other-0-pass").decision == .accept)
            try await platform.settle()
            #expect(server.shown == [NewPlatform.newPassword, "Other-0-pass"])
        }
    }

    @Test func anAccountThatIsThereIsSkippedChangedOrRefusedAsAsked() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let desk = platform.move.accounts
            _ = try await desk.create([row("ann@example.com"), row("bob@example.com")], onExisting: .fail)
            #expect(try await desk.create([row("ann@example.com")], onExisting: .skip).skipped == 1)
            #expect(
                reasons(try await desk.create([row("ann@example.com")], onExisting: .fail)) == [0: .exists])
            try await platform.enable(server, accounts: [])
            _ = try await platform.login("old")
            let outcome = try await desk.create(
                [row("ann@example.com", "Other-0-pass", name: "Ann"), row("bob@example.com", "Other-1-pass")],
                onExisting: .update)
            #expect((outcome.updated, outcome.passwordsKept) == (2, 1))
            #expect(try await platform.row()?.displayName == "Ann")
            #expect(try await platform.login("old").decision == .accept)
            let bob = NewPlatform.address("bob@example.com")
            #expect(try await platform.login("Other-1-pass", as: bob).decision == .accept)
        }
    }

    @Test func aPasswordChangedHereStaysChangedAlsoWhenTheAccountIsMadeAgain() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            try await platform.move.accounts.setPassword(
                NewPlatform.ann, password: Password("changed-Pass-1"), passwordHash: nil)
            #expect(try await platform.login("old").decision == .reject)
            _ = try await platform.move.accounts.delete([NewPlatform.ann])
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.login(NewPlatform.newPassword).decision == .accept)
            try await platform.settle()
            #expect(server.shown.isEmpty)
            await #expect(throws: InvalidParameter.self) {
                try await platform.move.accounts.setPassword(
                    NewPlatform.ann, password: Password("short"), passwordHash: nil)
            }
            await #expect(throws: MoveError.self) {
                try await platform.move.accounts.setPassword(
                    NewPlatform.address("no@example.com"), password: Password("changed-Pass-1"), passwordHash: nil)
            }
        }
    }

    @Test func listsSayWhoDoesNotMoveAndNewSettingsSayOtherwise() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let bob = NewPlatform.address("bob@example.com")
        let robot = NewPlatform.address("robot@example.com")
        try await NewPlatform.run { platform in
            let overview = try await platform.enable(server, accounts: [NewPlatform.ann, bob, robot]) { request in
                request.knownAccounts = [NewPlatform.ann, robot]
                request.excludedAccounts = [robot]
            }
            #expect(overview.totals.counts[.nonMigrating] == 2)
            for account in [bob, robot] {
                let status = try await platform.status(of: account)
                #expect(status.status == .nonMigrating)
                #expect(!status.portal.visible)
                #expect(try await platform.login("old", as: account).decision == .reject)
            }
            #expect(server.shown.isEmpty)
            try await platform.enable(server)
            #expect(try await platform.status(of: bob).status == .notStarted)
        }
    }

    @Test func thisMachinesOwnPOP3PortIsNoOldServer() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            for port in [110, 995] {
                await #expect {
                    try await platform.enable(server) { $0.oldServer = OldServer(host: "127.0.0.1", port: port) }
                } throws: { ($0 as? InvalidParameter)?.parameter == "oldServer.host" }
            }
            let warned = try await platform.enable(server) { request in
                request.oldServer = OldServer(host: "mail.example.com", port: 110, security: .opportunistic)
            }
            #expect(warned.settings.warnings.count == 4)
            let quiet = try await platform.enable(server)
            #expect(quiet.settings.warnings.isEmpty)
            for host in ["::1%lo", "::1", "0.0.0.0", "localhost"] {
                await #expect {
                    try await platform.enable(server) { $0.oldServer = OldServer(host: host, port: 110) }
                } throws: { ($0 as? InvalidParameter)?.parameter == "oldServer.host" }
            }
            let whole = try await platform.enable(server) { $0.oldServer.host = "mail.example.com." }
            #expect(whole.settings.warnings.contains { $0.contains("is inside example.com") })
        }
    }

    @Test func knownAccountsThatAreNotHereAreWarnedOf() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let known = [
                NewPlatform.ann, NewPlatform.address("zoe@example.com"), NewPlatform.address("bob@example.com"),
            ]
            let some = try await platform.enable(server) { $0.knownAccounts = known }
            let warning = try await platform.move.settings.warning(aboutKnownAccountsOf: some)
            #expect(warning?.hasPrefix("2 of the known accounts have no account here, such as bob@example.com") == true)
            // A login creates them.
            let created = try await platform.enable(server) {
                $0.knownAccounts = known
                $0.autoCreateAccounts = true
            }
            #expect(try await platform.move.settings.warning(aboutKnownAccountsOf: created) == nil)
            let all = try await platform.enable(server, accounts: known) { $0.knownAccounts = known }
            #expect(try await platform.move.settings.warning(aboutKnownAccountsOf: all) == nil)
            let none = try await platform.enable(server)
            #expect(try await platform.move.settings.warning(aboutKnownAccountsOf: none) == nil)
        }
    }

    @Test func forgettingNeedsAClosedWindowAndMovesEverythingAgain() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let domain = NewPlatform.ann.domain
            await #expect(throws: MoveError.self) { try await platform.move.settings.forget(domain) }
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            await #expect(throws: InvalidParameter.self) { try await platform.move.settings.forget(domain) }
            _ = try await platform.move.settings.disable(domain)
            try await platform.settle()
            try await platform.move.settings.forget(domain)
            let status = try await platform.status()
            #expect((status.status, status.moved, status.window) == (.notStarted, 0, nil))
            await #expect(throws: MoveError.self) { _ = try await platform.move.settings.overview(of: domain) }
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed && $0.moved == 3 }
            #expect(platform.delivered().count == 6)
        }
    }
}
