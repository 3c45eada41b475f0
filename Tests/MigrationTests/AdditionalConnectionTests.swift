// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ground
import IMAPSource
import NIOPosix
import Support
import Synchronization
import Testing
import Vocabulary

@testable import Migration

/// Mailboxes that move over more than one connection, from a server that takes its time over each message.
@Suite(.timeLimit(.minutes(15))) struct AdditionalConnectionTests {
    private static let ann = NewPlatform.ann
    private static let bob = NewPlatform.address("bob@example.com")

    private static func mail(_ name: String, _ count: UInt32) -> [IMAPMailboxServer.Message] {
        (1...count).map { .init($0, "Subject: \(name) \($0)\r\n\r\nbody of \(name) \($0)\r\n") }
    }

    private static let folders: [IMAPMailboxServer.Folder] = [
        .init("INBOX", mail("inbox", 500)), .init("Work", mail("work", 200)),
    ]

    private static func slow(_ milliseconds: UInt32) -> IMAPMailboxServer.Options {
        var options = IMAPMailboxServer.Options()
        options.fetched = { _, _, items in
            if items.contains(where: { $0.hasPrefix("BODY") }) { usleep(milliseconds * 1000) }
            return nil
        }
        return options
    }

    private static var limits: MoveLimits {
        var limits = NewPlatform.quick
        limits.additionalConnections.afterSeconds = 0.1
        limits.additionalConnections.leastSecondsLeft = 0
        // A busy machine gains nothing.
        limits.additionalConnections.leastGain = 0
        return limits
    }

    private func server(_ user: EmailAddress = ann, _ options: IMAPMailboxServer.Options = slow(2)) throws
        -> IMAPMailboxServer
    {
        try IMAPMailboxServer(user: user.description, password: "old", folders: Self.folders, options: options)
    }

    private func run(
        from server: IMAPMailboxServer, in folder: String? = nil, _ limits: MoveLimits = limits,
        _ body: (NewPlatform) async throws -> Void
    ) async throws {
        let source = IMAPSource(group: MultiThreadedEventLoopGroup.singleton)
        try await NewPlatform.run(in: folder, from: source, limits: limits) { platform in
            try await platform.enable(port: server.port) { $0.options.preserveUIDL = false }
            try await body(platform)
        }
    }

    private func expectAll(on platform: NewPlatform, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let wanted = Self.folders.flatMap(\.messages).map { message in
            String(decoding: message.octets, as: UTF8.self).replacing("\r\n", with: "\n")
        }
        let here = try platform.delivered().map { try String(contentsOfFile: $0, encoding: .utf8) }
        #expect(here.sorted() == wanted.sorted(), sourceLocation: sourceLocation)
    }

    private static func isLogin(_ command: String) -> Bool {
        command.hasPrefix("LOGIN ") || command.hasPrefix("AUTHENTICATE ")
    }

    private func logins(at server: IMAPMailboxServer) -> Int { server.seen.count(where: Self.isLogin) }

    @Test func aSlowServerIsAskedByMoreThanOne() async throws {
        let server = try server()
        defer { server.stop() }
        try await run(from: server) { platform in
            #expect(try await platform.login("old").decision == .accept)
            let status = try await platform.until { $0.status == .completed }
            #expect(status.moved == 700)
            try expectAll(on: platform)
            #expect(logins(at: server) > 1)
            // Each message was asked for once, and nothing was changed.
            #expect(server.seen.allSatisfy { !$0.contains("STORE") && !$0.hasPrefix("SELECT") })
            #expect(platform.move.scheduler.load.moving == 0)
        }
    }

    @Test func aServerWithoutAPlaceToSpareIsNot() async throws {
        let server = try server()
        defer { server.stop() }
        var limits = Self.limits
        limits.connectionsPerOldServer = 1
        try await run(from: server, limits) { platform in
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 700)
            try expectAll(on: platform)
            #expect(logins(at: server) == 1)
        }
    }

    /// A server that lets each user in once says so, and the mailbox moves over the connection that there is.
    @Test func aServerThatLetsEachInOnceIsServedAllTheSame() async throws {
        var options = Self.slow(2)
        let logins = Counter()
        options.answer = { command in
            guard Self.isLogin(command), logins.next() == 2 else { return nil }
            return "%T NO [LIMIT] too many connections of this user\r\n"
        }
        let server = try server(Self.ann, options)
        defer { server.stop() }
        try await run(from: server) { platform in
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 700)
            try expectAll(on: platform)
            #expect(try await platform.events().allSatisfy { $0.kind != .failed })
        }
    }

    /// What is stopped in the middle of it goes on later, and brings nothing twice.
    @Test func itCanBeStoppedAtAnyMoment() async throws {
        let server = try server(Self.ann, Self.slow(10))
        defer { server.stop() }
        let folder = "/var/tmp/mailmove-additional-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }  // left behind in /var/tmp at worst
        try await run(from: server, in: folder) { platform in
            _ = try await platform.login("old")
            for _ in 0..<1000 where logins(at: server) < 2 { try await Task.sleep(for: .milliseconds(10)) }
            try await Task.sleep(for: .milliseconds(100))
            #expect(try await platform.status().status == .inProgress)
        }
        try await run(from: server, in: folder) { platform in
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 700)
            try expectAll(on: platform)
        }
    }
}

/// Counts what happens, from any thread.
private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
