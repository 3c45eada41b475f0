// SPDX-License-Identifier: Apache-2.0

import NIOCore
import POP3
import POP3Source
import Records
public import Secrets
import Synchronization
public import Vocabulary

/// Tries an old server out, step by step, before anyone relies on it.
public final class OldServerVerification: Sendable {
    private let context: Context

    init(context: Context) { self.context = context }

    /// Runs the checks in the contract's order, up to the first that fails. A server that is down, or a wrong
    /// password, is a finding and throws nothing.
    ///
    /// - Parameters:
    ///   - account: with it, two logins with passwords that cannot be right are tried as well.
    ///   - password: with it, the mailbox is looked at.
    /// - Throws: `CancellationError`; `RecordsError`.
    public func verify(
        _ server: OldServer, account: EmailAddress?, password: Password?
    ) async throws -> OldServerFindings {
        var findings = OldServerFindings()
        let user = try await user(account, of: server)
        guard let session = try await open(server, hiding: password, &findings) else { return findings.inOrder() }
        findings.take(session)
        try await judgeCertificate(server, session, hiding: password, &findings)
        if let user, let password {
            try await lookInside(session, of: server, user: user, password, &findings)
        }
        // What is looked for has been seen; a server that hangs up on the farewell changes nothing.
        _ = try? await session.quit()
        await session.close()
        try Task.checkCancellation()
        findings.advise(server, session.capabilities)
        await remember(server, announcesExpireZero: session.capabilities.retrievingDeletes)
        if let user, findings.isOK { try await tryWrongPasswords(server, user: user, &findings) }
        return findings.inOrder()
    }

    /// The name by which the old server knows `account`: that of a login, so with the spelling given at its creation.
    private func user(_ account: EmailAddress?, of server: OldServer) async throws -> String? {
        guard let account else { return nil }
        let row = try await context.records.read { try $0.account(account) }
        return server.username(of: row.flatMap { $0.deletedAt == nil ? $0.address : nil } ?? account)
    }

    private func open(
        _ server: OldServer, hiding password: Password?, _ findings: inout OldServerFindings
    ) async throws -> POP3Session? {
        let steps = Mutex<[Opening.Progress]>([])
        let clock = ContinuousClock()
        let start = clock.now
        do throws(POP3Error) {
            let session = try await PromptOpening(context: context).open(server, hiding: password) { step in
                steps.withLock { $0.append(step) }
            }
            findings.take(steps.withLock { $0 })
            return session
        } catch {
            try Task.checkCancellation()
            let passed = steps.withLock { $0 }
            findings.take(passed)
            let before = passed.reduce(Duration.zero) { $0 + $1.duration }
            findings.fail(error, of: server, took: clock.now - start - before)
            if error.code == .untrusted { try await lookAtUntrusted(server, error, hiding: password, &findings) }
            return nil
        }
    }

    /// What the server shows that was not trusted, so that it can be judged. Nothing secret is sent.
    private func lookAtUntrusted(
        _ server: OldServer, _ failure: POP3Error, hiding password: Password?, _ findings: inout OldServerFindings
    ) async throws {
        var lax = server
        lax.certificate = CertificateCheck(verify: .none)
        do throws(POP3Error) {
            let session = try await context.dialler.open(
                lax, timeouts: Timeouts(context.limits),
                hiding: password)
            findings.take(session)
            if let facts = session.tls {
                findings.tls = OldServerFindings.TLS(
                    version: facts.version, cipher: facts.cipher, sha256: facts.sha256, isTrusted: false,
                    reason: failure.description)
            }
            _ = try? await session.quit()
            await session.close()
            findings.advise(server, session.capabilities)
        } catch {
            // It does not speak TLS at all: the first failure has said so.
            try Task.checkCancellation()
        }
    }

    /// Whether the certificate would stand a full check, also where none was asked for.
    private func judgeCertificate(
        _ server: OldServer, _ session: POP3Session, hiding password: Password?, _ findings: inout OldServerFindings
    ) async throws {
        guard let facts = session.tls else { return }
        var tls = OldServerFindings.TLS(
            version: facts.version, cipher: facts.cipher, sha256: facts.sha256, isTrusted: true)
        if server.certificate.verify != .full {
            var strict = server
            strict.certificate = CertificateCheck(verify: .full)
            if strict.security == .opportunistic { strict.security = .starttls }
            do throws(POP3Error) {
                let second = try await context.dialler.open(
                    strict, timeouts: Timeouts(context.limits),
                    hiding: password)
                _ = try? await second.quit()
                await second.close()
            } catch {
                try Task.checkCancellation()
                tls.isTrusted = false
                tls.reason = error.description
            }
        }
        findings.tls = tls
    }

    private func lookInside(
        _ session: POP3Session, of server: OldServer, user: String, _ password: Password,
        _ findings: inout OldServerFindings
    ) async throws {
        let clock = ContinuousClock()
        var start = clock.now
        func passed(_ name: OldServerFindings.Check.Name, _ detail: String) {
            findings.add(name, true, detail, clock.now - start)
            start = clock.now
        }
        do throws(POP3Error) {
            let answer = try await session.authenticate(
                user: user, password: password, secure: server.secureAuthentication)
            guard case .accepted = answer else {
                findings.add(.authenticate, false, Self.text(answer, user: user), clock.now - start)
                return
            }
            passed(.authenticate, "the old server accepts the password of \(user)")
            let mailbox = try await session.mailbox()
            findings.mailbox = mailbox
            passed(.mailbox, "\(mailbox.messages) messages, \(mailbox.octets) octets")
            let listing = try await session.listing()
            findings.hasUIDL = listing.isEmpty ? session.capabilities.uidl : listing.contains { $0.uniqueID != nil }
            passed(
                .uidl,
                findings.hasUIDL
                    ? "\(listing.count) messages listed"
                    : "the old server has no UIDL: messages are recognised by their content, and each run fetches all")
            guard let first = listing.first else { return passed(.retrieve, "the mailbox is empty") }
            let header = try await session.top(first.number)
            findings.hasTOP = header != nil
            passed(
                .retrieve,
                header.map { "the header of message \(first.number) has \($0.readableBytes) octets" }
                    ?? "the old server refuses TOP; mail is fetched by RETR alone, so this is no hindrance")
        } catch {
            try Task.checkCancellation()
            findings.fail(error, of: server, took: clock.now - start)
        }
    }

    private static func text(_ answer: LoginAnswer, user: String) -> String {
        switch answer {
        case .accepted: "accepted"
        case .rejected(let reply):
            "the old server rejects the password of \(user): \(reply.text); check both, and whether user names hold the domain"
        case .noSuchUser(let reply):
            "the old server knows no \(user): \(reply.text); do its user names hold the domain?"
        case .busy(_, let reply): "the old server asks to come back later: \(reply.text)"
        case .refused(let reply): "the old server takes no login this way: \(reply.text); does it ask for TLS first?"
        case .noSecureMechanism:
            "the old server offers no way to log in without showing the password; use security \"tls\" or \"starttls\" "
                + "with a certificate that is verified, or secureAuthentication false"
        }
    }

    /// A server that takes any password would hand every account to anyone.
    private func tryWrongPasswords(
        _ server: OldServer, user: String, _ findings: inout OldServerFindings
    ) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        for (name, password) in [("a random", Password.random()), ("an empty", Password(""))] {
            let problem: String?
            do throws(POP3Error) {
                let session = try await context.dialler.open(
                    server, timeouts: Timeouts(context.limits))
                let answer = try await session.authenticate(
                    user: user, password: password, secure: server.secureAuthentication)
                problem = Self.problem(answer, with: name, user: user)
                _ = try? await session.quit()
                await session.close()
            } catch {
                try Task.checkCancellation()
                problem = Self.untold(name, error.description)
            }
            if let problem {
                findings.add(.rejectsWrongPassword, false, problem, clock.now - start)
                return
            }
        }
        findings.add(.rejectsWrongPassword, true, "a random and an empty password are rejected", clock.now - start)
    }

    /// nil where the password was rejected. An empty one may be no argument at all to the server, which says that.
    private static func problem(_ answer: LoginAnswer, with name: String, user: String) -> String? {
        switch answer {
        case .rejected, .noSuchUser: nil
        case .refused where name == "an empty": nil
        case .accepted:
            "the old server accepts \(name) password for \(user): it would hand every account to anyone; "
                + "do not enable migration before it checks passwords"
        case .busy, .refused, .noSecureMechanism: untold(name, text(answer, user: user))
        }
    }

    private static func untold(_ name: String, _ detail: String) -> String {
        "whether the old server rejects \(name) password could not be told: \(detail). Verify it again in a while"
    }

    /// What `enableMigration` warns of from now on.
    private func remember(_ server: OldServer, announcesExpireZero: Bool) async {
        let key = OldServerWarnings.expireZeroKey(server)
        let news = OldServerWarnings.expireZeroValue(announcesExpireZero)
        do {
            let known = try await context.records.read { try $0.value(key) }
            guard announcesExpireZero ? known != news : known != nil && known != news else { return }
            try await context.records.write { try $0.set(key, to: news) }
        } catch {
            context.log.warning(
                "whether it announces EXPIRE 0 could not be remembered: \(error)",
                metadata: ["oldServer": "\(server.name)"])
        }
    }
}

extension OldServerFindings {
    fileprivate mutating func add(_ name: Check.Name, _ isOK: Bool, _ detail: String, _ took: Duration) {
        let check = Check(
            name: name, isOK: isOK, detail: detail, milliseconds: Int(saturating: took / .milliseconds(1)))
        // Capabilities are asked again inside TLS; the latest answer counts.
        if let index = checks.firstIndex(where: { $0.name == name }) {
            checks[index] = check
        } else {
            checks.append(check)
        }
    }

    fileprivate mutating func take(_ steps: [Opening.Progress]) {
        for step in steps {
            if let name = Check.Name(rawValue: step.step.rawValue) { add(name, true, step.detail, step.duration) }
        }
    }

    fileprivate mutating func fail(_ error: POP3Error, of server: OldServer, took: Duration) {
        add(Check.Name(rawValue: error.step.rawValue) ?? .connect, false, error.description, took)
        advice.append(error.advice ?? Self.remedy(error, server))
    }

    fileprivate mutating func take(_ session: POP3Session) {
        greeting = session.greeting.text
        capabilities = session.capabilities.lines
        mechanisms = session.capabilities.mechanisms
        pipelines = session.capabilities.pipelining
        hasUIDL = session.capabilities.uidl
        hasTOP = session.capabilities.top
    }

    fileprivate mutating func advise(_ server: OldServer, _ capabilities: Capabilities) {
        if capabilities.retrievingDeletes {
            advice.append("EXPIRE 0: retrieving a message deletes it on the old server; keep a backup of it")
        }
        if tls == nil, server.security != .none {
            advice.append("STLS is not offered: passwords travel in the clear unless secureAuthentication is set")
        }
        if let tls, !tls.isTrusted, server.certificate.verify != .fingerprint {
            advice.append(
                "the certificate is not trusted; to pin it, use verify \"fingerprint\" with sha256 \(tls.sha256)")
        }
        if let delay = capabilities.loginDelay, delay > 0 {
            advice.append("LOGIN-DELAY \(delay): runs of one account are at least that many seconds apart")
        }
        if !pipelines {
            advice.append("PIPELINING is not announced; it is tried all the same, and else moves are slower")
        }
    }

    private static func remedy(_ error: POP3Error, _ server: OldServer) -> String {
        switch error.code {
        case .exhausted: "give the daemon more descriptors (LimitNOFILE=), then try again"
        case .unresolved: "check the host name, or give the old server's IP address"
        case .unreachable, .timedOut, .closed:
            "check host and port, that the old server runs, and that its firewall lets this machine in"
        case .untrusted where server.certificate.verify == .fingerprint:
            "check port and security, and which versions and ciphers of TLS the old server speaks"
        case .untrusted:
            "check security and certificate: verify \"fingerprint\" pins a certificate that no authority signs"
        case .protocolViolation, .pipeliningBroken: "check that this is a POP3 server, and whether its port wants TLS"
        case .refused, .busy: "try again in a moment; another program may have the mailbox open"
        case .cancelled, .invalidCredentialOctets: "check account and password"
        }
    }

    /// As the contract lists them, whatever order TLS came in.
    fileprivate func inOrder() -> OldServerFindings {
        var sorted = self
        let order = Dictionary(uniqueKeysWithValues: Check.Name.allCases.enumerated().map { ($1, $0) })
        sorted.checks.sort { order[$0.name, default: 0] < order[$1.name, default: 0] }
        return sorted
    }
}
