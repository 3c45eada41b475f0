// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MailSession
public import NIOCore
import NIOPosix
public import Vocabulary

/// What becomes of octets that the system still holds for the server when the connection is dropped, or the program dies.
public enum DroppedOctets: Hashable, Sendable {
    /// They are sent.
    case sent
    /// They are thrown away, so that nothing takes effect over there any more; and those that nobody acknowledges within
    /// this time end the connection.
    case thrownAway(unacknowledgedFor: Duration)
}

/// A protocol's end of a channel.
public protocol SessionHandler: ChannelInboundHandler, SendableMetatype {
    /// Ends everything; the first failure is the one reported. On the channel's event loop.
    func fail(_ failure: WireFailure)
}

/// A TCP connection with a protocol's handler at its end. Nothing is read before the handler asks for it.
public struct Connection<Handler: SessionHandler>: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<Handler>

    /// For people: `192.0.2.1:110`, an IPv6 address in brackets.
    public var remoteAddress: String {
        guard let host = channel.remoteAddress?.ipAddress, let port = channel.remoteAddress?.port else { return "" }
        return HostAndPort(host: host, port: port).description
    }

    /// The largest read. One read is one pass of the decoder and one piece for the sink, which is asked before the next
    /// read whether it can take more.
    private static var readSize: Int { 128 << 10 }

    /// Connects to the first of the addresses that takes it.
    /// - Throws: `unreachable`, `exhausted`, `cancelled`. If the server closes the connection at once, the first work
    ///   reports it.
    public static func open(
        to resolution: Resolution, of server: OldServer, timeouts: Timeouts, on loop: any EventLoop,
        dropping: DroppedOctets = .sent, handler make: @escaping @Sendable () -> Handler
    ) async throws(WireFailure) -> Connection {
        try await promised(on: loop, of: Connection.self) { once in
            // Kept outside the pipeline: if the server is already gone, the handler has left the pipeline, yet knows
            // what was said.
            let handlers = NIOLoopBoundBox.makeEmptyBox(valueType: [ObjectIdentifier: Handler].self, eventLoop: loop)
            let attempt = ClientBootstrap(group: loop)
                .resolver(ResolvedAddresses(resolution: resolution, loop: loop))
                .connectTimeout(TimeAmount(timeouts.connect))
                .channelOption(.autoRead, value: false)
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readSize))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = make()
                        handlers.value = (handlers.value ?? [:]).merging([ObjectIdentifier(channel): handler]) { $1 }
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }.flatMap { dropping.set(on: channel) }
                }
                .connect(host: server.host, port: server.port)
            attempt.flatMapThrowing { channel in
                guard let handler = handlers.value?[ObjectIdentifier(channel)] else { throw WireFailure.cancelled }
                return Connection(channel: channel, handler: NIOLoopBound(handler, eventLoop: loop))
            }.whenComplete { once.complete($0) }
            // If the caller has given up, nobody else is left to close it.
            once.future.whenFailure { _ in attempt.whenSuccess { $0.close(promise: nil) } }
        }
    }

    /// Runs `work` on the event loop; it completes the promise. When the task is cancelled, the connection is dropped
    /// and `work` fails at once.
    public func run<Value: Sendable>(
        _ work: @escaping @Sendable (Handler, EventLoopPromise<Value>) -> Void
    ) async throws(WireFailure) -> Value {
        let (handler, loop) = (handler, channel.eventLoop)
        do {
            return try await withTaskCancellationHandler {
                try Task.checkCancellation()
                let promise = loop.makePromise(of: Value.self)
                loop.execute { work(handler.value, promise) }
                return try await promise.futureResult.get()
            } onCancel: {
                loop.execute { handler.value.fail(.cancelled) }
            }
        } catch {
            throw error as? WireFailure ?? .cancelled
        }
    }

    /// As ``run(_:)``, but cancelling the task changes nothing.
    public func runToItsEnd<Value: Sendable>(
        _ work: @escaping @Sendable (Handler, EventLoopPromise<Value>) -> Void
    ) async throws(WireFailure) -> Value {
        let (handler, loop) = (handler, channel.eventLoop)
        let promise = loop.makePromise(of: Value.self)
        loop.execute { work(handler.value, promise) }
        do {
            return try await promise.futureResult.get()
        } catch {
            throw error as? WireFailure ?? .cancelled
        }
    }

    /// Has the handler do something, which nobody waits for; from any thread.
    public func tell(_ work: @escaping @Sendable (Handler) -> Void) {
        let handler = handler
        channel.eventLoop.execute { work(handler.value) }
    }

    /// Drops the line; from any thread.
    public func close() {
        let handler = handler
        channel.eventLoop.execute {
            handler.value.fail(WireFailure(code: .cancelled, message: "was left: the session was closed here"))
        }
    }

    /// Drops the line, and returns when it is gone.
    public func closed() async {
        close()
        // Even if this fails, the channel is closed.
        try? await channel.closeFuture.get()
    }
}

extension DroppedOctets {
    fileprivate func set(on channel: any Channel) -> EventLoopFuture<Void> {
        guard case .thrownAway(let patience) = self, let socket = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        let milliseconds = Int(patience / .milliseconds(1))
        return socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).flatMap {
            channel.setOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: max(1, milliseconds))
        }
    }
}
