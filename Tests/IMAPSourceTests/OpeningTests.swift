// SPDX-License-Identifier: Apache-2.0

import IMAPSource
import MailConnection
import MailSource
import NIOPosix
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// What comes before the login: greetings of all kinds, and TLS that nobody may take away.
@Suite(.timeLimit(.minutes(5))) struct OpeningTests {
    private func failure(
        greeting: String = "* OK ready", capabilities: String = "IMAP4rev1 STARTTLS", startTLS: String = "%T OK go",
        security: TransportSecurity = .none, certificate: CertificateCheck? = nil
    ) async throws -> (error: SourceError?, seen: [String]) {
        let server = try OldIMAP.server { options in
            options.greeting = greeting
            options.answer = { command in
                switch command {
                case "CAPABILITY": "* CAPABILITY \(capabilities)\r\n%T OK\r\n"
                case "STARTTLS": startTLS + "\r\n"
                default: nil
                }
            }
        }
        defer { server.stop() }
        do throws(SourceError) {
            try await OldIMAP.connect(
                server.port, security: security, certificate: certificate, read: .seconds(5)
            ).abort()
            return (nil, server.seen)
        } catch {
            return (error, server.seen)
        }
    }

    @Test(arguments: [
        ("* PREAUTH welcome, ann", SessionFault.untrusted), ("* BYE go away", .unreachable),
        ("* BYE too many connections from your address", .unreachable),
        ("* BYE [UNAVAILABLE] overloaded", .busy), ("* BYE try again later", .busy),
        ("+OK POP3 ready", .protocolViolation), ("HTTP/1.1 400 Bad Request", .protocolViolation),
        ("* 1 EXISTS", .protocolViolation), ("", .protocolViolation),
    ])
    func aGreetingThatIsNoneIsTold(greeting: String, code: SessionFault) async throws {
        let (error, seen) = try await failure(greeting: greeting)
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error?.step == .greeting)
        #expect(seen.isEmpty)
    }

    /// RFC 2595 §4, CVE-2011-0411: octets behind the answer would be taken for the first of the encrypted session.
    @Test(arguments: [
        "%T OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN", "%T OK go\r\nT", "%T OK go\r\n* OK [CAPABILITY IMAP4rev1] x",
    ])
    func nothingMayComeBehindTheAnswerToSTARTTLS(answer: String) async throws {
        let (error, seen) = try await failure(startTLS: answer, security: .opportunistic)
        #expect(error?.code == .untrusted && error?.step == .tls, "\(String(describing: error))")
        #expect(seen == ["CAPABILITY", "STARTTLS"])
    }

    @Test func TLSThatIsRequiredIsNotGivenUp() async throws {
        let stripped = try await failure(capabilities: "IMAP4rev1", security: .starttls)
        #expect(stripped.error?.code == .untrusted && stripped.seen == ["CAPABILITY"])
        #expect(stripped.error?.advice?.contains("993") == true)
        let pinned = CertificateCheck(verify: .fingerprint, sha256: String(repeating: "0", count: 64))
        let unpinned = try await failure(
            capabilities: "IMAP4rev1", security: .opportunistic, certificate: pinned)
        #expect(unpinned.error?.code == .untrusted)
        let refused = try await failure(startTLS: "%T NO not today", security: .starttls)
        #expect(refused.error?.code == .untrusted && refused.error?.detail.contains("not today") == true)
    }

    @Test func TLSThatIsNotRequiredMayBeRefused() async throws {
        #expect(try await failure(startTLS: "%T BAD what", security: .opportunistic).error == nil)
        #expect(try await failure(capabilities: "IMAP4rev1", security: .opportunistic).error == nil)
    }

    // MARK: A real server

    private func dovecot() async throws -> DovecotServer {
        var options = DovecotServer.Options()
        (options.hasIMAP, options.hasTLS) = (true, true)
        return try await OldIMAP.dovecot(options)
    }

    @Test(arguments: [TransportSecurity.opportunistic, .starttls, .tls], [true, false])
    func aPasswordGoesThroughTLS(security: TransportSecurity, secure: Bool) async throws {
        let dovecot = try await dovecot()
        defer { dovecot.stop() }
        let source = IMAPSource(
            group: MultiThreadedEventLoopGroup.singleton, trust: TLSTrust(roots: dovecot.certificate))
        let port = try #require(security == .tls ? dovecot.imapTLSPort : dovecot.imapPort)
        let line = try await OldIMAP.connect(
            port, host: "localhost", security: security, certificate: CertificateCheck(verify: .full), secure: secure,
            over: source)
        let answer = try await line.open(user: OldIMAP.user, password: Password(OldIMAP.password))
        guard case .accepted(let session) = answer else {
            Issue.record("\(answer)")
            return
        }
        let facts = (session as? any ProbedConnection)?.facts
        #expect(facts?.tls?.isVerified == true && facts?.id["name"] == "Dovecot")
        #expect(facts?.capabilities.contains("UIDPLUS") == true, "what is said after the login counts")
        try await session.leave()
    }

    @Test(arguments: ["scram-sha-256", "scram-sha-1", "cram-md5", "digest-md5"])
    func aPasswordIsProvenWithoutBeingShown(mechanism: String) async throws {
        var options = DovecotServer.Options()
        (options.hasIMAP, options.mechanisms) = (true, mechanism)
        let dovecot = try await OldIMAP.dovecot(options)
        defer { dovecot.stop() }
        for (password, isRight) in [(OldIMAP.password, true), ("wrong", false)] {
            let line = try await OldIMAP.connect(try #require(dovecot.imapPort), secure: true)
            switch try await line.check(user: OldIMAP.user, password: Password(password)) {
            case .accepted(let session):
                #expect(isRight)
                try await session.leave()
            case .rejected:
                #expect(!isRight)
                line.abort()
            case let other:
                Issue.record("\(other)")
                line.abort()
            }
        }
    }

    @Test func aCertificateThatIsNotTrustedEndsIt() async throws {
        let dovecot = try await dovecot()
        defer { dovecot.stop() }
        let port = try #require(dovecot.imapPort)
        let error = await #expect(throws: SourceError.self) {
            _ = try await OldIMAP.connect(port, host: "localhost", security: .starttls)
        }
        #expect(error?.code == .untrusted && error?.step == .tls)
    }

    @Test func aPortThatSpeaksTheOtherWayIsTold() async throws {
        let dovecot = try await dovecot()
        defer { dovecot.stop() }
        let (plain, tls) = (try #require(dovecot.imapPort), try #require(dovecot.imapTLSPort))
        let error = await #expect(throws: SourceError.self) { _ = try await OldIMAP.connect(plain, security: .tls) }
        #expect(error?.code == .untrusted && error?.advice?.contains("993") == true)
        let start = ContinuousClock.now
        let silent = await #expect(throws: SourceError.self) {
            _ = try await OldIMAP.source.visit(
                OldServer(host: "127.0.0.1", port: tls, security: .none), timeouts: Timeouts(), hiding: nil
            ) { _ in }
        }
        #expect(silent?.advice?.contains("143") == true)
        #expect(ContinuousClock.now - start < .seconds(30), "not a minute")
    }

    @Test func aVisitTellsEachStep() async throws {
        let server = try OldIMAP.server()
        defer { server.stop() }
        let steps = Steps()
        let line = try await OldIMAP.source.visit(
            OldServer(host: "127.0.0.1", port: server.port, security: .none), timeouts: Timeouts(), hiding: nil
        ) { steps.add($0.step) }
        #expect(steps.all == [.resolve, .connect, .greeting, .capabilities])
        #expect(line.facts.greeting == "ready" && line.facts.mechanisms == ["PLAIN"])
        line.abort()
    }
}

private final class Steps: Sendable {
    private let state = Mutex<[SourceError.Step]>([])

    func add(_ step: SourceError.Step) { state.withLock { $0.append(step) } }
    var all: [SourceError.Step] { state.withLock { $0 } }
}
