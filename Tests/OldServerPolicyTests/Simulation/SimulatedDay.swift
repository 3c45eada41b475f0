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

    struct Entry: Comparable {
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
    var events = 0
    let start = Moment.now
    var now = Duration.zero
    var agenda = Heap<Entry>()
    /// The latest first.
    var visits: [(at: Duration, user: Int)] = []
    var numbers = 0
    var look: Duration?
    let indices: [OldServerPolicy.Endpoint: Int]

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

    mutating func plan(_ event: Event, at time: Duration) {
        numbers += 1
        agenda.insert(Entry(at: time, number: numbers, event: event))
    }

    mutating func plan(_ event: Event, in time: Duration) { plan(event, at: now + time) }

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

    mutating func next() -> Entry? {
        if let visit = visits.last, agenda.first.map({ visit.at <= $0.at }) ?? true {
            visits.removeLast()
            return Entry(at: visit.at, number: 0, event: .visit(user: visit.user))
        }
        return agenda.removeFirst()
    }

    func server(_ ticket: Ticket) -> Int { indices[ticket.server] ?? 0 }
}
