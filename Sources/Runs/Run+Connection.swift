// SPDX-License-Identifier: Apache-2.0

import MailSource
import OldServerPlaces
import OldServerPolicy
import Records
import Secrets
import Vocabulary

/// How a run comes to its sessions: connections, one after the other, in the place that it has.
extension Run {
    /// Five attempts without progress end a run, or more where it is not clear for long that the server is out of reach; an
    /// answer that makes no sense is retried once.
    private struct Patience {
        var tries = 0
        var nonsense = 0

        mutating func progress() { self = Patience() }

        /// Seconds to wait before the next attempt; nil if there is none.
        /// - Parameter isUnsure: what the server does now may be over soon.
        mutating func next(after error: SourceError, isUnsure: Bool) -> Double? {
            if error.code == .pipeliningBroken { return 0 }
            tries += 1
            // What makes no sense there is left out after the second time; that says nothing about the rest.
            let isLeftOut = error.step == .fetch || error.topic != nil
            if error.reason == .oldServerProtocol, !isLeftOut { nonsense += 1 }
            guard tries < (isUnsure ? 25 : 5), nonsense < 2 else { return nil }
            let longest = min(5, 0.25 * Double(1 << min(tries - 1, 5)))
            return Double.random(in: longest / 2...longest)
        }
    }

    /// What came of one connection.
    private enum Attempt: Sendable {
        case ended(RunEnd, loginDelay: Int?)
        /// It has been closed between two messages, for others.
        case madeWay
        /// It was one too many: the run has waited for another place.
        case waited(RunPlace.Grant)
    }

    /// Opens sessions until one has ended in order, or the run has.
    /// - Returns: how the run ended, and the seconds the server wants between logins, if it says so.
    mutating func endOfSessions() async throws -> (RunEnd, loginDelay: Int?) {
        var patience = Patience()
        while true {
            if let reason = control.stopReason { return (.stopped(reason), nil) }
            if place.makesWay {
                if let end = resume(after: await waiting { await place.makeWay() }) { return (end, nil) }
            }
            let before = progress.count
            do {
                switch try await attempt() {
                case .ended(let end, let loginDelay): return (end, loginDelay)
                case .madeWay: patience.progress()
                case .waited(let grant): if let end = resume(after: grant) { return (end, nil) }
                }
            } catch let error as SourceError {
                if let reason = control.stopReason { return (.stopped(reason), nil) }
                if isAsking { remember(.unavailable, error.reason) }
                if progress.count > before { patience.progress() }
                if progress.stumblingBlocks.add(error) { patience.progress() }
                switch error.remedy {
                case .wait(let seconds): return (.postponed(error.reason, error.description, seconds: seconds), nil)
                case .final: return (.failed(error.reason, error.description), nil)
                case .again: break
                }
                if error.code == .pipeliningBroken {
                    guard isPipelining else { return (.failed(error.reason, error.description), nil) }
                    // Messages one by one cost far more than folders do.
                    if opensAhead { opensAhead = false } else { isPipelining = false }
                }
                // Courier closes connections that are one too many, and counts one for five seconds after its end.
                let isUnsure = error.code == .closed && error.step == .greeting && place.isLostSinceShortly
                guard let seconds = patience.next(after: error, isUnsure: isUnsure) else {
                    return (.failed(error.reason, error.description), nil)
                }
                context.log.debug("the run is resumed after: \(error)", metadata: .about(account.address))
                await control.sleep(seconds: seconds)
            }
        }
    }

    /// Waits for another place, or until the run is stopped.
    private func waiting(_ body: () async -> RunPlace.Grant) async -> RunPlace.Grant {
        control.onStop { [place] in place.stop() }
        return await body()
    }

    /// - Returns: how the run ends; nil where it goes on.
    private mutating func resume(after grant: RunPlace.Grant) -> RunEnd? {
        switch grant {
        case .opens: return nil
        case .goesOn(let session):
            kept = session
            return nil
        case .stopped: return .stopped(control.stopReason ?? .shutdown)
        }
    }

    /// One session: the one kept from the login check, if there is one, else a new one.
    private mutating func attempt() async throws -> Attempt {
        if let session = await takeKept() {
            control.onStop { session.abort() }
            defer {
                session.abort()
                place.closed()
            }
            try await session.enter()
            return try await moved(in: session)
        }
        if isByMaster, commons.masterRejections.areEnough(of: settings.oldServer) {
            return .ended(.failed(.masterRejected, masterIsTurnedAway), loginDelay: nil)
        }
        place.opens()
        isAsking = true
        let line: any SourceConnection
        do throws(SourceError) {
            line = try await context.source.connect(
                to: settings.oldServer, timeouts: context.timeouts, hiding: password)
        } catch {
            guard case .waited(let grant)? = await tell(ConnectionEnd(error, hasGreeted: false)) else { throw error }
            return .waited(grant)
        }
        place.greeted()
        control.onStop { line.abort() }
        defer {
            line.abort()
            place.closed()
        }
        // No password is sent to a server that the settings no longer name.
        guard try await isCurrent() else { return .ended(.stopped(.resettled), loginDelay: nil) }
        place.shown()
        let answer: SourceAnswer
        do throws(SourceError) {
            answer = try await line.check(settings.oldServer, user: user, password, isByMaster: isByMaster)
        } catch {
            _ = await tell(ConnectionEnd(error, hasGreeted: true))
            throw error
        }
        remember(answer)
        switch answer {
        case .accepted(let session):
            if isByMaster { commons.masterRejections.wasLetIn(by: settings.oldServer) }
            place.accepted(loginDelay: session.traits.loginDelay ?? 0)
            try await session.enter()
            return try await moved(in: session)
        case .rejected(let text) where isByMaster, .noSuchUser(let text) where isByMaster:
            commons.masterRejections.wasRejected(by: settings.oldServer)
            place.rejected()
            return .ended(.failed(.masterRejected, text), loginDelay: nil)
        case .rejected(let text), .noSuchUser(let text):
            place.rejected()
            return .ended(.rejected(text), loginDelay: nil)
        case .busy(let reason, let text, let seconds):
            place.answered()
            return .ended(.postponed(reason, text, seconds: seconds), loginDelay: nil)
        case .failed(let reason, let text, let isForGood):
            place.answered()
            return .ended(isForGood ? .barred(text) : .failed(reason, text), loginDelay: nil)
        }
    }

    private var masterIsTurnedAway: String {
        "the old server has turned its master user \(settings.oldServer.master?.user ?? "") away "
            + "\(MasterRejections.most) times in a row; see its password and oldServer.master, and ask for the moves again"
    }

    private mutating func moved(in session: any MailboxSession) async throws -> Attempt {
        guard let end = try await move(in: session) else { return .madeWay }
        return .ended(end, loginDelay: session.traits.loginDelay)
    }

    /// The session in which the login's password was checked, once.
    private mutating func takeKept() async -> (any MailboxSession)? {
        guard let kept else { return nil }
        self.kept = nil
        if let session = await commons.checkedSessions.take(of: kept, for: account, settings) { return session }
        place.closed()
        return nil
    }

    /// - Returns: what came of waiting, where the connection was one too many.
    private func tell(_ end: ConnectionEnd) async -> RunPlace.AfterRefusal? {
        if case .refused = end { control.onStop { [place] in place.stop() } }
        return await place.tell(end)
    }
}

extension SourceConnection {
    /// Logs in as the settings want it.
    func check(
        _ server: OldServer, user: String, _ password: Password, isByMaster: Bool
    ) async throws(SourceError) -> SourceAnswer {
        guard isByMaster else { return try await check(user: user, password: password) }
        guard let master = server.master else { return .rejected("the settings name no master user any more") }
        return try await check(master, for: user, password: password)
    }
}

extension RunPlace {
    /// - Returns: what came of waiting, where the connection was one too many.
    func tell(_ end: ConnectionEnd) async -> AfterRefusal? {
        switch end {
        case .refused(let step): return await refused(at: step)
        case .silent: silent()
        case .dropped: dropped()
        case .answered: answered()
        case .abandoned: closed()
        }
        return nil
    }
}
