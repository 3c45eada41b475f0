// SPDX-License-Identifier: Apache-2.0

/// Whether an old server answers everybody later because some have mistyped: Dovecot delays all logins from an address, by
/// up to fifteen seconds, until one of them is right. Measured by what logins and runs meet; nobody is asked for it.
///
/// A penalty is two answers in a row that came a second or more later than the quickest of their kind, with wrong
/// passwords before them and no prompt answer since. Slowness that no wrong password precedes is none.
struct PenaltyWatch: Equatable, Sendable {
    typealias Moment = OldServerPolicy.Moment
    typealias Penalty = OldServerPolicy.Penalty

    /// Wrong passwords are often answered later for themselves: each kind has a quickest of its own.
    private struct Quickest: Equatable, Sendable {
        private var recent: [Duration] = []
        private var next = 0
        private static let most = 16

        var value: Duration? { recent.min() }

        mutating func add(_ duration: Duration) {
            if recent.count < Self.most {
                recent.append(duration)
            } else {
                recent[next] = duration
                next = (next + 1) % Self.most
            }
        }
    }

    static let noticeable = Duration.seconds(1)
    /// Where nobody has met it for so long, it is over.
    static let memory = Duration.seconds(120)

    /// The latest there was, over or not.
    private(set) var penalty: Penalty?
    private var accepted = Quickest()
    private var rejected = Quickest()
    private var wrongSincePrompt = 0
    private var delayedInARow = 0

    var isQuiet: Bool { penalty == nil }

    /// It goes on.
    func current(now: Moment) -> Penalty? {
        guard let penalty, !penalty.isOver, now - penalty.met < Self.memory else { return nil }
        return penalty
    }

    /// - Parameter duration: from when the password was sent to the answer.
    mutating func answered(right: Bool, after duration: Duration, now: Moment) {
        let quickest = right ? accepted.value : rejected.value
        let delay = quickest.map { duration - $0 } ?? .zero
        if delay >= Self.noticeable, wrongSincePrompt > 0 {
            delayedInARow += 1
            if delayedInARow > 1 { meet(delay, now) }
        } else {
            if right { accepted.add(duration) } else { rejected.add(duration) }
            if delay < Self.noticeable {
                wrongSincePrompt = 0
                delayedInARow = 0
                penalty?.isOver = true
            }
        }
        if !right { wrongSincePrompt += 1 }
    }

    /// Nobody has met it for a while.
    mutating func pass(now: Moment) {
        if let penalty, !penalty.isOver, now - penalty.met >= Self.memory { self.penalty?.isOver = true }
    }

    private mutating func meet(_ delay: Duration, _ now: Moment) {
        let before = current(now: now)
        penalty = Penalty(
            delay: max(before?.delay ?? .zero, delay), since: before?.since ?? now, met: now, wrong: wrongSincePrompt,
            isOver: false)
    }
}
