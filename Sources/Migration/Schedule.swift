// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Records
import Vocabulary

/// Who runs next, where a connection is free, and when to look again: a value without clock or task.
///
/// Accounts queue per domain and old server, and these take turns: a domain that wants few connections holds up no other
/// one of the same server. A login's first run goes before incremental ones; within each kind of a domain it is first
/// come, first served.
struct Schedule: Sendable {
    /// One account's wish to run.
    struct Ticket: Sendable, Equatable {
        var account: AccountRecord.ID
        var lane: Lane
        /// Connections of moves that its server takes at once.
        var width: Int
        /// Those of them that its domain may have.
        var share: Int
        var isFirst: Bool
        var due: Timestamp
    }

    /// A domain at an old server, `host:port`.
    struct Lane: Sendable, Hashable {
        var server: String
        var domain: String
    }

    private struct Waiting: Sendable {
        var ticket: Ticket
        /// Entries of queues with another number are void.
        var number: UInt64
    }

    private struct Place: Sendable {
        var account: AccountRecord.ID
        var number: UInt64
    }

    private struct Queue: Sendable {
        var first: Deque<Place> = []
        var other: Deque<Place> = []
        var running = 0
    }

    private var waiting: [AccountRecord.ID: Waiting] = [:]
    private var running: [AccountRecord.ID: Lane] = [:]
    private var connections: [String: Int] = [:]
    private var joined: Set<AccountRecord.ID> = []
    private var ended: [AccountRecord.ID: Timestamp] = [:]
    private var later = DueQueue()
    private var queues: [Lane: Queue] = [:]
    private var numbers: UInt64 = 0

    var runningCount: Int { running.count }
    var waitingCount: Int { waiting.count }

    func isBusy(_ account: AccountRecord.ID) -> Bool { running[account] != nil || waiting[account] != nil }

    func isRunning(_ account: AccountRecord.ID) -> Bool { running[account] != nil }

    /// How many first runs of a domain could start at once at an old server that takes `width`, one of them the account's;
    /// nil stands for one that has never run.
    func room(
        for account: AccountRecord.ID?, in lane: Lane, width: Int, share: Int, most: Int, secondsBetweenRuns: Double,
        now: Timestamp
    ) -> Int {
        if let account {
            let isResting = ended[account].map { now.seconds(since: $0) < secondsBetweenRuns } ?? false
            if isBusy(account) || isResting { return 0 }
        }
        let queue = queues[lane] ?? Queue()
        guard queue.first.isEmpty else { return 0 }
        let free = width - connections[lane.server, default: 0]
        return max(0, min(free, share - queue.running, most - running.count))
    }

    /// Puts an account into the line. One that runs already is joined; one that waits keeps the better of both wishes.
    mutating func submit(_ ticket: Ticket, secondsBetweenRuns: Double) {
        guard running[ticket.account] == nil else {
            joined.insert(ticket.account)
            return
        }
        var ticket = ticket
        if let present = waiting[ticket.account]?.ticket {
            ticket.due = min(ticket.due, present.due)
            ticket.isFirst = ticket.isFirst || present.isFirst
        }
        if let end = ended[ticket.account] {
            ticket.due = max(ticket.due, end.adding(seconds: secondsBetweenRuns))
        }
        numbers += 1
        waiting[ticket.account] = Waiting(ticket: ticket, number: numbers)
        later.insert(Due(at: ticket.due, account: ticket.account, number: numbers))
    }

    /// Says who starts now.
    /// - Returns: them, and the moment at which the next one is due; nil where only the end of a run can change anything.
    mutating func start(now: Timestamp, most: Int) -> (starts: [Ticket], next: Timestamp?) {
        while let due = later.first, due.at <= now || waiting[due.account]?.number != due.number {
            later.removeFirst()
            guard let entry = waiting[due.account], entry.number == due.number else { continue }
            let place = Place(account: due.account, number: due.number)
            let line = entry.ticket.isFirst ? \Queue.first : \Queue.other
            queues[entry.ticket.lane, default: Queue()][keyPath: line].append(place)
        }
        var starts: [Ticket] = []
        for line in [\Queue.first, \Queue.other] {
            var isAnyFree = true
            while isAnyFree, running.count < most {
                isAnyFree = false
                for lane in queues.keys where running.count < most {
                    guard let ticket = take(from: lane, line) else { continue }
                    isAnyFree = true
                    starts.append(ticket)
                }
            }
        }
        return (starts, later.first?.at)
    }

    private mutating func take(from lane: Lane, _ line: WritableKeyPath<Queue, Deque<Place>>) -> Ticket? {
        while let place = queues[lane]?[keyPath: line].first {
            let entry = waiting[place.account].flatMap { $0.number == place.number ? $0.ticket : nil }
            if let entry {
                let isFull = connections[lane.server, default: 0] >= entry.width
                if isFull || queues[lane, default: Queue()].running >= entry.share { return nil }
            }
            queues[lane]?[keyPath: line].removeFirst()
            guard let entry else { continue }
            waiting[place.account] = nil
            running[place.account] = lane
            queues[lane]?.running += 1
            connections[lane.server, default: 0] += 1
            return entry
        }
        if let queue = queues[lane], queue.running == 0, queue.first.isEmpty, queue.other.isEmpty { queues[lane] = nil }
        return nil
    }

    /// A run has ended; `next` is when and how the account wants to run again.
    /// - Returns: whether somebody has joined it, perhaps after it had recorded its end.
    @discardableResult
    mutating func finish(
        _ account: AccountRecord.ID, now: Timestamp, next: Ticket?, secondsBetweenRuns: Double
    ) -> Bool {
        if let lane = running.removeValue(forKey: account) {
            queues[lane]?.running -= 1
            let left = connections[lane.server, default: 1] - 1
            connections[lane.server] = left > 0 ? left : nil
        }
        if secondsBetweenRuns > 0 {
            if ended.count > 10_000 {
                ended = ended.filter { now.seconds(since: $0.value) < secondsBetweenRuns }
            }
            ended[account] = now
        }
        if let next { submit(next, secondsBetweenRuns: 0) }
        return joined.remove(account) != nil
    }

    /// Takes an account out of the line; one that runs is not touched.
    mutating func withdraw(_ account: AccountRecord.ID) { waiting[account] = nil }
}

/// When an account's turn comes, at the earliest.
private struct Due: Sendable, Comparable {
    var at: Timestamp
    var account: AccountRecord.ID
    var number: UInt64

    static func < (left: Due, right: Due) -> Bool {
        left.at == right.at ? left.number < right.number : left.at < right.at
    }
}

/// A binary heap: the earliest first.
private struct DueQueue: Sendable {
    private var heap: [Due] = []

    var first: Due? { heap.first }

    mutating func insert(_ due: Due) {
        heap.append(due)
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
