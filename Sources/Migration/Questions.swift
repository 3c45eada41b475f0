// SPDX-License-Identifier: Apache-2.0

import NIOCore
import POP3
import Records
import Secrets
import Synchronization
import Vocabulary

/// What the old server made of a password.
enum OldServerAnswer: Sendable {
    case accepted
    case rejected(String)
    /// Its words are known to mean that there is no such user.
    case noSuchUser(String)
    /// In use, too early, or out of order for a while.
    case busy(Reason, String)
    /// It could not be asked, or did not answer: `oldServerUnreachable`, `oldServerUntrusted`,
    /// `secureAuthenticationUnavailable` or `oldServerProtocol`.
    case failed(Reason, String)
}

/// Asks old servers about passwords, over connections of their own.
final class Questions: Sendable {
    private let context: Context
    private let connections = Turnstile<String>()
    private let recent = Mutex<[String: Double]>([:])

    init(context: Context) { self.context = context }

    /// Seconds that `server` took to answer lately: what an answer without a question is padded to.
    func recentAnswerTime(of server: OldServer) -> Double {
        recent.withLock { $0["\(server.host):\(server.port)"] ?? 0 }
    }

    /// One login with `password`, and nothing else.
    /// - Parameter willShow: called just before the password is sent.
    /// - Throws: `CancellationError` when cancelled.
    func ask(
        _ server: OldServer, user: String, password: Password, willShow: @Sendable () async throws -> Void = {}
    ) async throws -> OldServerAnswer {
        let name = "\(server.host):\(server.port)"
        let limits = context.limits
        return try await connections.pass(name, width: limits.loginConnectionsPerOldServer) {
            let clock = ContinuousClock()
            let start = clock.now
            let answer = try await self.converse(server, user: user, password: password, willShow: willShow)
            self.context.reach.note(server, answer.reason, at: self.context.now())
            if case .failed = answer { return answer }
            let took = (clock.now - start) / .seconds(1)
            self.recent.withLock { $0[name] = min(took, limits.loginTimeout) }
            return answer
        }
    }

    private func converse(
        _ server: OldServer, user: String, password: Password, willShow: @Sendable () async throws -> Void
    ) async throws -> OldServerAnswer {
        let limits = context.limits
        do {
            let session = try await POP3Session.open(
                server, timeouts: Timeouts(limits), trust: context.trust, group: context.group)
            do {
                try await willShow()
                let answer = try await session.authenticate(
                    user: user, password: password, secure: server.secureAuthentication)
                // The mailbox is unlocked before anyone is told: a run may follow at once.
                if case .accepted = answer { _ = try? await session.quit() }
                await session.close()
                return OldServerAnswer(answer)
            } catch {
                await session.close()
                throw error
            }
        } catch let error as POP3Error {
            try Task.checkCancellation()
            if error.code == .busy { return .busy(error.reason, error.description) }
            return .failed(error.reason, error.description)
        }
    }
}

extension OldServerAnswer {
    /// Why there is no answer to the question.
    var reason: Reason? {
        if case .failed(let reason, _) = self { reason } else { nil }
    }

    init(_ answer: LoginAnswer) {
        switch answer {
        case .accepted: self = .accepted
        case .rejected(let reply): self = .rejected(reply.text)
        case .noSuchUser(let reply): self = .noSuchUser(reply.text)
        case .busy(.inUse, let reply): self = .busy(.mailboxInUse, reply.text)
        case .busy(.loginDelay, let reply): self = .busy(.mailboxInUse, reply.text)
        case .busy(.systemTemporary, let reply): self = .busy(.oldServerUnreachable, reply.text)
        case .refused(let reply): self = .failed(.oldServerProtocol, reply.text)
        case .noSecureMechanism:
            self = .failed(
                .secureAuthenticationUnavailable, "the old server offers no way to log in without showing the password")
        }
    }
}

extension Timeouts {
    init(_ limits: MoveLimits) {
        self.init(connect: .seconds(limits.connectTimeout), read: .seconds(limits.readTimeout))
    }
}
