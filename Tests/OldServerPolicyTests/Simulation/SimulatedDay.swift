// SPDX-License-Identifier: Apache-2.0

@testable import OldServerPolicy

/// A day of users, old servers and the policy, by virtual time. It does what the integration has to do: tells the policy
/// what happens, and obeys it.
struct SimulatedDay {
    typealias Moment = OldServerPolicy.Moment
    typealias Ticket = OldServerPolicy.Ticket

    enum Event {
        case visit(user: Int)
        case tryAgain(user: Int)
        case look
        case arrives(Ticket)
        case refused(Ticket, OldServerPolicy.RefusedStep)
        case greeted(Ticket)
        case answered(Ticket)
        case silent(Ticket)
        case closed(Ticket)
        case noticed(server: Int)
        case moved(Ticket, of: Int)
        case madeWay(Ticket)
    }

    /// Somebody who asks, or waits to.
    struct Asker {
        let user: Int
        let isRight: Bool
        let since: Duration
        var opened: Duration?
        /// Nobody waits any more.
        var isAlone = false
        var isConnected = false
    }

    struct Mover {
        let user: Int
        var isConnected = false
        /// Since when it fetches, so that it can be told how far it is.
        var fetches: Duration?
        /// Which plan of its end is valid.
        var plan = 0
    }

    private struct Entry: Comparable {
        let at: Duration
        let number: Int
        let event: Event

        static func < (left: Entry, right: Entry) -> Bool { (left.at, left.number) < (right.at, right.number) }
        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    var policy: OldServerPolicy
    var servers: [SimulatedServer]
    var users: [SimulatedUser]
    var measured: [Measurements]
    var askers: [Ticket: Asker] = [:]
    var movers: [Ticket: Mover] = [:]
    private(set) var events = 0
    private let start = Moment.now
    private(set) var now = Duration.zero
    private var agenda = Heap<Entry>()
    /// The latest first.
    private var visits: [(at: Duration, user: Int)] = []
    private var numbers = 0
    private var look: Duration?
    private let indices: [OldServerPolicy.Endpoint: Int]

    /// - Parameter only: whose users come; all, where it is nil.
    init(
        _ servers: [SimulatedServer], only: String? = nil, bounds: OldServerPolicy.Bounds = OldServerPolicy.Bounds(),
        seed: UInt64 = 7
    ) {
        policy = OldServerPolicy(bounds)
        self.servers = servers
        measured = servers.map { _ in Measurements() }
        indices = Dictionary(uniqueKeysWithValues: servers.enumerated().map { ($1.endpoint, $0) })
        users = []
        for (index, server) in servers.enumerated() {
            for _ in 0..<server.users { users.append(SimulatedUser(number: users.count, server: index, seed: seed)) }
        }
        // Once, and not in the agenda, which all else goes through.
        visits = users.filter { user in only.map { servers[user.server].name == $0 } ?? true }
            .flatMap { user in user.visits.map { (at: $0, user: user.number) } }
            .sorted { ($0.at, $0.user) > ($1.at, $1.user) }
    }

    var moment: Moment { start + now }

    /// Who has not got all mail by the evening.
    func left(at server: SimulatedServer) -> Int {
        users.count { servers[$0.server].name == server.name && ($0.remaining > 0 || !$0.isHandedOver) }
    }

    private mutating func plan(_ event: Event, at time: Duration) {
        numbers += 1
        agenda.insert(Entry(at: time, number: numbers, event: event))
    }

    private mutating func plan(_ event: Event, in time: Duration) { plan(event, at: now + time) }

    mutating func run() {
        while let entry = next() {
            now = entry.at
            events += 1
            switch entry.event {
            // Nothing that the policy is told of.
            case .arrives, .noticed: happen(entry.event)
            // There was an earlier one.
            case .look where look != now: break
            case .look:
                look = nil
                obey()
            default:
                happen(entry.event)
                obey()
            }
        }
    }

    private mutating func next() -> Entry? {
        if let visit = visits.last, agenda.first.map({ visit.at <= $0.at }) ?? true {
            visits.removeLast()
            return Entry(at: visit.at, number: 0, event: .visit(user: visit.user))
        }
        return agenda.removeFirst()
    }

    private func server(_ ticket: Ticket) -> Int { indices[ticket.server] ?? 0 }

    // MARK: - What happens

    private mutating func happen(_ event: Event) {
        switch event {
        case .visit(let user), .tryAgain(let user): logIn(user)
        case .look: break
        case .arrives(let ticket): arrive(ticket)
        case .refused(let ticket, let step): refuse(ticket, at: step)
        case .greeted(let ticket):
            guard isThere(ticket) else { return }
            policy.greeted(ticket, now: moment)
            show(ticket)
        case .answered(let ticket): answer(ticket)
        case .silent(let ticket):
            guard isThere(ticket) else { return }
            policy.silent(ticket, now: moment)
            disconnect(ticket)
            if askers.removeValue(forKey: ticket) == nil { end(ticket, retries: true) }
        case .closed(let ticket): close(ticket)
        case .noticed(let server): servers[server].close()
        case .moved(let ticket, let plan):
            guard movers[ticket]?.plan == plan, let user = movers[ticket]?.user else { return }
            users[user].remaining = 0
            policy.closed(ticket, now: moment)
            disconnect(ticket)
            end(ticket, retries: false)
        case .madeWay(let ticket):
            guard movers[ticket] != nil else { return }
            policy.madeWay(ticket, now: moment)
            disconnect(ticket)
        }
    }

    private func isThere(_ ticket: Ticket) -> Bool { askers[ticket] != nil || movers[ticket] != nil }

    private mutating func logIn(_ user: Int) {
        guard !users[user].isHandedOver else { return wantRun(user, .incremental) }
        let isRight = users[user].types()
        if isRight { users[user].rightTries += 1 }
        let ticket = policy.want(
            OldServerPolicy.Question(
                .account(Int64(user)), domain: domain(user), deadline: moment + policy.bounds.login),
            at: servers[users[user].server].endpoint)
        askers[ticket] = Asker(user: user, isRight: isRight, since: now)
    }

    /// Three domains a server.
    private func domain(_ user: Int) -> OldServerPolicy.Domain { OldServerPolicy.Domain("\(user % 3)") }

    private mutating func arrive(_ ticket: Ticket) {
        guard isThere(ticket) else { return }
        let index = server(ticket)
        let (trip, patience) = (servers[index].roundTrip, policy.bounds.login)
        switch servers[index].connect(at: now) {
        case .greets:
            askers[ticket]?.isConnected = true
            movers[ticket]?.isConnected = true
            plan(.greeted(ticket), in: trip)
        case .refuses(.beforePassword):
            // It has greeted.
            policy.greeted(ticket, now: moment)
            plan(.refused(ticket, .beforePassword), in: trip)
        case .refuses(let step): plan(.refused(ticket, step), in: trip)
        case .isSilent: plan(.refused(ticket, .connection), in: patience)
        }
    }

    private mutating func refuse(_ ticket: Ticket, at step: OldServerPolicy.RefusedStep) {
        guard isThere(ticket) else { return }
        let after = policy.refused(ticket, at: step, now: moment)
        switch after {
        case .waits: break
        case .isOutage:
            if let asker = askers.removeValue(forKey: ticket) {
                tell(asker, "unreachable")
            } else {
                end(ticket, retries: true)
            }
        case .isOver: askers[ticket] = nil
        }
    }

    private mutating func show(_ ticket: Ticket) {
        policy.shown(ticket, now: moment)
        let index = server(ticket)
        let user = askers[ticket]?.user ?? movers[ticket]?.user ?? 0
        let answer = servers[index].answer(right: askers[ticket]?.isRight ?? true, user: user, at: now)
        plan(answer.map { _ in .answered(ticket) } ?? .silent(ticket), in: answer ?? .seconds(60))
    }

    private mutating func answer(_ ticket: Ticket) {
        let trip = servers[server(ticket)].roundTrip
        guard let asker = askers[ticket] else {
            guard movers[ticket] != nil else { return }
            _ = policy.accepted(ticket, now: moment)
            return fetch(ticket)
        }
        let user = asker.user
        guard asker.isRight else {
            policy.rejected(ticket, now: moment)
            tell(asker, nil)
            return plan(.closed(ticket), in: trip)
        }
        let after = policy.accepted(ticket, now: moment)
        if !users[user].isHandedOver {
            users[user].isHandedOver = true
            users[user].acceptedAt = now
            if !asker.isAlone { measured[users[user].server].tries[users[user].rightTries, default: 0] += 1 }
            tell(asker, nil)
            wantRun(user, .first, in: after == .keep ? ticket : nil)
        }
        if after == .end { plan(.closed(ticket), in: trip) }
    }

    private mutating func close(_ ticket: Ticket) {
        guard askers.removeValue(forKey: ticket) != nil else { return }
        policy.closed(ticket, now: moment)
        plan(.noticed(server: server(ticket)), in: servers[server(ticket)].notices)
    }

    /// The old server sees in a moment that a connection has ended.
    private mutating func disconnect(_ ticket: Ticket) {
        let index = server(ticket)
        if askers[ticket]?.isConnected ?? movers[ticket]?.isConnected ?? false {
            plan(.noticed(server: index), in: servers[index].notices)
        }
        askers[ticket]?.isConnected = false
        movers[ticket]?.isConnected = false
        movers[ticket]?.fetches = nil
    }

    /// A login has its answer.
    private mutating func tell(_ asker: Asker, _ refusal: String?) {
        guard !asker.isAlone else { return }
        let index = users[asker.user].server
        // What those meet who are never answered says nothing.
        if !servers[index].hangs(for: asker.user) {
            measured[index].logins.append((now - asker.since).inSeconds)
            measured[index].loginWaits.append(((asker.opened ?? now) - asker.since).inSeconds)
            if let refusal { measured[index].refusals[refusal, default: 0] += 1 }
        }
        // In the evening, they leave it.
        if !users[asker.user].isHandedOver, now < .hours(24) {
            plan(.tryAgain(user: asker.user), in: users[asker.user].hesitation())
        }
    }

    // MARK: - Runs

    private mutating func wantRun(_ user: Int, _ kind: OldServerPolicy.Run.Kind, in session: Ticket? = nil) {
        let server = servers[users[user].server].endpoint
        if kind == .incremental, users[user].remaining == 0 { users[user].remaining = user % 3 }
        let run = OldServerPolicy.Run(
            account: Int64(user), kind: kind, domain: domain(user), due: moment, session: session)
        if let ticket = policy.want(run, at: server, now: moment) { movers[ticket] = Mover(user: user) }
    }

    private mutating func fetch(_ ticket: Ticket) {
        guard var mover = movers[ticket] else { return }
        let index = server(ticket)
        mover.fetches = now
        mover.plan += 1
        movers[ticket] = mover
        plan(.moved(ticket, of: mover.plan), in: servers[index].message * users[mover.user].remaining)
    }

    private mutating func makeWay(_ ticket: Ticket) {
        guard var mover = movers[ticket] else { return }
        let message = servers[server(ticket)].message
        mover.plan += 1
        movers[ticket] = mover
        guard let since = mover.fetches else { return plan(.madeWay(ticket), in: message) }
        let done = Int((now - since) / message) + 1
        users[mover.user].remaining = max(0, users[mover.user].remaining - done)
        plan(.madeWay(ticket), at: since + message * done)
    }

    private mutating func end(_ ticket: Ticket, retries: Bool) {
        guard let mover = movers.removeValue(forKey: ticket) else { return }
        let user = mover.user
        users[user].failures = retries ? users[user].failures + 1 : 0
        var next: (run: OldServerPolicy.Run, server: OldServerPolicy.Endpoint)?
        if retries {
            let wait = Duration.seconds(min(900, 1 << min(users[user].failures, 10)))
            let run = OldServerPolicy.Run(
                account: Int64(user), kind: .retry, domain: domain(user), due: moment + wait)
            next = (run, ticket.server)
        }
        _ = policy.finished(ticket, now: moment)
        if let next, let ticket = policy.want(next.run, at: next.server, now: moment) {
            movers[ticket] = Mover(user: user)
        }
    }

    // MARK: - What is decided

    private mutating func obey() {
        let turn = policy.turn(now: moment)
        for decision in turn.decisions { obey(decision) }
        if let next = turn.next {
            let at = next - start
            if look.map({ at < $0 }) ?? true {
                look = at
                plan(.look, at: max(at, now))
            }
        }
    }

    private mutating func obey(_ decision: OldServerPolicy.Decision) {
        switch decision {
        case .open(let ticket):
            askers[ticket]?.opened = now
            noteBeginning(ticket)
            plan(.arrives(ticket), in: servers[server(ticket)].roundTrip)
        case .goOn(let ticket, let session):
            noteBeginning(ticket)
            movers[ticket]?.isConnected = true
            askers[session] = nil
            fetch(ticket)
        case .refuse(let ticket, let refusal):
            if let asker = askers.removeValue(forKey: ticket) {
                tell(asker, "\(refusal)")
            } else {
                end(ticket, retries: true)
            }
        case .letGo(let ticket):
            measured[server(ticket)].late += 1
            guard let asker = askers[ticket] else { return }
            tell(asker, "late")
            askers[ticket]?.isAlone = true
        case .giveUp(let ticket):
            guard let asker = askers[ticket] else { return }
            tell(asker, "gave up")
            askers[ticket]?.isAlone = true
            disconnect(ticket)
            askers[ticket] = nil
            policy.closed(ticket, now: moment)
        case .endSession(let ticket): plan(.closed(ticket), in: servers[server(ticket)].roundTrip)
        case .makeWay(let ticket):
            measured[server(ticket)].ways += 1
            makeWay(ticket)
        case .tell(let endpoint, let news):
            guard let index = indices[endpoint] else { return }
            measured[index].news.append((now, news))
        }
    }

    private mutating func noteBeginning(_ ticket: Ticket) {
        guard let mover = movers[ticket], let accepted = users[mover.user].acceptedAt else { return }
        let index = server(ticket)
        users[mover.user].acceptedAt = nil
        measured[index].runWaits.append((now - accepted).inSeconds)
        if users[mover.user].failures == 0 { measured[index].firstRuns.append(accepted) }
    }

    static func clock(_ time: Duration) -> String {
        let minutes = Int(time / .seconds(60))
        return "\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
    }
}
