// SPDX-License-Identifier: Apache-2.0

/// What each old server is asked for, and what it may be asked for: one value that decides for all of them.
///
/// To an old server the whole platform is one client at one address. What it bears, how late it answers, whom it punishes
/// and for what is learnt here, from what happens anyway, and decides who may open a connection now, who waits, and behind
/// whom. There is no clock, socket, lock or log inside: wishes and events go in, each with its moment where that matters,
/// and ``turn(now:)`` says what is to be done.
///
/// **Places.** A place is the right to one connection to an ``Endpoint``. Questions have a quarter of what moves have, and
/// at least four, of their own: background questions, questions that outlast their login, and sessions that are kept for a
/// run take half of them each at most. Runs have `connectionsPerOldServer` at each server, `maxConnections` of those at
/// most for a domain, and `concurrentMoves` of all servers together; a server with work has one in any case.
///
/// **Limits.** An old server that refuses a connection while others of ours stand bears no more than those (see
/// `LearnedLimit`): who was refused stands in line again, one place is kept from runs, and a run that is beyond that makes
/// way between two messages. One that is closed before a greeting while others are being opened waits for what becomes of
/// those. Where there is but one place a run makes way for a login, and has it back, every half minute.
///
/// **Additional connections.** A run may have more than one where places lie idle: see ``addConnection(to:now:)``.
///
/// **Other nodes.** See `SharedRoom`: a run that has a place asks them for theirs, and tells by ``full(_:now:)`` or
/// ``mayRun(_:)`` what came of it.
///
/// **Outages.** A server that is not reached, or is silent about everybody, is not asked but for probes (see
/// `CircuitBreaker`). Whoever asks is refused at once; runs wait, and one of them is a probe in its time.
///
/// **Penalties.** See `PenaltyWatch`. Background questions wait until one is over, and late answers are no silence.
///
/// ## How it is driven
///
/// After each wish and each event comes a ``turn(now:)``, and one more at ``Turn/next``; each decision is done once.
///
/// A *question*, which is a login check or a background question:
///
/// 1. ``want(_:at:)`` once the old server is to be asked: after guesses were counted, and the account's turn has come.
/// 2. ``Decision/open(_:)``: open a connection. ``greeted(_:now:)`` when the greeting is read and TLS, where wanted, stands;
///    ``shown(_:now:)`` just before the password, or a proof of it, is written.
/// 3. Then one of ``accepted(_:loginDelay:now:)``, ``rejected(_:now:)`` or ``answered(_:now:)`` when the server has answered,
///    and ``closed(_:now:)`` when the connection has been closed; or ``silent(_:now:)`` or ``dropped(_:now:)`` when it has
///    ended without an answer. A refusal that is not about the account is ``refused(_:at:now:)``: where that says
///    ``AfterRefusal/waits``, the next ``Decision/open(_:)`` is another connection for the same question.
/// 4. ``Decision/letGo(_:)`` and ``Decision/giveUp(_:)``: whoever waits is answered without it. After the first the question
///    goes on, and its answer is told as above; after the second its connection is dropped, and that is told by
///    ``closed(_:now:)``.
/// 5. Where ``accepted(_:loginDelay:now:)`` says ``AfterAcceptance/keep``, the run is wanted with the question's ticket as its
///    ``Run/session``, and ``Decision/goOn(_:in:)`` or ``Decision/endSession(_:)`` follows.
/// 6. ``giveUp(_:now:)`` when nobody wants the answer any more, as when the settings name another server.
///
/// A *run*:
///
/// 1. ``want(_:at:now:)`` when a login, a retry, a follow-up or an administrator asks for one; ``withdraw(_:)`` when nobody
///    does any more.
/// 2. ``Decision/open(_:)``: the run begins, or, where it has made way or was one too many, goes on. It keeps its place over
///    all its connections: for each but the first ``opens(_:)``, then events as above; between two of them nothing is told.
/// 3. ``Decision/makeWay(_:)``: after the message in hand, close the connection in order; ``madeWay(_:now:)``, and wait for the
///    next ``Decision/open(_:)``. ``AfterRefusal/waits`` means that, too; ``AfterRefusal/isOutage`` does not: the run tries again
///    as it sees fit, in the place that it has.
/// 4. ``finished(_:next:now:)`` at its end, whatever that was.
public struct OldServerPolicy: Sendable {
    /// With but one place, a move gives it up no more often, and waits for it no longer.
    static let betweenWays = Duration.seconds(30)

    public private(set) var bounds: Bounds
    /// Runs that have a place.
    public internal(set) var movingCount = 0
    /// Connections that runs have besides.
    var additionalCount = 0

    var servers: [Endpoint: OldServerState] = [:]
    /// At which something has happened since the last turn, in that order.
    var changed: [Endpoint] = []
    var alarms = Heap<Alarm>()
    /// Runs that are not due.
    var later = Heap<Later>()
    /// Each account's run, from its wish to its end.
    var runs: [Account: Ticket] = [:]
    var accounts: [Ticket: Account] = [:]
    /// Wanted again while they run.
    var joined: Set<Account> = []
    /// When an account's next run may begin, after its last one …
    var rests = Rests()
    /// … and when it may log in again at a server that wants a pause between logins.
    var delays = Rests()
    /// Servers at which runs are due.
    var ready: Set<Endpoint> = []
    /// A place that every server may have has become free.
    var hasRoom = true
    /// The one that runs.
    var suspect: Ticket?
    var numbers: UInt64 = 0

    public init(_ bounds: Bounds = Bounds()) { self.bounds = bounds }

    public mutating func set(_ bounds: Bounds) {
        self.bounds = bounds
        hasRoom = true
        for server in servers.keys.sorted(by: { $0.description < $1.description }) { touch(server) }
    }

    // MARK: - Wishes

    /// A password is to be shown.
    public mutating func want(_ question: Question, at server: Endpoint) -> Ticket {
        let ticket = ticket(server)
        touch(server)
        servers[server]?.line.insert(ticket, question)
        return ticket
    }

    /// An account is to be moved. One that waits keeps the better of both wishes, and its place in line.
    /// - Returns: nil where its run is under way: ``finished(_:next:now:)`` says that somebody has joined it.
    public mutating func want(_ run: Run, at server: Endpoint, now: Moment) -> Ticket? {
        var run = run
        if let rest = rests[run.account] { run.due = max(run.due, rest) }
        return put(run, at: server, now: now)
    }

    mutating func put(_ run: Run, at server: Endpoint, now: Moment) -> Ticket? {
        var ticket = ticket(server)
        var entry = RunLine.Waiting(run: run, rank: RunLine.Rank(run, number: ticket.number, now: now))
        var isPresent = false
        if let present = runs[run.account] {
            guard let old = servers[present.server]?.runs[present] else {
                joined.insert(run.account)
                return nil
            }
            if present.server == server {
                (ticket, isPresent) = (present, true)
                entry.run.due = min(run.due, old.run.due)
                entry.rank = min(old.rank, entry.rank)
                if old.run.kind == .first { entry.run.kind = .first }
                entry.run.session = run.session ?? old.run.session
            } else {
                _ = withdraw(run.account)
            }
        }
        touch(server)
        runs[run.account] = ticket
        accounts[ticket] = run.account
        if isPresent {
            servers[server]?.runs.replace(ticket, by: entry)
        } else {
            servers[server]?.runs.insert(ticket, entry)
        }
        later.insert(Later(at: entry.run.due, ticket: ticket))
        return ticket
    }

    /// Nobody wants the account's run any more; one that has a place is not touched.
    /// - Returns: whether it waited.
    @discardableResult
    public mutating func withdraw(_ account: Account) -> Bool {
        guard let ticket = runs[account], servers[ticket.server]?.runs.remove(ticket) != nil else { return false }
        touch(ticket.server)
        forget(ticket)
        return true
    }

    /// Whoever waits for the question does so until `deadline` at most.
    public mutating func hasten(_ ticket: Ticket, to deadline: Moment) {
        at(ticket) { server in
            if server.line.hasten(ticket, to: deadline) { return }
            guard let before = server.asking[ticket]?.question.deadline else { return }
            server.asking[ticket]?.question.deadline = min(before, deadline)
        }
    }

    /// Nobody wants the question any more. One that has a connection is to be closed, and that to be told.
    public mutating func giveUp(_ ticket: Ticket, now: Moment) {
        at(ticket) { server in
            if server.line.remove(ticket) { return }
            server.asking[ticket]?.role = .leaving
            server.breaker.ended(.abandoned, ticket, now: now)
        }
    }

    /// Whose run it is; nil for a question, and for what has ended.
    public func account(of ticket: Ticket) -> Account? { accounts[ticket] }

    /// The wish of a run that has a place.
    public func wish(of ticket: Ticket) -> Run? { servers[ticket.server]?.moving[ticket]?.entry.run }

    public func isMoving(_ account: Account) -> Bool {
        runs[account].map { servers[$0.server]?.runs[$0] == nil } ?? false
    }

    public func isBusy(_ account: Account) -> Bool { runs[account] != nil }

    /// Accounts that wait for their run, due or not.
    public var waitingCount: Int { runs.count - movingCount }
}

// MARK: - Book-keeping

extension OldServerPolicy {
    mutating func ticket(_ server: Endpoint) -> Ticket {
        numbers += 1
        return Ticket(server: server, number: numbers)
    }

    /// Looks at a server, or changes what nothing follows from; nil where it is not known.
    @discardableResult
    mutating func visit<Result>(_ server: Endpoint, _ body: (inout OldServerState) -> Result) -> Result? {
        // In place: a server is a large value.
        guard let index = servers.index(forKey: server) else { return nil }
        return body(&servers.values[index])
    }

    /// Changes a server.
    @discardableResult
    mutating func at<Result>(_ ticket: Ticket, _ body: (inout OldServerState) -> Result) -> Result? {
        defer { touch(ticket.server) }
        return visit(ticket.server, body)
    }

    /// The next turn looks at it.
    mutating func touch(_ server: Endpoint) {
        let isChanged = servers[server, default: OldServerState()].change()
        if isChanged { changed.append(server) }
    }

    /// A run has lost its place, and waits for another.
    mutating func waitsAgain(_ ticket: Ticket) {
        ready.insert(ticket.server)
        if suspect == ticket { suspect = nil }
        placeIsFree()
    }

    mutating func placeIsFree() {
        movingCount -= 1
        hasRoom = true
    }

    mutating func forget(_ ticket: Ticket) {
        if let account = accounts.removeValue(forKey: ticket) { runs[account] = nil }
        if suspect == ticket {
            suspect = nil
            hasRoom = true
        }
    }
}
