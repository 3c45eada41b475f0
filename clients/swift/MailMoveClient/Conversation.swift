// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import NIOCore

/// One connection's requests and their replies, matched by id. Lives on the connection's event loop.
final class Conversation: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Pending {
        let reply: EventLoopPromise<JSONView>
        let timeout: Scheduled<Void>
    }

    /// The longest answer that is accepted, in octets: a page of 1000 entries is about one megabyte.
    private static let longestLine = 256 << 20

    private var lines = LineFraming(limit: longestLine)
    private var pending: [RPCID: Pending] = [:]
    private var context: ChannelHandlerContext?
    /// Why no more replies will come.
    private(set) var end: MailMoveError?
    private let statuses: LatestStatuses?
    private var readIsHeldBack = false

    /// - Parameter statuses: takes the `statusChanged` and `progress` notifications.
    init(statuses: LatestStatuses?) { self.statuses = statuses }

    // MARK: Requests

    /// Sends a request; its result, or the error that it came to. nil when the connection is gone.
    func ask(_ id: RPCID, _ request: ByteBuffer, within time: TimeAmount) -> EventLoopFuture<JSONView>? {
        guard let context else { return nil }
        let reply = context.eventLoop.makePromise(of: JSONView.self)
        let timeout = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.settle(id, .failure(MailMoveError(.timedOut, "mailmoved has not answered in time")))
        }
        pending[id] = Pending(reply: reply, timeout: timeout)
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        return reply.futureResult
    }

    /// Nobody waits for the reply any more.
    func abandon(_ id: RPCID) { settle(id, .failure(CancellationError())) }

    private func settle(_ id: RPCID, _ result: Result<JSONView, any Error>) {
        // A reply that comes after its time is up finds nobody.
        guard let call = pending.removeValue(forKey: id) else { return }
        call.timeout.cancel()
        call.reply.completeWith(result)
    }

    // MARK: What comes in

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { finish(.connectionLost) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { lines.append($0) }
        while end == nil, let event = lines.next() {
            switch event {
            case .line(let line): take(line)
            case .overlong: finish(MailMoveError(.invalidReply, "mailmoved sent an answer that is too long"))
            }
        }
        if end != nil { context.close(promise: nil) }
    }

    private func take(_ line: WipedOctets) {
        do throws(JSONError) {
            for message in try RPCIncoming.read(line: line) {
                switch message {
                case .reply(.null, .failure(let error)):
                    finish(MailMoveError(toNobody: error))
                case .reply(let id, .success(let result)): settle(id, .success(result))
                case .reply(let id, .failure(let error)): settle(id, .failure(MailMoveError(error)))
                case .notification(Contract.statusChanged, let params?), .notification(Contract.progress, let params?):
                    statuses?.put(params)
                case .notification: break
                }
            }
        } catch {
            finish(MailMoveError(.invalidReply, "mailmoved sent what is not JSON-RPC 2.0: \(error)"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) { finish(.connectionLost) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(MailMoveError(.connectionLost, "the connection to mailmoved broke: \(error)"))
        context.close(promise: nil)
    }

    private func finish(_ error: MailMoveError) {
        guard end == nil else { return }
        end = error
        for id in Array(pending.keys) { settle(id, .failure(error)) }
        statuses?.finish()
        context = nil
    }

    // MARK: Back-pressure

    /// A slow watcher makes the daemon wait, which itself keeps the newest state of each account.
    func read(context: ChannelHandlerContext) {
        if statuses?.isFull == true { readIsHeldBack = true } else { context.read() }
    }

    /// There is room again.
    func resume() {
        guard readIsHeldBack, let context else { return }
        readIsHeldBack = false
        context.read()
    }
}

extension MailMoveError {
    /// An error without an id: the daemon turns a client away, or cannot read a request and so cannot say which.
    fileprivate init(toNobody error: RPCError) {
        let own = MailMoveError(error)
        self =
            own.reason != nil
            ? own : MailMoveError(.connectionLost, "mailmoved could not read a request: \(error)")
    }

    static let connectionLost = MailMoveError(.connectionLost, "the connection to mailmoved broke before its answer")
}
