// SPDX-License-Identifier: Apache-2.0

/// One old server: who has a place there, who waits for one, and what has been learnt of it.
///
/// A place is the right to one connection. Whoever has one counts from the decision to open it until it is closed, in
/// whichever state the connection is, so nothing is counted twice and nothing is forgotten.
struct OldServerState: Sendable {
    typealias Moment = OldServerPolicy.Moment
    typealias Ticket = OldServerPolicy.Ticket
    typealias Question = OldServerPolicy.Question
    typealias Run = OldServerPolicy.Run
    typealias Bounds = OldServerPolicy.Bounds
    typealias Decision = OldServerPolicy.Decision

    enum Connection: Equatable, Sendable {
        /// A run between two connections.
        case none
        case opening
        case greeted
        /// The password has been sent.
        case shown(Moment)
        /// … and accepted, or answered.
        case answered

        /// The old server counts it.
        var stands: Bool { self == .greeted || isServed }

        var isServed: Bool {
            switch self {
            case .none, .opening, .greeted: false
            case .shown, .answered: true
            }
        }
    }

    struct Asking: Sendable {
        enum Role: Equatable, Sendable {
            case waitedFor
            /// It outlasts whoever waited for it.
            case late
            /// The session in which the password was accepted waits for its run.
            case kept(until: Moment)
            /// It is being closed.
            case leaving
        }

        var question: Question
        let begun: Moment
        var connection = Connection.opening
        var role = Role.waitedFor
    }

    struct Moving: Sendable {
        var entry: RunLine.Waiting
        var connection = Connection.opening
        var makesWay = false
        /// It is not its run's only one: nobody waits for it.
        var isAdditional = false
    }

    var asking: [Ticket: Asking] = [:]
    var moving: [Ticket: Moving] = [:]
    var line = QuestionLine()
    var runs = RunLine()

    var breaker = CircuitBreaker()
    var limit = LearnedLimit()
    var penalty = PenaltyWatch()
    var answers = AnswerTimes()
    /// When an answer has last come that nobody waited for any more.
    var lateAnswer: Moment?
    var loginDelay = Duration.zero
    /// One was closed before a greeting while others of ours were being opened: whether it was one too many or the server is
    /// out of order, they tell.
    var isUnsure = false
    /// What other nodes leave.
    var elsewhere = SharedRoom()
    var lastReached: Moment?
    var lostSince: Moment?
    var lastTooMany: Moment?
    /// Those of our connections that we have ended within the last second, and how many stood just before.
    private(set) var ended: [(at: Moment, stood: Int)] = []

    /// With but one place: since when a run waits for it …
    var runsWaitSince: Moment?
    /// … and before when none gives it up again.
    var nextWay: Moment?

    /// Since the policy has last looked at it.
    private var isChanged = false
    /// When the policy looks at it again.
    private var alarm: Moment?
    private var news: [OldServerPolicy.News] = []
    private var told = Told()

    /// What has been told of the server.
    private struct Told: Sendable {
        var isOpen = false
        var isBySilence = false
        var limit: Int?
        var penalty: (delay: Duration, at: Moment)?
    }

    private static let repeats = Duration.seconds(3600)

    // MARK: What stands

    var standing: Int {
        asking.values.count { $0.connection.stands } + moving.values.count { $0.connection.stands }
    }

    /// Those that have not been greeted.
    var opening: Int {
        asking.values.count { $0.connection == .opening } + moving.values.count { $0.connection == .opening }
    }

    /// Nobody opens another one until it is clear what became of the last.
    var hesitates: Bool { isUnsure && opening > 0 }

    /// Those of them that are more than greeted.
    var served: Int {
        asking.values.count { $0.connection.isServed } + moving.values.count { $0.connection.isServed }
    }

    /// The most that stood at once within the last second: what the old server may still count.
    func stoodLately(now: Moment) -> Int {
        ended.lazy.filter { now - $0.at < LearnedLimit.noticing }.map(\.stood).reduce(standing, max)
    }

    /// We have ended a connection that may have stood.
    mutating func noteEnd(of connection: Connection, now: Moment) {
        ended.removeAll { now - $0.at >= LearnedLimit.noticing }
        if connection.stands { ended.append((now, standing)) }
    }

    /// Places that are taken, those among them that the server may not have seen to be free.
    func taken(now: Moment) -> Int {
        let lingering = limit.known?.isSlowToFree == true
        let lately = lingering ? ended.count { now - $0.at < LearnedLimit.noticing } : 0
        return asking.count + moving.count + lately
    }

    var kept: Int { asking.values.count { if case .kept = $0.role { true } else { false } } }
    var late: Int { asking.values.count { $0.role == .late } }

    func moving(in domain: String) -> Int { moving.values.count { $0.entry.run.domain.name == domain } }

    // MARK: How many may

    func most(_ bounds: Bounds, now: Moment) -> Int? { limit.most(now: now, ceiling: bounds.mostConnections) }

    /// Connections of questions at once. Where a limit is known, what runs leave of it; they have one place where they wait.
    func questionPlaces(_ bounds: Bounds, now: Moment) -> Int {
        guard let most = most(bounds, now: now) else { return bounds.loginConnections }
        let forRuns = max(moving.count, runs.queued > 0 ? 1 : 0)
        return min(bounds.loginConnections, max(1, most - forRuns))
    }

    /// Of those, what background questions, late ones and kept sessions leave free.
    func half(_ bounds: Bounds, now: Moment) -> Int { questionPlaces(bounds, now: now) / 2 }

    /// Runs at once. Where a limit is known, one place of it is kept from them.
    func runPlaces(_ bounds: Bounds, now: Moment) -> Int {
        min(bounds.connectionsPerOldServer, most(bounds, now: now).map { max(1, $0 - 1) } ?? .max)
    }

    /// With but one place, runs have it no later than half a minute after they have lost it.
    func isTurnOfRuns(now: Moment) -> Bool { runsWaitSince.map { now - $0 >= OldServerPolicy.betweenWays } ?? false }

    func mayAsk(_ urgency: Question.Urgency, _ bounds: Bounds, now: Moment) -> Bool {
        guard !hesitates else { return false }
        let places = questionPlaces(bounds, now: now)
        switch urgency {
        case .somebodyWaits: guard asking.count < places else { return false }
        case .canWait:
            // One that is wrong would cost those for whom somebody waits.
            guard asking.count < max(1, places / 2), penalty.current(now: now) == nil else { return false }
        }
        guard let most = most(bounds, now: now) else { return true }
        return taken(now: now) < most && !(most == 1 && isTurnOfRuns(now: now))
    }

    /// - Parameter goesOn: in a session that stands.
    func mayRun(goesOn: Bool, _ bounds: Bounds, now: Moment) -> Bool {
        guard moving.count < runPlaces(bounds, now: now), goesOn || !hesitates,
            elsewhere.mayBegin(moving: moving.keys, now: now)
        else { return false }
        guard let most = most(bounds, now: now), !goesOn else { return true }
        return taken(now: now) < most && (most > 1 || line.urgent.isEmpty || isTurnOfRuns(now: now))
    }

    // MARK: When it is looked at

    /// - Returns: whether nobody knew yet.
    mutating func change() -> Bool {
        defer { isChanged = true }
        return !isChanged
    }

    /// - Returns: when to look at it again, where nobody does so earlier.
    mutating func setAlarm(_ bounds: Bounds, now: Moment) -> Moment? {
        guard let next = nextLook(bounds, now: now), alarm.map({ next < $0 }) ?? true else { return nil }
        alarm = next
        return next
    }

    /// - Returns: whether the alarm was set for this moment; one that was set before an earlier one is void.
    mutating func stop(_ moment: Moment) -> Bool {
        guard alarm == moment else { return false }
        alarm = nil
        return true
    }

    // MARK: What is told

    mutating func takeNews() -> [OldServerPolicy.News] {
        defer { news = [] }
        return news
    }

    /// Says what has changed since it was last said.
    mutating func noteChanges(_ bounds: Bounds, now: Moment) {
        isChanged = false
        penalty.pass(now: now)
        let opening = breaker.opening
        if (opening != nil) != told.isOpen || opening.map({ $0.isBySilence != told.isBySilence }) ?? false {
            if let opening {
                let since = opening.since
                news.append(opening.isBySilence ? .isSilent(since: since) : .isUnreachable(since: since))
            } else {
                news.append(.answersAgain)
            }
            told.isOpen = opening != nil
            told.isBySilence = opening?.isBySilence ?? false
        }
        if limit.known == nil, told.limit != nil {
            news.append(.bearsAll)
            told.limit = nil
        } else if let connections = limit.settled(now: now), connections != told.limit {
            news.append(.bearsOnly(connections: connections))
            told.limit = connections
        }
        if let delay = penalty.current(now: now)?.delay {
            // It comes and goes all day.
            let isKnown = told.penalty.map { delay <= $0.delay && now - $0.at < Self.repeats } ?? false
            if !isKnown {
                news.append(.penalises(delay: delay))
                told.penalty = (delay, now)
            }
        }
    }
}
