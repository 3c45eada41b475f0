// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Foundation
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

/// Logins, runs and recovery where the platform keeps the passwords: they are repaired there, and nobody is let in here.
@Suite(.timeLimit(.minutes(15))) struct AnyDirectoryTests {
    private static let ann = NewPlatform.ann

    private static func source() -> MemorySource {
        MemorySource(
            password: "old", inbox: (0..<5).map { MemorySource.Message(id: "u\($0)", text: "Subject: \($0)\n\nbody\n") }
        )
    }

    private static func hash(of password: String) throws -> String {
        try PasswordScheme.yescrypt.make(Password(password)).stored
    }

    private static func opens(_ password: String, _ directory: any AccountDirectory) async throws -> Bool {
        guard let hash = try await directory.lookup(ann, recorded: nil)?.hash else { return false }
        return try PasswordHash(hash).matches(Password(password))
    }

    /// A platform where ann has the password that the new platform gave her.
    private func onPlatform(
        _ directory: MemoryDirectory, _ source: MemorySource? = nil, in folder: String? = nil, sealKey: SealKey? = nil,
        _ body: (NewPlatform) async throws -> Void
    ) async throws {
        try await NewPlatform.run(
            in: folder, from: source ?? Self.source(), accounts: directory, sealKey: sealKey ?? .random()
        ) { (platform: NewPlatform) async throws -> Void in
            if try await platform.records.allSettings().isEmpty { try await platform.enable(port: 1, accounts: []) }
            try await body(platform)
        }
    }

    private func accounts(_ password: String = NewPlatform.newPassword) throws -> MemoryDirectory {
        MemoryDirectory([Self.ann: DirectoryEntry(hash: try Self.hash(of: password))])
    }

    // MARK: The toy

    @Test func aTextFileIsRepairedAndTheMailMoves() async throws {
        let file = URL(filePath: "/var/tmp/mailmove-accounts-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let before = "\(Self.ann):\(try Self.hash(of: NewPlatform.newPassword))\n"
        try Data(before.utf8).write(to: file)
        let directory = TextFileDirectory(file: file)
        try await NewPlatform.run(from: Self.source(), accounts: directory) { (platform) async throws in
            // Without a window nothing is looked up, or asked.
            #expect(try await platform.login("old").decision == .pass)
            #expect(try await platform.row() == nil)
            try await platform.enable(port: 1, accounts: [])
            #expect(try await platform.login("guess").decision == .pass)
            #expect(try String(contentsOf: file, encoding: .utf8) == before)
            let login = try await platform.login("old")
            #expect(login.decision == .pass)
            #expect(login.passwordReplaced)
            #expect(try await Self.opens("old", directory))
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
            #expect(platform.delivered().count == 5)
            // From now on it is the platform's own affair, and each login fetches what has come since.
            #expect(try await platform.login("old").decision == .pass)
            try await platform.settle()
            #expect(try await platform.status().status == .completed)
        }
    }

    // MARK: Who is left alone

    @Test func whoIsNotThereOrLockedOrCheckedElsewhereIsPassedOnAndNobodyIsAsked() async throws {
        let source = Self.source()
        let hash = try Self.hash(of: NewPlatform.newPassword)
        let entries: [DirectoryEntry?] = [
            nil, DirectoryEntry(hash: hash, isActive: false), DirectoryEntry(hash: hash, isExternal: true),
            DirectoryEntry(hash: "{ARGON2ID}nothing that is known here"),
        ]
        for entry in entries {
            let directory = MemoryDirectory()
            directory[Self.ann] = entry
            try await onPlatform(directory, source) { (platform) async throws in
                let login = try await platform.login("old")
                #expect(login.decision == .pass)
                #expect(!login.passwordReplaced)
                #expect(directory[Self.ann] == entry)
                try await platform.settle()
                #expect(platform.delivered().isEmpty)
            }
        }
        #expect(source.state.withLock { $0.shown.count } == 0)
    }

    @Test func anAccountIsMadeThereWithTheOldServersWord() async throws {
        let directory = MemoryDirectory()
        try await onPlatform(directory) { (platform) async throws in
            try await platform.enable(port: 1, accounts: []) { $0.autoCreateAccounts = true }
            #expect(try await platform.login("guess").decision == .pass)
            #expect(directory[Self.ann] == nil)
            #expect(try await platform.login("old").passwordReplaced)
            #expect(try await Self.opens("old", directory))
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
        }
    }

    // MARK: Whose password it is

    @Test func aPasswordThatIsTheAccountsOwnStaysAsItIsAndTheMailMoves() async throws {
        let directory = try accounts("old")
        let before = directory[Self.ann]
        try await onPlatform(directory) { (platform) async throws in
            #expect(try await platform.login("old").decision == .pass)
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
            #expect(directory[Self.ann] == before)
        }
    }

    @Test func whatTheUserHasChangedThereSinceIsShownToNobodyAndAnotherHashOfTheSameIsNoChange() async throws {
        let source = Self.source()
        let directory = try accounts()
        try await onPlatform(directory, source) { (platform) async throws in
            #expect(try await platform.login("old").passwordReplaced)
            _ = try await platform.until { $0.status == .completed }
            // The platform hashes again.
            directory[Self.ann]?.hash = try Self.hash(of: "old")
            #expect(try await platform.login("old").decision == .pass)
            try await platform.settle()
            #expect(try await platform.row()?.handover == .unchanged)
            directory[Self.ann]?.hash = try Self.hash(of: "the user's own")
            let logins = source.state.withLock { $0.shown.count }
            #expect(try await platform.login("the user's own").decision == .pass)
            #expect(try await platform.login("old").decision == .pass)
            try await platform.settle()
            #expect(try await platform.row()?.handover == .changedHere)
            #expect(source.state.withLock { $0.shown.count } == logins)
            #expect(try await Self.opens("the user's own", directory))
        }
    }

    // MARK: Two databases

    @Test func aNewerPasswordIsNeverOverwritten() async throws {
        let directory = try accounts()
        let newer = try Self.hash(of: "newer")
        let source = Self.source()
        try await onPlatform(directory, source) { (platform) async throws in
            directory.fail(.overtaken(by: newer))
            let login = try await platform.login("old")
            #expect(login.decision == .pass)
            #expect(!login.passwordReplaced)
            #expect(directory[Self.ann]?.hash == newer)
            #expect(try await platform.row()?.handingOver == nil)
            #expect(source.state.withLock { $0.shown.count } == 1)
            directory[Self.ann]?.hash = try Self.hash(of: NewPlatform.newPassword)
            directory.fail(.overtaken(by: newer))
            _ = try await platform.trigger("old")
            #expect(directory[Self.ann]?.hash == newer)
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
        }
    }

    @Test func aLostAnswerIsSettledByTheNextLogin() async throws {
        let directory = try accounts()
        try await onPlatform(directory) { (platform) async throws in
            directory.fail(.answerLost)
            #expect(try await platform.login("old").decision == .unavailable)
            #expect(try await Self.opens("old", directory))
            #expect(try await platform.row()?.handingOver?.hash == directory[Self.ann]?.hash)
            #expect(try await platform.login("old").decision == .pass)
            #expect(try await platform.row()?.handingOver == nil)
            #expect(try await platform.row()?.handover == .unchanged)
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
        }
    }

    @Test(arguments: [MemoryDirectory.Fault.answerLost, .refused])
    func whatWasInterruptedIsSettledAtTheStart(_ fault: MemoryDirectory.Fault) async throws {
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try accounts()
        let key = SealKey.random()
        try await onPlatform(directory, in: folder, sealKey: key) { (platform) async throws in
            directory.fail(fault)
            #expect(try await platform.login("old").decision == .unavailable)
            #expect(try await platform.row()?.handingOver != nil)
        }
        let wasReplaced = try await Self.opens("old", directory)
        try await onPlatform(directory, in: folder, sealKey: key) { (platform) async throws in
            let row = try await platform.row()
            #expect(row?.handingOver == nil)
            #expect(row?.handover == (wasReplaced ? .unchanged : .never))
            if wasReplaced {
                #expect(try await platform.until { $0.status == .completed }.moved == 5)
            } else {
                #expect(row?.sealed == nil)
                #expect(try await platform.login("old").passwordReplaced)
            }
        }
    }

    @Test func aDirectoryThatDoesNotAnswerIsATemporaryFailureAndKeepsNobodyFromStarting() async throws {
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try accounts()
        let key = SealKey.random()
        try await onPlatform(directory, in: folder, sealKey: key) { (platform) async throws in
            directory.fail(.answerLost)
            #expect(try await platform.login("old").decision == .unavailable)
            directory.isDown = true
            #expect(try await platform.login("old").decision == .unavailable)
        }
        try await onPlatform(directory, in: folder, sealKey: key) { (platform) async throws in
            #expect(try await platform.login("old").decision == .unavailable)
            directory.isDown = false
            #expect(try await platform.login("old").decision == .pass)
            #expect(try await platform.row()?.handover == .unchanged)
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
        }
    }

    @Test func thePortalLeavesAloneWhomThePlatformHasLockedOrDeleted() async throws {
        let source = Self.source()
        let directory = try accounts()
        try await onPlatform(directory, source) { (platform) async throws in
            // Taken in by a login that was no more than a guess.
            #expect(try await platform.login("guess").decision == .pass)
            let shown = source.state.withLock { $0.shown.count }
            let hash = directory[Self.ann]?.hash
            let entries = [
                nil, DirectoryEntry(hash: hash, isActive: false), DirectoryEntry(hash: hash, isExternal: true),
                DirectoryEntry(hash: "{ARGON2ID}nothing that is known here"),
            ]
            try await platform.enable(port: 1, accounts: []) { $0.autoCreateAccounts = true }
            for entry in entries {
                directory[Self.ann] = entry
                await #expect {
                    _ = try await platform.trigger("old")
                } throws: {
                    ($0 as? MoveError)?.reason == .nonMigratingAccount
                }
                #expect(try await platform.login("old").decision == .pass)
                #expect(directory[Self.ann] == entry)
            }
            #expect(source.state.withLock { $0.shown.count } == shown)
        }
    }

    @Test func tooManyGuessesArePassedOnAndNoLongerAsked() async throws {
        let source = Self.source()
        try await onPlatform(try accounts(), source) { (platform) async throws in
            for number in 0..<20 { #expect(try await platform.login("guess \(number)").decision == .pass) }
            #expect(source.state.withLock { $0.shown.count } < 20)
        }
    }

    // MARK: Hashes of a platform's own forms

    /// Verified in whatever form they stand there, and written in the form that is configured; what is kept here is costly
    /// to guess from.
    @Test(arguments: HashStyle.allCases)
    func hashesAreReadAndWrittenInThePlatformsForm(_ form: HashStyle) async throws {
        let source = Self.source()
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
        let source = Self.source()
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
        let source = Self.source()
        let directory = try accounts()
        directory.others = ["{SHA512}nonsense", try Self.hash(of: "app password")]
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
        let source = Self.source()
        let directory = try accounts()
        try await onPlatform(directory, source) { (platform) async throws in
            directory[Self.ann]?.changedAt = platform.now.adding(seconds: -3600)
            #expect(try await platform.login("guess").decision == .pass)
            let shown = source.state.withLock { $0.shown.count }
            #expect(shown == 1)
            directory[Self.ann] = DirectoryEntry(
                hash: try Self.hash(of: "their own"), changedAt: platform.now.adding(seconds: 60))
            for password in ["old", "their own"] { #expect(try await platform.login(password).decision == .pass) }
            try await platform.settle()
            #expect(source.state.withLock { $0.shown.count } == shown)
            #expect(try await Self.opens("their own", directory))
            #expect(try await platform.row()?.handover == .changedHere)
            // The portal moves mail, and leaves the password alone.
            _ = try await platform.trigger("old")
            #expect(try await Self.opens("their own", directory))
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
        let source = Self.source()
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
            #expect(try await Self.opens("old", directory))
        }
    }

    @Test func whoHasChangedItThereStaysClosedWhenTheDomainIsForgotten() async throws {
        let directory = try accounts()
        try await onPlatform(directory) { (platform) async throws in
            #expect(try await platform.login("old").passwordReplaced)
            _ = try await platform.until { $0.status == .completed }
            directory[Self.ann]?.hash = try Self.hash(of: "their own")
            _ = try await platform.move.settings.disable(Self.ann.domain)
            try await platform.move.settings.forget(Self.ann.domain)
            #expect(try await platform.row()?.handover == .changedHere)
        }
    }
}
