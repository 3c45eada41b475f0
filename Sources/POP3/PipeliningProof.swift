// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Vocabulary

/// Proves that the server can take pipelined commands, using commands whose answers carry a number.
///
/// Done whether or not `PIPELINING` is announced: some servers announce it behind proxies that break it, others never
/// say that they can.
struct PipeliningProof {
    /// `UIDL` or `LIST`, whichever the server supports.
    let command: String
    private let messages: [ListedMessage]

    /// How many commands go in one write.
    private static let width = 8
    private static let patience = TimeAmount.seconds(2)

    /// nil if there is too little to gain.
    init?(of messages: [ListedMessage]) {
        guard messages.count >= 3 else { return nil }
        self.messages = Array(messages.prefix(Self.width))
        command = messages.allSatisfy { $0.uniqueID != nil } ? "UIDL" : "LIST"
    }

    /// - Throws: `pipeliningBroken` when an answer is late, missing or odd.
    func run(over wire: any Wire) async throws(WireFailure) {
        var batch = Batch()
        for message in messages { batch.add("\(command) \(message.number)") }
        batch.patience = Self.patience
        do throws(WireFailure) {
            let answers = try await wire.perform(batch)
            for (message, answer) in zip(messages, answers) {
                guard let line = NumberedLine(answer.line.octets), answer.line.kind == .ok,
                    line.number == message.number,
                    command == "LIST" || line.rest.elementsEqual(message.uniqueID?.octets ?? [])
                else {
                    throw .violation("mixes up commands that are sent ahead", quoting: answer.line.octets)
                }
            }
        } catch {
            guard error.code != .cancelled else { throw error }
            throw WireFailure(
                code: .pipeliningBroken, message: "\(error.message) when commands are sent ahead", quoted: error.quoted)
        }
    }
}
