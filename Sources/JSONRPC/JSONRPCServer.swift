// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSONWire
public import Logging
public import NIOCore
import NIOPosix
import Synchronization

/// Serves JSON-RPC 2.0 on Unix sockets, one JSON text per line.
public final class JSONRPCServer<Handler: RequestHandler>: Sendable {
    /// An open connection, as its event loop sees it.
    private struct Open: Sendable {
        var handler: NIOLoopBoundBox<ConnectionHandler<Handler>?>
        var closed: EventLoopFuture<Void>
    }

    private struct State {
        var mostClients: Int
        var clients = 0
        var clientsOf: [Handler.Role: Int] = [:]
        var isTurningAway = false
        /// No more clients are accepted.
        var isLeaving = false
        var hasLostListener = false
        var isStopped = false
        var open: [ObjectIdentifier: Open] = [:]
        var grace = Duration.seconds(4)
    }

    private let listeners: [Listener<Handler.Role>]
    private let handler: Handler
    private let limits: Limits
    private let errors: ServerErrors
    private let group: any EventLoopGroup
    private let logger: Logger
    private let state: Mutex<State>
    private let unsent = UnsentOctets()
    private let budget: InboundBudget
    private let acceptNews = AcceptNews()
    private let (stopped, stopSignal) = AsyncStream<Never>.makeStream()
    private let (busy, busyInlet) = AsyncStream<Connection<Handler>>.makeStream()

    /// A server of `listeners`, whose requests `handler` answers, on the event loops of `group`.
    public init(
        listeners: [Listener<Handler.Role>], handler: Handler, limits: Limits = Limits(),
        errors: ServerErrors = ServerErrors(), group: any EventLoopGroup, logger: Logger
    ) {
        self.listeners = listeners
        self.handler = handler
        self.limits = limits
        state = Mutex(State(mostClients: limits.connections))
        self.errors = errors
        self.group = group
        self.logger = logger
        // The longest line, what is read at once, and what rounding adds.
        budget = InboundBudget(octets: limits.inboundOctetsOfAll, reserve: limits.lineOctets + 1_048_576)
    }

    /// How many clients there are, including those that have disconnected while a request of theirs is in progress.
    public var clients: Int { state.withLock(\.clients) }

    /// Sets how many clients may connect from now on; connected ones stay.
    public func limit(clients: Int) { state.withLock { $0.mostClients = clients } }

    /// Serves until `stop` is called; call it once. `onListening` is called when every socket takes connections.
    ///
    /// Cancelling the task stops too, and cancels requests in hand. Errors: `ListenError`, or the system's.
    public func run(onListening: @Sendable () -> Void = {}) async throws {
        var channels: [any Channel] = []
        var files: [SocketFile] = []
        var waiting: [(role: Handler.Role, descriptor: CInt)] = []
        do {
            // All listen before any is served: a client answered on one socket finds the others.
            for listener in listeners {
                let (descriptor, file) = try listener.open()
                if let file { files.append(file) }
                waiting.append((listener.role, descriptor))
            }
            while !waiting.isEmpty {
                let (role, descriptor) = waiting.removeFirst()
                channels.append(try await bootstrap(role: role).withBoundSocket(descriptor).get())
            }
        } catch {
            for (_, descriptor) in waiting { close(descriptor) }
            for channel in channels { try? await channel.close() }  // absence: it has closed by itself
            for file in files { file.remove() }
            throw error
        }
        onListening()
        for channel in channels {
            // A daemon that has lost a listener is useless: whoever started it will start it again.
            channel.closeFuture.whenComplete { [weak self] _ in self?.listenerClosed() }
        }
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { tasks in
                tasks.addTask { [channels, files] in await self.stopWhenAsked(channels, files) }
                for await connection in busy { tasks.addImmediateTask { await connection.serve() } }
            }
        } onCancel: {
            stop(grace: .zero)
        }
        if state.withLock(\.hasLostListener) {
            throw ListenError(code: .lost, subject: "a listening socket", errno: 0)
        }
    }

    private func listenerClosed() {
        let isLost = state.withLock { state in
            if !state.isLeaving { state.hasLostListener = true }
            return !state.isLeaving
        }
        if isLost { stop() }
    }

    /// Makes `run` end: no more connections are accepted, requests in progress are finished and their replies sent, and
    /// after `grace` the rest is cancelled. Clients that connect from now on wait in an inherited socket's backlog.
    public func stop(grace: Duration = .seconds(4)) {
        state.withLock { $0.grace = grace }
        stopSignal.finish()
    }

    private func stopWhenAsked(_ channels: [any Channel], _ files: [SocketFile]) async {
        for await _ in stopped {}
        for file in files { file.remove() }
        state.withLock { $0.isLeaving = true }
        // First stop accepting, then let those just accepted be set up, on their own loops; if the listening channel
        // closed meanwhile, it would close them too.
        for channel in channels {
            try? await channel.setOption(.autoRead, value: false).get()  // absence: it has closed by itself
        }
        for _ in 0..<3 {
            for loop in group.makeIterator() { try? await loop.submit {}.get() }  // absence: the loop has ended
        }
        for channel in channels { try? await channel.close() }  // absence: it has closed by itself
        let (open, grace) = state.withLock { state in
            state.isStopped = true
            return (Array(state.open.values), state.grace)
        }
        let amount = TimeAmount(grace)
        for connection in open {
            connection.handler.eventLoop.execute { connection.handler.value?.drain(grace: amount) }
        }
        for connection in open { try? await connection.closed.get() }  // absence: it has closed with an error
        busyInlet.finish()
    }

    // MARK: Connections

    private func bootstrap(role: Handler.Role) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptPause(logger: self.logger, news: self.acceptNews) { [weak self] in
                            self?.state.withLock { !$0.isLeaving } ?? false
                        })
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, role: role) }
            }
    }

    private func leave(_ role: Handler.Role) {
        state.withLock { state in
            state.clients -= 1
            state.clientsOf[role, default: 1] -= 1
        }
    }

    private func accept(_ channel: any Channel, role: Handler.Role) throws {
        guard admits(role) else {
            let line = RPCText.reply(id: .null, error: errors.overloaded) + [UInt8(ascii: "\n")]
            try channel.pipeline.syncOperations.addHandler(TurnAway(ByteBuffer(bytes: line)))
            return
        }
        let loop = channel.eventLoop
        let box = NIOLoopBoundBox<ConnectionHandler<Handler>?>(nil, eventLoop: loop)
        let outbound = Outbound(limits: limits, unsentOfAll: unsent) { loop.execute { box.value?.wake() } }
        // It gets a task with the first request that needs one: otherwise clients that come and go faster than tasks
        // get their turn would be kept, and counted, until their task has ended.
        let connection = Connection(
            role: role, handler: handler, limits: limits, errors: errors, logger: logger, outbound: outbound,
            onFirstWork: { [busyInlet] connection in busyInlet.yield(connection) })
        let handler = ConnectionHandler(
            connection, limits: limits, errors: errors, budget: budget, loop: loop,
            budgetWake: { loop.execute { box.value?.wakeForBudget() } })
        let identity = ObjectIdentifier(connection)
        let isStopped = state.withLock { state in
            if !state.isStopped { state.open[identity] = Open(handler: box, closed: channel.closeFuture) }
            return state.isStopped
        }
        guard !isStopped else {
            leave(role)
            channel.close(promise: nil)
            return
        }
        box.value = handler
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            self.state.withLock { $0.open[identity] = nil }
            handler.closed {
                box.value = nil
                self.leave(role)
            }
        }
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// Admits a client, unless there are too many; that is logged once, until one is admitted again.
    ///
    /// A few of each role are always admitted: taking every place on one socket locks nobody out of another.
    private func admits(_ role: Handler.Role) -> Bool {
        let (isAdmitted, isNews, limit) = state.withLock { state in
            let limit = state.mostClients
            let few = max(1, min(16, limit / 8))
            guard state.clients < limit || state.clientsOf[role, default: 0] < few else {
                defer { state.isTurningAway = true }
                return (false, !state.isTurningAway, limit)
            }
            state.clients += 1
            state.clientsOf[role, default: 0] += 1
            state.isTurningAway = false
            return (true, false, limit)
        }
        if isNews {
            logger.warning(
                "There are as many clients as may be; others are turned away.",
                metadata: ["limits.connections": "\(limit)"])
        }
        return isAdmitted
    }
}

/// Sends one line to a client, and nothing more.
private final class TurnAway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let line: ByteBuffer

    init(_ line: ByteBuffer) { self.line = line }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(line), promise: nil)
        context.close(promise: nil)
    }
}
