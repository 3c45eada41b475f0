// SPDX-License-Identifier: Apache-2.0

// `GET /metrics` by HTTP/1.1, on sockets that were handed over, and nothing else.
//
// A connection (`MetricsConnection`) has so long and so many octets for a request, and there are few at once, so that
// strangers on the same machine cost little. Requests come to one place, where ``MetricsServer/run()`` answers them.

import Glibc
public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves a text to monitoring systems.
public final class MetricsServer: Sendable {
    /// Connections at once; monitoring systems have one each.
    static let mostConnections = 32

    /// Limits that tests shorten.
    struct Limits: Sendable {
        /// For a whole request, and between two.
        var patience = TimeAmount.seconds(30)
        /// Of a request, its body included.
        var octets = 16 << 10
    }

    private let descriptors: [CInt]
    private let group: any EventLoopGroup
    private let logger: Logger
    private let contentType: String
    private let text: @Sendable () async -> String
    private let limits: Limits
    private let requests = AsyncStream<MetricsRequest>.makeStream()
    private let connections = Mutex<Set<ObjectIdentifier>>([])
    private let stopped = AsyncStream<Never>.makeStream()

    /// - Parameters:
    ///   - descriptors: listening sockets; the server closes them in the end.
    ///   - contentType: the text's media type.
    ///   - text: asked for at each request.
    public convenience init(
        descriptors: [CInt], group: any EventLoopGroup, logger: Logger, contentType: String,
        text: @escaping @Sendable () async -> String
    ) {
        self.init(
            descriptors: descriptors, group: group, logger: logger, contentType: contentType, limits: Limits(),
            text: text)
    }

    init(
        descriptors: [CInt], group: any EventLoopGroup, logger: Logger, contentType: String, limits: Limits,
        text: @escaping @Sendable () async -> String
    ) {
        self.descriptors = descriptors
        self.group = group
        self.logger = logger
        self.contentType = contentType
        self.limits = limits
        self.text = text
    }

    /// Serves until ``stop()``, or until the task is cancelled. Without sockets it only waits.
    public func run() async {
        var channels: [any Channel] = []
        for descriptor in descriptors {
            do {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                channels.append(try await bootstrap().withBoundSocket(descriptor).get())
            } catch {
                // Figures are worth less than the mail: all else goes on.
                logger.error("metrics are not served: \(error)", metadata: ["descriptor": "\(descriptor)"])
            }
        }
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { tasks in
                tasks.addTask { [channels, stopped, requests] in
                    for await _ in stopped.stream {}
                    for channel in channels { try? await channel.close() }  // absence: it has closed by itself
                    requests.continuation.finish()
                }
                for await request in requests.stream { tasks.addTask { await self.answer(request) } }
            }
        } onCancel: {
            stop()
        }
    }

    /// Makes ``run()`` return.
    public func stop() { stopped.continuation.finish() }

    private func answer(_ request: MetricsRequest) async {
        switch (request.path, request.method) {
        case ("/metrics", .GET), ("/metrics", .HEAD):
            let text = await text()
            request.respond(.ok, contentType: contentType, body: text)
        case ("/metrics", _):
            request.respond(
                .methodNotAllowed, body: "Only GET and HEAD are served here.\n", more: [("allow", "GET, HEAD")])
        default: request.respond(.notFound, body: "Metrics are at /metrics.\n")
        }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptRest(logger: self.logger))
                }
            }
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                guard self.admits(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture { try self.set(up: channel) }
            }
    }

    private func set(up channel: any Channel) throws {
        let limit = RequestLimit(octets: limits.octets)
        try channel.pipeline.syncOperations.addHandler(limit)
        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
        try channel.pipeline.syncOperations.addHandler(
            MetricsConnection(limit: limit, patience: limits.patience) { [requests] in
                requests.continuation.yield($0)
            })
    }

    private func admits(_ channel: any Channel) -> Bool {
        let identity = ObjectIdentifier(channel)
        let isAdmitted = connections.withLock { connections in
            guard connections.count < Self.mostConnections else { return false }
            connections.insert(identity)
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { _ in self.connections.withLock { _ = $0.remove(identity) } }
        }
        return isAdmitted
    }
}

/// Rests before it accepts again when the system has no descriptor for another client: NIO would try over and over.
private final class AcceptRest: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger
    private var isResting = false

    init(logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, !isResting, let options = context.channel.syncOptions else { return }
        logger.debug("no client of metrics can be accepted: \(error)")
        isResting = true
        // It fails where the channel has closed: then there is nothing to rest from.
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            self.isResting = false
            try? options.setOption(.autoRead, value: true)
        }
    }
}
