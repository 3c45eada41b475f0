// SPDX-License-Identifier: Apache-2.0

import JSONWire
import NIOCore
import Synchronization
import Waiting

/// Output for one connection: filled by any task, written by the event loop, and counted until the kernel has it.
final class Outbound: Sendable {
    fileprivate struct State {
        var pending = ByteBuffer()
        var unsent = 0
        var finished = 0  // requests, since the event loop last looked
        var retired = 0  // octets those were
        var typical = 1024  // octets of a large reply, lately
        var isWakeScheduled = false
        var isClosed = false
        /// Settled when there is room, or never will be; nil if nobody waits for that.
        var room: Latch<Void>?
    }

    private let state = Mutex(State())
    private let limits: Limits
    private let unsentOfAll: UnsentOctets
    private let wake: @Sendable () -> Void

    /// `wake` has the event loop call `take` soon.
    init(limits: Limits, unsentOfAll: UnsentOctets, wake: @escaping @Sendable () -> Void) {
        self.limits = limits
        self.unsentOfAll = unsentOfAll
        self.wake = wake
    }

    /// How much may be unsent now.
    private var limit: Int {
        unsentOfAll.count > limits.unsentOctetsOfAll ? limits.unsentOctets / 16 : limits.unsentOctets
    }

    // MARK: For tasks

    /// Adds a line; its LF is added. False when the connection has closed.
    @discardableResult
    func append(line: [UInt8]) -> Bool {
        append { buffer in
            buffer.writeBytes(line)
            buffer.writeInteger(UInt8(ascii: "\n"))
        }
    }

    /// Adds the reply to a request.
    func append(id: RPCID, result: [UInt8]) {
        append { buffer in
            buffer.writeBytes(RPCText.replyOpening(id: id))
            buffer.writeBytes(result)
            buffer.writeStaticString("}\n")
        }
    }

    /// Adds the replies to a batch as one line.
    func append(batch replies: [[UInt8]]) {
        append { buffer in
            var separator = UInt8(ascii: "[")
            for reply in replies {
                buffer.writeInteger(separator)
                buffer.writeBytes(reply)
                separator = UInt8(ascii: ",")
            }
            buffer.writeStaticString("]\n")
        }
    }

    /// Makes the event loop check again whether anything is left to wait for.
    func nudge() {
        if state.withLock({ $0.mustWake() }) { wake() }
    }

    /// Counts a request as done, after its reply was added; `octets` is the memory it held.
    func finish(octets: Int) {
        let mustWake = state.withLock { state in
            state.finished += 1
            state.retired += octets
            return state.mustWake()
        }
        if mustWake { wake() }
    }

    @discardableResult
    private func append(_ write: (inout ByteBuffer) -> Void) -> Bool {
        let (isOpen, mustWake, count) = state.withLock { state -> (Bool, Bool, Int) in
            guard !state.isClosed else { return (false, false, 0) }
            let before = state.pending.writerIndex
            write(&state.pending)
            let count = state.pending.writerIndex - before
            state.unsent += count
            state.typical = max(count, state.typical - state.typical / 32)
            return (true, state.mustWake(), count)
        }
        unsentOfAll.add(count)
        if mustWake { wake() }
        return isOpen
    }

    /// Waits until there is room; false when the connection has closed, or the task is cancelled.
    func hasRoom() async -> Bool {
        while !Task.isCancelled {
            let room = state.withLock { state -> Latch<Void>? in
                guard !state.isClosed, state.unsent >= limit else { return nil }
                let room = state.room ?? Latch()
                state.room = room
                return room
            }
            guard let room else { return state.withLock { !$0.isClosed } }
            await room.waitUnlessCancelled()
        }
        return false
    }

    // MARK: For the event loop

    /// Takes what is to be written, and what has been done since the last call.
    func take() -> (octets: ByteBuffer?, finished: Int, retired: Int) {
        state.withLock { state in
            state.isWakeScheduled = false
            defer { (state.finished, state.retired) = (0, 0) }
            guard state.pending.readableBytes > 0 else { return (nil, state.finished, state.retired) }
            var octets = ByteBuffer()
            swap(&octets, &state.pending)
            return (octets, state.finished, state.retired)
        }
    }

    /// The kernel has taken these octets, or never will.
    func sent(_ count: Int) {
        unsentOfAll.add(-count)
        let room = state.withLock { state -> Latch<Void>? in
            state.unsent -= count
            guard state.unsent < limit || state.unsent == 0 else { return nil }
            defer { state.room = nil }
            return state.room
        }
        room?.settle(())
    }

    /// Whether another request may start. A few always may, so that slow ones do not hold up others; more only if their
    /// replies, judging by recent ones, would fit within the limit.
    func mayStart(inHand: Int) -> Bool {
        let limit = limit
        return state.withLock { state in
            let isScarce = limit < limits.unsentOctets
            return state.unsent < limit
                && (inHand < (isScarce ? 2 : 32) || state.unsent + inHand * state.typical < limit)
        }
    }

    /// Whether all has been sent.
    var isIdle: Bool { state.withLock { $0.unsent == 0 } }

    /// Nothing can be sent any more.
    func close() {
        let (pending, room) = state.withLock { state in
            state.isClosed = true
            let pending = state.pending.readableBytes
            state.unsent -= pending
            state.pending = ByteBuffer()
            defer { state.room = nil }
            return (pending, state.room)
        }
        unsentOfAll.add(-pending)
        room?.settle(())
    }
}

extension Outbound.State {
    fileprivate mutating func mustWake() -> Bool {
        defer { isWakeScheduled = true }
        return !isWakeScheduled
    }
}

/// What all connections together have not sent.
final class UnsentOctets: Sendable {
    private let octets = Atomic(0)

    var count: Int { octets.load(ordering: .relaxed) }

    func add(_ count: Int) { octets.add(count, ordering: .relaxed) }
}
