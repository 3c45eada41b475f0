// SPDX-License-Identifier: Apache-2.0

package import Ground
import MailSource
package import OldServerPlaces
import Records
package import Runs
public import Secrets
import Synchronization
public import Vocabulary

/// Tries an old server out, step by step, before anyone relies on it.
public final class OldServerVerification: Sendable {
    private let context: Context
    private let strain: OldServerStrain
    private let ledgerHash: LedgerHash

    package init(context: Context, places: OldServerPlaces, ledgerHash: LedgerHash) {
        self.context = context
        self.ledgerHash = ledgerHash
        strain = OldServerStrain(context: context, places: places)
    }

    /// Runs the checks in the contract's order, up to the first that fails. A server that is down, or a wrong password,
    /// is a finding, not an error.
    ///
    /// - Parameters:
    ///   - account: if given, two logins with passwords that cannot be right are tried as well.
    ///   - password: if given, the mailbox is looked at.
    /// - Throws: `CancellationError`; `RecordsError`.
    public func verify(
        _ server: OldServer, account: EmailAddress?, password: Password?
    ) async throws -> OldServerFindings {
        var findings = OldServerFindings()
        let user = try await user(account, of: server)
        guard let line = try await open(server, hiding: password, &findings) else { return findings.inOrder() }
        defer { line.abort() }
        findings.take(line.facts)
        try await judgeCertificate(server, line.facts.tls, hiding: password, &findings)
        let isInUse = strain.isInUse(server)
        var answers = OldServerStrain.Answers()
        if let user, let password {
            try await lookInside(line, of: server, user: user, password, &findings, &answers)
            findings.take(later: line.facts)
        }
        // Everything needed has been seen; it does not matter if the server hangs up instead of saying goodbye.
        _ = try? await line.leave()
        await line.close()
        try Task.checkCancellation()
        findings.advise(server, line.facts)
        await remember(server, announcesExpireZero: line.facts.traits.fetchingDeletes)
        if let user, findings.isOK {
            try await tryWrongPasswords(server, user: user, &findings, &answers)
            // A penalty shows with a right password, which ends it, too.
            if let password, answers.areSuspicious {
                answers.rightAfter = try await time(password, of: user, at: server)
            }
        }
        findings.advice += strain.known(server)
        guard !isInUse, !strain.isInUse(server) else { return findings.inOrder() }
        if !strain.knowsPenalty(server), let delay = OldServerStrain.penalty(answers) {
            findings.advice.append(OldServerNews.penalty(delay))
        } else if !strain.knowsPenalty(server), let delay = OldServerStrain.growth(answers) {
            findings.advice.append(OldServerNews.growth(delay))
        }
        if findings.isOK, !strain.knowsLimit(server), let limit = try await strain.limit(of: server) {
            findings.advice.append(OldServerNews.limit(limit))
        }
        return findings.inOrder()
    }

    /// What the right password takes now; nil where it was not accepted.
    private func time(_ password: Password, of user: String, at server: OldServer) async throws -> Duration? {
        do throws(SourceError) {
            let line = try await context.source.connect(to: server, timeouts: context.timeouts, hiding: password)
            defer { line.abort() }
            let start = ContinuousClock.now
            guard case .accepted(let session) = try await line.check(user: user, password: password) else { return nil }
            let took = ContinuousClock.now - start
            _ = try? await session.leave()
            return took
        } catch {
            try Task.checkCancellation()
            return nil
        }
    }

    /// The user name on the old server: as at a login, so with the spelling given when the account was created.
    private func user(_ account: EmailAddress?, of server: OldServer) async throws -> String? {
        guard let account else { return nil }
        let row = try await context.records.account(account)
        return server.username(of: row.flatMap { $0.deletedAt == nil ? $0.address : nil } ?? account)
    }

    private func open(
        _ server: OldServer, hiding password: Password?, _ findings: inout OldServerFindings
    ) async throws -> (any ProbedConnection)? {
        let steps = Mutex<[ProbeStep]>([])
        let clock = ContinuousClock()
        let start = clock.now
        do throws(SourceError) {
            let line = try await context.probe.visit(server, timeouts: context.timeouts, hiding: password) { step in
                steps.withLock { $0.append(step) }
            }
            findings.take(steps.withLock { $0 })
            return line
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

    /// Looks at a server that was not trusted, so that the user can judge it. Nothing secret is sent.
    private func lookAtUntrusted(
        _ server: OldServer, _ failure: SourceError, hiding password: Password?, _ findings: inout OldServerFindings
    ) async throws {
        var lax = server
        lax.certificate = CertificateCheck(verify: .none)
        do throws(SourceError) {
            let line = try await context.probe.visit(lax, timeouts: context.timeouts, hiding: password) { _ in }
            findings.take(line.facts)
            if let facts = line.facts.tls {
                findings.tls = OldServerFindings.TLS(
                    version: facts.version, cipher: facts.cipher, sha256: facts.sha256, isTrusted: false,
                    reason: failure.description)
            }
            _ = try? await line.leave()
            await line.close()
            findings.advise(server, line.facts)
        } catch {
            // It does not speak TLS at all, as the first failure already said.
            try Task.checkCancellation()
        }
    }

    /// Whether the certificate would pass full verification, even if none was asked for.
    private func judgeCertificate(
        _ server: OldServer, _ facts: TLSFacts?, hiding password: Password?, _ findings: inout OldServerFindings
    ) async throws {
        guard let facts else { return }
        var tls = OldServerFindings.TLS(
            version: facts.version, cipher: facts.cipher, sha256: facts.sha256, isTrusted: true)
        if server.certificate.verify != .full {
            var strict = server
            strict.certificate = CertificateCheck(verify: .full)
            if strict.security == .opportunistic { strict.security = .starttls }
            do throws(SourceError) {
                let second = try await context.source.connect(
                    to: strict, timeouts: context.timeouts, hiding: password)
                _ = try? await second.leave()
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
        _ line: any ProbedConnection, of server: OldServer, user: String, _ password: Password,
        _ findings: inout OldServerFindings, _ answers: inout OldServerStrain.Answers
    ) async throws {
        let clock = ContinuousClock()
        var start = clock.now
        func passed(_ name: OldServerFindings.Check.Name, _ detail: String) {
            findings.add(name, true, detail, clock.now - start)
            start = clock.now
        }
        do throws(SourceError) {
            let answer = try await line.check(user: user, password: password)
            guard case .accepted(let session) = answer else {
                findings.add(.authenticate, false, Self.text(answer, user: user), clock.now - start)
                return
            }
            answers.right = clock.now - start
            try await session.enter()
            passed(.authenticate, "the old server accepts the password of \(user)")
            let folders = try await session.folders()
            let messages = folders.map(\.messages).saturatedSum()
            let listing: [ListedMessage]
            switch server.mailProtocol {
            case .pop3:
                let octets = folders.map(\.octets).saturatedSum()
                findings.mailbox = (messages, octets)
                passed(.mailbox, "\(messages) messages, \(octets) octets")
                listing = try await session.list(folders)
                findings.hasUIDL = listing.isEmpty ? line.facts.hasUIDL : listing.contains { $0.uniqueID != nil }
                passed(
                    .uidl,
                    findings.hasUIDL
                        ? "\(listing.count) messages listed"
                        : "the old server has no UIDL: messages are recognised by their content, and each run fetches all"
                )
            case .imap:
                listing = try await session.list(folders)
                findings.mailbox = (listing.count, listing.lazy.map { $0.octets ?? 0 }.saturatedSum())
                let refusals = folders.compactMap { folder in
                    session.refusal(of: folder).map { "\(folder.path.joined(separator: "/")): \($0)" }
                }
                guard refusals.isEmpty else {
                    findings.add(
                        .folders, false,
                        "the old server does not open \(refusals.count) of \(folders.count) folders, and their mail "
                            + "stays there: \(refusals.prefix(5).joined(separator: "; "))", clock.now - start)
                    return
                }
                passed(.folders, "\(folders.count) folders with \(listing.count) messages")
                if let service = server.pop3Server {
                    let inbox = folders.first { $0.path == SourceFolder.inbox }?.number
                    let messages = listing.filter { $0.folder == inbox }
                    let uidls = try await UIDLs(
                        context: context, server: service, user: user, password: password, hash: ledgerHash,
                        mostHeaders: 50
                    ).uidls(of: messages, in: session) { _ in true }
                    guard uidls.count == messages.count else {
                        findings.add(
                            .uidlMatch, false,
                            "\(uidls.count) of \(messages.count) messages of the inbox have a UIDL by POP3 "
                                + "(\(service.subject)): POP3 clients will download the others again; does it serve the "
                                + "same mailboxes?", clock.now - start)
                        return
                    }
                    passed(.uidlMatch, "all \(messages.count) messages of the inbox have their UIDLs by POP3")
                }
                if !session.traits.canDelete {
                    findings.advice.append(
                        "UIDPLUS is not announced: nothing can be deleted there by itself, and deleteAfterMove deletes "
                            + "nothing")
                }
            }
            guard let first = listing.first else { return passed(.retrieve, "the mailbox is empty") }
            let header = try await session.header(of: first)
            findings.hasTOP = header != nil
            passed(
                .retrieve,
                header.map { "the header of message \(first.number) has \($0.count) octets" }
                    ?? "the old server gives no header alone; mail is fetched as a whole, so this is no hindrance")
        } catch {
            try Task.checkCancellation()
            findings.fail(error, of: server, took: clock.now - start)
        }
    }

    private static func text(_ answer: SourceAnswer, user: String) -> String {
        switch answer {
        case .accepted: "accepted"
        case .rejected(let text):
            "the old server rejects the password of \(user): \(text); check both, and whether user names hold the domain"
        case .noSuchUser(let text): "the old server knows no \(user): \(text); do its user names hold the domain?"
        case .busy(_, let text, _): "the old server asks to come back later: \(text)"
        case .failed(.secureAuthenticationUnavailable, let text, _):
            "\(text); use --security tls or --security starttls with a certificate that is verified, or go "
                + "without --secure-auth"
        case .failed(_, let text, _): "the old server takes no login this way: \(text); does it ask for TLS first?"
        }
    }

    /// A server that accepts any password would hand every account to anyone.
    private func tryWrongPasswords(
        _ server: OldServer, user: String, _ findings: inout OldServerFindings,
        _ answers: inout OldServerStrain.Answers
    ) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        for (name, password) in [("a random", Password.random()), ("an empty", Password(""))] {
            let problem: String?
            do throws(SourceError) {
                let line = try await context.source.connect(to: server, timeouts: context.timeouts, hiding: nil)
                defer { line.abort() }
                let asked = clock.now
                let answer = try await line.check(user: user, password: password)
                if case .rejected = answer { answers.wrong.append(clock.now - asked) }
                problem = Self.problem(answer, with: name, user: user)
                _ = try? await line.leave()
                await line.close()
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

    /// nil if the password was rejected. A server may take an empty one for a missing argument, and say so.
    private static func problem(_ answer: SourceAnswer, with name: String, user: String) -> String? {
        switch answer {
        case .rejected, .noSuchUser: nil
        case .failed(.oldServerProtocol, _, _) where name == "an empty": nil
        case .accepted:
            "the old server accepts \(name) password for \(user): it would hand every account to anyone; "
                + "do not enable migration before it checks passwords"
        case .busy, .failed: untold(name, text(answer, user: user))
        }
    }

    private static func untold(_ name: String, _ detail: String) -> String {
        "whether the old server rejects \(name) password could not be told: \(detail). Verify it again in a while"
    }

    /// Remembers what `enableMigration` will warn about.
    private func remember(_ server: OldServer, announcesExpireZero: Bool) async {
        let key = OldServerWarnings.expireZeroKey(server)
        let news = OldServerWarnings.expireZeroValue(announcesExpireZero)
        do {
            let known = try await context.records.kept(key)
            guard announcesExpireZero ? known != news : known != nil && known != news else { return }
            try await context.records.keep([key: news])
        } catch {
            context.log.warning(
                "whether it announces EXPIRE 0 could not be remembered: \(error)",
                metadata: ["oldServer": "\(server.name)"])
        }
    }
}
