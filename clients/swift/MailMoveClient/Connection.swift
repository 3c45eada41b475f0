// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSONWire
import MailMoveAPI
import NIOCore
import NIOPosix
import Synchronization

/// One connection to the daemon; any number of calls at once.
final class Connection: Sendable {
    private let channel: any Channel
    private let conversation: NIOLoopBound<Conversation>
    private let lastID = Atomic<Int>(0)

    private init(_ channel: any Channel, _ conversation: NIOLoopBound<Conversation>) {
        self.channel = channel
        self.conversation = conversation
    }

    /// Connects once. Over a Unix socket that takes no time.
    static func open(
        _ path: String, on group: any EventLoopGroup, statuses: LatestStatuses? = nil
    ) -> EventLoopFuture<Connection> {
        ClientBootstrap(group: group)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Conversation(statuses: statuses))
                }
            }
            .connect(unixDomainSocketPath: path)
            .flatMapThrowing { channel in
                let conversation = try channel.pipeline.syncOperations.handler(type: Conversation.self)
                return Connection(channel, NIOLoopBound(conversation, eventLoop: channel.eventLoop))
            }
            .flatMapErrorThrowing { throw MailMoveError(connecting: path, $0) }
    }

    var isOpen: Bool { channel.isActive }

    func close() { channel.close(promise: nil) }

    /// Accepts notifications again.
    func resume() { channel.eventLoop.execute { self.conversation.value.resume() } }

    /// Sends a request and waits for its result.
    func call<M: Method>(
        _ method: M, _ parameters: M.Parameters, within time: Duration
    ) async throws -> M.Result {
        let id = RPCID.number(lastID.add(1, ordering: .relaxed).newValue)
        var request: ByteBuffer
        do throws(JSONError) {
            request = ByteBuffer(bytes: try RPCText.request(id: id, method: method.name, params: parameters))
        } catch {
            throw MailMoveError(Violation(error.path.isEmpty ? nil : error.path, error.detail))
        }
        request.writeInteger(UInt8(ascii: "\n"))
        let reply = channel.eventLoop.flatSubmit { [channel, conversation, request] in
            conversation.value.ask(id, request, within: TimeAmount(time))
                ?? channel.eventLoop.makeFailedFuture(conversation.value.end ?? .connectionLost)
        }
        let view = try await withTaskCancellationHandler {
            try await reply.get()
        } onCancel: {
            channel.eventLoop.execute { [conversation] in conversation.value.abandon(id) }
        }
        do throws(JSONError) {
            return try view.decode(M.Result.self)
        } catch {
            throw MailMoveError(.invalidReply, "mailmoved's answer to \(method.name) is not as declared: \(error)")
        }
    }
}

extension MailMoveError {
    /// What went wrong when connecting to the socket at `path`.
    init(connecting path: String, _ error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case EACCES, EPERM:
            self.init(
                .notPermitted,
                "\(path): permission denied; the socket's group (ls -l \(path)) is who may call mailmoved there")
        case .some:
            self.init(
                .daemonUnreachable,
                "\(path): \(error); is mailmoved running? systemctl start mailmoved.socket mailmoved-login.socket")
        case nil where error is MailMoveError || error is CancellationError:
            self.init(.daemonUnreachable, "\(error)")
        case nil:
            self.init(.daemonUnreachable, "\(path): \(error)")
        }
    }
}
