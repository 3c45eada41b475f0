// SPDX-License-Identifier: Apache-2.0

import Accounts
import Diagnosis
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

@Suite(.timeLimit(.minutes(15))) struct VerificationTests {
    private func verify(
        _ server: OldMailServer, security: TransportSecurity = .none, password: String? = "old"
    ) async throws -> OldServerFindings {
        var found: OldServerFindings?
        try await NewPlatform.run { platform in
            found = try await platform.move.verification.verify(
                OldServer(host: "127.0.0.1", port: server.port, security: security), account: NewPlatform.ann,
                password: password.map { Password($0) })
        }
        return try #require(found)
    }

    @Test func aGoodServerPassesEveryCheckInOrder() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let findings = try await verify(server)
        #expect(findings.isOK)
        #expect(
            findings.checks.map(\.name) == [
                .resolve, .connect, .greeting, .capabilities, .authenticate, .mailbox, .uidl, .retrieve,
                .rejectsWrongPassword,
            ])
        #expect(findings.mailbox?.messages == 3)
        #expect(findings.hasUIDL)
        #expect(server.shown.count == 3)
        #expect(server.shown.contains(""))
    }

    @Test func theOldServerIsAskedWithTheSpellingGivenAtCreation() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, accounts: [])
            _ = try await platform.move.accounts.create(
                [
                    AccountRow(
                        address: "Bob@example.com", password: Password("new-Pass-9word"), passwordHash: nil,
                        displayName: nil, quotaOctets: nil)
                ], onExisting: .fail)
            _ = try await platform.move.verification.verify(
                OldServer(host: "127.0.0.1", port: server.port, security: .none),
                account: NewPlatform.address("bob@example.com"), password: Password("old"))
        }
        let users = server.state.withLock { $0.lines.filter { $0.hasPrefix("USER ") } }
        #expect(users.count == 3)
        #expect(Set(users) == ["USER Bob@example.com"])
    }

    @Test func thatItDeletesWhatIsRetrievedIsWarnedOfForAsLongAsItSaysSo() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            func warns() async throws -> Bool {
                _ = try await platform.move.verification.verify(
                    OldServer(host: "127.0.0.1", port: server.port, security: .none), account: nil, password: nil)
                return try await platform.enable(server).settings.warnings.contains { $0.contains("EXPIRE 0") }
            }
            var warned = try await warns()
            #expect(!warned)
            server.state.withLock {
                $0.answer = { $0 == "CAPA" ? "+OK\r\nUSER\r\nUIDL\r\nEXPIRE 0\r\n.\r\n" : nil }
            }
            warned = try await warns()
            #expect(warned)
            server.state.withLock { $0.answer = nil }
            warned = try await warns()
            #expect(!warned)
        }
    }

    @Test func aWrongPasswordIsAFinding() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let findings = try await verify(server, password: "wrong")
        #expect(findings.checks.first { !$0.isOK }?.name == .authenticate)
        #expect(server.shown == ["wrong"])
    }

    @Test(arguments: ["-ERR [SYS/TEMP] later", "-ERR too many connections"])
    func whatWasNotJudgedIsNotCalledRejected(_ says: String) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { state in
            state.answer = { line in line.hasPrefix("PASS ") && line != "PASS old" ? "\(says)\r\n" : nil }
        }
        let findings = try await verify(server)
        #expect(findings.checks.last?.name == .rejectsWrongPassword)
        #expect(findings.checks.last?.isOK == false)
        #expect(findings.checks.last?.detail.contains("could not be told") == true)
    }

    @Test func aServerThatIsDownIsAFinding() async throws {
        let server = try OldMailServer(password: "old")
        server.stop()
        let findings = try await verify(server)
        #expect(findings.checks.map(\.name) == [.resolve, .connect])
        #expect(findings.checks.last?.isOK == false)
        #expect(!findings.advice.isEmpty)
    }

    @Test func aServerThatTakesAnyPasswordIsFound() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.login = .say("+OK welcome") }
        let findings = try await verify(server, password: nil)
        #expect(findings.checks.first { !$0.isOK }?.name == .rejectsWrongPassword)
    }

    /// … and has no mailbox to show, or hangs up: one finding, and no error.
    @Test(arguments: ["-ERR no mailbox\r\n", ""])
    func aServerThatFailsBehindTheLoginIsAFinding(answer: String) async throws {
        var options = MailboxServer.Options()
        options.answer = { $0.hasPrefix("PASS") ? "+OK\r\n" : $0 == "STAT" ? answer : nil }
        let server = try MailboxServer(user: NewPlatform.ann.description, password: "old", options: options)
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.readTimeout = 1
        try await NewPlatform.run(limits: limits) { platform in
            let findings = try await platform.move.verification.verify(
                OldServer(host: "127.0.0.1", port: server.port, security: .none), account: NewPlatform.ann,
                password: Password("old"))
            #expect(findings.checks.last { !$0.isOK }?.name == .mailbox)
        }
    }

    /// A server that says nothing before a handshake, and then that it knows none of the ciphers.
    private func tlsServer() throws -> ScriptedServer {
        try ScriptedServer { peer in
            // The record's length is read as it comes: there is no line in it to wait for.
            while peer.pending.count < 5, peer.receive() {}
            peer.send([0x15, 3, 3, 0, 2, 2, 40])
            peer.waitForEnd()
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [TransportSecurity.none, .opportunistic, .starttls])
    func aPortThatSpeaksTLSWhereNoneIsSetIsToldSoon(_ security: TransportSecurity) async throws {
        let server = try tlsServer()
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let start = ContinuousClock.now
            let findings = try await platform.move.verification.verify(
                OldServer(host: "127.0.0.1", port: server.port, security: security), account: nil, password: nil)
            #expect(.now - start < .seconds(10))
            let check = findings.checks.first { !$0.isOK }
            #expect(check?.name == .greeting)
            #expect(check?.detail.contains("speaks TLS on this port") == true)
            #expect(findings.advice.contains { $0.contains("--security tls") })
            #expect(!findings.advice.contains { $0.contains("firewall") })
        }
    }

    @Test func ciphersThatNobodySharesAreToldInPlainWords() async throws {
        let server = try tlsServer()
        defer { server.stop() }
        try await NewPlatform.run { platform in
            let findings = try await platform.move.verification.verify(
                OldServer(host: "127.0.0.1", port: server.port, security: .tls), account: nil, password: nil)
            let check = findings.checks.first { !$0.isOK }
            #expect(check?.name == .tls)
            #expect(check?.detail.contains("shares no TLS cipher") == true)
            #expect(check?.detail.contains("BoringSSL") == false)
        }
    }

    private final class Lengths: Sendable {
        let seen = Mutex([Int]())
    }

    /// Load balancers of old hang at a ClientHello of 256 to 511 octets, and others at one that takes two packets.
    @Test(arguments: ["127.0.0.1", "localhost"])
    func theFirstRecordIsNoneThatOldServersHangAt(_ host: String) async throws {
        let lengths = Lengths()
        let server = try ScriptedServer { peer in
            while peer.pending.count < 5, peer.receive() {}
            let head = peer.pending.prefix(5)
            guard head.count == 5 else { return }
            lengths.seen.withLock { $0.append(Int(head[3]) << 8 | Int(head[4])) }
            peer.send([0x15, 3, 3, 0, 2, 2, 40])
        }
        defer { server.stop() }
        try await NewPlatform.run { platform in
            _ = try await platform.move.verification.verify(
                OldServer(host: host, port: server.port, security: .tls), account: nil, password: nil)
        }
        let seen = lengths.seen.withLock { $0 }
        #expect(!seen.isEmpty)
        for length in seen { #expect(!(256...511).contains(length) && length < 1400) }
    }

    @Test func aPortWithoutTLSWhereItIsSetIsToldAtOnce() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let findings = try await verify(server, security: .tls)
        #expect(findings.checks.last?.name == .tls)
        #expect(findings.checks.last?.detail.contains("answers in plain text") == true)
        #expect(findings.advice.contains { $0.contains("--security starttls") })
        #expect(server.shown.isEmpty)
    }

    @Test func tlsThatIsNotThereIsAFindingAndNothingIsSent() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let findings = try await verify(server, security: .starttls)
        #expect(findings.checks.first { !$0.isOK }?.name == .tls)
        #expect(server.shown.isEmpty)
    }
}
