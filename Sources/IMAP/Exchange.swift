// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Secrets

/// An AUTHENTICATE in progress (RFC 3501 §6.2.2): challenges and answers, one each.
struct Exchange: Sendable {
    let id: CommandID
    /// What the client says first, where the command could not carry it.
    private var first: Password?
    private var isAwaitingAnswer = false
    private var unsent: (octets: ByteBuffer, isSecret: Bool)?

    init(id: CommandID, first: Password?) { (self.id, self.first) = (id, first) }

    /// Whether everything that was asked for has been sent, so that the server may say OK.
    var isSettled: Bool { first == nil && !isAwaitingAnswer && unsent == nil }

    /// The server asks for more. nil if that is the initial response; else the challenge.
    mutating func asked(_ frame: Frame) throws(IMAPError) -> [UInt8]? {
        guard unsent == nil, !isAwaitingAnswer else {
            throw .violation("asks for more before it has its answer", quoting: frame.octets)
        }
        if let first {
            // Whatever the text says: some servers send words when the client is to begin, which may look like Base64.
            self.first = nil
            unsent = (CommandEncoder.response(first), true)
            return nil
        }
        let digits = frame.octets.dropFirst().filter { $0 != UInt8(ascii: " ") }
        guard let challenge = digits == Array("=".utf8) ? [] : Base64.decode(digits) else {
            throw .violation("sends a challenge that is not in Base64", quoting: frame.octets)
        }
        isAwaitingAnswer = true
        return challenge
    }

    mutating func answer(_ octets: Password) {
        guard isAwaitingAnswer else { return }
        isAwaitingAnswer = false
        unsent = (CommandEncoder.response(octets), true)
    }

    mutating func cancel() {
        guard isAwaitingAnswer else { return }
        isAwaitingAnswer = false
        unsent = (ByteBuffer(string: "*\r\n"), false)
    }

    mutating func takeUnsent() -> ProtocolMachine.Output? {
        defer { unsent = nil }
        return unsent.map { .octets($0.octets, isSecret: $0.isSecret) }
    }

    /// Zeroes what will not be sent.
    func wipe() { unsent?.octets.wipe() }
}
