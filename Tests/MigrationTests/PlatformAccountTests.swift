// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Ground
import Logging
import PlatformAccounts
import PlatformHashes
import Records
import Secrets
import Support
import Testing
import Vocabulary

@testable import Migration

/// Hashes in a platform's own forms, other secrets of an account, and what was changed there.
@Suite(.timeLimit(.minutes(15))) struct PlatformAccountTests {
    private typealias Directory = AnyDirectoryTests
    private static let ann = NewPlatform.ann

    private func onPlatform(
        _ directory: MemoryDirectory, _ source: MemorySource = Directory.source(),
        _ body: (NewPlatform) async throws -> Void
    ) async throws { try await Directory().onPlatform(directory, source, body) }

    private func accounts() throws -> MemoryDirectory { try Directory().accounts() }

    // MARK: Hashes of a platform's own forms

    /// Verified in whatever form they stand there, and written in the form that is configured; what is kept here is costly
    /// to guess from.
    @Test(arguments: HashStyle.allCases)
    func hashesAreReadAndWrittenInThePlatformsForm(_ form: HashStyle) async throws {
        let source = Directory.source()
        let base = MemoryDirectory([
            Self.ann: DirectoryEntry(hash: try HashStyle.saltedSHA512.make(Password(NewPlatform.newPassword)))
        ])
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let directory = PlatformAccounts(base, form: form, flush: nil, log: log)
        try await NewPlatform.run(from: source, accounts: directory) { (platform) async throws in
            try await platform.enable(port: 1, accounts: [])
            #expect(try await platform.login(NewPlatform.newPassword).passwordReplaced == false)
            #expect(try await platform.login("old").passwordReplaced)
            let written = try #require(base[Self.ann]?.hash)
            #expect(written.hasPrefix(form == .plain ? "old" : form.rawValue))
            #expect(try PlatformHash(written, orPlain: form == .plain).matches(Password("old")))
            let kept = try #require(try await platform.row()?.passwordHash)
            #expect(try PasswordHash(kept).matches(Password("old")))
            #expect(form.isSlow == (kept == written))
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
            // Known again as the one that was taken over, though other hashes are kept.
            #expect(try await platform.login("old").decision == .pass)
            try await platform.settle()
            #expect(try await platform.row()?.handover == .unchanged)
        }
    }

    @Test func aHashThatCannotBeVerifiedIsToldOnceAndNobodyIsAsked() async throws {
        let source = Directory.source()
        let directory = MemoryDirectory([Self.ann: DirectoryEntry(hash: "{X-OWN-2}c2VjcmV0")])
        try await onPlatform(directory, source) { (platform) async throws in
            for _ in 0..<3 { #expect(try await platform.login("old").decision == .pass) }
            try await platform.settle()
            let events = try await platform.events().filter { $0.kind == .hashUnverifiable }
            #expect(events.map(\.detail) == ["{X-OWN-2}"])
            #expect(source.state.withLock { $0.shown.count } == 0)
        }
    }

    // MARK: Whom nobody is asked about

    @Test func otherSecretsAndThePlatformsOwnNetworksAreShownToNobody() async throws {
        let source = Directory.source()
        let directory = try accounts()
        directory.others = ["{SHA512}nonsense", try Directory.hash(of: "app password")]
        var limits = NewPlatform.quick
        limits.ownNetworks = ["192.0.2.0/24", "2001:db8::/32"].compactMap { IPNetwork($0) }
        try await NewPlatform.run(from: source, accounts: directory, limits: limits) { (platform) async throws in
            try await platform.enable(port: 1, accounts: [])
            #expect(try await platform.login("app password").decision == .pass)
            let lookups = directory.lookups
            for address in ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.9"] {
                #expect(try await platform.login("old", from: address).decision == .pass)
            }
            #expect(directory.lookups == lookups)
            #expect(source.state.withLock { $0.shown.count } == 0)
            #expect(try await platform.login("old", from: "198.51.100.1").passwordReplaced)
        }
    }

    @Test func whatWasChangedThereAfterItWasTakenInIsClosed() async throws {
        let source = Directory.source()
        let directory = try accounts()
        try await onPlatform(directory, source) { (platform) async throws in
            directory[Self.ann]?.changedAt = platform.now.adding(seconds: -3600)
            #expect(try await platform.login("guess").decision == .pass)
            let shown = source.state.withLock { $0.shown.count }
            #expect(shown == 1)
            directory[Self.ann] = DirectoryEntry(
                hash: try Directory.hash(of: "their own"), changedAt: platform.now.adding(seconds: 60))
            for password in ["old", "their own"] { #expect(try await platform.login(password).decision == .pass) }
            try await platform.settle()
            #expect(source.state.withLock { $0.shown.count } == shown)
            #expect(try await Directory.opens("their own", directory))
            #expect(try await platform.row()?.handover == .changedHere)
            // The portal moves mail, and leaves the password alone.
            _ = try await platform.trigger("old")
            #expect(try await Directory.opens("their own", directory))
        }
    }

    /// Our own replacement is no change of theirs.
    @Test func whatWasReplacedHereIsNoChangeThere() async throws {
        let directory = try accounts()
        try await onPlatform(directory) { (platform) async throws in
            #expect(try await platform.login("old").passwordReplaced)
            directory[Self.ann]?.changedAt = platform.now.adding(seconds: 60)
            #expect(try await platform.login("old").decision == .pass)
            try await platform.settle()
            #expect(try await platform.row()?.handover == .unchanged)
        }
    }

    @Test func whomAnAdministratorClosesIsShownToNobody() async throws {
        let source = Directory.source()
        let directory = try accounts()
        let bob = NewPlatform.address("bob@example.com")
        try await onPlatform(directory, source) { (platform) async throws in
            let outcome = try await platform.move.accounts.close([Self.ann, bob])
            #expect(outcome.changed == 1 && outcome.notFound == [bob])
            for password in ["old", NewPlatform.newPassword] {
                #expect(try await platform.login(password).decision == .pass)
            }
            try await platform.settle()
            #expect(source.state.withLock { $0.shown.count } == 0)
            #expect(try await platform.move.accounts.close([Self.ann]).changed == 0)
        }
    }

    // MARK: Lists

    @Test func whatThePlatformListsIsTakenInOnceAndAgainEveryHour() async throws {
        let directory = MemoryDirectory()
        for number in 0..<3 {
            directory[NewPlatform.address("p\(number)@example.com")] = DirectoryEntry(
                hash: "{PLAIN}x", displayName: "P\(number)")
        }
        try await onPlatform(directory) { (platform) async throws in
            #expect(try await platform.move.settings.takeInAccounts(of: Self.ann.domain) == nil)
            let page = try await platform.move.accounts.list(Self.ann.domain, search: nil, after: nil, limit: 10)
            #expect(page.accounts.map(\.displayName) == ["P0", "P1", "P2"])
            #expect(try await platform.move.accounts.takeIn(Self.ann.domain) == 0)
            directory.isDown = true
            #expect(
                try await platform.move.settings.takeInAccounts(of: Self.ann.domain)?.contains("each minute") == true)
        }
    }

    @Test func theKeptHashIsForgottenWithTheDomain() async throws {
        let directory = try accounts()
        try await onPlatform(directory) { (platform) async throws in
            #expect(try await platform.login("old").passwordReplaced)
            _ = try await platform.until { $0.status == .completed }
            _ = try await platform.move.settings.disable(Self.ann.domain)
            try await platform.move.settings.forget(Self.ann.domain)
            #expect(try await platform.row()?.passwordHash == "")
            #expect(try await platform.row()?.handover == .never)
            #expect(try await Directory.opens("old", directory))
        }
    }

    @Test func whoHasChangedItThereStaysClosedWhenTheDomainIsForgotten() async throws {
        let directory = try accounts()
        try await onPlatform(directory) { (platform) async throws in
            #expect(try await platform.login("old").passwordReplaced)
            _ = try await platform.until { $0.status == .completed }
            directory[Self.ann]?.hash = try Directory.hash(of: "their own")
            _ = try await platform.move.settings.disable(Self.ann.domain)
            try await platform.move.settings.forget(Self.ann.domain)
            #expect(try await platform.row()?.handover == .changedHere)
        }
    }

    /// With a hash that was cut off nobody could log in, by no password.
    @Test func aHashThatIsCutOffGivesWayToTheOneBefore() async throws {
        let directory = try accounts()
        let before = directory[Self.ann]
        try await onPlatform(directory) { (platform) async throws in
            directory.fail(.cutOff(octets: 40))
            let login = try await platform.login("old")
            #expect(login.decision == .pass && !login.passwordReplaced)
            #expect(directory[Self.ann] == before)
            #expect(try await platform.row()?.handover == .never)
            #expect(try await platform.login("old").passwordReplaced)
        }
    }
}
