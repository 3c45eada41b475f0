// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ground
import Logins
import MailSource
import NIOPosix
import POP3Source
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// Real old servers that make all users pay for one who mistypes, or bear few connections: to them, all users come from
/// one address. Whoever has the right password gets in, at the second try if this machine is not slow; nobody's move fails,
/// and all mail arrives once.
@Suite(.serialized, .timeLimit(.minutes(15))) struct RealServersTests {
    /// Dovecot delays each login by up to fifteen seconds after wrong passwords from the same address, until one is right.
    @Test func threeWhoMistypeKeepNobodyOutOfADovecotThatPunishes() async throws {
        var options = DovecotServer.Options()
        options.punishesWrongPasswords = true
        let (users, messages) = (Self.users(10), 20)
        let server = try await DovecotServer(users: Self.passwords(of: users), options: options)
        defer { server.stop() }
        for user in users { try server.fill(user.description, with: Self.mail(messages, of: user)) }
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(port: server.port, accounts: users)
            let failures = try await failures(of: users, platform) {
                let began = ContinuousClock.now
                try await each(users[..<3]) { try await mistype(2, as: $0, platform) }
                // It punishes, or this test would say nothing.
                #expect(.now - began >= .seconds(2))
                try await each(users[...]) { user in
                    #expect(isIn(try await tries(as: user, platform)), "\(user)")
                    if users[..<5].contains(user) { try await poll(as: user, platform) }
                }
                try await each(users[...]) { try await allHasArrived(messages, for: $0, platform) }
            }
            #expect(failures.isEmpty)
        }
    }

    @Test func eachUserOfADovecotMayHaveButOneConnection() async throws {
        var options = DovecotServer.Options()
        options.configuration = "mail_max_userip_connections = 1"
        let (users, messages) = (Self.users(6), 40)
        let server = try await DovecotServer(users: Self.passwords(of: users), options: options)
        defer { server.stop() }
        for user in users { try server.fill(user.description, with: Self.mail(messages, of: user)) }
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(port: server.port, accounts: users)
            let failures = try await failures(of: users, platform) {
                try await each(users[...]) { user in
                    // Some have left their mail program open, which looks for mail over there.
                    let decisions =
                        users[..<2].contains(user)
                        ? try await tries(as: user, besides: server.port, platform)
                        : try await tries(as: user, platform)
                    #expect(isIn(decisions), "\(user)")
                    try await poll(as: user, platform)
                }
                try await each(users[...]) { try await allHasArrived(messages, for: $0, platform) }
            }
            #expect(failures.isEmpty)
            #expect(server.log.contains("Maximum number of connections"), "this test says nothing")
        }
    }

    /// Courier closes each connection that is one too many without a word, and answers wrong passwords five seconds later.
    /// It counts processes of its own, and may still count some whose connections have ended: where it closes everybody's for
    /// longer than moves put up with, it is out of reach as far as anybody can tell. That alone may happen once.
    @Test(.enabled(if: CourierServer.isAvailable, "needs root, for paths of its own"))
    func aCourierThatBearsFourConnectionsLetsAllInAndIsNamed() async throws {
        let hitches = try await hitchesAtACourier()
        guard !hitches.isEmpty else { return }
        try #require(hitches.contains { $0.contains("closed the connection") }, "\(hitches.sorted())")
        print("once more, for a first time went wrong:", hitches.sorted().joined(separator: "\n"))
        #expect(try await hitchesAtACourier().isEmpty, "a second time after \(hitches.sorted())")
    }

    /// - Returns: whose moves failed, and what of its limit was not found out.
    private func hitchesAtACourier() async throws -> Set<String> {
        let (users, messages) = (Self.users(6), 40)
        let server = try await CourierServer(users: Self.passwords(of: users), perAddress: 4)
        defer { server.stop() }
        for user in users { try server.fill(user.description, with: Self.mail(messages, of: user)) }
        var limits = limits
        limits.connectionsPerOldServer = 16
        var hitches: Set<String> = []
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(port: server.port, accounts: users)
            // Two of the four are taken by mail programs on this machine.
            let programs = [
                try await openMailbox(of: users[0], port: server.port),
                try await openMailbox(of: users[1], port: server.port),
            ]
            defer { for program in programs { program.abort() } }
            hitches = try await failures(of: users, platform, seeing: { "connections: \(server.connections)" }) {
                try await each(users[...]) { user in
                    // The last two have a connection each for what they mistype, while the others' moves begin, and one
                    // more logs in.
                    if users[4...].contains(user) { try await mistype(1, as: user, platform) }
                    if user == users[3] { try await Task.sleep(for: .seconds(2)) }
                    #expect(isIn(try await tries(as: user, platform)), "\(user)")
                    try await poll(as: user, platform)
                }
                try await each(users[...]) { try await allHasArrived(messages, for: $0, platform) }
            }
            #expect(server.log.contains("Maximum connection limit reached"), "this test says nothing")
            let overview = try await platform.move.settings.overview(of: NewPlatform.ann.domain)
            if overview.reachability?.detail.contains("beyond") != true {
                hitches.insert("its limit is not named: \(overview.reachability?.detail ?? "nothing is")")
            }
        }
        return hitches
    }

    // MARK: What users do

    private var limits: MoveLimits {
        var limits = NewPlatform.quick
        limits.loginTimeout = 10
        return limits
    }

    private func each(
        _ users: ArraySlice<EmailAddress>, _ body: @escaping @Sendable (EmailAddress) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for user in users { group.addTask { try await body(user) } }
            try await group.waitForAll()
        }
    }

    /// Wrong passwords, each another one.
    private func mistype(_ count: Int, as user: EmailAddress, _ platform: NewPlatform) async throws {
        for number in 0..<count {
            #expect(try await platform.login("mistyped-\(number)", as: user).decision != .accept)
        }
    }

    /// Logs in with the right old password; again, a little later, where a try could not be decided.
    /// - Returns: what was answered.
    /// - Parameter port: of the old server, where a mail program has the user's mailbox open during the first try.
    private func tries(as user: EmailAddress, _ platform: NewPlatform) async throws -> [LoginResult.Decision] {
        let first = try await platform.login(Self.password(of: user), as: user).decision
        return try await tries(as: user, after: first, platform)
    }

    private func tries(
        as user: EmailAddress, after first: LoginResult.Decision, _ platform: NewPlatform
    ) async throws -> [LoginResult.Decision] {
        var decisions = [first]
        for _ in 0..<3 where decisions.last == .unavailable {
            try await Task.sleep(for: .seconds(15))
            decisions.append(try await platform.login(Self.password(of: user), as: user).decision)
        }
        return decisions
    }

    /// The same, with a mail program that has the mailbox open over there during the first try.
    private func tries(
        as user: EmailAddress, besides port: Int, _ platform: NewPlatform
    ) async throws -> [LoginResult.Decision] {
        let session = try await openMailbox(of: user, port: port)
        // Dovecot counts it a moment later.
        for _ in 0..<100 {
            guard let another = try? await openMailbox(of: user, port: port) else { break }
            _ = try await another.leave()
        }
        let first = try await platform.login(Self.password(of: user), as: user).decision
        _ = try await session.leave()
        return try await tries(as: user, after: first, platform)
    }

    private struct NotLetIn: Error { let user: EmailAddress }

    private func openMailbox(of user: EmailAddress, port: Int) async throws -> any MailboxSession {
        let source = POP3Source(group: MultiThreadedEventLoopGroup.singleton)
        let line = try await source.connect(
            to: OldServer(host: "127.0.0.1", port: port, security: .none), timeouts: Timeouts(), hiding: nil)
        let password = Password(Self.password(of: user))
        guard case .accepted(let session) = try await line.check(user: user.description, password: password) else {
            await line.close()
            throw NotLetIn(user: user)
        }
        return session
    }

    private func isIn(_ decisions: [LoginResult.Decision]) -> Bool {
        decisions.last == .accept && decisions.dropLast().allSatisfy { $0 == .unavailable }
    }

    /// A mail program that looks for new mail, with the password that is the account's own by now.
    private func poll(as user: EmailAddress, _ platform: NewPlatform) async throws {
        for _ in 0..<5 {
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await platform.login(Self.password(of: user), as: user).decision == .accept, "\(user)")
        }
    }

    // MARK: What comes of it

    /// Whose status is `failed` while `body` goes on, and why.
    /// - Parameter circumstances: what may explain the first failure of each.
    private func failures(
        of users: [EmailAddress], _ platform: NewPlatform,
        seeing circumstances: @escaping @Sendable () -> String = { "" }, during body: () async throws -> Void
    ) async throws -> Set<String> {
        let isOver = Mutex(false)
        async let seen = {
            var seen: [EmailAddress: String] = [:]
            while !isOver.withLock({ $0 }) {
                for user in users {
                    let status = try await platform.status(of: user)
                    guard status.status == .failed, seen[user] == nil else { continue }
                    seen[user] = "\(user): \(status.error.map { "\($0)" } ?? "no reason") \(circumstances())"
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            return Set(seen.values)
        }()
        try await body()
        isOver.withLock { $0 = true }
        return try await seen
    }

    private func allHasArrived(_ count: Int, for user: EmailAddress, _ platform: NewPlatform) async throws {
        var status = try await platform.status(of: user)
        // A minute each time.
        for _ in 0..<5 where status.status != .completed || status.moved < count {
            status = try await platform.until(user) { $0.status == .completed && $0.moved >= count }
        }
        #expect((status.status, status.moved) == (.completed, Int64(count)), "\(user)")
        let subjects = try platform.delivered(to: user).map { path in
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").first { $0.hasPrefix("Subject: ") }
        }
        #expect(Set(subjects).count == count && subjects.count == count, "\(user)")
    }

    // MARK: Users and their mail

    private static func users(_ count: Int) -> [EmailAddress] {
        (0..<count).map { NewPlatform.address("user\($0)@example.com") }
    }

    private static func password(of user: EmailAddress) -> String { "old-Pass-\(user.localPart)" }

    private static func passwords(of users: [EmailAddress]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: users.map { ($0.description, password(of: $0)) })
    }

    /// Large enough that moves are under way for a while.
    private static func mail(_ count: Int, of user: EmailAddress) -> [[UInt8]] {
        let body = String(repeating: "A line of an old message.\n", count: 8000)
        return (0..<count).map { Array("From: a@b\nSubject: \($0) of \(user)\n\n\(body)".utf8) }
    }
}
