// SPDX-License-Identifier: Apache-2.0

import AccountFile
import Accounts
import Records
import Secrets
import Testing
import Vocabulary

@Suite(.timeLimit(.minutes(15))) struct ImportTests {
    private func run(
        _ text: String, on platform: NewPlatform, _ onExisting: OnExisting = .skip, dryRun: Bool = false,
        generating: Bool = false
    ) async throws -> ImportOutcome {
        let file = try Array(text.utf8).withUnsafeBytes { try AccountFile($0) }
        return try await platform.move.accounts.importAccounts(
            from: file, onExisting: onExisting, dryRun: dryRun, generatingPasswords: generating)
    }

    /// Ann, with a password of her own.
    private func createAnn(on platform: NewPlatform) async throws {
        let row = AccountRow(
            address: "ann@example.com", password: Password(NewPlatform.newPassword), passwordHash: nil,
            displayName: nil, quotaOctets: nil)
        _ = try await platform.move.accounts.create([row], onExisting: .fail)
    }

    private func told(_ outcome: ImportOutcome) -> [String] {
        outcome.rejected.map { rejection in
            switch rejection.fault {
            case .row(.invalidAddress): "\(rejection.line) \(rejection.address) invalidAddress"
            case .row(let fault): "\(rejection.line) \(rejection.address) \(fault)"
            case .account(let reason, _): "\(rejection.line) \(rejection.address) \(reason)"
            }
        }
    }

    private static let table = """
        Email,Password,Display Name,Quota
        a@example.com,Str0ng-0-pass,"Ann
        Lee",1G
        broken,Str0ng-0-pass,,
        b@example.com,short,,
        c@example.com,,,
        A@EXAMPLE.com,Str0ng-0-pass,,
        ann@example.com,Str0ng-9-pass,Ann,
        d@example.com,Str0ng-0-pass,,much
        e@example.com,{CRYPT}$6$x,,

        """

    @Test func aRejectedRowHasItsLine() async throws {
        try await NewPlatform.run { platform in
            try await createAnn(on: platform)
            let outcome = try await run(Self.table, on: platform)
            #expect((outcome.created, outcome.updated, outcome.skipped) == (2, 0, 1))
            #expect(
                told(outcome) == [
                    "4 broken invalidAddress", "5 b@example.com weakPassword", "6 c@example.com missingPassword",
                    "7 A@EXAMPLE.com duplicateInRequest", "9 d@example.com noQuota",
                ])
            let row = try await platform.row(of: NewPlatform.address("a@example.com"))
            #expect(row?.displayName == "Ann\nLee")
            #expect(row?.quotaOctets == 1 << 30)
        }
    }

    @Test(arguments: OnExisting.allCases, [false, true])
    func aDryRunTellsWhatWouldBeAndChangesNothing(_ onExisting: OnExisting, _ generating: Bool) async throws {
        try await NewPlatform.run { platform in
            try await createAnn(on: platform)
            let before = try await platform.row()
            let eventsBefore = try await platform.events()
            let dry = try await run(Self.table, on: platform, onExisting, dryRun: true, generating: generating)
            #expect(try await platform.row() == before)
            #expect(try await platform.events() == eventsBefore)
            #expect(try await platform.row(of: NewPlatform.address("a@example.com")) == nil)
            #expect(dry.generated.isEmpty)
            let real = try await run(Self.table, on: platform, onExisting, generating: generating)
            #expect((dry.created, dry.updated) == (real.created, real.updated))
            #expect((dry.passwordsKept, dry.skipped) == (real.passwordsKept, real.skipped))
            #expect(told(dry) == told(real))
            #expect(real.generated.count == (generating ? 1 : 0))
        }
    }

    /// As with `update`, a password that the old server has accepted stays.
    @Test func aDryRunKnowsWhichPasswordsWouldStay() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            let table = "Email,Password\nann@example.com,Str0ng-9-pass\n"
            for dryRun in [true, false] {
                let outcome = try await run(table, on: platform, .update, dryRun: dryRun)
                #expect((outcome.updated, outcome.passwordsKept) == (1, 1))
            }
            try await platform.settle()
        }
    }

    @Test func passwordsAreMadeUpForNewAccountsAlone() async throws {
        try await NewPlatform.run { platform in
            try await createAnn(on: platform)
            let before = try await platform.row()?.passwordHash
            let table =
                "Email,Password,Name\nnew@example.com,,New\nann@example.com,,Ann\nown@example.com,Str0ng-0-pass,\n"
            let outcome = try await run(table, on: platform, .update, generating: true)
            #expect((outcome.created, outcome.updated, outcome.passwordsKept) == (2, 1, 0))
            #expect(outcome.generated.map(\.address.description) == ["new@example.com"])
            #expect(try await platform.row()?.passwordHash == before)
            let password = try #require(outcome.generated.first?.password)
            let text = password.withOctets { String(decoding: $0, as: UTF8.self) }
            #expect(text.count == 16 && !text.contains { "0O1lIio".contains($0) })
            let new = NewPlatform.address("new@example.com")
            #expect(try await platform.login(text, as: new).decision == .accept)
        }
    }
}
