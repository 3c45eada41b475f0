// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// Names a command of one connection.
public struct CommandID: Hashable, Sendable {
    let number: UInt64
}

extension ProtocolMachine {
    /// What happened. After any but `needsInput` and `failed`, ask again with the rest of the input.
    public enum Event: Sendable {
        case needsInput
        /// `OK` or `BYE`; nothing is sent before it.
        case greeted(Condition)
        /// Without a tag; it may belong to any command, or to none.
        case response(Response)
        /// The text of a message begins: what is known of the message so far, with this body last. Its UID may arrive
        /// only with the response that follows the text.
        case bodyBegan(Fetched)
        /// A slice of the input.
        case body(ByteBuffer)
        /// The text is whole; but what it belongs to, only when its response has come.
        case bodyEnded
        /// An answer is due: ``answerChallenge(_:)`` or ``cancelAuthentication()``.
        case challenge(CommandID, [UInt8])
        /// The server wants the rest of a command.
        case wanted
        /// The last word about a command. `bad` and `no` to an APPEND do not say that nothing was stored.
        case completed(CommandID, Condition)
        /// The server awaits the handshake; then ``tlsBegan()``. Nothing it has said before counts.
        case tlsIsDue(CommandID)
        /// The connection is of no more use.
        case failed(IMAPError)
    }

    /// What to send next, in this order.
    public enum Output: Sendable {
        /// Where it is secret: ``NIOCore/ByteBuffer/wipe()`` once it is sent.
        case octets(ByteBuffer, isSecret: Bool)
        /// Exactly this many octets of the message with this index among those of an APPEND.
        case message(CommandID, index: Int, octets: Int)
    }
}

enum Tags {
    /// Fifty bits: no message written before this connection contains one of its tags, so none can pass for an answer
    /// if a server miscounts its octets.
    static func randomPrefix() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var generator = SystemRandomNumberGenerator()
        return String(
            decoding: (0..<10).map { _ in alphabet[Int.random(in: 0..<32, using: &generator)] }, as: UTF8.self)
    }
}
