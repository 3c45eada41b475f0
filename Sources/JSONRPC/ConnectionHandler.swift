// SPDX-License-Identifier: Apache-2.0

import JSONWire
import NIOCore

/// The event loop's side of a connection: octets in, lines, requests started as far as the limits allow; replies out.
final class ConnectionHandler<Handler: RequestHandler>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: Connection<Handler>
    private let limits: Limits
    private let errors: ServerErrors
    private let budget: InboundBudget
    private let loop: any EventLoop
    private let budgetWake: @Sendable () -> Void
    private var context: ChannelHandlerContext?

    private var framing: LineFraming
    private var isReading = false
    private var isInputClosed = false

    private var inHand = 0
    private var inHandOctets = 0
    private var window = 64  // grows with what is answered: a client that never reads gets no further

    private var grant = InboundBudget.Grant()
    private var isWaitingForBudget = false
    private var isWatchedForStall = false
    private var received = 0

    private var isDraining = false
    private var isRefusing = false
    private var onGone: (() -> Void)?

    init(
        _ connection: Connection<Handler>, limits: Limits, errors: ServerErrors, budget: InboundBudget,
        loop: any EventLoop, budgetWake: @escaping @Sendable () -> Void
    ) {
        self.connection = connection
        self.limits = limits
        self.errors = errors
        self.budget = budget
        self.loop = loop
        self.budgetWake = budgetWake
        framing = LineFraming(limit: limits.lineOctets)
    }

    private var identity: ObjectIdentifier { ObjectIdentifier(connection) }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) { proceed() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        received += buffer.readableBytes
        buffer.withUnsafeReadableBytes { octets in
            framing.append(octets)
            // The buffer is reused or freed after this call: nobody reads these octets any more, and the channel's
            // allocator does not look at them. Asking for mutable access would copy them first.
            UnsafeMutableRawBufferPointer(mutating: octets).initializeMemory(as: UInt8.self, repeating: 0)
        }
        pump()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        proceed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            isInputClosed = true
            framing.finish()
            proceed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        connection.close()
        framing = LineFraming(limit: 0)
        budget.lower(&grant, to: 0)
        budget.withdraw(identity)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// The channel has closed. `onGone` is called when none of its requests is in progress any more, which may be at
    /// once.
    func closed(_ onGone: @escaping () -> Void) {
        connection.close()
        self.onGone = onGone
        wake()
    }

    // MARK: Going on

    /// There are new replies or completed requests.
    func wake() {
        let (octets, finished, retired) = connection.outbound.take()
        inHand -= finished
        inHandOctets -= retired
        window = min(window + finished, limits.requestsInHand)
        if let octets {
            guard let context else {
                connection.outbound.sent(octets.readableBytes)
                return
            }
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { [self, count = octets.readableBytes] _ in
                connection.outbound.sent(count)
                proceed()
            }
            context.writeAndFlush(wrapOutboundOut(octets), promise: written)
        }
        proceed()
        if inHand == 0, let onGone {
            self.onGone = nil
            onGone()
        }
    }

    /// Memory for lines may be available now.
    func wakeForBudget() {
        proceed()
        if !isWaitingForBudget { budget.withdraw(identity) }
    }

    /// Does whatever can be done now: start requests, read on, or end.
    private func proceed() {
        guard let context else { return }
        pump()
        if isOver {
            context.close(promise: nil)
        } else if !isReading, !isInputClosed, mayStart, hasBudget() {
            isReading = true
            context.read()
        }
    }

    private var mayStart: Bool {
        inHand < window && connection.outbound.mayStart(inHand: inHand)
    }

    /// A client that has closed its side is kept as long as an answer to it is due.
    private var isOver: Bool {
        isInputClosed && isIdle && connection.subscriptions.isEmpty
    }

    private var isIdle: Bool {
        inHand == 0 && framing.heldOctets == 0 && connection.outbound.isIdle
    }

    // MARK: Lines

    private func pump() {
        while mayStart, let event = framing.next() {
            switch event {
            case .line(let line): take(line)
            case .overlong:
                let error = RPCError.invalidRequest("a line of more than \(limits.lineOctets) octets")
                connection.outbound.append(line: RPCText.reply(id: .null, error: error))
            }
        }
    }

    private func take(_ line: WipedOctets) {
        let octets = line.footprint
        if isRefusing {
            connection.refuse(RPCMessage(line: line, batchLimit: limits.batchMembers), with: errors.shuttingDown)
            return
        }
        guard line.count <= 65_536 else {
            begin(.line(line), octets)  // reading it would hold the event loop
            return
        }
        switch RPCMessage(line: line, batchLimit: limits.batchMembers) {
        case .single(.request(let request)):
            if !connection.answerAtOnce(request) { begin(.request(request, octets: octets), octets) }
        case .single(.invalid(let id, let error)):
            connection.outbound.append(line: RPCText.reply(id: id, error: error))
        case .batch(let members): begin(.batch(members, octets: octets), octets)
        }
    }

    private func begin(_ work: Connection<Handler>.Work, _ octets: Int) {
        inHand += 1
        inHandOctets += octets
        connection.start(work)
    }

    // MARK: Memory

    /// Whether there is memory to read on. Each connection has 64 KiB of its own, and asks for more.
    private func hasBudget() -> Bool {
        let step = 262_144
        let needed = (max(framing.footprint + inHandOctets - 65_536, 0) + step - 1) / step * step
        guard budget.raise(&grant, to: needed, of: identity, wake: budgetWake) else {
            isWaitingForBudget = true
            return false
        }
        if needed < grant.octets { budget.lower(&grant, to: needed) }
        if isWaitingForBudget {
            isWaitingForBudget = false
            budget.withdraw(identity)
        }
        if grant.octets > 0, !isWatchedForStall { watchForStall() }
        return true
    }

    /// While others wait for memory, a line that holds some must make progress, or is dropped.
    private func watchForStall() {
        isWatchedForStall = true
        let before = received
        loop.assumeIsolated().scheduleTask(in: TimeAmount(limits.stall)) { [self] in
            isWatchedForStall = false
            guard let context, grant.octets > 0 else { return }
            let isStalled = received - before < 262_144 && inHand == 0 && !isWaitingForBudget && !isInputClosed
            guard isStalled, connection.outbound.isIdle, budget.isSoughtAfter else {
                watchForStall()
                return
            }
            connection.outbound.append(line: RPCText.reply(id: .null, error: errors.overloaded))
            wake()
            context.close(promise: nil)
        }
    }

    // MARK: Stopping

    /// The server stops: requests in progress are finished. New requests are served for as long as a client that did
    /// not know yet may need, then refused; a connection on which nothing arrives is closed. One that has just been
    /// made gets a second for its first request: it has left the backlog, where the next process would have found it.
    func drain(grace: TimeAmount) {
        guard !isDraining, context != nil else { return }
        isDraining = true
        let loop = loop.assumeIsolated()
        closeWhenQuiet(received: -1)
        let patience = TimeAmount.milliseconds(received == 0 ? 1000 : 250)
        loop.scheduleTask(in: min(patience, grace)) { [self] in isRefusing = true }
        loop.scheduleTask(in: grace) { [self] in
            connection.start(.abandon)
            self.loop.assumeIsolated().scheduleTask(in: TimeAmount(limits.farewell)) { [self] in
                context?.close(promise: nil)
            }
        }
    }

    private func closeWhenQuiet(received before: Int) {
        guard let context else { return }
        if isIdle, isRefusing || (received == before && received > 0) {
            context.close(promise: nil)
            return
        }
        let received = received
        loop.assumeIsolated().scheduleTask(in: .milliseconds(50)) { [self] in closeWhenQuiet(received: received) }
    }
}
