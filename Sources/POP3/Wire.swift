// SPDX-License-Identifier: Apache-2.0

public import MailSession
public import Vocabulary

/// A connection to a server, as the dialogues above see it: commands in, answers out. It is a socket, or in tests a
/// written conversation.
///
/// One call at a time. After a failure every further call fails.
public protocol Wire: Sendable {
    /// Sends the batch in one write and waits for all its answers.
    func perform(_ batch: Batch) async throws(WireFailure) -> [Answer]

    /// Runs a retrieval to its end. Returns the outcome, and the pace at which the next may begin.
    func retrieve(
        _ retrieval: Retrieval, into sink: any MessageSink,
        onRefusal: @escaping @Sendable (ListedMessage, StatusLine) -> Void
    ) async throws(WireFailure) -> (RetrieveOutcome, Retrieval.Pace)

    /// Continues in TLS. Fails as untrusted if plain text is waiting.
    func startTLS() async throws(WireFailure) -> TLSFacts

    /// Drops the line.
    func close()

    /// Drops the line, and returns when it is gone.
    func closed() async
}

extension Wire {
    /// One command that is answered by one status line.
    func perform(_ command: String) async throws(WireFailure) -> StatusLine {
        try await perform(one: Batch(command)).line
    }

    /// A batch of one.
    func perform(one batch: Batch) async throws(WireFailure) -> Answer {
        guard let answer = try await perform(batch).first else {
            throw .violation("gives no answer")
        }
        return answer
    }
}
