// SPDX-License-Identifier: Apache-2.0

import DNS
package import Ground
import MailSource
public import Secrets
import Synchronization
public import Vocabulary
import Waiting

/// Finds out which server holds a domain's mailboxes: by well-known hosters, by DNS, by usual names. Each is tried.
public final class ServerDetection: Sendable {
    /// Seconds for all of it.
    static let mostSeconds = 14.0
    /// … of which for DNS …
    private static let secondsOfDNS = 4.0
    /// … and for each server to answer.
    private static let secondsOfServer = 6.0
    /// Servers tried at the same time.
    private static let atOnce = 16
    /// Concurrent detections; each takes a thread, and up to as many connections.
    private static let mostDetections = 4

    private let context: Context
    private let running = Mutex(0)

    package init(context: Context) { self.context = context }

    /// Whose mailboxes are looked for.
    public enum Subject: Sendable {
        case domain(DomainName)
        /// With a password, it is logged in: with the domain in the user name and without, until one is accepted.
        case account(EmailAddress, Password?)

        var domain: DomainName {
            switch self {
            case .domain(let domain): domain
            case .account(let account, _): account.domain
            }
        }
    }

    /// The password goes only to servers that nobody can stand in for: by TLS with a certificate that names the host, or
    /// on this machine.
    ///
    /// - Returns: the candidates, the best first.
    /// - Throws: `MoveError` with `overloaded`; `CancellationError`.
    public func detect(_ subject: Subject) async throws -> [ServerCandidate] {
        let isTurn = running.withLock { running in
            if running < Self.mostDetections { running += 1 } else { return false }
            return true
        }
        guard isTurn else {
            throw MoveError(
                .overloaded, "\(Self.mostDetections) old servers are being looked for already; try again in a moment")
        }
        defer { running.withLock { $0 -= 1 } }
        let start = ContinuousClock.now
        let deadline = start + .seconds(Self.secondsOfDNS)
        let facts = await context.limits.resolver.session(until: deadline) { session in
            var facts = CandidateFacts(domain: subject.domain)
            await facts.gather(from: session)
            return facts
        }
        try Task.checkCancellation()
        var candidates = await tried(facts.candidates).sorted(by: ServerCandidate.precedes)
        try Task.checkCancellation()
        if case .account(let account, let password?) = subject {
            let left = Self.mostSeconds - (ContinuousClock.now - start) / .seconds(1)
            candidates = try await loggedIn(candidates, as: account, password, seconds: max(1, left))
        }
        return candidates.sorted(by: ServerCandidate.precedes)
    }

    // MARK: - Whether it answers

    private func tried(_ candidates: [ServerCandidate]) async -> [ServerCandidate] {
        await withTaskGroup { group in
            var waiting = candidates[...]
            var tried: [ServerCandidate] = []
            for candidate in waiting.prefix(Self.atOnce) { group.addTask { await self.tried(candidate) } }
            waiting = waiting.dropFirst(Self.atOnce)
            while let candidate = await group.next() {
                tried.append(candidate)
                if let next = waiting.popFirst() { group.addTask { await self.tried(next) } }
            }
            return tried
        }
    }

    private func tried(_ candidate: ServerCandidate) async -> ServerCandidate {
        var candidate = candidate
        let visited = try? await withDeadline(seconds: Self.secondsOfServer) { [candidate] in
            await self.visited(candidate)
        }
        guard let found = visited ?? nil else {
            candidate.detail = "it does not answer"
            return candidate
        }
        return found
    }

    /// Where TLS is begun on a plain connection, whether its certificate can be relied on decides how it should be used.
    private func visited(_ candidate: ServerCandidate) async -> ServerCandidate {
        var candidate = candidate
        do throws(SourceError) {
            let tls = try await visit(candidate.server)
            candidate.isOK = true
            guard let tls else {
                candidate.security = .none
                candidate.detail = "it answers, without TLS"
                return candidate
            }
            candidate.detail = "it answers, with \(tls) and a certificate that names it"
            if candidate.security == .opportunistic {
                var strict = candidate
                strict.security = .starttls
                do throws(SourceError) {
                    _ = try await visit(strict.server)
                    candidate.security = .starttls
                } catch {
                    candidate.detail = "it answers, with \(tls), but \(error)"
                }
            }
        } catch {
            candidate.detail = error.description
        }
        return candidate
    }

    /// - Returns: the version of TLS, if it was begun.
    private func visit(_ server: OldServer) async throws(SourceError) -> String? {
        var timeouts = context.timeouts
        timeouts.connect = min(timeouts.connect, .seconds(4))
        timeouts.read = min(timeouts.read, .seconds(5))
        let line = try await context.probe.visit(server, timeouts: timeouts, hiding: nil) { _ in }
        defer { line.abort() }
        return line.facts.tls?.version
    }

    // MARK: - Whether it takes the password

    /// One after the other, for each wrong password counts against the user over there.
    private func loggedIn(
        _ candidates: [ServerCandidate], as account: EmailAddress, _ password: Password, seconds: Double
    ) async throws -> [ServerCandidate] {
        var candidates = candidates
        let end = ContinuousClock.now + .seconds(seconds)
        for index in candidates.indices where candidates[index].isOK {
            guard candidates[index].isTrustworthy else {
                candidates[index].detail += "; the password was not sent, for nothing proves who answers"
                continue
            }
            let left = (end - ContinuousClock.now) / .seconds(1)
            guard left > 0.5 else { break }
            let answer = try await withDeadline(seconds: left) { [candidate = candidates[index]] in
                try await self.loggedIn(candidate, as: account, password)
            }
            guard let answer else {
                candidates[index].isOK = false
                candidates[index].detail += "; it did not answer to the password in time"
                break
            }
            candidates[index] = answer
            if answer.acceptsPassword { break }
        }
        return candidates
    }

    private func loggedIn(
        _ candidate: ServerCandidate, as account: EmailAddress, _ password: Password
    ) async throws -> ServerCandidate {
        var candidate = candidate
        candidate.isOK = false
        for includesDomain in [true, false] {
            var server = candidate.server
            server.usernameIncludesDomain = includesDomain
            do throws(SourceError) {
                let line = try await context.source.connect(to: server, timeouts: context.timeouts, hiding: password)
                defer { line.abort() }
                switch try await line.check(user: server.username(of: account), password: password) {
                case .accepted(let session):
                    _ = try? await session.leave()
                    candidate.isOK = true
                    candidate.acceptsPassword = true
                    candidate.usernameIncludesDomain = includesDomain
                    candidate.detail +=
                        includesDomain
                        ? "; it accepts the password, with the domain in the user name"
                        : "; it accepts the password, for a user name without the domain"
                    return candidate
                case .rejected, .noSuchUser: continue
                case .busy(_, let text, _), .failed(_, let text, _):
                    candidate.detail += "; it did not judge the password: \(text)"
                    return candidate
                }
            } catch {
                try Task.checkCancellation()
                candidate.detail += "; \(error)"
                return candidate
            }
        }
        candidate.detail += "; it rejects the password, with the domain in the user name and without"
        return candidate
    }
}
