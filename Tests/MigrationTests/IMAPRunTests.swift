// SPDX-License-Identifier: Apache-2.0

import Foundation
import IMAPSource
import MailSource
import NIOPosix
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

@testable import Migration

/// Logins, runs and what ends them, with mail that comes by IMAP.
@Suite(.timeLimit(.minutes(15))) struct IMAPRunTests {
    private static func mail(_ name: String, _ uids: ClosedRange<UInt32>) -> [IMAPMailboxServer.Message] {
        uids.map { .init($0, "Subject: \(name) \($0)\r\n\r\nbody of \(name) \($0)\r\n") }
    }

    private static let folders: [IMAPMailboxServer.Folder] = [
        .init("INBOX", mail("inbox", 1...30)), .init("Work", mail("work", 1...10)), .init("Empty"),
    ]

    private func run(
        _ options: IMAPMailboxServer.Options = .init(),
        _ body: (NewPlatform, IMAPMailboxServer) async throws -> Void
    ) async throws {
        let server = try IMAPMailboxServer(
            user: NewPlatform.ann.description, password: "old", folders: Self.folders, options: options)
        defer { server.stop() }
        try await NewPlatform.run(from: IMAPSource(group: MultiThreadedEventLoopGroup.singleton)) { platform in
            try await platform.enable(port: server.port) { $0.options.preserveUIDL = false }
            try await body(platform, server)
        }
    }

    /// All of them are here, once.
    private func expectAll(_ server: IMAPMailboxServer, on platform: NewPlatform) throws {
        let wanted = server.folders.flatMap(\.messages).map { message in
            String(decoding: message.octets, as: UTF8.self).replacing("\r\n", with: "\n")
        }
        let here = try platform.delivered().map { try String(contentsOfFile: $0, encoding: .utf8) }
        #expect(here.sorted() == wanted.sorted())
    }

    private enum Stage { case begins, isThere, goesOn }

    /// In the session in which the login was checked.
    @Test func whatComesWhileTheRestMovesMovesToo() async throws {
        var options = IMAPMailboxServer.Options()
        let stage = Mutex(Stage.begins)
        options.fetched = { _, message, items in
            guard message.uid == 5, items.contains(where: { $0.hasPrefix("BODY") }) else { return nil }
            stage.withLock { if $0 == .begins { $0 = .isThere } }
            while stage.withLock({ $0 != .goesOn }) { usleep(1000) }
            return nil
        }
        try await run(options) { platform, server in
            _ = try await platform.login("old")
            while stage.withLock({ $0 != .isThere }) { try await Task.sleep(for: .milliseconds(1)) }
            server.change { folders in
                folders[0].messages += Self.mail("late", 31...33)
                folders[1].messages += Self.mail("later", 11...12)
            }
            stage.withLock { $0 = .goesOn }
            let status = try await platform.until { $0.status == .completed }
            #expect(status.moved == 45)
            try expectAll(server, on: platform)
            #expect(server.connections == 1)
        }
    }

    @Test func aMailboxMovesWithTheFirstLogin() async throws {
        try await run { platform, server in
            #expect(try await platform.login("guess").decision == .reject)
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 40)
            try expectAll(server, on: platform)
            server.change { $0[1].messages += Self.mail("late", 11...12) }
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed && $0.moved == 42 }.moved == 42)
            try expectAll(server, on: platform)
        }
    }

    /// Exchange: OK to a wrong password.
    @Test func aPasswordWithWhichNothingOpensOpensNothingHere() async throws {
        var options = IMAPMailboxServer.Options()
        options.login = "OK welcome, whoever you are"
        options.answer = { $0.hasPrefix("EXAMINE") ? "%T BAD User is authenticated but not connected.\r\n" : nil }
        try await run(options) { platform, _ in
            let answer = try await platform.login("guess")
            #expect(answer.decision == .reject)
            #expect(try await platform.status().status == .notStarted)
        }
    }

    @Test func aServerThatIsBusyDoesNotMakeAPasswordWrong() async throws {
        var options = IMAPMailboxServer.Options()
        options.login = "NO [UNAVAILABLE] come back later"
        try await run(options) { platform, _ in
            let answer = try await platform.login("old")
            #expect(answer.decision == .unavailable)
        }
    }

    @Test func aRunGoesOnBehindASessionThatIsCut() async throws {
        let cuts = Mutex(3)
        var options = IMAPMailboxServer.Options()
        options.misdeed = { command in
            guard command.contains("BODY") else { return nil }
            return cuts.withLock { left in
                left -= 1
                return left >= 0 ? .hangsUpInTheMiddle : nil
            }
        }
        try await run(options) { platform, server in
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 40)
            try expectAll(server, on: platform)
        }
    }

    @Test func aMessageThatIsRefusedIsNamedAndTheOthersArrive() async throws {
        var options = IMAPMailboxServer.Options()
        options.fetched = { _, message, items in
            items.contains("BODY.PEEK[]") && message.octets.starts(with: Array("Subject: inbox 7\r\n".utf8))
                ? Array("* 7 FETCH (UID 7 BODY[] NIL)\r\n".utf8) : nil
        }
        try await run(options) { platform, _ in
            _ = try await platform.login("old")
            let status = try await platform.until { $0.status == .failed }
            #expect((status.moved, status.remaining, status.error?.reason) == (39, 1, .messagesRefused))
            let named = try await platform.events().filter { $0.kind == .messageRefused }.compactMap(\.detail)
            #expect(named.count == 1 && named.first?.hasPrefix("message 7, INBOX, UID 7: ") == true, "\(named)")
        }
    }

    /// It hangs up, or makes no sense, each time that one folder is asked about.
    @Test(
        arguments: ["STATUS", "EXAMINE", "UID FETCH"],
        [(.hangsUp, nil), (.saysGoodBye("it is locked"), nil), (nil, "* 1 FETCH (UID (((\r\n%T OK\r\n")]
            as [(IMAPMailboxServer.Misdeed?, String?)])
    func aFolderAtWhichEachSessionEndsIsNamedAndTheOthersArrive(
        command: String, trouble: (misdeed: IMAPMailboxServer.Misdeed?, answer: String?)
    ) async throws {
        var options = IMAPMailboxServer.Options()
        let isWell = Mutex(false)
        let isOpen = Mutex(false)
        let isStumbling: @Sendable (String) -> Bool = { line in
            if line.hasPrefix("EXAMINE") { isOpen.withLock { $0 = line.contains("Work") } }
            let isAbout =
                command == "UID FETCH" ? isOpen.withLock { $0 } && !line.contains("BODY") : line.contains("Work")
            return line.hasPrefix(command) && isAbout && !isWell.withLock { $0 }
        }
        options.misdeed = { isStumbling($0) ? trouble.misdeed : nil }
        options.answer = { isStumbling($0) ? trouble.answer : nil }
        try await run(options) { platform, server in
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect((failed.moved, failed.error?.reason) == (30, .messagesRefused))
            let named = try await platform.events().filter { $0.kind == .messageRefused }.compactMap(\.detail)
            #expect(named.count == 1 && named.first?.hasPrefix("the folder Work: ") == true, "\(named)")
            isWell.withLock { $0 = true }
            platform.advance(hours: 1)
            #expect(try await platform.until { $0.status == .completed }.moved == 40)
            try expectAll(server, on: platform)
        }
    }

    /// As Exchange 2003 does.
    @Test(arguments: [nil, "* NAMESPACE ((((\r\n%T OK\r\n"])
    func aServerThatDoesNotBearTheQuestionForNamespacesIsNotAskedForEver(answer: String?) async throws {
        var options = IMAPMailboxServer.Options()
        options.misdeed = { $0 == "NAMESPACE" && answer == nil ? .hangsUp : nil }
        options.answer = { $0 == "NAMESPACE" ? answer : nil }
        try await run(options) { platform, server in
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 40)
            try expectAll(server, on: platform)
            #expect(server.seen.count { $0 == "NAMESPACE" } <= 2)
        }
    }

    @Test func whatIsToBeDeletedIsDeletedOnlyOnceItIsHere() async throws {
        try await run { platform, server in
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 40)
            try await platform.settle()
            #expect(server.folders.map(\.messages.count) == [30, 10, 0])
            #expect(!server.seen.contains { $0.hasPrefix("SELECT") || $0.hasPrefix("UID STORE") })
        }
        var server: IMAPMailboxServer?
        try await run { platform, old in
            server = old
            try await platform.enable(port: old.port) { $0.options.deleteAfterMove = true }
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 40)
            try await platform.settle()
            #expect(platform.delivered().count == 40)
        }
        #expect(server?.folders.map(\.messages.count) == [0, 0, 0])
    }
}
