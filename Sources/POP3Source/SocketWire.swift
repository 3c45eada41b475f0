// SPDX-License-Identifier: Apache-2.0

import MailConnection
import MailSession
import NIOCore
import POP3
import Vocabulary

/// The wire of a session with a real server: a connection with a ``ChannelHandler`` at its end.
struct SocketWire: Wire {
    private let connection: Connection<ChannelHandler>
    private let server: OldServer
    private let trust: TLSTrust
    private let timeouts: Timeouts

    /// For people.
    var remoteAddress: String { connection.remoteAddress }

    static func connect(
        to resolution: Resolution, of server: OldServer, timeouts: Timeouts, trust: TLSTrust, on loop: any EventLoop
    ) async throws(WireFailure) -> SocketWire {
        let readTimeout = TimeAmount(timeouts.read)
        let connection = try await Connection.open(to: resolution, of: server, timeouts: timeouts, on: loop) {
            ChannelHandler(readTimeout: readTimeout)
        }
        return SocketWire(connection: connection, server: server, trust: trust, timeouts: timeouts)
    }

    func perform(_ batch: Batch) async throws(WireFailure) -> [Answer] {
        try await connection.run { $0.perform(batch, $1) }
    }

    func retrieve(
        _ retrieval: Retrieval, into sink: any MessageSink,
        onRefusal: @escaping @Sendable (ListedMessage, StatusLine) -> Void
    ) async throws(WireFailure) -> (RetrieveOutcome, Retrieval.Pace) {
        let retrieved: ChannelHandler.Retrieved = try await connection.run {
            $0.retrieve(retrieval, into: sink, onRefusal: onRefusal, $1)
        }
        return (retrieved.outcome, retrieved.pace)
    }

    func startTLS() async throws(WireFailure) -> TLSFacts {
        let (trust, server, timeout) = (trust, server, TimeAmount(timeouts.connect))
        return try await connection.run { $0.startTLS(trust, server: server, timeout: timeout, $1) }
    }

    func close() { connection.close() }

    func closed() async { await connection.closed() }
}
