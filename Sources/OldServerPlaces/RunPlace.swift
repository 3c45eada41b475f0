// SPDX-License-Identifier: Apache-2.0

public import OldServerPolicy
import Synchronization
import Waiting

/// A run's return of its place.
public struct RunReturn: Sendable {
    /// How and where the account wants to run again.
    public var next: (run: OldServerPolicy.Run, server: OldServerPolicy.Endpoint)?

    public init(next: (run: OldServerPolicy.Run, server: OldServerPolicy.Endpoint)? = nil) { self.next = next }
}

/// A place that a run has, from its beginning to its end; it loses it now and then, and waits for another.
public final class RunPlace: Sendable {
    public enum Start: Sendable, Equatable {
        /// In a connection of its own.
        case opens
        /// In the session that this question has opened; where it turns out to be of no use, ``RunPlace/closed()`` and a
        /// connection of its own.
        case goesOn(in: OldServerPolicy.Ticket)
    }

    /// What comes of waiting for another place.
    public enum Grant: Sendable, Equatable {
        /// Open a connection.
        case opens
        /// Go on in the session that this question has opened, as with ``Start/goesOn(in:)``.
        case goesOn(in: OldServerPolicy.Ticket)
        /// ``RunPlace/stop()`` was called.
        case stopped
    }

    public enum AfterRefusal: Sendable, Equatable {
        /// It has waited until it may open another one, or may not.
        case waited(Grant)
        /// The server is out of reach; the place is still the run's.
        case isOutage
    }

    private struct State: Sendable {
        var makesWay = false
        var isStopped = false
        var grant: Latch<Grant>?
        var sessions: Set<OldServerPolicy.Ticket> = []
    }

    /// As it was when the run began.
    public let wish: OldServerPolicy.Run
    public let start: Start
    let ticket: OldServerPolicy.Ticket
    private let places: OldServerPlaces
    private let state = Mutex(State())

    init(
        _ ticket: OldServerPolicy.Ticket, _ wish: OldServerPolicy.Run, _ start: Start, _ places: OldServerPlaces
    ) {
        self.ticket = ticket
        self.wish = wish
        self.start = start
        self.places = places
        if case .goesOn(let session) = start { state.withLock { _ = $0.sessions.insert(session) } }
    }

    public var account: OldServerPolicy.Account { wish.account }
    public var server: OldServerPolicy.Endpoint { ticket.server }

    /// Whether the server bears but one connection, which a login may want at any moment.
    public var isAlone: Bool { places.facts(of: server).limit?.asked == 1 }

    /// Whether the server could be reached until a moment ago: where it closes connections before a greeting, they may be
    /// too many, for it may still count some that we have ended. One that is known to bear few, such as Courier, which counts
    /// processes, is given a minute to notice.
    public var isLostSinceShortly: Bool {
        let (facts, now) = (places.facts(of: server), places.clock())
        guard case .lost(let since) = facts.reach else { return true }
        let bearsFew = facts.lastTooMany.map { now - $0 < Self.memory } ?? false
        return now - since < (bearsFew ? .seconds(60) : .seconds(12))
    }

    /// For so long a server is known to bear few connections after it has refused one that was too many.
    private static let memory = Duration.seconds(600)

    /// The questions in whose sessions it was told to go on. It may have ended before it took one.
    public var sessions: Set<OldServerPolicy.Ticket> { state.withLock { $0.sessions } }

    /// Whether the connection is to be closed before the next message, for ``makeWay()``.
    public var makesWay: Bool { state.withLock { $0.makesWay } }

    /// ``stop()`` was called, or the program ends.
    public var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Over all nodes, the server has as many runs as it may.
    /// - Returns: when the run may be wanted again.
    public func isFull() -> OldServerPolicy.Moment { places.tell { $0.full(ticket, now: $1) } }

    /// Over all nodes, it may have this one.
    public func mayRun() { places.tell { policy, _ in policy.mayRun(ticket) } }

    /// The run opens another connection in its place.
    public func opens() { places.tell { policy, _ in policy.opens(ticket) } }

    /// The server has greeted, in TLS where that is wanted.
    public func greeted() { places.tell { $0.greeted(ticket, now: $1) } }

    /// The password, or a proof of it, is written next.
    public func shown() { places.tell { $0.shown(ticket, now: $1) } }

    /// - Parameter loginDelay: `LOGIN-DELAY`, in seconds, where it is announced.
    public func accepted(loginDelay: Int = 0) {
        _ = places.tell { $0.accepted(ticket, loginDelay: .seconds(loginDelay), now: $1) }
    }

    /// The password is wrong, or there is no such user.
    public func rejected() { places.tell { $0.rejected(ticket, now: $1) } }

    /// The server has said something else to the password.
    public func answered() { places.tell { $0.answered(ticket, now: $1) } }

    /// It has said nothing for the time for reading.
    public func silent() { places.tell { $0.silent(ticket, now: $1) } }

    /// It has closed a connection that it had greeted.
    public func dropped() { places.tell { $0.dropped(ticket, now: $1) } }

    /// We have closed the connection.
    public func closed() { places.tell { $0.closed(ticket, now: $1) } }

    /// The server has refused the connection, not the account: where it is one too many, waits for another place.
    public func refused(at step: OldServerPolicy.RefusedStep) async -> AfterRefusal {
        let grant = expectGrant()
        switch places.refused(ticket, at: step) {
        case .waits: return .waited(await grant.wait())
        case .isOutage, .isOver: return .isOutage
        }
    }

    // MARK: Additional connections

    /// Whether ``addConnection()`` would grant one.
    public var mayAddConnection: Bool {
        places.state.withLock { $0.policy.mayAddConnection(to: ticket, now: places.clock()) }
    }

    /// A place for another connection of the run, where the server has one to spare that nobody waits for; until
    /// ``removeConnection(_:)``. Once it ``makesWay`` it is wanted back.
    public func addConnection() -> RunPlace? {
        places.change { [wish, places] state, now, _ in
            guard !state.isStopped, let additional = state.policy.addConnection(to: ticket, now: now) else {
                return nil
            }
            let place = RunPlace(additional, wish, .opens, places)
            state.movers[additional] = place
            return place
        }
    }

    /// Its connection is closed.
    public func removeConnection(_ additional: RunPlace) {
        places.change { state, now, _ in
            state.movers[additional.ticket] = nil
            state.policy.removeConnection(additional.ticket, now: now)
        }
    }

    // MARK: Other places

    /// Gives the place up; the connection has been closed in order. Waits for another one.
    public func makeWay() async -> Grant {
        let grant = expectGrant()
        places.tell { $0.madeWay(ticket, now: $1) }
        return await grant.wait()
    }

    /// Nobody wants the run any more: it waits for no place. One that has a place is to be stopped by other means.
    public func stop() {
        let grant = state.withLock { state in
            state.isStopped = true
            return state.grant
        }
        grant?.settle(.stopped)
    }

    private func expectGrant() -> Latch<Grant> {
        let grant = Latch<Grant>()
        let isStopped = state.withLock { state in
            state.makesWay = false
            state.grant = grant
            return state.isStopped
        }
        if isStopped { grant.settle(.stopped) }
        return grant
    }

    func grant(_ grant: Grant) {
        let waiting = state.withLock { state in
            if case .goesOn(let session) = grant { state.sessions.insert(session) }
            return state.grant
        }
        waiting?.settle(grant)
    }

    func callBack() { state.withLock { $0.makesWay = true } }
}
