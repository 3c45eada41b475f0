// SPDX-License-Identifier: Apache-2.0

import POP3
import Synchronization
import Vocabulary

/// Messages that the old server would not give, and its words.
final class Refusals: Sendable {
    private let refused = Mutex<[(message: ListedMessage, reply: String)]>([])

    var count: Int { refused.withLock { $0.count } }

    func add(_ message: ListedMessage, _ reply: Reply) {
        refused.withLock { $0.append((message, reply.text)) }
    }

    /// A line for each, for the events; a server that refuses everything fills no database.
    var lines: [String] {
        refused.withLock { refused in
            refused.prefix(100).map { message, reply in
                let name = message.uniqueID.map { ", UIDL \(String(decoding: $0.octets.prefix(200), as: UTF8.self))" }
                return "message \(message.number)\(name ?? ""): \(reply)"
            }
        }
    }
}
