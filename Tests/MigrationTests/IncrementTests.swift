// SPDX-License-Identifier: Apache-2.0

import Foundation
import IMAPSource
import NIOPosix
import Secrets
import Support
import Testing
import Vocabulary

@testable import Migration

/// Runs after the first, by IMAP: folders that stand as they stood are not listed again, and nothing is missed for it.
@Suite(.timeLimit(.minutes(15))) struct IncrementTests {
    private static func mail(_ name: String, _ uids: ClosedRange<UInt32>) -> [IMAPMailboxServer.Message] {
        uids.map { .init($0, "Subject: \(name) \($0)\r\n\r\nbody of \(name) \($0)\r\n") }
    }

    /// Once all has moved, and nothing runs.
    private func afterTheFirstRun(
        _ options: IMAPMailboxServer.Options = .init(),
        _ change: @Sendable (inout [IMAPMailboxServer.Folder]) -> Void = { _ in },
        _ body: (NewPlatform, IMAPMailboxServer) async throws -> Void
    ) async throws {
        let server = try IMAPMailboxServer(
            user: NewPlatform.ann.description, password: "old",
            folders: [.init("INBOX", Self.mail("inbox", 1...30)), .init("Work", Self.mail("work", 1...10))],
            options: options)
        defer { server.stop() }
        server.change(change)
        try await NewPlatform.run(from: IMAPSource(group: MultiThreadedEventLoopGroup.singleton)) { platform in
            try await platform.enable(port: server.port) { $0.options.preserveUIDL = false }
            try await moves(40, platform)
            try await body(platform, server)
        }
    }

    /// Another run ends with so many here.
    private func moves(_ count: Int, _ platform: NewPlatform) async throws {
        _ = try await platform.trigger("old")
        let status = try await platform.until { $0.status == .completed && $0.moved == Int64(count) }
        #expect(status.moved == Int64(count) && status.remaining == 0, "\(status)")
        try await platform.settle()
        #expect(platform.delivered().count == count)
    }

    private func sent(_ server: IMAPMailboxServer, _ body: () async throws -> Void) async throws -> [String] {
        let before = server.seen.count
        try await body()
        return server.seen.dropFirst(before).filter { $0.hasPrefix("UID FETCH") }
    }

    @Test func whatStandsAsItStoodIsNotListed() async throws {
        try await afterTheFirstRun { platform, server in
            let sent = try await sent(server) { try await moves(40, platform) }
            #expect(sent == [])
            let findings = try await platform.move.integrity.check(
                NewPlatform.ann, password: Password("old"), repairs: false)
            #expect(findings.isOK && findings.present == 40 && findings.waiting == 0)
        }
    }

    @Test func ofAFolderToWhichMailHasComeTheNewIsListedAlone() async throws {
        try await afterTheFirstRun { platform, server in
            server.change { $0[1].messages += Self.mail("late", 11...12) }
            let sent = try await sent(server) { try await moves(42, platform) }
            #expect(sent.allSatisfy { !$0.contains(" 1:*") } && sent.contains { $0.contains("11:*") })
            #expect(try await self.sent(server) { try await moves(42, platform) } == [])
        }
    }

    /// It is there by its name and not by its number: what is filed over there, and what goes.
    @Test func whatIsFiledOverThereIsNotBroughtAgainAndACopyIs() async throws {
        try await afterTheFirstRun { platform, server in
            server.change { folders in
                var filed = folders[0].messages.removeFirst()
                filed.uid = 11
                folders[1].messages.append(filed)
            }
            try await moves(40, platform)
            server.change { folders in
                var copy = folders[0].messages[4]
                copy.uid = 12
                folders[1].messages.append(copy)
            }
            try await moves(41, platform)
        }
    }

    /// As many as before, and not the same.
    @Test func oneThatGoesDoesNotHideOneThatComes() async throws {
        try await afterTheFirstRun { platform, server in
            server.change { folders in
                folders[1].messages.removeFirst()
                folders[1].messages += Self.mail("late", 11...11)
            }
            try await moves(41, platform)
        }
    }

    @Test func aUIDNEXTThatStandsStillHidesNothing() async throws {
        var options = IMAPMailboxServer.Options()
        options.answer = { command in
            command.hasPrefix("STATUS") ? "* STATUS Work (MESSAGES 10 UIDNEXT 5 UIDVALIDITY 7)\r\n%T OK\r\n" : nil
        }
        try await afterTheFirstRun(options) {
            $0[1].tellsNext = false
        } _: { platform, server in
            server.change { folders in
                folders[1].messages.removeFirst()
                folders[1].messages += Self.mail("late", 11...11)
            }
            try await moves(41, platform)
        }
    }

    @Test func aFolderThatIsNumberedAnewIsListed() async throws {
        try await afterTheFirstRun { platform, server in
            server.change { folders in
                folders[1].validity = 8
                folders[1].messages += Self.mail("late", 11...11)
            }
            try await moves(41, platform)
        }
    }

    /// What its user has deleted here comes again when an administrator says so, from a folder that stands as it stood.
    @Test func whatIsToBeMovedAgainIs() async throws {
        try await afterTheFirstRun { platform, server in
            let files = platform.delivered(in: ".Work")
            for path in files.prefix(3) { try FileManager.default.removeItem(atPath: path) }
            let findings = try await platform.move.integrity.check(
                NewPlatform.ann, password: Password("old"), repairs: true)
            #expect(findings.missingCount == 3 && findings.missing.map(\.folder) == ["Work", "Work", "Work"])
            _ = try await platform.until { _ in platform.delivered().count == 40 }
            try await platform.settle()
            #expect(platform.delivered().count == 40)
            try await moves(40, platform)
        }
    }

    /// What the old server would not give is asked for each time.
    @Test func aFolderOfWhichSomethingWasLeftBehindIsListed() async throws {
        try await afterTheFirstRun { platform, server in
            try await moves(40, platform)
            server.change { $0[1].refusalToOpen = "NO not now" }
            server.change { $0[1].messages += Self.mail("late", 11...11) }
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .failed }.error?.reason == .messagesRefused)
            try await platform.rest()
            server.change { $0[1].refusalToOpen = nil }
            try await moves(41, platform)
        }
    }
}
