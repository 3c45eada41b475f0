// SPDX-License-Identifier: Apache-2.0

import POP3
import Vocabulary

/// Messages whose answers make no sense: one without end, one that goes on behind its terminator. After the second
/// time such a message is left behind like one that the old server refuses, so that it does not hold up the others.
struct UnreadableMessages: Sendable {
    /// More than that, and it is the server that makes no sense.
    private static let most = 100

    private var times: [ListedMessage: Int] = [:]
    private var left: [ListedMessage: String] = [:]

    /// Why it is left behind; nil where it is not.
    func reason(_ message: ListedMessage) -> String? { left[Self.mark(message)] }

    /// Counts that a session has ended at `message`.
    /// - Returns: whether it is left behind from now on.
    mutating func add(_ message: ListedMessage, _ error: POP3Error) -> Bool {
        guard error.code == .protocolViolation, error.step == .retrieve, left.count < Self.most else { return false }
        let mark = Self.mark(message)
        times[mark, default: 0] += 1
        guard times[mark, default: 0] >= 2 else { return false }
        left[mark] = error.description
        return true
    }

    /// What a message is known by in the next session.
    private static func mark(_ message: ListedMessage) -> ListedMessage {
        var mark = message
        if message.uniqueID != nil { mark.number = 0 }
        return mark
    }
}
