// SPDX-License-Identifier: Apache-2.0

import MailConnection
import MailSession
import NIOCore
import NIOTLS
import POP3
import Vocabulary

/// Moves octets between a channel and the ``ProtocolMachine``, keeps the clock, and reads only while there is room.
///
/// Everything happens on the channel's event loop. Once work has begun, a read is always outstanding, except while the
/// sink is full, so that a server that hangs up or speaks out of turn is noticed.
final class ChannelHandler: SessionHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Work {
        case none
        case batch(EventLoopPromise<[Answer]>)
        case retrieval(
            EventLoopPromise<Retrieved>, any MessageSink, @Sendable (ListedMessage, StatusLine) -> Void)
        case handshake(EventLoopPromise<TLSFacts>, TLSHandshake)
    }

    struct Retrieved: Sendable {
        var outcome: RetrieveOutcome
        var pace: Retrieval.Pace
    }

    /// The greeting (RFC 1939 §4) may arrive before the session waits for it: together with the end of a TLS handshake,
    /// or of the connection, up to which NIO reads whether asked to or not.
    private enum EarlyGreeting {
        case none
        case expected
        case kept([Answer])
    }

    private var machine = ProtocolMachine()
    private var greeting = EarlyGreeting.none
    private var work = Work.none
    private var failure: WireFailure?
    private var context: ChannelHandlerContext?

    private let readTimeout: TimeAmount
    /// For the answer that proves pipelining.
    private let proofTimeout = TimeAmount.seconds(2)
    /// A list may take several read timeouts as long as it keeps coming, but not for ever; and within as many, a
    /// minimum of a message must arrive. Anything below a hundred octets a second occupies a place that others wait
    /// for.
    private let listTimeouts = 10
    private let leastOctets = 64 << 10
    /// By when something must have happened.
    private var deadline: NIODeadline?
    private var patience: TimeAmount
    private var listDeadline: NIODeadline?
    /// By when ``leastOctets`` must have come, and what had come when that was set.
    private var pace: (deadline: NIODeadline, from: Int)?
    private var octetsRead = 0
    private var timer: Scheduled<Void>?
    private var isPaused = false
    /// Nothing is read before somebody waits for it, although the greeting may arrive at once.
    private var isReading = false

    init(readTimeout: TimeAmount) {
        self.readTimeout = readTimeout
        patience = readTimeout
    }

    // MARK: - Work

    func perform(_ batch: Batch, _ promise: EventLoopPromise<[Answer]>) {
        if batch.octets.readableBytes == 0, takeGreeting(promise) { return }
        guard let context = ready(promise) else {
            if batch.isSecret { batch.octets.wipe() }
            return
        }
        work = .batch(promise)
        machine.begin(batch)
        beginReading(context)
        expectProgress(within: batch.patience ?? readTimeout)
        guard batch.octets.readableBytes > 0 else { return }
        let written = context.writeAndFlush(wrapOutboundOut(batch.octets))
        if batch.isSecret {
            let octets = batch.octets
            written.whenComplete { _ in octets.wipe() }
        }
    }

    /// False if nothing has been read yet, and the greeting is to be awaited like any answer.
    private func takeGreeting(_ promise: EventLoopPromise<[Answer]>) -> Bool {
        switch greeting {
        case .none: return false
        case .kept(let answers): promise.succeed(answers)
        case .expected where failure == nil:
            work = .batch(promise)
            expectProgress(within: readTimeout)
        case .expected: promise.fail(failure ?? WireFailure(code: .closed, message: "closed the connection"))
        }
        greeting = .none
        return true
    }

    func retrieve(
        _ retrieval: Retrieval, into sink: any MessageSink,
        onRefusal: @escaping @Sendable (ListedMessage, StatusLine) -> Void, _ promise: EventLoopPromise<Retrieved>
    ) {
        guard let context = ready(promise) else { return }
        let octets = machine.begin(retrieval)
        guard octets.readableBytes > 0 else {
            promise.succeed(Retrieved(outcome: retrieval.outcome, pace: retrieval.pace))
            return
        }
        work = .retrieval(promise, sink, onRefusal)
        expectProgress(within: readTimeout)
        context.writeAndFlush(wrapOutboundOut(octets), promise: nil)
    }

    func startTLS(
        _ trust: TLSTrust, server: OldServer, timeout: TimeAmount, _ promise: EventLoopPromise<TLSFacts>
    ) {
        var hasGreeted = false
        if case .kept = greeting { hasGreeted = true }
        if hasGreeted || failure?.code == .protocolViolation || (failure == nil && machine.isInLine) {
            // RFC 2595 §4; CVE-2011-0411: octets that came together with the answer to STLS may be anybody's. Half a
            // line of them would be taken for the start of the first answer in TLS.
            let untrusted =
                server.security == .tls
                ? .speaksPlainText
                : WireFailure(
                    code: .untrusted,
                    message: "sent plain text after its answer to STLS, as somebody on the way would; nothing was sent")
            fail(untrusted)
            failure = untrusted
        }
        guard let context = ready(promise) else { return }
        let handshake: TLSHandshake
        do throws(WireFailure) {
            handshake = try TLSHandshake(with: server, trust)
        } catch {
            fail(error)
            return promise.fail(error)
        }
        work = .handshake(promise, handshake)
        expectProgress(within: timeout)
        do throws(WireFailure) {
            try handshake.begin(before: self, in: context)
        } catch {
            return fail(error)
        }
        if !isReading {
            machine.begin(.greeting)
            greeting = .expected
        }
        isReading = true
        context.read()
    }

    private func beginReading(_ context: ChannelHandlerContext) {
        guard !isReading else { return }
        isReading = true
        context.read()
    }

    /// Ends everything; the first failure is the one reported.
    func fail(_ failure: WireFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        deadline = nil
        timer?.cancel()
        let (work, wasInMessage) = (self.work, machine.isInMessage)
        self.work = .none
        context?.close(promise: nil)
        switch work {
        case .none: break
        case .batch(let promise): promise.fail(failure)
        case .retrieval(let promise, let sink, _):
            if wasInMessage { sink.abandon() }
            promise.fail(failure)
        case .handshake(let promise, _): promise.fail(failure)
        }
    }

    /// The context, when a new piece of work may begin; else `promise` is failed.
    private func ready<T>(_ promise: EventLoopPromise<T>) -> ChannelHandlerContext? {
        guard failure == nil, let context, machine.isIdle, case .none = work else {
            promise.fail(failure ?? WireFailure(code: .closed, message: "closed the connection"))
            return nil
        }
        // Half a line received before the command would become the start of its answer.
        guard !machine.isInLine else {
            let early = WireFailure.violation("speaks out of turn")
            fail(early)
            promise.fail(early)
            return nil
        }
        return context
    }

    // MARK: - Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(WireFailure(code: .closed, message: "closed the connection"))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        if case .handshake = work {
            fail(WireFailure(code: .untrusted, message: "sent plain text where TLS was to begin"))
            return
        }
        if !isReading, case .none = work, case .none = greeting {
            machine.begin(.greeting)
            greeting = .expected
            isReading = true
        }
        var input = unwrapInboundIn(data)
        octetsRead += input.readableBytes
        let (before, wasInBody) = (machine.statusLines, machine.isInBody)
        var sink: (any MessageSink)?
        if case .retrieval(_, let taker, _) = work { sink = taker }
        take(&input, into: sink, context)
        if machine.isInBody || wasInBody || machine.statusLines != before { progressed() }
    }

    private func take(_ input: inout ByteBuffer, into sink: (any MessageSink)?, _ context: ChannelHandlerContext) {
        while failure == nil {
            var event: ProtocolMachine.Event? = machine.receive(&input, into: sink)
            while let current = event {
                event = nil
                switch current {
                case .needsInput:
                    return
                case .send(let octets):
                    context.writeAndFlush(wrapOutboundOut(octets), promise: nil)
                case .refused(let message, let line):
                    if case .retrieval(_, _, let onRefusal) = work { onRefusal(message, line) }
                    event = machine.goOn()
                case .answered(let answers):
                    if case .batch(let promise) = finish() {
                        promise.succeed(answers)
                    } else {
                        greeting = .kept(answers)
                    }
                case .retrieved(let outcome, let pace):
                    if case .retrieval(let promise, let sink, _) = finish() {
                        sink.flush()
                        promise.succeed(Retrieved(outcome: outcome, pace: pace))
                    }
                case .failed(let failure):
                    fail(failure)
                }
            }
        }
    }

    private func finish() -> Work {
        defer { work = .none }
        deadline = nil
        return work
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard failure == nil else { return }
        guard case .retrieval(_, let sink, _) = work else {
            context.read()
            return
        }
        sink.flush()
        guard sink.isFull else {
            context.read()
            return
        }
        isPaused = true
        let (loop, bound) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        sink.whenReady { loop.execute { bound.value.resume() } }
    }

    private func resume() {
        isPaused = false
        pace = nil  // it was not the server that was slow
        guard failure == nil else { return }
        if deadline != nil { progressed() }
        context?.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { handshakeCompleted(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func handshakeCompleted(_ context: ChannelHandlerContext) {
        guard case .handshake(let promise, let handshake) = work else { return }
        _ = finish()
        promise.succeed(handshake.facts(in: context))
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .handshake = work {
            fail(.closedInHandshake)
        } else {
            fail(machine.closed())
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .handshake(_, let handshake) = work {
            fail(handshake.explain(error))
        } else {
            fail(.inSession(error) ?? machine.closed())
        }
    }

    // MARK: - Clock

    private func expectProgress(within patience: TimeAmount) {
        self.patience = patience
        listDeadline = nil
        pace = nil
        deadline = .now() + patience
        schedule()
    }

    private var longWait: TimeAmount { .nanoseconds(readTimeout.nanoseconds * Int64(listTimeouts)) }

    private func progressed() {
        guard deadline != nil else { return }
        let now = NIODeadline.now()
        let idle = now + (machine.isProving ? proofTimeout : patience)
        if case .batch = work, machine.isInBody {
            let last = listDeadline ?? now + longWait
            listDeadline = last
            deadline = min(idle, last)
        } else if case .retrieval = work, machine.isInBody {
            let pace = pace ?? (now + longWait, octetsRead)
            if pace.deadline > now {
                self.pace = pace
            } else if octetsRead - pace.from >= leastOctets {
                self.pace = (now + longWait, octetsRead)
            } else {
                fail(WireFailure(code: .timedOut, message: "sends a message too slowly to wait for its end"))
                return
            }
            deadline = idle
        } else {
            (listDeadline, pace) = (nil, nil)
            deadline = idle
        }
        // A deadline that moves closer needs a new alarm; one that moves away is checked when the alarm rings.
        if machine.isProving { schedule() }
    }

    private func schedule() {
        guard let deadline, let context else { return }
        timer?.cancel()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: deadline) { bound.value.rang() }
    }

    private func rang() {
        guard let deadline, failure == nil else { return }
        if isPaused {
            self.deadline = .now() + patience
            schedule()
        } else if deadline > .now() {
            schedule()
        } else if case .handshake = work {
            fail(
                WireFailure(
                    code: .timedOut, message: "does not answer the TLS handshake",
                    advice:
                        "check --port and --security: a port that speaks plain text needs another than --security tls"))
        } else {
            fail(machine.timedOut())
        }
    }
}
