// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Vocabulary

/// The NIO side of a session: a TCP connection with a ``ChannelHandler`` at its end.
struct Connection: Wire {
    private let channel: any Channel

    /// For people: `192.0.2.1:110`, an IPv6 address in brackets.
    var remoteAddress: String {
        guard let host = channel.remoteAddress?.ipAddress, let port = channel.remoteAddress?.port else { return "" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private let handler: NIOLoopBound<ChannelHandler>
    private let server: OldServer
    private let trust: TLSTrust
    private let timeouts: Timeouts

    /// How large a read may be. One read is one pass of the decoder and one piece for the sink, which is asked before the
    /// next whether it can take more.
    private static let readSize = 128 << 10

    static func resolve(
        _ server: OldServer, timeouts: Timeouts, on loop: any EventLoop
    ) async throws(WireFailure) -> Resolution {
        try await result(of: Resolution.self, on: loop, timeout: timeouts.connect) { once in
            Resolution.resolve(server.host, port: server.port, on: loop).whenComplete { once.complete($0) }
        }
    }

    static func connect(
        to resolution: Resolution, of server: OldServer, timeouts: Timeouts, trust: TLSTrust, on loop: any EventLoop
    ) async throws(WireFailure) -> Connection {
        let readTimeout = TimeAmount(timeouts.read)
        typealias Connected = ((any Channel), NIOLoopBound<ChannelHandler>)
        let connected = try await result(of: Connected.self, on: loop, timeout: nil) { once in
            let attempt = ClientBootstrap(group: loop)
                .resolver(ResolvedAddresses(resolution: resolution, loop: loop))
                .connectTimeout(TimeAmount(timeouts.connect))
                .channelOption(.autoRead, value: false)
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readSize))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ChannelHandler(readTimeout: readTimeout))
                    }
                }
                .connect(host: server.host, port: server.port)
            attempt.flatMapThrowing { channel in
                do {
                    let handler = try channel.pipeline.syncOperations.handler(type: ChannelHandler.self)
                    return (channel, NIOLoopBound(handler, eventLoop: loop))
                } catch {
                    // The handler leaves with its channel.
                    throw WireFailure(code: .closed, message: "closed the connection at once")
                }
            }.whenComplete { once.complete($0) }
            // The caller has given up: nobody else is left to close it.
            once.promise.futureResult.whenFailure { _ in attempt.whenSuccess { $0.close(promise: nil) } }
        }
        return Connection(channel: connected.0, handler: connected.1, server: server, trust: trust, timeouts: timeouts)
    }

    func perform(_ batch: Batch) async throws(WireFailure) -> [Answer] {
        try await run { $0.perform(batch, $1) }
    }

    func retrieve(
        _ retrieval: Retrieval, into sink: any MessageSink,
        onRefusal: @escaping @Sendable (ListedMessage, StatusLine) -> Void
    ) async throws(WireFailure) -> (RetrieveOutcome, Retrieval.Pace) {
        let retrieved: ChannelHandler.Retrieved = try await run {
            $0.retrieve(retrieval, into: sink, onRefusal: onRefusal, $1)
        }
        return (retrieved.outcome, retrieved.pace)
    }

    func startTLS() async throws(WireFailure) -> TLSFacts {
        let (trust, server, timeout) = (trust, server, TimeAmount(timeouts.connect))
        return try await run {
            $0.startTLS(trust, server: server, timeout: timeout, $1)
        }
    }

    func close() {
        let handler = handler
        channel.eventLoop.execute {
            handler.value.fail(WireFailure(code: .cancelled, message: "was left: the session was closed here"))
        }
    }

    func closed() async {
        close()
        // Absent or failed, it is closed all the same.
        try? await channel.closeFuture.get()
    }

    /// Runs `work` on the event loop. When the task is cancelled the connection is dropped, and `work` fails at once.
    private func run<Value: Sendable>(
        _ work: @escaping @Sendable (ChannelHandler, EventLoopPromise<Value>) -> Void
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

    /// The value that `start` promises, or the failure that the clock or the task's cancellation makes of it.
    private static func result<Value: Sendable>(
        of type: Value.Type, on loop: any EventLoop, timeout: Duration?,
        _ start: @escaping @Sendable (Once<Value>) -> Void
    ) async throws(WireFailure) -> Value {
        let once = Once<Value>(loop)
        do {
            return try await withTaskCancellationHandler {
                start(once)
                if let timeout {
                    let alarm = loop.scheduleTask(in: TimeAmount(timeout)) {
                        once.complete(
                            .failure(
                                WireFailure(code: .unresolved, message: "cannot be looked up: DNS does not answer")))
                    }
                    once.promise.futureResult.whenComplete { _ in alarm.cancel() }
                }
                return try await once.promise.futureResult.get()
            } onCancel: {
                once.complete(.failure(WireFailure.cancelled))
            }
        } catch {
            throw Self.explain(error)
        }
    }

    private static func explain(_ error: any Error) -> WireFailure {
        switch error {
        case let failure as WireFailure:
            return failure
        case is CancellationError:
            return .cancelled
        case let error as NIOConnectionError:
            if error.connectionErrors.contains(where: { Exhaustion.isCause(of: $0.error) }) { return .exhausted }
            let causes = Set(error.connectionErrors.map { Self.cause($0.error) }).sorted()
            return WireFailure(
                code: .unreachable,
                message: "cannot be reached: \(causes.joined(separator: ", ")); check host, port and firewalls")
        case let error where Exhaustion.isCause(of: error): return .exhausted
        default:
            return WireFailure(
                code: .unreachable, message: "cannot be reached: \(cause(error)); check host, port and firewalls")
        }
    }

    private static func cause(_ error: any Error) -> String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)).lowercased() }
        if case .connectTimeout? = error as? ChannelError { return "it does not answer" }
        return String(describing: error)
    }
}

/// How long to wait for the old server.
public struct Timeouts: Hashable, Sendable {
    /// For DNS, for the connection, and for the TLS handshake, each.
    public var connect: Duration
    /// For each answer; within a message, for its next octet.
    public var read: Duration

    public init(connect: Duration = .seconds(10), read: Duration = .seconds(60)) {
        self.connect = connect
        self.read = read
    }
}

/// A promise that several may try to complete; the first one does.
private final class Once<Value: Sendable>: Sendable {
    let promise: EventLoopPromise<Value>
    private let isDone = Mutex(false)

    init(_ loop: any EventLoop) { promise = loop.makePromise() }

    func complete(_ result: Result<Value, any Error>) {
        let first = isDone.withLock { done in
            defer { done = true }
            return !done
        }
        if first { promise.completeWith(result) }
    }
}

extension WireFailure {
    static let cancelled = WireFailure(code: .cancelled, message: "was left: the work was cancelled here")
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(
            seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue + attoseconds / 1_000_000_000)
    }
}
