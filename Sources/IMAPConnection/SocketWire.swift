// SPDX-License-Identifier: Apache-2.0

package import IMAP
package import MailConnection
package import MailSession
package import NIOCore
package import Secrets
package import Vocabulary

/// The wire of a session with a real server: a connection with a ``ChannelHandler`` at its end.
package struct SocketWire: Wire {
    private let connection: Connection<ChannelHandler>
    private let server: OldServer
    private let trust: TLSTrust
    private let timeouts: Timeouts

    /// For people.
    package var remoteAddress: String { connection.remoteAddress }

    package static func connect(
        to resolution: Resolution, of server: OldServer, timeouts: Timeouts, trust: TLSTrust, on loop: any EventLoop,
        dropping: DroppedOctets = .sent
    ) async throws(WireFailure) -> SocketWire {
        let (readTimeout, isEncrypted) = (TimeAmount(timeouts.read), server.security == .tls)
        let connection = try await Connection.open(
            to: resolution, of: server, timeouts: timeouts, on: loop, dropping: dropping
        ) {
            ChannelHandler(readTimeout: readTimeout, isEncrypted: isEncrypted)
        }
        return SocketWire(connection: connection, server: server, trust: trust, timeouts: timeouts)
    }

    package func greeting() async throws(WireFailure) -> Answer { try await connection.run { $0.greeting($1) } }

    package func perform(
        _ commands: [Command], ahead: Bool, hearing hear: @escaping @Sendable (_ answered: Int, Response) -> Void
    ) async throws(WireFailure) -> [Answer] {
        try await connection.run { $0.perform(commands, ahead: ahead, hearing: hear, $1) }
    }

    /// As ``perform(_:ahead:hearing:)`` for one command whose answers may hold texts of messages, of whatever length.
    /// - Parameter events: called in order, on the connection's own thread, for whatever comes until the answer.
    package func read(
        _ command: Command, events: @escaping @Sendable (ProtocolMachine.Event) -> Void
    ) async throws(WireFailure) -> Answer {
        let answers: [Answer] = try await connection.run { $0.read(command, events: events, $1) }
        guard let answer = answers.first else { throw .violation("gives no answer") }
        return answer
    }

    /// Sends an APPEND. No cancellation reaches it: what has been sent may be kept over there.
    package func append(_ command: Command, from octets: any MessageOctets) async throws(WireFailure) -> Answer {
        try await connection.runToItsEnd { $0.append(command, from: octets, $1) }
    }

    package func authenticate(_ command: Command) async throws(WireFailure) -> AuthenticationStep {
        try await connection.run { $0.authenticate(command, $1) }
    }

    package func respond(_ response: Password?) async throws(WireFailure) -> AuthenticationStep {
        try await connection.run { $0.respond(response, $1) }
    }

    package func text(of command: Command, atMost octets: Int) async throws(WireFailure) -> FetchedText {
        try await connection.run { $0.text(of: command, atMost: octets, $1) }
    }

    package func retrieve(
        _ retrieval: FolderRetrieval, into sink: any MessageSink,
        onFailure: @escaping @Sendable (ListedMessage, Retrieval.Absence) -> Void
    ) async throws(WireFailure) -> FolderRetrieval.End {
        try await connection.run { $0.retrieve(retrieval, into: sink, onFailure: onFailure, $1) }
    }

    package func startTLS() async throws(WireFailure) -> TLSFacts {
        let (trust, server, timeout) = (trust, server, TimeAmount(timeouts.connect))
        return try await connection.run { $0.startTLS(trust, server: server, timeout: timeout, $1) }
    }

    /// Says good-bye, and drops the line soon; nobody waits for it.
    package func leave() { connection.tell { $0.leave() } }

    package func close() { connection.close() }

    package func closed() async { await connection.closed() }
}
