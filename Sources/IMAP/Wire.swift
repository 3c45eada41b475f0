// SPDX-License-Identifier: Apache-2.0

public import MailSession
public import NIOCore
public import Secrets
public import Vocabulary

/// A connection to a server, as the dialogues see it: commands in, answers out.
///
/// One call at a time. After a failure every further call fails.
public protocol Wire: Sendable {
    /// Waits for the greeting.
    func greeting() async throws(WireFailure) -> Answer

    /// Sends the commands, as many at once as may be, and waits for the answers to all of them.
    ///
    /// - Parameters:
    ///   - ahead: whether folders are opened ahead of earlier answers. A server that then does not answer in order, or not
    ///     at all, fails as `pipeliningBroken`.
    ///   - hear: called in order for whatever the server says without a tag, on the connection's own thread, with how many
    ///     of the commands have been answered by then.
    /// - Returns: one answer for each command, in their order.
    func perform(
        _ commands: [Command], ahead: Bool, hearing hear: @escaping @Sendable (_ answered: Int, Response) -> Void
    ) async throws(WireFailure) -> [Answer]

    /// Sends AUTHENTICATE.
    func authenticate(_ command: Command) async throws(WireFailure) -> AuthenticationStep

    /// Answers a challenge; nil cancels the exchange.
    func respond(_ response: Password?) async throws(WireFailure) -> AuthenticationStep

    /// Sends a FETCH of a text that is small enough to be kept, of a single message.
    func text(of command: Command, atMost octets: Int) async throws(WireFailure) -> FetchedText

    /// Runs a retrieval to its end.
    ///
    /// - Parameter onFailure: called for each message that does not come, in order with the sink's calls.
    func retrieve(
        _ retrieval: FolderRetrieval, into sink: any MessageSink,
        onFailure: @escaping @Sendable (ListedMessage, Retrieval.Absence) -> Void
    ) async throws(WireFailure) -> FolderRetrieval.End

    /// Continues in TLS, at once or after STARTTLS. Fails as untrusted if plain text is waiting.
    func startTLS() async throws(WireFailure) -> TLSFacts

    /// Drops the line.
    func close()

    /// Drops the line, and returns when it is gone.
    func closed() async
}

/// The server's last word about a command.
public struct Answer: Sendable {
    public var condition: Condition
    /// What the server can do, by its last word on it; nil where it has to be asked again.
    public var capabilities: Capabilities?

    public init(_ condition: Condition, _ capabilities: Capabilities?) {
        (self.condition, self.capabilities) = (condition, capabilities)
    }
}

/// What an AUTHENTICATE has come to.
public enum AuthenticationStep: Sendable {
    /// Decoded from Base64.
    case challenge([UInt8])
    case answered(Answer)
}

/// The text of one message, or of a part of it.
public struct FetchedText: Sendable {
    public var condition: Condition
    /// nil where none came; lines as the server ends them.
    public var octets: ByteBuffer?
    /// The message that it belongs to.
    public var uid: UInt32?

    public init(condition: Condition, octets: ByteBuffer?, uid: UInt32?) {
        (self.condition, self.octets, self.uid) = (condition, octets, uid)
    }
}

extension Wire {
    /// As ``perform(_:ahead:hearing:)``, each folder being opened when all before is answered.
    public func perform(
        _ commands: [Command], hearing hear: @escaping @Sendable (_ answered: Int, Response) -> Void
    ) async throws(WireFailure) -> [Answer] { try await perform(commands, ahead: false, hearing: hear) }

    /// One command, whose answer is all that matters.
    public func perform(
        _ command: Command, hearing hear: @escaping @Sendable (Response) -> Void = { _ in }
    ) async throws(WireFailure) -> Answer {
        guard let answer = try await perform([command], hearing: { hear($1) }).first else {
            throw .violation("gives no answer")
        }
        return answer
    }
}

extension WireFailure {
    public init(_ error: IMAPError) {
        let code: SessionFault =
            switch error.code {
            case .protocolViolation, .tooLong: .protocolViolation
            case .untrusted: .untrusted
            case .closed: .closed
            case .unsendable: .invalidCredentialOctets
            }
        self.init(code: code, message: error.message, quoted: error.quoted)
        guard error.code == .closed, let farewell = error.farewell else { return }
        // Then nothing is wrong with what it was asked for last, and asking again at once is in vain.
        if farewell.tellsOfThrottling || farewell.code == .inUse {
            (self.code, pause) = (farewell.busyness, farewell.pause)
        }
    }
}
