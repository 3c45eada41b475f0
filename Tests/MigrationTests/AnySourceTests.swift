// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailSource
import Records
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

@testable import Migration

/// Logins, runs and recovery go their way whatever kind of server the mail comes from.
@Suite(.timeLimit(.minutes(15))) struct AnySourceTests {
    private static func message(_ number: Int) -> MemorySource.Message {
        MemorySource.Message(id: "u\(number)", text: "Subject: \(number)\n\nbody \(number)\n")
    }

    private static func source(_ messages: Int) -> MemorySource {
        MemorySource(password: "old", inbox: (0..<messages).map(message))
    }

    private static func texts(_ platform: NewPlatform) throws -> [String] {
        try platform.delivered().map { try String(contentsOfFile: $0, encoding: .utf8) }.sorted()
    }

    /// What arrives of a message, with the field that a store puts above it.
    private static func delivered(_ message: MemorySource.Message) -> String {
        (message.id.map { "X-UIDL: \($0)\n" } ?? "") + String(decoding: message.octets, as: UTF8.self)
    }

    /// All of them are here, once.
    private func expectAll(_ source: MemorySource, on platform: NewPlatform) throws {
        let wanted = source.state.withLock { $0.folders.flatMap(\.messages) }.map(Self.delivered).sorted()
        #expect(try Self.texts(platform) == wanted)
    }

    // MARK: The toy

    @Test func aFolderOfFilesMovesWithLoginsRunsAndRecovery() async throws {
        let old = URL(filePath: "/var/tmp/mailmove-files-\(UUID().uuidString)")
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer { for path in [old.path, folder] { try? FileManager.default.removeItem(atPath: path) } }
        let mailbox = old.appending(path: NewPlatform.ann.description)
        try FileManager.default.createDirectory(at: mailbox, withIntermediateDirectories: true)
        try Data("old".utf8).write(to: mailbox.appending(path: "password"))
        func put(_ numbers: Range<Int>) throws {
            for number in numbers {
                try Data("Subject: \(number)\n\nbody\n".utf8).write(to: mailbox.appending(path: "\(100 + number).eml"))
            }
        }
        try put(0..<30)
        let key = SealKey.random()
        try await NewPlatform.run(in: folder, from: EmlFolder(old), sealKey: key) { platform in
            try await platform.enable(port: 1)
            #expect(try await platform.login("guess").decision == .reject)
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 30)
            #expect(platform.delivered().count == 30)
        }
        try put(30..<40)
        try await NewPlatform.run(in: folder, from: EmlFolder(old), sealKey: key) { platform in
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed && $0.moved == 40 }.moved == 40)
            #expect(platform.delivered().count == 40)
            let findings = try await platform.move.integrity.check(
                NewPlatform.ann, password: Password("old"), repairs: false)
            #expect(findings.isOK && findings.waiting == 0 && findings.missingCount == 0)
        }
    }

    // MARK: Faults

    @Test(
        arguments: [SourceError.Step.capabilities, .folders, .listing, .fetch],
        [MemorySource.Misdeed.hangsUp, .talksNonsense])
    func aRunGoesOnBehindWhateverEndsASession(step: SourceError.Step, misdeed: MemorySource.Misdeed) async throws {
        let source = Self.source(30)
        source.state.withLock { $0.misdeeds[step] = [misdeed] }
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            #expect(try await platform.login("old").decision == .accept)
            let status = try await platform.until { $0.status == .completed }
            #expect((status.status, status.moved) == (.completed, 30))
            #expect(source.state.withLock { $0.misdeeds[step] } == [])
            try expectAll(source, on: platform)
        }
    }

    @Test(arguments: [SourceError.Step.connect, .greeting], [MemorySource.Misdeed.hangsUp, .talksNonsense])
    func aRunTriesAgainToReachTheServer(step: SourceError.Step, misdeed: MemorySource.Misdeed) async throws {
        let source = Self.source(5)
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            // The session of the login is the run's first; the second one, which looks for more, meets it.
            source.state.withLock { state in
                state.before = { [weak source] begun in
                    guard begun == .farewell else { return }
                    source?.state.withLock { state in
                        state.before = nil
                        state.misdeeds[step] = [misdeed]
                    }
                }
            }
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
            #expect(source.state.withLock { $0.misdeeds[step] } == [])
            try expectAll(source, on: platform)
        }
    }

    @Test func aSessionThatEndsInTheMiddleOfAMessageLosesAndDoublesNone() async throws {
        let source = Self.source(30)
        source.state.withLock { state in
            for number in [0, 7, 29] { state.stumbles["u\(number)"] = [.hangsUpInTheMiddle] }
        }
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 30)
            try expectAll(source, on: platform)
        }
    }

    @Test func aServerThatLosesCommandsAheadIsAskedOneByOne() async throws {
        let source = Self.source(30)
        source.state.withLock { $0.misdeeds[.fetch] = Array(repeating: .losesCommandsAhead, count: 100) }
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 30)
            #expect(source.state.withLock { $0.misdeeds[.fetch]?.count } == 99)
            try expectAll(source, on: platform)
        }
    }

    @Test func aServerThatIsBusyIsAskedAgainLater() async throws {
        let source = Self.source(3)
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            source.state.withLock { $0.misdeeds[.listing] = [.isBusy] }
            _ = try await platform.login("old")
            for _ in 0..<100 where try await platform.status().status != .completed {
                try await Task.sleep(for: .milliseconds(50))
                platform.advance(seconds: 60)
            }
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            let postponed = try await platform.events().filter { $0.kind == .postponed }
            #expect(postponed.map(\.reason) == [.mailboxInUse])
            try expectAll(source, on: platform)
        }
    }

    @Test func aMessageThatIsRefusedIsNamedAndTheOthersArrive() async throws {
        let source = Self.source(10)
        source.state.withLock { $0.refused = ["u3"] }
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.login("old")
            let status = try await platform.until { $0.status == .failed }
            #expect((status.moved, status.remaining, status.error?.reason) == (9, 1, .messagesRefused))
            let named = try await platform.events().filter { $0.kind == .messageRefused }.compactMap(\.detail)
            #expect(named == ["message 4, id u3: not that one"])
            source.state.withLock { $0.refused = [] }
            platform.advance(hours: 1)
            #expect(try await platform.until { $0.status == .completed }.moved == 10)
            try expectAll(source, on: platform)
        }
    }

    @Test func aServerThatListsAPartEachTimeIsFollowedToTheEnd() async throws {
        let source = Self.source(35)
        source.state.withLock { $0.partSize = 10 }
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 35)
            try expectAll(source, on: platform)
        }
    }

    @Test func messagesWithoutIDsAreKnownByTheirContent() async throws {
        let source = MemorySource(
            password: "old",
            inbox: (0..<10).map { MemorySource.Message(id: nil, text: "Subject: \($0)\n\nbody\n") })
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 10)
            _ = try await platform.trigger("old")
            try await platform.settle()
            #expect(try await platform.status().moved == 10)
            try expectAll(source, on: platform)
        }
    }

    @Test func whatIsToBeDeletedIsDeletedOnlyOnceItIsHere() async throws {
        let source = Self.source(10)
        source.state.withLock { $0.refused = ["u3"] }
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1) { $0.options.deleteAfterMove = true }
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .failed }.moved == 9)
            try await platform.settle()
            #expect(source.state.withLock { $0.folders[0].messages.map(\.id) } == ["u3"])
            #expect(platform.delivered().count == 9)
        }
    }

    @Test func theUserLogsInOverThereOnceForTheCheckAndTheRun() async throws {
        let source = Self.source(3)
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            // A first run looks through the mailbox once more.
            #expect(source.state.withLock { $0.shown } == ["old", "old"])
        }
    }

    @Test func mailOfAllFoldersArrives() async throws {
        let source = MemorySource(
            password: "old",
            folders: [
                .init(messages: (0..<5).map(Self.message)),
                .init(path: ["Archive"], messages: (5..<8).map(Self.message)),
            ])
        try await NewPlatform.run(from: source) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 8)
            try expectAll(source, on: platform)
        }
    }
}
