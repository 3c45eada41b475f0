// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Records
import Vocabulary

/// Who runs next, where a connection is free, and when to look again: a value without clock or task.
///
/// Accounts queue per old server. A login's first run goes before incremental ones; within each kind it is first come,
/// first served; servers take turns.
struct Schedule: Sendable {
    /// One account's wish to run.
    struct Ticket: Sendable, Equatable {
        var account: AccountRecord.ID
        /// The old server, `host:port`.
        var server: String
        /// Connections of moves that this server takes at once.
        var width: Int
        var isFirst: Bool
        var due: Timestamp
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
    private var running: [AccountRecord.ID: String] = [:]
    private var ended: [AccountRecord.ID: Timestamp] = [:]
    private var later = DueQueue()
    private var queues: [String: Queue] = [:]
    private var numbers: UInt64 = 0

    var runningCount: Int { running.count }
    var waitingCount: Int { waiting.count }

    func isBusy(_ account: AccountRecord.ID) -> Bool { running[account] != nil || waiting[account] != nil }

    func isRunning(_ account: AccountRecord.ID) -> Bool { running[account] != nil }

    /// How many first runs could start at once at an old server that takes `width`, one of them the account's; nil stands
    /// for one that has never run.
    func room(
        for account: AccountRecord.ID?, at server: String, width: Int, most: Int, secondsBetweenRuns: Double,
        now: Timestamp
    ) -> Int {
        if let account {
            let isResting = ended[account].map { now.seconds(since: $0) < secondsBetweenRuns } ?? false
            if isBusy(account) || isResting { return 0 }
        }
        let queue = queues[server] ?? Queue()
        return queue.first.isEmpty ? max(0, min(width - queue.running, most - running.count)) : 0
    }

    /// Puts an account into the line. One that runs already is joined; one that waits keeps the better of both wishes.
    mutating func submit(_ ticket: Ticket, secondsBetweenRuns: Double) {
        guard running[ticket.account] == nil else { return }
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
            if entry.ticket.isFirst {
                queues[entry.ticket.server, default: Queue()].first.append(place)
            } else {
                queues[entry.ticket.server, default: Queue()].other.append(place)
            }
        }
        var starts: [Ticket] = []
        var isAnyFree = true
        while isAnyFree, running.count < most {
            isAnyFree = false
            for server in queues.keys where running.count < most {
                guard let ticket = take(from: server) else { continue }
                isAnyFree = true
                running[ticket.account] = server
                starts.append(ticket)
            }
        }
        return (starts, later.first?.at)
    }

    private mutating func take(from server: String) -> Ticket? {
        while var queue = queues[server] {
            guard let place = queue.first.first ?? queue.other.first else {
                if queue.running == 0 { queues[server] = nil }
                return nil
            }
            let entry = waiting[place.account].flatMap { $0.number == place.number ? $0.ticket : nil }
            if let entry, queue.running >= entry.width { return nil }
            if queue.first.isEmpty { queue.other.removeFirst() } else { queue.first.removeFirst() }
            if entry != nil { queue.running += 1 }
            queues[server] = queue
            if let entry {
                waiting[place.account] = nil
                return entry
            }
        }
        return nil
    }

    /// A run has ended; `next` is when and how the account wants to run again.
    mutating func finish(_ account: AccountRecord.ID, now: Timestamp, next: Ticket?, secondsBetweenRuns: Double) {
        if let server = running.removeValue(forKey: account) {
            queues[server]?.running -= 1
        }
        if secondsBetweenRuns > 0 {
            if ended.count > 10_000 {
                ended = ended.filter { now.seconds(since: $0.value) < secondsBetweenRuns }
            }
            ended[account] = now
        }
        if let next { submit(next, secondsBetweenRuns: 0) }
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
