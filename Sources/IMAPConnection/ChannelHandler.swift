// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailConnection
import MailSession
import NIOCore
import NIOTLS
import Secrets
import Vocabulary

/// Moves octets between a channel and the ``ProtocolMachine``, keeps the clock, and reads only while there is room.
///
/// Everything happens on the channel's event loop. Once work has begun, a read is always outstanding, except while the
/// sink is full, so that a server that hangs up is noticed.
final class ChannelHandler: SessionHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var machine: ProtocolMachine
    var work = Work.none
    var failure: WireFailure?
    var context: ChannelHandlerContext?
    var clock: WireClock
    private var timer: Scheduled<Void>?
    private var isPaused = false
    /// Nothing is read before somebody waits for it.
    var isReading = false
    /// The greeting may arrive before somebody waits for it: together with the end of a TLS handshake, or of the
    /// connection, up to which NIO reads whether asked to or not.
    var early = ByteBuffer()
    var isGreeted = false
    /// Whether no read is outstanding because of that.
    var hasStalled = false
    /// The message that is being sent, piece by piece.
    var sending: Sending?
    /// Where the octets of appended messages come from; kept beyond the answer, for what was announced is sent.
    var octets: (any MessageOctets)?

    /// - Parameter isEncrypted: whether TLS begins before the first octet.
    init(readTimeout: TimeAmount, isEncrypted: Bool) {
        machine = ProtocolMachine(isEncrypted: isEncrypted)
        clock = WireClock(patience: readTimeout)
    }

    /// Ends everything; the first failure is the one reported.
    func fail(_ failure: WireFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        clock.stop()
        timer?.cancel()
        context?.close(promise: nil)
        finish().fail(failure)
    }

    /// As ``fail(_:)``, also where the failure known so far is a lesser one.
    func fail(_ failure: WireFailure, insteadOf lesser: SessionFault) {
        if self.failure?.code == lesser { self.failure = failure } else { fail(failure) }
    }

    /// The context, when a new piece of work may begin; else `promise` is failed.
    func ready<T>(_ promise: EventLoopPromise<T>) -> ChannelHandlerContext? {
        guard failure == nil, let context, case .none = work else {
            promise.fail(failure ?? WireFailure(code: .closed, message: "closed the connection"))
            return nil
        }
        return context
    }

    func finish() -> Work {
        defer { work = .none }
        clock.stop()
        return work
    }

    // MARK: - Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(WireFailure(code: .closed, message: "closed the connection"))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        var input = unwrapInboundIn(data)
        if case .handshake = work {
            return fail(WireFailure(code: .untrusted, message: "sent plain text where TLS was to begin"))
        }
        if !isGreeted, case .none = work {
            early.writeBuffer(&input)
            return
        }
        clock.octetsRead += input.readableBytes
        take(&input)
    }

    func take(_ input: inout ByteBuffer) {
        let (settled, hasFailed) = (work.settled, failure != nil)
        var isProgress = false
        loop: while true {
            let event = machine.receive(&input)
            switch event {
            case .needsInput: break loop
            case .failed(let error):
                fail(WireFailure(error))
                return
            default: break
            }
            isProgress = true
            handle(event)
            if hasFailed != (failure != nil) { return }
        }
        if work.settled != settled { clock.settled() }
        if isProgress, clock.isRunning { progressed() }
        if clock.octetsUnsettled > work.mostOctets { fail(.violation("goes on and on, and never answers")) }
        send()
    }

    private func handle(_ event: ProtocolMachine.Event) {
        switch (event, work) {
        case (.greeted(let condition), .greeting): succeedGreeting(condition)
        case (.challenge(_, let octets), .exchange(let promise)):
            _ = finish()
            promise.succeed(.challenge(octets))
        case (.completed(_, let condition), .exchange(let promise)):
            _ = finish()
            promise.succeed(.answered(Answer(condition, machine.capabilities)))
        case (.tlsIsDue(let id), .commands(let batch)):
            completed(batch, id, Condition(.ok))
        case (.completed(let id, let condition), .commands(let batch)): completed(batch, id, condition)
        case (.response(let response), .commands(let batch)):
            batch.hear(batch.answers.count, response)
            batch.events?(event)
        case (_, .commands(let batch)): batch.events?(event)
        case (.completed(_, let condition), .appending(let promise)):
            _ = finish()
            promise.succeed(Answer(condition, machine.capabilities))
        case (_, .text(let text)): hear(event, text)
        case (_, .fetching(let fetching)): hear(event, fetching)
        // At any time a server may say something that nobody has asked for (RFC 3501 §7).
        default: break
        }
    }

    private func succeedGreeting(_ condition: Condition) {
        guard case .greeting(let promise) = finish() else { return }
        promise.succeed(Answer(condition, machine.capabilities))
    }

    private func completed(_ batch: Batch, _ id: CommandID, _ condition: Condition) {
        // What has come was taken for what belongs to another.
        guard !batch.isAhead || batch.isInTurn(id) else {
            return fail(WireFailure(code: .pipeliningBroken, message: "mixes up commands that are sent ahead"))
        }
        batch.answers[id] = Answer(condition, machine.capabilities)
        guard batch.answers.count == batch.ids.count else { return }
        _ = finish()
        batch.promise.succeed(batch.ids.compactMap { batch.answers[$0] })
    }

    private func hear(_ event: ProtocolMachine.Event, _ text: Text) {
        switch text.hear(event) {
        case .more: break
        case .whole(let fetched):
            _ = finish()
            text.promise.succeed(fetched)
        case .tooLong: fail(.violation("sends a text without end: over \(text.limit) octets"))
        }
    }

    private func hear(_ event: ProtocolMachine.Event, _ fetching: Fetching) {
        if let failure = fetching.hear(event) { return fail(failure) }
        if !fetching.retrieval.isDone, case .completed = event { askForMore(fetching) }
        guard fetching.retrieval.isDone else { return }
        _ = finish()
        fetching.sink.flush()
        fetching.promise.succeed(fetching.retrieval.end)
    }

    func askForMore(_ fetching: Fetching) {
        do throws(IMAPError) {
            while let command = fetching.retrieval.nextCommand() {
                fetching.retrieval.sent(try machine.begin(command, isAhead: true))
            }
        } catch {
            fail(WireFailure(error))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A server that goes on and on before anybody listens is not read.
        guard failure == nil, isReading else { return }
        guard isGreeted || early.readableBytes == 0 else {
            hasStalled = true
            return
        }
        guard case .fetching(let fetching) = work else {
            context.read()
            return
        }
        let sink = fetching.sink
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
        guard failure == nil else { return }
        if clock.isRunning {
            clock.settled()  // it was not the server that was slow
            progressed()
        }
        context?.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent, case .handshake(let promise, let handshake) = work {
            _ = finish()
            machine.tlsBegan()
            promise.succeed(handshake.facts(in: context))
            context.read()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .handshake(_, let handshake) = work {
            fail(handshake.explain(error))
        } else if let failure = WireFailure.inSession(error) {
            fail(failure)
        } else {
            ended()
        }
    }

    /// No more octets will come.
    private func ended() {
        if case .handshake = work { return fail(.closedInHandshake) }
        guard let error = machine.closed() else {
            // The farewell that LOGOUT has asked for.
            if case .commands(let batch) = work, let id = batch.ids.last { completed(batch, id, Condition(.ok)) }
            return fail(WireFailure(code: .closed, message: "closed the connection"))
        }
        var failure = WireFailure(error)
        // A server that hangs up because of a command that came ahead would do so each time.
        if failure.code == .closed, isAheadOnTrial { failure.code = .pipeliningBroken }
        fail(failure)
    }

    private var isAheadOnTrial: Bool {
        switch work {
        case .fetching(let fetching): fetching.retrieval.isOnTrial && !fetching.retrieval.isTaking
        case .commands(let batch): batch.isAhead
        default: false
        }
    }

    private var isAhead: Bool {
        switch work {
        case .fetching(let fetching): fetching.retrieval.isAhead
        case .commands(let batch): batch.isAhead
        default: false
        }
    }

    // MARK: - Clock

    func expectProgress(within patience: TimeAmount) {
        clock.start(within: patience, at: .now())
        schedule()
    }

    private func progressed() {
        let isInMessage = work.holdsTexts && machine.isWithinBody
        if !clock.progressed(isInMessage: isInMessage, at: .now()) {
            fail(WireFailure(code: .timedOut, message: "sends a message too slowly to wait for its end"))
        }
    }

    private func schedule() {
        guard let deadline = clock.deadline, let context else { return }
        timer?.cancel()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: deadline) { bound.value.rang() }
    }

    private func rang() {
        guard let deadline = clock.deadline, failure == nil else { return }
        if isPaused {
            clock.start(within: clock.readTimeout, at: .now())
            schedule()
        } else if deadline > .now() {
            schedule()
        } else if case .handshake = work {
            fail(
                WireFailure(
                    code: .timedOut, message: "does not answer the TLS handshake",
                    advice:
                        "check --port and --security: a port that speaks plain text needs another than --security tls"))
        } else if isAhead, !machine.isWithinBody {
            fail(WireFailure(code: .pipeliningBroken, message: "does not answer commands that are sent ahead"))
        } else {
            fail(WireFailure(code: .timedOut, message: "does not answer"))
        }
    }
}
