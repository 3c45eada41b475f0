// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logins
import Records
import Secrets
import Synchronization
import Testing
import Vocabulary

@testable import Statuses

/// When an account is said not to migrate, and what must not be asked of the old server.
@Suite(.timeLimit(.minutes(15))) struct EvidenceTests {
    private static let new = NewPlatform.newPassword
    private static let bob = NewPlatform.address("bob@example.com")

    @Test(arguments: [
        "-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.",
        "-ERR [LOGIN-DELAY] minimum time between mail checks violation", "-ERR too many connections",
        "-ERR Command is not valid in this state.", "-ERR A SSL/TLS-connection is required for authentication.",
        "-ERR", "-ERR [SYS/TEMP] no such user database",
    ])
    func aRefusalOfTheNameForAnotherReasonMarksNobody(_ says: String) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { state in state.answer = { $0.hasPrefix("USER") ? "\(says)\r\n" : nil } }
        try await NewPlatform.run { platform in
            try await platform.enable(server, accounts: [NewPlatform.ann, Self.bob])
            #expect(try await platform.login("old").decision == .unavailable)
            #expect(try await platform.login(Self.new, as: Self.bob).decision == .accept)
            try await platform.settle()
            for account in [NewPlatform.ann, Self.bob] {
                let status = try await platform.status(of: account)
                #expect(status.status != .nonMigrating)
                #expect(status.portal == .init(visible: true, action: .trigger))
            }
            #expect(server.shown.isEmpty)
            // Nothing was shown: when the server has come to its senses, both passwords may be.
            server.state.withLock { state in
                state.answer = nil
                state.password = Self.new
            }
            #expect(try await platform.login(Self.new, as: Self.bob).decision == .accept)
            #expect(try await platform.until(Self.bob) { $0.status == .completed }.moved == 3)
        }
    }

    @Test func aReplyIsBelievedUntilTheSettingsChangeOrTheOldServerAccepts() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let unknown = OldMailServer.Login.say("-ERR sorry, no mailbox for ann here")
        server.state.withLock { $0.login = unknown }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("wrong").decision == .reject)
            let marked = try await platform.status()
            #expect((marked.status, marked.portal.visible) == (.nonMigrating, false))
            try await platform.enable(server)
            #expect(try await platform.status().status == .notStarted)
            _ = try await platform.login("wrong 2")
            #expect(try await platform.status().status == .nonMigrating)
            server.state.withLock { $0.login = .judge }
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            // From now on it has begun, and no reply says otherwise.
            try await platform.settle()
            server.state.withLock { $0.login = unknown }
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.portal.action == .trigger }.status == .completed)
        }
    }

    @Test func whatWasSaidUnderOtherSettingsMarksNobody() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.login = .say("-ERR no such user") }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            let isFirst = Mutex(true)
            server.state.withLock { state in
                state.before = { line in
                    guard line.hasPrefix("PASS"), isFirst.withLock({ $0 }) else { return }
                    isFirst.withLock { $0 = false }
                    let done = DispatchSemaphore(value: 0)
                    Task {
                        try await platform.enable(server)
                        done.signal()
                    }
                    done.wait()
                }
            }
            #expect(try await platform.login("wrong").decision == .reject)
            #expect(try await platform.status().status == .notStarted)
        }
    }

    @Test func whatMustNotBeAskedIsATemporaryFailureWithItsReason() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.oldServer.security = .starttls }
            #expect(try await platform.login("old").decision == .unavailable)
            #expect(try await platform.status().error?.reason == .oldServerUntrusted)
            try await platform.enable(server) { $0.oldServer.secureAuthentication = true }
            #expect(try await platform.login("old").decision == .unavailable)
            let status = try await platform.status()
            #expect((status.status, status.error?.reason) == (.failed, .secureAuthenticationUnavailable))
            #expect(status.startedAt == nil)
            #expect(server.shown.isEmpty)
            #expect(server.state.withLock { $0.lines }.allSatisfy { !$0.contains("ann") })
        }
    }

    @Test func loginsCreateTheAccountsThatTheOldServerAcceptsAndNoOthers() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let (deleted, robot, stranger) = (
                NewPlatform.address("deleted@example.com"), NewPlatform.address("robot@example.com"),
                NewPlatform.address("stranger@example.com")
            )
            try await platform.enable(server, accounts: [deleted]) { $0.autoCreateAccounts = true }
            _ = try await platform.move.accounts.delete([deleted])
            #expect(try await platform.login("wrong", as: Self.bob).decision == .reject)
            #expect(try await platform.row(of: Self.bob) == nil)
            let created = try await platform.login("old", as: Self.bob, via: .pop3)
            #expect((created.decision, created.passwordReplaced) == (.accept, true))
            #expect(try await platform.until(Self.bob) { $0.status == .completed }.startedBy == .pop3)
            #expect(try await platform.login("old", as: Self.bob).decision == .accept)
            let asked = server.shown.count
            #expect(try await platform.login("old", as: deleted).decision == .reject)
            try await platform.enable(server, accounts: []) { request in
                request.autoCreateAccounts = true
                request.excludedAccounts = [robot]
                request.knownAccounts = [Self.bob, robot]
            }
            #expect(try await platform.login("old", as: robot).decision == .reject)
            #expect(try await platform.login("old", as: stranger).decision == .reject)
            try await platform.settle()
            #expect(server.shown.count <= asked + 1)  // Bob's own run may still have been to come.
            for nobody in [robot, stranger] { #expect(try await platform.row(of: nobody) == nil) }
        }
    }

    @Test func passwordsArriveWhole() async throws {
        for password in [
            " old ", "  ", "pässwörd-密码", String(repeating: "x", count: 200), "a\tb", "old  old", "%s{}\"'\\",
        ] {
            let server = try OldMailServer(password: password)
            defer { server.stop() }
            try await NewPlatform.run { platform in
                try await platform.enable(server)
                #expect(try await platform.login(password).decision == .accept)
                #expect(try await platform.until { $0.status == .completed }.moved == 3)
                #expect(Set(server.shown) == [password])
                #expect(try await platform.login(password).decision == .accept)
                #expect(try await platform.login(password + " ").decision == .reject)
            }
        }
    }

    @Test func aLongPasswordIsNotHashedByBcryptWhichWouldCutItOff() async throws {
        let long = String(repeating: "x", count: 73)
        let server = try OldMailServer(password: long)
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.passwordScheme = .bcrypt
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server)
            #expect(try await platform.login(long).decision == .accept)
            #expect(try await platform.row()?.passwordHash.hasPrefix("{CRYPT}$y$") == true)
            #expect(try await platform.login(String(repeating: "x", count: 72)).decision == .reject)
            #expect(try await platform.login(long + "y").decision == .reject)
        }
    }
}
