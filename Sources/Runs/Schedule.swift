// SPDX-License-Identifier: Apache-2.0

import Records

/// Who runs next, whether a connection is free, and when to look again: a value without clock or task.
///
/// A login's first run goes before incremental ones. First runs at one old server go in the order of their logins, and
/// further logins of the same account do not set it back. A domain that allows few connections holds up no other domain
/// of the same server. Each old server with work has one place, beyond the daemon's own limit if need be; the remaining
/// places go, one by one, to the server that has the fewest. So a slow server holds up only its own accounts.
///
/// A suspect is an account during whose runs the process has died repeatedly: suspects run one at a time, so that the
/// next death tells which of them it is.
struct Schedule: Sendable {
    /// Monotonic, however the wall clock is set.
    typealias Moment = ContinuousClock.Instant

    /// One account's request to run.
    struct Ticket: Sendable, Equatable {
        var account: AccountRecord.ID
        var lane: Lane
        /// Connections for moves that its server takes at once.
        var width: Int
        /// How many of them its domain may have.
        var share: Int
        var isFirst: Bool
        var due: Moment
        var isSuspect = false
    }

    /// A domain at an old server, `host:port`.
    struct Lane: Sendable, Hashable {
        var server: String
        var domain: String
    }

    private struct Waiting: Sendable {
        var ticket: Ticket
        /// The order of arrival. Queue entries with another number are void.
        var number: UInt64
        /// Whether it is due and stands in its queue.
        var isQueued = false
    }

    /// An account's place in a queue.
    private struct Place: Sendable, Comparable {
        var account: AccountRecord.ID
        var number: UInt64
        /// First runs rank by arrival, all others by when they became due.
        var rank: UInt64

        static func < (left: Place, right: Place) -> Bool { left.rank < right.rank }
    }

    private struct Queue: Sendable {
        var first = Line<Place>()
        var other = Line<Place>()
        var running = 0

        var isEmpty: Bool { running == 0 && first.first == nil && other.first == nil }
    }

    private var waiting: [AccountRecord.ID: Waiting] = [:]
    private var running: [AccountRecord.ID: Lane] = [:]
    private var connections: [String: Int] = [:]
    private var joined: Set<AccountRecord.ID> = []
    private var ended: [AccountRecord.ID: Moment] = [:]
    private var later = Line<Due>()
    private var queues: [Lane: Queue] = [:]
    private var suspects = Line<Place>()
    /// The suspect that is running.
    private var suspect: AccountRecord.ID?
    private var numbers: UInt64 = 0
    private var ranks: UInt64 = 0

    var runningCount: Int { running.count }
    var waitingCount: Int { waiting.count }

    func isBusy(_ account: AccountRecord.ID) -> Bool { running[account] != nil || waiting[account] != nil }

    func isRunning(_ account: AccountRecord.ID) -> Bool { running[account] != nil }

    /// How many first runs of a domain, one of them this account's, could start at once at an old server that takes
    /// `width`; nil stands for an account that has never run.
    func room(
        for account: AccountRecord.ID?, in lane: Lane, width: Int, share: Int, most: Int, secondsBetweenRuns: Double,
        now: Moment
    ) -> Int {
        if let account {
            let isResting = ended[account].map { now < $0 + .seconds(secondsBetweenRuns) } ?? false
            if isBusy(account) || isResting { return 0 }
        }
        let queue = queues[lane] ?? Queue()
        guard queue.first.first == nil else { return 0 }
        let here = connections[lane.server, default: 0]
        let free = max(most - running.count, here == 0 ? 1 : 0)
        return max(0, min(free, width - here, share - queue.running))
    }

    /// Queues an account. A run in progress is joined; a waiting one keeps the better of both requests, and its place.
    mutating func submit(_ ticket: Ticket, secondsBetweenRuns: Double) {
        guard running[ticket.account] == nil else {
            joined.insert(ticket.account)
            return
        }
        var ticket = ticket
        let present = waiting[ticket.account]
        if let present {
            ticket.due = min(ticket.due, present.ticket.due)
            ticket.isFirst = ticket.isFirst || present.ticket.isFirst
        }
        if let end = ended[ticket.account] {
            ticket.due = max(ticket.due, end + .seconds(secondsBetweenRuns))
        }
        var entry = Waiting(ticket: ticket, number: 0)
        if let present, present.ticket.isSameLine(as: ticket) {
            entry.number = present.number
            entry.isQueued = present.isQueued
            waiting[ticket.account] = entry
            if entry.isQueued || ticket.due >= present.ticket.due { return }
        } else {
            numbers += 1
            entry.number = numbers
            waiting[ticket.account] = entry
        }
        later.insert(Due(at: ticket.due, account: ticket.account, number: entry.number))
    }

    /// Says who starts now.
    /// - Returns: the runs to start, and when the next one is due; nil if only the end of a run can change anything.
    mutating func start(now: Moment, most: Int) -> (starts: [Ticket], next: Moment?) {
        while let due = later.first, due.at <= now || waiting[due.account]?.number != due.number {
            later.removeFirst()
            guard var entry = waiting[due.account], entry.number == due.number, !entry.isQueued else { continue }
            entry.isQueued = true
            waiting[due.account] = entry
            ranks += 1
            let place = Place(
                account: due.account, number: due.number, rank: entry.ticket.isFirst ? due.number : ranks)
            if entry.ticket.isSuspect {
                suspects.insert(place)
            } else {
                let line = entry.ticket.isFirst ? \Queue.first : \Queue.other
                queues[entry.ticket.lane, default: Queue()][keyPath: line].insert(place)
            }
        }
        var starts: [Ticket] = []
        if let ticket = nextSuspect() { starts.append(ticket) }
        for line in [\Queue.first, \Queue.other] {
            while let lane = next(line, most: most), let ticket = take(from: lane, line) { starts.append(ticket) }
        }
        return (starts, later.first?.at)
    }

    /// The lane whose turn it is: at the server with the fewest places, the one that came first.
    private mutating func next(_ line: WritableKeyPath<Queue, Line<Place>>, most: Int) -> Lane? {
        var best: (lane: Lane, places: Int, rank: UInt64)?
        for lane in Array(queues.keys) {
            guard let (ticket, rank) = head(of: lane, line) else { continue }
            let places = connections[lane.server, default: 0]
            guard places < ticket.width, queues[lane]?.running ?? 0 < ticket.share else { continue }
            // A server without a place gets one, whatever the others hold.
            guard places == 0 || running.count < most else { continue }
            if let best, (best.places, best.rank) < (places, rank) { continue }
            best = (lane, places, rank)
        }
        return best?.lane
    }

    /// The first of the queue, after removing void entries before it.
    private mutating func head(
        of lane: Lane, _ line: WritableKeyPath<Queue, Line<Place>>
    ) -> (Ticket, UInt64)? {
        while let place = queues[lane]?[keyPath: line].first {
            if let entry = waiting[place.account], entry.number == place.number { return (entry.ticket, place.rank) }
            queues[lane]?[keyPath: line].removeFirst()
        }
        if queues[lane]?.isEmpty == true { queues[lane] = nil }
        return nil
    }

    private mutating func take(from lane: Lane, _ line: WritableKeyPath<Queue, Line<Place>>) -> Ticket? {
        guard let (ticket, _) = head(of: lane, line) else { return nil }
        queues[lane]?[keyPath: line].removeFirst()
        begin(ticket)
        return ticket
    }

    private mutating func begin(_ ticket: Ticket) {
        waiting[ticket.account] = nil
        running[ticket.account] = ticket.lane
        queues[ticket.lane, default: Queue()].running += 1
        connections[ticket.lane.server, default: 0] += 1
    }

    private mutating func nextSuspect() -> Ticket? {
        while suspect == nil, let place = suspects.first {
            suspects.removeFirst()
            guard let entry = waiting[place.account], entry.number == place.number else { continue }
            suspect = place.account
            begin(entry.ticket)
            return entry.ticket
        }
        return nil
    }

    /// The current suspect's run has not killed the process: the next suspect may begin.
    mutating func clear(_ account: AccountRecord.ID) { if suspect == account { suspect = nil } }

    /// A run has ended; `next` is when and how the account wants to run again.
    /// - Returns: whether a login has joined it, perhaps after it had recorded its end.
    @discardableResult
    mutating func finish(
        _ account: AccountRecord.ID, now: Moment, next: Ticket?, secondsBetweenRuns: Double
    ) -> Bool {
        clear(account)
        if let lane = running.removeValue(forKey: account) {
            queues[lane]?.running -= 1
            if queues[lane]?.isEmpty == true { queues[lane] = nil }
            let left = connections[lane.server, default: 1] - 1
            connections[lane.server] = left > 0 ? left : nil
        }
        if secondsBetweenRuns > 0 {
            if ended.count > 10_000 { ended = ended.filter { now < $0.value + .seconds(secondsBetweenRuns) } }
            ended[account] = now
        }
        if let next { submit(next, secondsBetweenRuns: 0) }
        return joined.remove(account) != nil
    }

    /// Takes an account out of the queue; a run in progress is not touched.
    mutating func withdraw(_ account: AccountRecord.ID) { waiting[account] = nil }
}

extension Schedule.Ticket {
    /// Whether both belong in the same queue: then the earlier one's place is kept.
    fileprivate func isSameLine(as other: Self) -> Bool {
        lane == other.lane && isFirst == other.isFirst && isSuspect == other.isSuspect
    }
}

/// When an account's turn comes, at the earliest.
private struct Due: Sendable, Comparable {
    var at: Schedule.Moment
    var account: AccountRecord.ID
    var number: UInt64

    static func < (left: Due, right: Due) -> Bool {
        left.at == right.at ? left.number < right.number : left.at < right.at
    }
}

/// A binary heap: the least first.
private struct Line<Element: Comparable & Sendable>: Sendable {
    private var heap: [Element] = []

    var first: Element? { heap.first }

    mutating func insert(_ element: Element) {
        heap.append(element)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
