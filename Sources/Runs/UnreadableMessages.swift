// SPDX-License-Identifier: Apache-2.0

import MailSource
import Vocabulary

/// Messages at which sessions end: the old server hangs up, falls silent, is too slow, or makes no sense there. The
/// second time, such a message is left behind like one that the old server refuses, so that it does not hold up the
/// others.
///
/// An unreliable line, or a server that no longer serves anybody, ends sessions too. The difference is whether messages
/// after the one left behind arrive.
struct UnreadableMessages: Sendable {
    /// Beyond this, it is the server that makes no sense.
    private static let most = 100
    /// … or beyond this, while no message after them has arrived.
    private static let mostUnproven = 5
    /// After a session that ended at a message, the next one requests this many one by one, to be certain which it is.
    static let careful = 64

    /// How a message is recognised in the next session; by its place, on servers whose unique-ids change each time.
    private enum Mark: Hashable {
        /// As the ledger calls it.
        case named(Int64)
        case placed(Int, octets: Int?)

        static func all(of message: ListedMessage, _ id: Int64?) -> [Mark] {
            let place = placed(message.number, octets: message.octets)
            return id.map { [.named($0), place] } ?? [place]
        }
    }

    private var times: [Mark: Int] = [:]
    private var left: [Mark: String] = [:]
    /// Whether a message has arrived after one was left behind.
    private var isProven = false
    /// Whether the last session has ended at a message.
    private(set) var isSuspicious = false

    /// Where to start requesting messages, as a fraction of the listing: elsewhere, until one arrives after those left.
    var start: Double {
        guard !isProven, !left.isEmpty else { return 0 }
        return 1 - 1 / Double(1 << min(left.count, 10))
    }

    /// Whether any message is left behind.
    var hasLeft: Bool { !left.isEmpty }

    /// Why the message, which the ledger calls by this id, is left behind; nil if it is not.
    func reason(_ message: ListedMessage, _ id: Int64?) -> String? {
        return Mark.all(of: message, id).lazy.compactMap { left[$0] }.first
    }

    /// A message has arrived whole.
    mutating func arrived() { if !left.isEmpty { isProven = true } }

    enum Verdict: Equatable {
        case suspected
        /// It is left behind from now on; `isProgress` is whether there is reason to believe that the others can be
        /// had.
        case leftBehind(isProgress: Bool)
    }

    /// Counts that a session has ended at `message`.
    /// - Parameters:
    ///   - id: what the ledger calls it.
    ///   - isCertain: whether nothing else was being requested at the time.
    ///   - hasBrought: whether this run has received any message from this server.
    mutating func add(
        _ message: ListedMessage, _ id: Int64?, _ error: SourceError, isCertain: Bool, hasBrought: Bool
    ) -> Verdict {
        isSuspicious = true
        guard left.count < Self.most else { return .suspected }
        let marks = Mark.all(of: message, id)
        for mark in marks { times[mark, default: 0] += 1 }
        guard isCertain, let mark = marks.first(where: { times[$0, default: 0] >= 2 }) else { return .suspected }
        left[mark] = error.description
        return .leftBehind(isProgress: isProven || (hasBrought && left.count <= Self.mostUnproven))
    }

    /// The next session need not be careful.
    mutating func trust() { isSuspicious = false }
}
