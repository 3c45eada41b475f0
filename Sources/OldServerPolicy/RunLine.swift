// SPDX-License-Identifier: Apache-2.0

/// The runs that wait for a place at one old server.
///
/// First runs are in the order of their logins; all others in that of when they became due, behind the first runs of the
/// ten minutes after that: so they let those go before, and yet do not wait for ever. A domain that wants few connections
/// holds up no other one: each has a queue.
struct RunLine: Sendable {
    typealias Moment = OldServerPolicy.Moment
    typealias Ticket = OldServerPolicy.Ticket
    typealias Run = OldServerPolicy.Run

    /// A place in the line: the least goes first.
    struct Rank: Comparable, Sendable {
        let at: Moment
        let number: UInt64

        static func < (left: Rank, right: Rank) -> Bool {
            left.at == right.at ? left.number < right.number : left.at < right.at
        }

        init(_ run: Run, number: UInt64, now: Moment) {
            at = run.kind == .first ? run.since ?? now : run.due + RunLine.courtesy
            self.number = number
        }
    }

    struct Waiting: Sendable {
        var run: Run
        var rank: Rank
        /// It is due.
        var isQueued = false
    }

    /// Suspects stand apart, so that one that may not run yet holds up nobody.
    struct Lane: Hashable, Sendable {
        let domain: String
        let isSuspect: Bool

        init(_ run: Run) {
            domain = run.domain.name
            isSuspect = run.isSuspect
        }
    }

    private struct Place: Comparable, Sendable {
        let rank: Rank
        let ticket: Ticket

        static func < (left: Place, right: Place) -> Bool { left.rank < right.rank }
    }

    /// By so much an incremental run stands behind a first one.
    static let courtesy = Duration.seconds(600)

    private(set) var waiting: [Ticket: Waiting] = [:]
    /// How many of them are due.
    private(set) var queued = 0
    private var lanes: [Lane: Heap<Place>] = [:]

    subscript(_ ticket: Ticket) -> Waiting? { waiting[ticket] }

    mutating func insert(_ ticket: Ticket, _ entry: Waiting) {
        waiting[ticket] = Waiting(run: entry.run, rank: entry.rank)
        if entry.isQueued { enqueue(ticket) }
    }

    /// - Returns: whether its time has come; it stands in line then.
    mutating func enqueue(_ ticket: Ticket, now: Moment) -> Bool {
        guard let entry = waiting[ticket], entry.run.due <= now else { return false }
        enqueue(ticket)
        return true
    }

    private mutating func enqueue(_ ticket: Ticket) {
        guard var entry = waiting[ticket], !entry.isQueued else { return }
        entry.isQueued = true
        waiting[ticket] = entry
        queued += 1
        lanes[Lane(entry.run), default: Heap()].insert(Place(rank: entry.rank, ticket: ticket))
    }

    /// It waits for another wish now; what it stands in the queue for is void.
    mutating func replace(_ ticket: Ticket, by entry: Waiting) {
        guard let old = remove(ticket) else { return }
        var entry = entry
        entry.isQueued = old.isQueued
        insert(ticket, entry)
    }

    @discardableResult
    mutating func remove(_ ticket: Ticket) -> Waiting? {
        guard let entry = waiting.removeValue(forKey: ticket) else { return nil }
        if entry.isQueued { queued -= 1 }
        return entry
    }

    /// Its time has not come after all.
    mutating func putOff(_ ticket: Ticket, until due: Moment) {
        guard var entry = remove(ticket) else { return }
        entry.run.due = due
        entry.isQueued = false
        waiting[ticket] = entry
    }

    mutating func hasQueued(in domain: String) -> Bool { head(of: Lane(domain: domain, isSuspect: false)) != nil }

    /// Who is next of those that `mayRun`.
    mutating func first(where mayRun: (Run) -> Bool) -> (ticket: Ticket, entry: Waiting)? {
        var best: Place?
        for lane in Array(lanes.keys) {
            guard let head = head(of: lane), best.map({ head < $0 }) ?? true else { continue }
            if let run = waiting[head.ticket]?.run, mayRun(run) { best = head }
        }
        guard let best, let entry = waiting[best.ticket] else { return nil }
        return (best.ticket, entry)
    }

    /// Who is first there; what has become void before is taken away.
    private mutating func head(of lane: Lane) -> Place? {
        while let place = lanes[lane]?.first {
            if isValid(place) { return place }
            lanes[lane]?.removeFirst()
        }
        lanes[lane] = nil
        return nil
    }

    private func isValid(_ place: Place) -> Bool {
        waiting[place.ticket].map { $0.isQueued && $0.rank == place.rank } ?? false
    }
}

extension RunLine.Lane {
    fileprivate init(domain: String, isSuspect: Bool) {
        self.domain = domain
        self.isSuspect = isSuspect
    }
}
