// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// A request that waits for its answer.
struct MetricsRequest: Sendable {
    let method: HTTPMethod
    /// Without the query.
    let path: String
    fileprivate let keepsAlive: Bool
    fileprivate let version: HTTPVersion
    fileprivate let connection: NIOLoopBound<MetricsConnection>
    fileprivate let context: NIOLoopBound<ChannelHandlerContext>

    func respond(
        _ status: HTTPResponseStatus, contentType: String = "text/plain; charset=utf-8", body: String,
        more headers: [(String, String)] = []
    ) {
        context.eventLoop.execute {
            connection.value.respond(self, status, contentType, body, headers, context.value)
        }
    }
}

/// One client: takes a request, has it answered, and waits for the next.
final class MetricsConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let limit: RequestLimit
    private let patience: TimeAmount
    private let ask: @Sendable (MetricsRequest) -> Void
    private var head: HTTPRequestHead?
    private var deadline: Scheduled<Void>?

    init(limit: RequestLimit, patience: TimeAmount, ask: @escaping @Sendable (MetricsRequest) -> Void) {
        self.limit = limit
        self.patience = patience
        self.ask = ask
    }

    func channelActive(context: ChannelHandlerContext) {
        wait(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            let loop = context.eventLoop
            ask(
                MetricsRequest(
                    method: head.method, path: String(head.uri.prefix { $0 != "?" }), keepsAlive: head.isKeepAlive,
                    version: head.version, connection: NIOLoopBound(self, eventLoop: loop),
                    context: NIOLoopBound(context, eventLoop: loop)))
        }
    }

    /// What is no HTTP was answered with 400; a connection that breaks needs no answer.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    fileprivate func respond(
        _ request: MetricsRequest, _ status: HTTPResponseStatus, _ contentType: String, _ body: String,
        _ more: [(String, String)], _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        var headers = HTTPHeaders(more)
        headers.add(name: "content-type", value: contentType)
        headers.add(name: "content-length", value: "\(body.utf8.count)")
        headers.add(name: "cache-control", value: "no-store")
        if !request.keepsAlive { headers.add(name: "connection", value: "close") }
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: request.version, status: status, headers: headers))),
            promise: nil)
        if request.method != .HEAD {
            context.write(
                wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(string: body)))), promise: nil)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        if !request.keepsAlive {
            written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        limit.begin()
        wait(context)
    }

    /// For the next request, whole.
    private func wait(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
    }
}

/// Cuts a connection whose request is larger than one for a page of figures can be.
final class RequestLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let octets: Int
    private var received = 0

    init(octets: Int) { self.octets = octets }

    /// The request is answered: the next one begins.
    func begin() { received = 0 }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        received += buffer.readableBytes
        guard received <= octets else { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }
}
