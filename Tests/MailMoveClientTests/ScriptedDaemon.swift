// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSONWire
import MailMoveAPI
import MailMoveClient
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A daemon on a Unix socket whose every answer is the test's: also those that no real daemon would give.
final class ScriptedDaemon: Sendable {
    /// What it does with a request.
    typealias Script = @Sendable (RPCRequest, Client) -> Void

    /// A connection, seen from the daemon.
    struct Client: Sendable {
        /// 1 for the first connection, and so on.
        let number: Int
        let channel: any Channel

        func send(_ line: String) { channel.writeAndFlush(ByteBuffer(string: line + "\n"), promise: nil) }

        func reply(to request: RPCRequest, _ result: JSONValue) {
            send(#"{"jsonrpc":"2.0","id":\#(request.idText),"result":\#(result.text)}"#)
        }

        func fail(_ request: RPCRequest, _ error: RPCError) {
            send(String(decoding: RPCText.reply(id: request.id ?? .null, error: error), as: UTF8.self))
        }

        func notify(_ params: JSONValue, method: String = "statusChanged") {
            send(#"{"jsonrpc":"2.0","method":"\#(method)","params":\#(params.text)}"#)
        }

        func hangUp() { channel.close(promise: nil) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var lines = LineFraming(limit: 1 << 24)
        private let client: Client
        private let daemon: ScriptedDaemon

        init(_ client: Client, _ daemon: ScriptedDaemon) {
            self.client = client
            self.daemon = daemon
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            unwrapInboundIn(data).withUnsafeReadableBytes { lines.append($0) }
            while case .line(let line)? = lines.next() {
                guard case .single(.request(let request)) = RPCMessage(line: line) else { continue }
                daemon.script(request, client)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { daemon.gone.withLock { $0.append(client.number) } }
    }

    private let script: Script
    private let server = Mutex<(any Channel)?>(nil)
    private let clients = Mutex<[any Channel]>([])
    private let gone = Mutex<[Int]>([])

    private init(_ script: @escaping Script) { self.script = script }

    /// Listens at `path` until it is stopped.
    static func start(at path: String, script: @escaping Script) async throws -> ScriptedDaemon {
        let daemon = ScriptedDaemon(script)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = daemon.clients.withLock { clients in
                        clients.append(channel)
                        return clients.count
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(Client(number: number, channel: channel), daemon))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        daemon.server.withLock { $0 = server }
        return daemon
    }

    /// Connections so far.
    var connections: Int { clients.withLock(\.count) }

    /// Waits until that connection has been closed by the client.
    func waitUntilGone(_ number: Int) async throws {
        while !gone.withLock({ $0.contains(number) }) { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Stops listening and breaks all connections.
    func stop() async throws {
        try await server.withLock { $0.take() }?.close().get()
        for client in clients.withLock({ $0 }) { client.close(promise: nil) }
    }
}

extension RPCRequest {
    var idText: String {
        var octets: [UInt8] = []
        (id ?? .null).append(to: &octets)
        return String(decoding: octets, as: UTF8.self)
    }

    var account: String { params?["account"]?.string ?? "" }
}

extension JSONValue {
    var text: String { (try? JSONText.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    private static let example = Result { try Contract.queryStatus.exampleResult() }

    /// A status of `account` as the daemon would send it.
    static func status(_ account: String, moved: Int = 0) throws -> JSONValue {
        var members = try #require(try example.get().object)
        members["account"] = .string(account)
        members["moved"] = .integer(Int64(moved))
        return .object(members)
    }
}

/// Runs `body` with the path of a socket in a folder of its own.
func withSocketPath(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/mailmove-test.XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer {
        unlink("\(folder)/s")
        rmdir(folder)
    }
    try await body("\(folder)/s")
}

/// Runs `body` with a daemon that follows `script`, and a client of it.
func withDaemon(
    timeout: Duration = .seconds(60), _ script: @escaping ScriptedDaemon.Script,
    _ body: (ScriptedDaemon, MailMoveClient, _ path: String) async throws -> Void
) async throws {
    try await withSocketPath { path in
        let daemon = try await ScriptedDaemon.start(at: path, script: script)
        let client = MailMoveClient(socketPath: path, timeout: timeout, patience: .seconds(30))
        do {
            try await body(daemon, client, path)
        } catch {
            try await daemon.stop()
            throw error
        }
        await client.close()
        try await daemon.stop()
    }
}
