// SPDX-License-Identifier: Apache-2.0

/// How many connections an old server bears from one address: learnt from refusals before authentication, while others of
/// ours stood. It is asked by no more than stood; after ten minutes by one more, and so on each minute.
struct LearnedLimit: Equatable, Sendable {
    typealias Moment = OldServerPolicy.Moment

    struct Known: Equatable, Sendable {
        /// So many stood when one more was refused.
        var stood: Int
        /// So many have stood since.
        var proven: Int
        var refused: Moment
        let since: Moment
        var refusals = 1
        /// A place that we have left is not free over there at once.
        var isSlowToFree: Bool
    }

    /// For so long after a refusal nobody tries one more.
    static let rest = Duration.seconds(600)
    static let step = Duration.seconds(60)
    /// What a server may take to see that one of our connections has ended.
    static let noticing = Duration.seconds(1)
    /// After the latest refusal, it is told.
    static let settling = Duration.seconds(10)
    /// A server that is shut down refuses some while others still stand: what it taught within so long is void.
    private static let youth = Duration.seconds(60)

    private(set) var known: Known?
    /// What was known before the latest refusals, those of a minute.
    private var before: Known?

    /// How many connections it is asked to bear; nil where no limit is known, or all that are ever wanted are borne.
    func most(now: Moment, ceiling: Int) -> Int? {
        guard let known else { return nil }
        let most = known.stood + Self.steps(since: known.refused, now)
        return most < ceiling ? most : nil
    }

    /// When it is asked to bear one more.
    func nextRise(now: Moment) -> Moment? {
        known.map { $0.refused + Self.rest + Self.step * Self.steps(since: $0.refused, now) }
    }

    /// - Parameters:
    ///   - stood: how many of ours the server has borne at once within the last second.
    ///   - isRaced: some of them had just ended.
    mutating func refused(stood: Int, isRaced: Bool, now: Moment) {
        if let known, now - known.refused >= Self.youth { before = known }
        var next = known ?? Known(stood: 0, proven: 0, refused: now, since: now, refusals: 0, isSlowToFree: false)
        next.stood = max(1, stood)
        next.proven = next.stood
        next.refused = now
        next.refusals += 1
        next.isSlowToFree = next.isSlowToFree || isRaced
        known = next
    }

    /// So many stand: it bears as many. What has borne all that are ever wanted has no limit.
    mutating func stand(_ count: Int, ceiling: Int, now: Moment) {
        guard let known, count > known.proven else { return }
        guard count < ceiling else { return self = LearnedLimit() }
        let steps = Self.steps(since: known.refused, now)
        self.known?.proven = count
        self.known?.stood = max(known.stood, count - steps)
    }

    /// It is out of reach: what it refused just before, it refused for that.
    mutating func isLost(now: Moment) {
        guard let known, now - known.refused < Self.youth else { return }
        self.known = before
    }

    /// What is told of it: so many it bears, once it is clear that those are all.
    func settled(now: Moment) -> Int? {
        known.flatMap { now - $0.refused >= Self.settling ? $0.proven : nil }
    }

    private static func steps(since refused: Moment, _ now: Moment) -> Int {
        let over = now - refused - rest
        return over < .zero ? 0 : 1 + Int(over / step)
    }
}
