// SPDX-License-Identifier: Apache-2.0

import MailSource
import Vocabulary

/// Messages at which sessions end: the old server hangs up there, falls silent, is too slow, or makes no sense. After the
/// second time such a message is left behind like one that the old server refuses, so that it does not hold up the others.
///
/// A line that drops where it likes, and a server that serves nobody any more, end sessions too: they are told apart by
/// whether messages behind one that was left arrive.
struct UnreadableMessages: Sendable {
    /// More than that, and it is the server that makes no sense.
    private static let most = 100
    /// … or these, while none behind them has arrived.
    private static let mostUnproven = 5
    /// After a session that has ended at a message the next one asks for so many one by one, so that it is certain which.
    static let careful = 64

    /// What a message is known by in the next session. Servers whose unique-ids are others in each are known by places.
    private enum Mark: Hashable {
        case named(UniqueID)
        case placed(Int, octets: Int?)

        static func all(of message: ListedMessage) -> [Mark] {
            let place = placed(message.number, octets: message.octets)
            return message.uniqueID.map { [.named($0.detached), place] } ?? [place]
        }
    }

    private var times: [Mark: Int] = [:]
    private var left: [Mark: String] = [:]
    /// Whether a message has arrived after one was left behind.
    private var isProven = false
    /// Whether the last session has ended at a message.
    private(set) var isSuspicious = false

    /// From where on, in parts of the whole, to ask for messages: elsewhere, until one arrives behind those that were left.
    var start: Double {
        guard !isProven, !left.isEmpty else { return 0 }
        return 1 - 1 / Double(1 << min(left.count, 10))
    }

    /// Whether any is left behind.
    var hasLeft: Bool { !left.isEmpty }

    /// Why it is left behind; nil where it is not.
    func reason(_ message: ListedMessage) -> String? {
        return Mark.all(of: message).lazy.compactMap { left[$0] }.first
    }

    /// A message is here, whole.
    mutating func arrived() { if !left.isEmpty { isProven = true } }

    enum Verdict: Equatable {
        case suspected
        /// It is left behind from now on. Whether that is progress: whether there is reason to believe that the others
        /// can be had.
        case leftBehind(isProgress: Bool)
    }

    /// Counts that a session has ended at `message`.
    /// - Parameters:
    ///   - isCertain: nothing else was asked for at the time.
    ///   - hasBrought: whether this run has had any message of this server.
    mutating func add(
        _ message: ListedMessage, _ error: SourceError, isCertain: Bool, hasBrought: Bool
    ) -> Verdict {
        isSuspicious = true
        guard left.count < Self.most else { return .suspected }
        let marks = Mark.all(of: message)
        for mark in marks { times[mark, default: 0] += 1 }
        guard isCertain, let mark = marks.first(where: { times[$0, default: 0] >= 2 }) else { return .suspected }
        left[mark] = error.description
        return .leftBehind(isProgress: isProven || (hasBrought && left.count <= Self.mostUnproven))
    }

    /// The next session need not be careful.
    mutating func trust() { isSuspicious = false }
}
