// SPDX-License-Identifier: Apache-2.0

import CCares
import CLinux
import Glibc
import Synchronization
import Vocabulary
import Waiting

/// The thread of one session. Only it touches the c-ares channel, which lives on its stack.
final class QueryThread: Sendable {
    /// A question, and its answer.
    final class Query: Sendable {
        let name: String
        let type: RecordType
        let answer = Latch<Answer<RecordData>>()

        init(name: String, type: RecordType) {
            self.name = name
            self.type = type
        }

        func fail(_ failure: LookupFailure) { answer.settle(Answer(.failed(failure))) }
    }

    private struct State {
        var waiting: [Query] = []
        var isCancelled = false
        var isEnding = false
        var hasEnded = false
        /// eventfd(2) that ends a poll(2); negative if there is none, and then every question fails.
        var bell = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    }

    let server: Resolver.Server?
    private let deadline: ContinuousClock.Instant
    private let state = Mutex(State())
    private let ended = Latch<Void>()

    /// Open as long as the thread goes on.
    var bell: Int32 { state.withLock { $0.bell } }

    init(server: Resolver.Server?, deadline: ContinuousClock.Instant) {
        self.server = server
        self.deadline = deadline
    }

    func start() { NamedThread.startInTime("dns") { self.run() } }

    func ask(_ query: Query) {
        var isLate = false
        change { state in
            isLate = state.hasEnded
            if !isLate { state.waiting.append(query) }
        }
        if isLate { query.fail(.cancelled) }
    }

    /// Every open question fails, and every later one.
    func cancel() { change { $0.isCancelled = true } }

    /// Ends the thread, and waits until it has.
    func end() async {
        change { $0.isEnding = true }
        await ended.wait()
    }

    /// Whether nobody waits for answers any more, or nobody may.
    var isOver: Bool {
        state.withLock { $0.isEnding || $0.isCancelled } || ContinuousClock.now >= deadline
    }

    private func change(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            // With the lock held, so that it is not closed meanwhile; this call does not block.
            if state.bell >= 0 { eventfd_write(state.bell, 1) }
        }
    }

    // MARK: - On the thread

    private func run() {
        do throws(LookupFailure) {
            let channel = try open()
            serve(channel)
            ares_destroy(channel)
        } catch {
            refuseAll(error)
        }
        let late = state.withLock { state in
            if state.bell >= 0 { close(state.bell) }
            state.bell = -1
            state.hasEnded = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for query in late { query.fail(.cancelled) }
        ended.settle(())
    }

    /// Answers questions until the session ends.
    private func serve(_ channel: ares_channel) {
        while true {
            let (queries, isEnding, isCancelled) = state.withLock { state in
                defer { state.waiting = [] }
                return (state.waiting, state.isEnding, state.isCancelled)
            }
            let isLate = ContinuousClock.now >= deadline
            for query in queries {
                if isCancelled || isLate {
                    query.fail(isCancelled ? .cancelled : .timedOut)
                } else {
                    Self.ask(query, on: channel)
                }
            }
            if isEnding { return }
            if isCancelled || isLate { ares_cancel(channel) }
            wait(channel, isLate: isCancelled || isLate)
        }
    }

    /// Without a channel, fails every question.
    private func refuseAll(_ failure: LookupFailure) {
        while true {
            let (queries, isEnding) = state.withLock { state in
                defer { state.waiting = [] }
                return (state.waiting, state.isEnding)
            }
            for query in queries { query.fail(failure) }
            if isEnding { return }
            var bells = [pollfd(fd: bell, events: Int16(POLLIN), revents: 0)]
            poll(&bells, 1, bell >= 0 ? -1 : 10)
            silence()
        }
    }

    /// IN (RFC 1035 §3.2.4).
    private static let internetClass: Int32 = 1

    private static func ask(_ query: Query, on channel: ares_channel) {
        let retained = Unmanaged.passRetained(query).toOpaque()
        ares_query(
            channel, query.name, internetClass, Int32(query.type.rawValue),
            { query, status, _, octets, count in
                guard let query else { return }
                // c-ares calls back once for each query, whatever becomes of it.
                let asked = Unmanaged<Query>.fromOpaque(query).takeRetainedValue()
                let message = octets.map { Array(UnsafeBufferPointer(start: $0, count: Int(max(0, count)))) }
                asked.answer.settle(Answer(status: status, message: message, type: asked.type))
            }, retained)
    }

    /// Waits until a server or a caller has something, or something is late; then hands it to c-ares.
    func wait(_ channel: ares_channel, isLate: Bool) {
        var sockets = [ares_socket_t](repeating: -1, count: Int(ARES_GETSOCK_MAXNUM))
        let bits = ares_getsock(channel, &sockets, ARES_GETSOCK_MAXNUM)
        var polled = [pollfd(fd: bell, events: Int16(POLLIN), revents: 0)]
        for (index, socket) in sockets.enumerated() {
            let isRead = bits & (1 << index) != 0
            let isWritten = bits & (1 << (index + Int(ARES_GETSOCK_MAXNUM))) != 0
            guard isRead || isWritten else { continue }
            polled.append(
                pollfd(fd: socket, events: Int16((isRead ? POLLIN : 0) | (isWritten ? POLLOUT : 0)), revents: 0))
        }
        let ready = poll(&polled, nfds_t(polled.count), isLate ? -1 : milliseconds(until: channel))
        silence()
        let bad = ares_socket_t(-1)
        if ready <= 0 { ares_process_fd(channel, bad, bad) }
        for entry in polled.dropFirst() where entry.revents != 0 {
            let isWritable = entry.revents & Int16(POLLOUT) != 0
            let isReadable = entry.revents & ~Int16(POLLOUT) != 0
            ares_process_fd(channel, isReadable ? entry.fd : bad, isWritable ? entry.fd : bad)
        }
    }

    /// At most until the deadline, and at least one: c-ares may consider now what is a fraction of a millisecond away.
    private func milliseconds(until channel: ares_channel) -> Int32 {
        let left = max(Duration.zero, deadline - .now)
        let (seconds, attoseconds) = left.components
        var most = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        var next = timeval()
        guard let soonest = ares_timeout(channel, &most, &next)?.pointee else { return 1 }
        return Int32(clamping: soonest.tv_sec * 1000 + soonest.tv_usec / 1000 + 1)
    }

    private func silence() {
        var count = eventfd_t()
        if bell >= 0 { eventfd_read(bell, &count) }
    }
}
