// SPDX-License-Identifier: Apache-2.0

import Ground
import MailSource
import Measures
import OldServerPlaces
import OldServerPolicy
import Records
import Runs
import Secrets
import Synchronization
import Vocabulary
import Waiting

/// The old server's answer about a password.
enum OldServerAnswer: Sendable {
    case accepted
    case rejected(String)
    /// Its reply is known to mean that there is no such user.
    case noSuchUser(String)
    /// The mailbox is in use, the login came too early, or the server is temporarily out of order.
    case busy(Reason, String)
    /// It could not be asked, or did not answer: `oldServerUnreachable`, `oldServerUntrusted`,
    /// `secureAuthenticationUnavailable` or `oldServerProtocol`.
    case failed(Reason, String)
}

/// A session in which a password was accepted, while the question that opened it still has it.
struct KeptSession: Sendable {
    let ticket: OldServerPolicy.Ticket
    let session: any MailboxSession
    /// Has the question end it.
    let end: @Sendable () -> Void
    /// Settled when it waits where the account's run finds it.
    let isHandedIn = Latch<Void>()
}

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
    /// Whether it got a connection.
    var hasBegun: Bool { state.withLock { $0.begun != nil } }
    /// Seconds that the server has had to answer it.
    var seconds: Double { state.withLock { $0.begun }.map { (.now - $0) / .seconds(1) } ?? 0 }

    fileprivate func begin() { state.withLock { $0.begun = $0.begun ?? .now } }

    fileprivate func reach() { state.withLock { $0.isReached = true } }

    fileprivate func send() { state.withLock { $0.isSent = true } }
}

/// Puts passwords to old servers.
///
/// A question is a task of its own. When there is an answer, what follows from it is done there, whether or not somebody
/// still waits for it.
struct Questions: Sendable {
    struct Inquiry: Sendable {
        let server: OldServer
        let user: String
        let password: Password
        let question: OldServerPolicy.Question
        let exposure: Exposure
        /// Settled when somebody waits for the turn of the account that this one has.
        var hurry: Latch<Void>?
        /// Called before the server is told anything about the account.
        var willShow: @Sendable () async throws -> Void = {}
    }

    private struct Talk: Sendable {
        var answer: OldServerAnswer
        var session: (any MailboxSession)?
        var keeps = false
    }

    private enum Turn: Sendable {
        case talked(Talk)
        /// The connection was one too many: the question stands in line again.
        case again
    }

    let context: Context
    let places: OldServerPlaces
    let watch: SettingsWatch
    let sessions: CheckedSessions

    /// One login with a password, and nothing else.
    /// - Parameters:
    ///   - settings: those that it is asked under; an answer under others is none.
    ///   - conclude: does what follows from the answer, or from the error that came instead of one: ``SettingsChanged``, or
    ///     a `CancellationError` where the question was given up. It is given the session, where that is kept for the run
    ///     that follows.
    func ask<Outcome: Sendable>(
        _ inquiry: Inquiry, under settings: MigrationSettings,
        _ conclude: @escaping @Sendable (Result<OldServerAnswer, any Error>, KeptSession?) async throws -> Outcome
    ) async -> Asked<Result<Outcome, any Error>> {
        await places.ask(inquiry.question, at: inquiry.server.endpoint, hurry: inquiry.hurry) { place in
            await attempt(inquiry, settings, place, conclude)
        }
    }

    private func attempt<Outcome: Sendable>(
        _ inquiry: Inquiry, _ settings: MigrationSettings, _ place: QuestionPlace<Result<Outcome, any Error>>,
        _ conclude: @Sendable (Result<OldServerAnswer, any Error>, KeptSession?) async throws -> Outcome
    ) async -> AttemptEnd {
        inquiry.exposure.begin()
        let opened = Mutex<(any MailboxSession)?>(nil)
        let result: Result<OldServerAnswer, any Error>
        var kept: KeptSession?
        do {
            let turn = try await watch.whileCurrent(settings) {
                try await talk(inquiry, place) { session in opened.withLock { $0 = session } }
            }
            guard case .talked(let talk) = turn else { return .again }
            if talk.keeps, let session = talk.session {
                kept = KeptSession(ticket: place.ticket, session: session, end: place.endSession)
            } else {
                if let session = talk.session { await CheckedSessions.farewell(session) }
                place.closed()
            }
            result = .success(talk.answer)
        } catch {
            if let session = opened.withLock({ $0 }) { await CheckedSessions.farewell(session) }
            place.closed()
            result = .failure(error)
        }
        let outcome: Result<Outcome, any Error>
        do {
            outcome = .success(try await conclude(result, kept))
        } catch {
            outcome = .failure(error)
        }
        guard let kept else {
            place.deliver(outcome)
            return .over
        }
        // Nothing has come of it: the mailbox is unlocked before anyone hears the answer.
        guard kept.isHandedIn.isSettled else {
            await CheckedSessions.farewell(kept.session)
            place.deliver(outcome)
            return .over
        }
        place.deliver(outcome)
        if await !place.waitForRun() { await sessions.end(kept.ticket) }
        return .over
    }

    private func talk<Outcome: Sendable>(
        _ inquiry: Inquiry, _ place: QuestionPlace<Outcome>, opened: (any MailboxSession) -> Void
    ) async throws -> Turn {
        let line: any SourceConnection
        do throws(SourceError) {
            line = try await context.source.connect(
                to: inquiry.server, timeouts: context.timeouts, hiding: inquiry.password)
        } catch {
            if error.step != .resolve, error.step != .connect { inquiry.exposure.reach() }
            return try learn(error, hasGreeted: false, place)
        }
        inquiry.exposure.reach()
        place.greeted()
        let answer: SourceAnswer
        do {
            try await inquiry.willShow()
            place.shown()
            let shown = context.uptime()
            answer = try await line.check(user: inquiry.user, password: inquiry.password)
            Measures.oldServerAnswers.record(context.uptime() - shown)
            if line.hasShownPassword { inquiry.exposure.send() }
        } catch {
            if line.hasShownPassword { inquiry.exposure.send() }
            await line.close()
            guard let error = error as? SourceError else { throw error }
            return try learn(error, hasGreeted: true, place)
        }
        guard case .accepted(let session) = answer else {
            await line.close()
            switch answer {
            case .rejected, .noSuchUser: place.rejected()
            default: place.answered()
            }
            return .talked(Talk(answer: OldServerAnswer(answer)))
        }
        opened(session)
        let after = place.accepted(loginDelay: session.traits.loginDelay ?? 0)
        return .talked(Talk(answer: .accepted, session: session, keeps: after == .keep))
    }

    /// - Throws: `CancellationError` where it was given up.
    private func learn<Outcome: Sendable>(
        _ error: SourceError, hasGreeted: Bool, _ place: QuestionPlace<Outcome>
    ) throws -> Turn {
        switch ConnectionEnd(error, hasGreeted: hasGreeted) {
        case .refused(let step):
            // One that was cancelled meanwhile waits for nothing.
            if place.refused(at: step) == .waits, !Task.isCancelled { return .again }
        case .silent: place.silent()
        case .dropped: place.dropped()
        case .answered: place.answered()
        case .abandoned: break
        }
        try Task.checkCancellation()
        if case .wait = error.remedy {
            return .talked(Talk(answer: .busy(error.reason, error.description)))
        }
        return .talked(Talk(answer: .failed(error.reason, error.description)))
    }
}

extension OldServerAnswer {
    /// Why there is none.
    var reason: Reason? {
        switch self {
        case .accepted, .rejected, .noSuchUser: nil
        case .busy(let reason, _), .failed(let reason, _): reason
        }
    }

    fileprivate init(_ answer: SourceAnswer) {
        switch answer {
        case .accepted: self = .accepted
        case .rejected(let text): self = .rejected(text)
        case .noSuchUser(let text): self = .noSuchUser(text)
        case .busy(let reason, let text, _): self = .busy(reason, text)
        case .failed(let reason, let text, _): self = .failed(reason, text)
        }
    }

    /// Nobody was asked. A server that can be reached has not failed.
    init(_ refusal: OldServerPolicy.Refusal, _ server: OldServer) {
        let detail = refusal.detail(server)
        self =
            switch refusal {
            case .unreachable: .failed(.oldServerUnreachable, detail)
            case .silent: .busy(.oldServerUnreachable, detail)
            case .overloaded, .outOfTime: .busy(.overloaded, detail)
            }
    }
}
