// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// A thread that wakes those who wait for a time to pass.
final class Timekeeper: Sendable {
    /// A call that happens once, at its time, unless it is cancelled before.
    struct Call: Sendable {
        enum End: Sendable { case inTime, cancelled }

        let end = Latch<End>()

        func cancel() { if end.settle(.cancelled) { Timekeeper.shared.forgetOne() } }
    }

    static let shared = Timekeeper()

    private struct State: Sendable {
        var line = Deadlines()
        /// How many queued deadlines no longer matter.
        var forgotten = 0
        /// Until when the thread sleeps; nil if it waits only for the bell.
        var wakes: ContinuousClock.Instant?
        var hasThread = false
    }

    private let state = Mutex(State())
    /// eventfd(2): readable when a deadline was added that is earlier than any the thread knows.
    private let bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    func call(after duration: Duration) -> Call {
        let call = Call()
        begin(call, after: duration)
        return call
    }

    private func begin(_ call: Call, after duration: Duration) {
        let deadline = ContinuousClock.now + duration
        let (isFirst, isEarliest) = state.withLock { state in
            state.line.insert(deadline, call.end)
            let isFirst = !state.hasThread
            state.hasThread = true
            let isEarliest = state.wakes.map { deadline < $0 } ?? true
            if isEarliest { state.wakes = deadline }
            return (isFirst, isEarliest)
        }
        if isFirst {
            begin()
        } else if isEarliest {
            eventfd_write(bell, 1)
        }
    }

    /// The same, on the timekeeper's own thread, never the caller's, who may hold a lock: `action` must not block.
    @discardableResult
    func call(after duration: Duration, _ action: @escaping @Sendable () -> Void) -> Call {
        let call = Call()
        // Before its time can have come.
        call.end.whenSettled { if $0 == .inTime { action() } }
        begin(call, after: duration)
        return call
    }

    /// A queued deadline was cancelled. Even one that is a day away is removed before long.
    private func forgetOne() {
        state.withLock { state in
            state.forgotten += 1
            guard state.forgotten > 1000, state.forgotten > state.line.count / 2 else { return }
            state.line.removeOver()
            state.forgotten = 0
        }
    }

    private func begin() {
        // If the thread cannot be created, the next call tries again.
        if !NamedThread.start("timekeeper", { self.run() }) { state.withLock { $0.hasThread = false } }
    }

    private func run() {
        while true {
            let (due, next) = state.withLock { state in
                let due = state.line.removeDue(at: .now)
                state.wakes = state.line.first
                return (due, state.wakes)
            }
            for end in due { end.settle(.inTime) }
            var ring = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
            // In short spans, because their time does not pass while the machine is suspended.
            let left = next.map { max(0, ($0 - .now) / .milliseconds(1)).rounded(.up) }
            if poll(&ring, 1, left.map { Int32(min($0, 10_000)) } ?? -1) > 0 {
                var count: eventfd_t = 0
                eventfd_read(bell, &count)
            }
        }
    }
}

/// Deadlines and those who wait for them: a binary heap, the earliest first.
struct Deadlines: Sendable {
    typealias End = Latch<Timekeeper.Call.End>

    private var heap: [(deadline: ContinuousClock.Instant, end: End)] = []

    var first: ContinuousClock.Instant? { heap.first?.deadline }
    var count: Int { heap.count }

    mutating func insert(_ deadline: ContinuousClock.Instant, _ end: End) {
        heap.append((deadline, end))
        var child = heap.count - 1
        while child > 0, heap[child].deadline < heap[(child - 1) / 2].deadline {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Removes the deadlines whose time has come, the earliest first.
    mutating func removeDue(at now: ContinuousClock.Instant) -> [End] {
        var due: [End] = []
        while let first = heap.first, first.deadline <= now {
            due.append(first.end)
            removeFirst()
        }
        return due
    }

    /// Removes the deadlines that no longer matter.
    mutating func removeOver() {
        // A sorted array is a heap.
        heap = heap.filter { !$0.end.isSettled }.sorted { $0.deadline < $1.deadline }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[least].deadline {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
