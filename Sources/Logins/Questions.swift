// SPDX-License-Identifier: Apache-2.0

import Ground
import MailSource
import Records
import Runs
import Secrets
import Synchronization
import Vocabulary
import Waiting

/// The old server's answer about a password.
enum OldServerAnswer: Sendable {
    /// With the session, if the run that follows may continue in it.
    case accepted(CheckedSession?)
    case rejected(String)
    /// Its reply is known to mean that there is no such user.
    case noSuchUser(String)
    /// The mailbox is in use, the login came too early, or the server is temporarily out of order.
    case busy(Reason, String)
    /// It could not be asked, or did not answer: `oldServerUnreachable`, `oldServerUntrusted`,
    /// `secureAuthenticationUnavailable` or `oldServerProtocol`.
    case failed(Reason, String)
}

/// Asks old servers about passwords, over connections of their own.
final class Questions: Sendable {
    /// How far a question got, even if it was given up.
    final class Exposure: Sendable {
        private struct State {
            var isSent = false
            var isReached = false
            var begun: ContinuousClock.Instant?
        }

        private let state = Mutex(State())

        /// The password has been sent, whatever came of it.
        var isSent: Bool { state.withLock { $0.isSent } }
        /// The server has taken the connection.
        var isReached: Bool { state.withLock { $0.isReached } }
        /// When it got a connection; nil if it got none.
        var begun: ContinuousClock.Instant? { state.withLock { $0.begun } }
        /// Seconds that the server has had to answer it.
        var seconds: Double { begun.map { (.now - $0) / .seconds(1) } ?? 0 }

        fileprivate func begin() { state.withLock { $0.begun = .now } }

        fileprivate func reach() { state.withLock { $0.isReached = true } }

        fileprivate func send() { state.withLock { $0.isSent = true } }
    }

    private let context: Context
    private let reach: OldServerReach
    private let connections = Turnstile<String>()
    private let kept = Turnstile<String>()
    private let lines = Mutex<[String: QuestionLine]>([:])
    private let breakers = Mutex<[String: CircuitBreaker]>([:])

    init(context: Context, reach: OldServerReach) {
        self.context = context
        self.reach = reach
    }

    /// One login with `password`, and nothing else.
    /// - Parameters:
    ///   - urgency: questions that nobody waits for leave half of the connections to those that somebody does wait for.
    ///   - room: how many runs could continue at once in a session whose password was right; no more sessions are kept
    ///     open for that, and never more than half of the connections.
    ///   - willShow: called before the server is told anything about the account.
    /// - Throws: `CancellationError` when cancelled.
    func ask(
        _ server: OldServer, user: String, password: Password, urgency: Turnstile<String>.Urgency = .somebodyWaits,
        exposure: Exposure = Exposure(), room: @escaping @Sendable () -> Int = { 0 },
        willShow: @Sendable () async throws -> Void = {}
    ) async throws -> OldServerAnswer {
        if breakers.withLock({ $0[server.name]?.refuses(now: context.uptime()) ?? false }) {
            return refusal(server)
        }
        let places = context.limits.loginConnectionsPerOldServer
        let width = urgency == .canWait ? places / 2 : places
        guard let place = try await place(server, width: width, urgency) else {
            return .busy(
                .overloaded,
                "so many logins wait for the old server \(server.name) that this one would not be answered in time"
            )
        }
        // What was learnt while this question waited counts for it too.
        let admission = breakers.withLock { $0[server.name, default: CircuitBreaker()].admit(now: context.uptime()) }
        guard admission != .refuse else {
            place.giveUp()
            return refusal(server)
        }
        exposure.begin()
        let question = lines.withLock { $0[server.name, default: QuestionLine()].begin(at: .now) }
        let talk = Talk(
            server: server, user: user, password: password, exposure: exposure, place: place,
            placeToKeep: { self.kept.freePlace(server.name, width: min(places / 2, room())) })
        let answer: OldServerAnswer
        do {
            answer = try await converse(talk, isProbe: admission == .probe, willShow: willShow)
        } catch {
            end(question, server, hasAnswer: false)
            place.giveUp()
            throw error
        }
        end(question, server, hasAnswer: answer.reason == nil)
        reach.note(server, answer.reason, at: context.now())
        if case .accepted(.some) = answer { return answer }
        place.giveUp()
        return answer
    }

    private func end(_ question: UInt64, _ server: OldServer, hasAnswer: Bool) {
        lines.withLock { $0[server.name]?.end(question, at: .now, hasAnswer: hasAnswer) }
    }

    /// Waits for one of the connections to the server.
    /// - Returns: nil if, as things stand, the login would time out first. Waiting in vain would occupy a mail server's
    ///   worker, and in the end all of them.
    private func place(
        _ server: OldServer, width: Int, _ urgency: Turnstile<String>.Urgency
    ) async throws -> Turnstile<String>.Place? {
        if let place = connections.freePlace(server.name, width: width) { return place }
        guard urgency == .somebodyWaits else {
            return try await connections.place(server.name, width: width, urgency: urgency)
        }
        let number = lines.withLock { $0[server.name, default: QuestionLine()].wait() }
        defer { lines.withLock { $0[server.name]?.leave(number) } }
        let seconds = context.limits.loginTimeout
        return try await withThrowingTaskGroup(of: Turnstile<String>.Place?.self) { group in
            group.addTask { try await self.connections.place(server.name, width: width, urgency: urgency) }
            group.addTask {
                while self.lines.withLock({
                    $0[server.name]?.seconds(before: number, places: width, at: .now) ?? 0 <= seconds
                }) {
                    try await pause(for: .milliseconds(200))
                }
                return nil
            }
            let first = await group.nextResult()
            group.cancelAll()
            // A place may have been granted at this very moment.
            while let late = await group.nextResult() { try? late.get()?.giveUp() }
            return try first?.get() ?? nil
        }
    }

    private struct Talk {
        let server: OldServer
        let user: String
        let password: Password
        let exposure: Exposure
        let place: Turnstile<String>.Place
        let placeToKeep: @Sendable () -> Turnstile<String>.Place?
    }

    private func converse(
        _ talk: Talk, isProbe: Bool, willShow: @Sendable () async throws -> Void
    ) async throws -> OldServerAnswer {
        var hasGreeted = false
        do {
            let line = try await context.source.connect(
                to: talk.server, timeouts: context.timeouts, hiding: talk.password)
            hasGreeted = true
            talk.exposure.reach()
            breakers.withLock { $0[talk.server.name]?.greeted() }
            do {
                try await willShow()
                let answer = try await line.check(user: talk.user, password: talk.password)
                if line.hasShownPassword { talk.exposure.send() }
                learn(.answered, talk, isProbe)
                guard case .accepted(let session) = answer else {
                    await line.close()
                    return OldServerAnswer(answer)
                }
                if let kept = talk.placeToKeep() {
                    return .accepted(CheckedSession(session, places: [talk.place, kept]))
                }
                await CheckedSession.farewell(session)
                return .accepted(nil)
            } catch {
                if line.hasShownPassword { talk.exposure.send() }
                await line.close()
                throw error
            }
        } catch let error as SourceError {
            if error.step != .resolve, error.step != .connect { talk.exposure.reach() }
            learn(end(error, talk, hasGreeted), talk, isProbe)
            try Task.checkCancellation()
            if case .wait = error.remedy { return .busy(error.reason, error.description) }
            return .failed(error.reason, error.description)
        } catch {
            learn(.abandoned, talk, isProbe)
            throw error
        }
    }

    /// What an error says about the server as a whole.
    private func end(_ error: SourceError, _ talk: Talk, _ hasGreeted: Bool) -> CircuitBreaker.End {
        switch error.code {
        case .cancelled where talk.exposure.seconds < context.limits.patience: .abandoned
        case .cancelled, .timedOut: hasGreeted ? .silent(talk.user) : .unreachable
        case .unresolved, .unreachable, .closed:
            // A greeting that refuses service is an answer, and a server that hangs up later has been reached.
            hasGreeted || (error.step == .greeting && error.code == .unreachable) ? .answered : .unreachable
        case .untrusted, .protocolViolation, .pipeliningBroken, .refused, .busy: .answered
        case .invalidCredentialOctets, .exhausted: .abandoned
        }
    }

    private func learn(_ end: CircuitBreaker.End, _ talk: Talk, _ isProbe: Bool) {
        let now = context.uptime()
        let (wasOpen, isOpen) = breakers.withLock { breakers in
            var breaker = breakers[talk.server.name] ?? CircuitBreaker()
            let wasOpen = breaker.isOpen
            breaker.ended(end, isProbe: isProbe, now: now)
            breakers[talk.server.name] = breaker.isQuiet ? nil : breaker
            return (wasOpen, breaker.isOpen)
        }
        if !wasOpen, isOpen {
            context.log.warning(
                "the old server does not answer; logins do not wait for it meanwhile",
                metadata: ["oldServer": "\(talk.server.name)"])
        } else if wasOpen, !isOpen {
            context.log.notice("the old server answers again", metadata: ["oldServer": "\(talk.server.name)"])
        }
    }

    /// Slowness is no failure: a server that was reached is merely not asked for a while.
    private func refusal(_ server: OldServer) -> OldServerAnswer {
        let text = "the old server \(server.name) has not answered lately; it is asked again soon"
        let isThere = breakers.withLock { $0[server.name]?.isOpenBySilence ?? false }
        return isThere ? .busy(.oldServerUnreachable, text) : .failed(.oldServerUnreachable, text)
    }
}

extension OldServerAnswer {
    /// Why there is no answer to the question.
    var reason: Reason? {
        if case .failed(let reason, _) = self { reason } else { nil }
    }

    init(_ answer: SourceAnswer) {
        switch answer {
        case .accepted: self = .accepted(nil)
        case .rejected(let text): self = .rejected(text)
        case .noSuchUser(let text): self = .noSuchUser(text)
        case .busy(let reason, let text, _): self = .busy(reason, text)
        case .failed(let reason, let text, _): self = .failed(reason, text)
        }
    }
}
