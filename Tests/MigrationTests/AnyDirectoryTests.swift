// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Foundation
import Records
import Secrets
import Support
import Testing
import Vocabulary

@testable import Migration

/// Logins, runs and recovery where the platform keeps the passwords: they are repaired there, and nobody is let in here.
@Suite(.timeLimit(.minutes(15))) struct AnyDirectoryTests {
    static let ann = NewPlatform.ann

    static func source() -> MemorySource {
        MemorySource(
            password: "old", inbox: (0..<5).map { MemorySource.Message(id: "u\($0)", text: "Subject: \($0)\n\nbody\n") }
        )
    }

    static func hash(of password: String) throws -> String {
        try PasswordScheme.yescrypt.make(Password(password)).stored
    }

    static func opens(_ password: String, _ directory: any AccountDirectory) async throws -> Bool {
        guard let hash = try await directory.lookup(ann, recorded: nil)?.hash else { return false }
        return try PasswordHash(hash).matches(Password(password))
    }

    /// A platform where ann has the password that the new platform gave her.
    func onPlatform(
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

    func accounts(_ password: String = NewPlatform.newPassword) throws -> MemoryDirectory {
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

    /// What happens to the account's hash between a crash and the next start.
    enum Meanwhile: CaseIterable, Sendable { case nothing, hashedAgain, changed }

    /// Every order of a crash, of what the platform or the user does before the next start, and of who comes first then;
    /// with the key that sealed the password, and without.
    @Test(
        arguments: [MemoryDirectory.Fault.answerLost, .refused], [true, false])
    func everyOrderOfACrashEndsRight(_ fault: MemoryDirectory.Fault, hasKey: Bool) async throws {
        for meanwhile in Meanwhile.allCases {
            for comesFirst in ["old", "newer"] {
                let wasReplaced = if case .answerLost = fault { true } else { false }
                if meanwhile == .hashedAgain, !wasReplaced { continue }
                let what: Comment = "\(fault), key \(hasKey), \(meanwhile), first \(comesFirst)"
                let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
                defer { try? FileManager.default.removeItem(atPath: folder) }
                let (source, directory, key) = (Self.source(), try accounts(), SealKey.random())
                try await onPlatform(directory, source, in: folder, sealKey: key) { (platform) async throws in
                    directory.fail(fault)
                    #expect(try await platform.login("old").decision == .unavailable, what)
                }
                switch meanwhile {
                case .nothing: break
                case .hashedAgain: directory[Self.ann]?.hash = try Self.hash(of: "old")
                case .changed: directory[Self.ann]?.hash = try Self.hash(of: "newer")
                }
                let next = hasKey ? key : .random()
                try await onPlatform(directory, source, in: folder, sealKey: next) { (platform) async throws in
                    for password in [comesFirst, "old", "newer", "old"] {
                        #expect(try await platform.login(password).decision == .pass, what)
                        try await platform.settle()
                    }
                    let row = try await platform.row()
                    #expect(row?.handingOver == nil, what)
                    // By this password its user comes in, and it is nobody else's.
                    let own = meanwhile == .changed ? "newer" : "old"
                    #expect(try await Self.opens(own, directory), what)
                    #expect(row?.handover == (meanwhile == .changed ? .changedHere : .unchanged), what)
                    if meanwhile == .changed {
                        #expect(!source.state.withLock { $0.shown.contains("newer") }, what)
                    }
                    if hasKey || meanwhile != .changed {
                        #expect(try await platform.until { $0.status == .completed }.moved == 5, what)
                    }
                }
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
}
