// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Messages that the old server would not give, and its words.
final class Refusals: Sendable {
    private let refused = Mutex<(count: Int, lines: [String])>((0, []))

    var count: Int { refused.withLock { $0.count } }

    /// A line for each of the first, for the events; a server that refuses everything fills neither memory nor database.
    var lines: [String] { refused.withLock { $0.lines } }

    /// - Parameter name: the message's, for people.
    func add(_ name: String, _ reason: String) {
        refused.withLock { refused in
            refused.count += 1
            if refused.lines.count < 100 { refused.lines.append("\(name): \(reason)") }
        }
    }
}
