// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

/// What was told of a domain's window, and what is still to be taken to somebody.
struct DomainNotices: Codable, Hashable, Sendable {
    /// When the window was opened, which tells it from others.
    private(set) var window: Timestamp?
    private(set) var told: Set<Notice.Kind> = []
    /// Not delivered yet, in order.
    private(set) var pending: [Notice] = []

    private enum CodingKeys: CodingKey { case window, told, pending }

    /// What is known of a domain at a moment.
    struct Facts: Sendable {
        enum Reach: Sendable { case unknown, reached, lost(since: Timestamp) }

        var settings: MigrationSettings
        var totals: DomainTotals
        var reach: Reach
        /// How long nothing has been moved although accounts are under way; 0 where none is.
        var idleSeconds: Double
        var now: Timestamp
    }

    static let stalledAfter = 15.0 * 60
    static let awayAfter = 10.0 * 60
    static let endingBefore = 3.0 * 86_400
    /// The end of a window that is first seen so long after it is no news.
    static let staleAfter = 86_400.0
    /// No more is kept for a target that is away; the oldest goes first.
    static let mostPending = 20

    /// Whether nothing of this window can become news any more.
    func isOver(_ settings: MigrationSettings, at now: Timestamp) -> Bool {
        window == settings.enabledAt && settings.state(at: now) != .active && told.contains(.windowEnded)
    }

    /// Decides what is news, and remembers that it was told.
    mutating func judge(_ facts: Facts) -> [Notice.Kind] {
        let isNew = window != facts.settings.enabledAt
        if isNew {
            window = facts.settings.enabledAt
            told = []
        }
        let before = told
        guard facts.settings.state(at: facts.now) == .active else {
            let end = facts.settings.disabledAt ?? facts.settings.expiresAt
            let isStale = isNew && facts.now.seconds(since: end) > Self.staleAfter
            guard told.insert(.windowEnded).inserted, !isStale else { return [] }
            return [.windowEnded]
        }
        // An ended window that was opened again, or extended.
        told.remove(.windowEnded)
        judgeCompletion(facts)
        judgeProgress(facts)
        let left = facts.settings.expiresAt.seconds(since: facts.now)
        note(.windowEnding, left <= Self.endingBefore && !told.contains(.allDone), isOver: left > Self.endingBefore)
        // Half is no news when all is.
        let isAllDone = told.contains(.allDone)
        return Notice.Kind.allCases.filter { kind in
            told.contains(kind) && !before.contains(kind) && !(kind == .halfDone && isAllDone)
        }
    }

    private mutating func judgeCompletion(_ facts: Facts) {
        let counts = facts.totals.counts
        let movable = facts.totals.accounts - (counts[.nonMigrating] ?? 0)
        let completed = counts[.completed] ?? 0
        let isHalf = completed > 0 && completed * 2 >= movable
        // Where many more accounts have come since, both can become news again.
        note(.halfDone, isHalf, isOver: !isHalf)
        note(.allDone, completed > 0 && completed >= movable, isOver: !isHalf)
    }

    private mutating func judgeProgress(_ facts: Facts) {
        switch facts.reach {
        case .unknown: break
        case .reached: told.remove(.oldServerAway)
        case .lost(let since): note(.oldServerAway, facts.now.seconds(since: since) >= Self.awayAfter, isOver: false)
        }
        let isReachable = if case .lost = facts.reach { false } else { true }
        note(.stalled, isReachable && facts.idleSeconds >= Self.stalledAfter, isOver: facts.idleSeconds == 0)
    }

    private mutating func note(_ kind: Notice.Kind, _ isSo: Bool, isOver: Bool) {
        if isSo { told.insert(kind) } else if isOver { told.remove(kind) }
    }

    // MARK: Delivery

    mutating func add(_ notice: Notice) {
        pending = (pending + [notice]).suffix(Self.mostPending)
    }

    mutating func remove(_ notice: Notice) { pending.removeAll { $0 == notice } }
}
