// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailConnection
import MailSession
import NIOCore
import Secrets
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
        let (readTimeout, isEncrypted) = (TimeAmount(timeouts.read), server.security == .tls)
        let connection = try await Connection.open(to: resolution, of: server, timeouts: timeouts, on: loop) {
            ChannelHandler(readTimeout: readTimeout, isEncrypted: isEncrypted)
        }
        return SocketWire(connection: connection, server: server, trust: trust, timeouts: timeouts)
    }

    func greeting() async throws(WireFailure) -> Answer { try await connection.run { $0.greeting($1) } }

    func perform(
        _ commands: [Command], hearing hear: @escaping @Sendable (_ answered: Int, Response) -> Void
    ) async throws(WireFailure) -> [Answer] {
        try await connection.run { $0.perform(commands, hearing: hear, $1) }
    }

    func authenticate(_ command: Command) async throws(WireFailure) -> AuthenticationStep {
        try await connection.run { $0.authenticate(command, $1) }
    }

    func respond(_ response: Password?) async throws(WireFailure) -> AuthenticationStep {
        try await connection.run { $0.respond(response, $1) }
    }

    func text(of command: Command, atMost octets: Int) async throws(WireFailure) -> FetchedText {
        try await connection.run { $0.text(of: command, atMost: octets, $1) }
    }

    func retrieve(
        _ retrieval: Retrieval, into sink: any MessageSink,
        onFailure: @escaping @Sendable (ListedMessage, Retrieval.Absence) -> Void
    ) async throws(WireFailure) -> Retrieval.Pace {
        try await connection.run { $0.retrieve(retrieval, into: sink, onFailure: onFailure, $1) }
    }

    func startTLS() async throws(WireFailure) -> TLSFacts {
        let (trust, server, timeout) = (trust, server, TimeAmount(timeouts.connect))
        return try await connection.run { $0.startTLS(trust, server: server, timeout: timeout, $1) }
    }

    func close() { connection.close() }

    func closed() async { await connection.closed() }
}
