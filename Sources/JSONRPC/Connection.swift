// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Logging
import NIOCore
import Synchronization

/// The tasks' side of a connection: requests come out of `work`, replies go into `outbound`.
final class Connection<Handler: RequestHandler>: Sendable {
    /// What the event loop, or a request, wants done.
    enum Work: Sendable {
        /// One request; `octets` is the memory it holds.
        case request(RPCRequest, octets: Int)
        case batch([RPCMessage.Member], octets: Int)
        /// A line that takes long to parse.
        case line(WipedOctets)
        case subscription(Subscriptions.Begun)
        /// Cancel requests in progress: the server's time is over.
        case abandon
    }

    /// How many members of one batch are processed at once.
    private static var batchWidth: Int { 16 }

    let outbound: Outbound
    let subscriptions: Subscriptions
    let role: Handler.Role
    private let handler: Handler
    private let limits: Limits
    private let errors: ServerErrors
    private let logger: Logger
    private let work: AsyncStream<Work>
    private let workInlet: AsyncStream<Work>.Continuation
    private let hasWork = Atomic(false)
    private let onFirstWork: @Sendable (Connection) -> Void

    init(
        role: Handler.Role, handler: Handler, limits: Limits, errors: ServerErrors, logger: Logger, outbound: Outbound,
        onFirstWork: @escaping @Sendable (Connection) -> Void
    ) {
        self.role = role
        self.handler = handler
        self.limits = limits
        self.errors = errors
        self.logger = logger
        self.outbound = outbound
        self.onFirstWork = onFirstWork
        subscriptions = Subscriptions(limit: limits.subscriptions)
        (work, workInlet) = AsyncStream.makeStream()  // bounded by what the event loop lets start
    }

    // MARK: For the event loop

    /// Queues work; the first time, this makes ``serve()`` run.
    func start(_ work: Work) {
        if case .terminated = workInlet.yield(work), case .subscription(let begun) = work { begun.subscription.drop() }
        if !hasWork.exchange(true, ordering: .relaxed) { onFirstWork(self) }
    }

    /// No more work will come; what has started goes on, subscriptions end.
    func close() {
        outbound.close()
        subscriptions.close()
        workInlet.finish()
    }

    /// Answers a request right here, if the handler does that.
    func answerAtOnce(_ request: RPCRequest) -> Bool {
        guard let answer = askAtOnce(request) else { return false }
        self.answer(request, answer)
        return true
    }

    /// Answers without asking the handler.
    func refuse(_ message: RPCMessage, with error: RPCError) {
        switch message {
        case .single(.request(let request)): answer(request, .failure(error))
        case .single(.invalid(let id, let error)): outbound.append(line: RPCText.reply(id: id, error: error))
        case .batch(let members):
            let replies = members.compactMap { member -> [UInt8]? in
                switch member {
                case .request(let request): request.id.map { RPCText.reply(id: $0, error: error) }
                case .invalid(let id, let error): RPCText.reply(id: id, error: error)
                }
            }
            if !replies.isEmpty { outbound.append(batch: replies) }
        }
    }

    // MARK: The connection's task

    /// Serves requests until the connection has closed and everything that was started is done.
    func serve() async {
        await withDiscardingTaskGroup { group in
            for await work in work {
                switch work {
                case .request(let request, let octets):
                    // Runs here until its first wait, which saves waking a thread for each call.
                    group.addImmediateTask {
                        self.answer(request, await self.ask(request))
                        self.outbound.finish(octets: octets)
                    }
                case .batch(let members, let octets):
                    group.addTask {
                        await self.serve(members)
                        self.outbound.finish(octets: octets)
                    }
                case .line(let line):
                    group.addTask {
                        let octets = line.footprint
                        await self.serve(RPCMessage(line: line, batchLimit: self.limits.batchMembers))
                        self.outbound.finish(octets: octets)
                    }
                case .subscription(let begun):
                    group.addTask {
                        await self.subscriptions.run(begun, peer: self.peer)
                        self.outbound.nudge()
                    }
                case .abandon: group.cancelAll()
                }
            }
        }
    }

    private func serve(_ message: RPCMessage) async {
        switch message {
        case .single(.request(let request)):
            if !answerAtOnce(request) { answer(request, await ask(request)) }
        case .single(.invalid(let id, let error)): outbound.append(line: RPCText.reply(id: id, error: error))
        case .batch(let members): await serve(members)
        }
    }

    private func serve(_ members: [RPCMessage.Member]) async {
        var replies = [[UInt8]?](repeating: nil, count: members.count)
        var subscriptions: [Subscriptions.Begun] = []
        var octets = 0
        await withTaskGroup(of: (Int, [UInt8]?, Subscriptions.Begun?).self) { group in
            var inHand = 0
            func take(_ done: (position: Int, reply: [UInt8]?, subscription: Subscriptions.Begun?)) {
                inHand -= 1
                replies[done.position] = done.reply
                octets += done.reply?.count ?? 0
                if let subscription = done.subscription { subscriptions.append(subscription) }
            }
            for (position, member) in members.enumerated() {
                if inHand == Self.batchWidth, let done = await group.next() { take(done) }
                switch member {
                case .request(let request):
                    if octets > limits.batchReplyOctets {
                        replies[position] = request.id.map { RPCText.reply(id: $0, error: errors.overloaded) }
                    } else {
                        inHand += 1
                        group.addTask {
                            let (reply, subscription) = self.encoded(request, await self.askAnyhow(request))
                            return (position, reply, subscription)
                        }
                    }
                case .invalid(let id, let error): replies[position] = RPCText.reply(id: id, error: error)
                }
            }
            for await done in group { take(done) }
        }
        let said = replies.compactMap { $0 }
        if !said.isEmpty { outbound.append(batch: said) }
        for subscription in subscriptions { start(.subscription(subscription)) }
    }

    // MARK: One request

    private var peer: Peer { Peer(outbound: outbound, subscriptions: subscriptions) }

    private func call(_ request: RPCRequest) -> Call<Handler.Role> {
        Call(
            method: request.method, params: request.params, role: role, peer: peer,
            isNotification: request.isNotification)
    }

    private func askAtOnce(_ request: RPCRequest) -> Result<Answer, RPCError>? {
        do {
            return try handler.answerAtOnce(call(request)).map { .success($0) }
        } catch {
            return .failure(reply(to: error, method: request.method))
        }
    }

    private func ask(_ request: RPCRequest) async -> Result<Answer, RPCError> {
        do {
            return .success(try await handler.handle(call(request)))
        } catch {
            return .failure(reply(to: error, method: request.method))
        }
    }

    private func askAnyhow(_ request: RPCRequest) async -> Result<Answer, RPCError> {
        if let answer = askAtOnce(request) { answer } else { await ask(request) }
    }

    private func reply(to error: any Error, method: String) -> RPCError {
        switch error {
        case let error as RPCError: return error
        case is CancellationError: return errors.shuttingDown
        default:
            // An error without a text of its own would be printed with everything in it, passwords included.
            let text = (error as? any CustomStringConvertible)?.description ?? "\(type(of: error))"
            logger.error(
                "A request failed unexpectedly; the client was told of an internal error.",
                metadata: ["method": "\(method)", "error": "\(text)"])
            return .internalError
        }
    }

    /// Drops an answer that nobody waits for.
    private func drop(_ answer: Result<Answer, RPCError>) {
        if case .success(let answer) = answer { answer.subscription?.drop() }
    }

    private func answer(_ request: RPCRequest, _ answer: Result<Answer, RPCError>) {
        guard let id = request.id else { return drop(answer) }
        switch withPlace(answer) {
        case .success((let result, let subscription)):
            outbound.append(id: id, result: result)
            if let subscription { start(.subscription(subscription)) }
        case .failure(let error): outbound.append(line: RPCText.reply(id: id, error: error))
        }
    }

    private func encoded(
        _ request: RPCRequest, _ answer: Result<Answer, RPCError>
    ) -> ([UInt8]?, Subscriptions.Begun?) {
        guard let id = request.id else {
            drop(answer)
            return (nil, nil)
        }
        switch withPlace(answer) {
        case .success((let result, let subscription)):
            return (RPCText.replyOpening(id: id) + result + [UInt8(ascii: "}")], subscription)
        case .failure(let error): return (RPCText.reply(id: id, error: error), nil)
        }
    }

    /// Reserves the place of an answer's subscription before the client is told that it has one.
    private func withPlace(_ answer: Result<Answer, RPCError>) -> Result<([UInt8], Subscriptions.Begun?), RPCError> {
        answer.flatMap { answer in
            guard let subscription = answer.subscription else { return .success((answer.result, nil)) }
            guard let begun = subscriptions.begin(subscription) else {
                subscription.drop()
                return .failure(errors.overloaded)
            }
            return .success((answer.result, begun))
        }
    }
}
