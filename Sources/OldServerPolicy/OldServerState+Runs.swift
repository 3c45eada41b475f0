// SPDX-License-Identifier: Apache-2.0

/// Runs at an old server.
extension OldServerState {
    func isKept(_ session: Ticket?) -> Bool {
        guard let session, case .kept? = asking[session]?.role else { return false }
        return true
    }

    /// A run that may start.
    struct NextRun: Sendable {
        let ticket: Ticket
        let rank: RunLine.Rank
        let account: OldServerPolicy.Account
        let isSuspect: Bool
        /// In which it goes on.
        let session: Ticket?
        /// How many the server has.
        let places: Int
    }

    /// Which of the runs that wait may start first, as far as this server and its domains go.
    /// - Parameter suspects: whether one that is suspect may start.
    mutating func nextRun(_ bounds: Bounds, suspects: Bool, now: Moment) -> NextRun? {
        guard runs.queued > 0, mayRun(goesOn: true, bounds, now: now), breaker.refusal(now: now) == nil else {
            return nil
        }
        let mayOpen = mayRun(goesOn: false, bounds, now: now)
        let kept = asking.keys.filter { isKept($0) }
        guard mayOpen || !kept.isEmpty else { return nil }
        var moving: [String: Int] = [:]
        for run in self.moving.values { moving[run.entry.run.domain.name, default: 0] += 1 }
        let first = runs.first { run in
            (suspects || !run.isSuspect) && moving[run.domain.name, default: 0] < run.domain.share
                && (mayOpen || run.session.map { kept.contains($0) } ?? false)
        }
        guard let (ticket, entry) = first else { return nil }
        let run = entry.run
        return NextRun(
            ticket: ticket, rank: entry.rank, account: run.account, isSuspect: run.isSuspect,
            session: isKept(run.session) ? run.session : nil, places: self.moving.count)
    }

    /// Whether the first run of a domain's account would start at once in a session that is kept for it. Half of the places
    /// of questions at most are kept so.
    /// - Parameter alreadyMoving: runs from all servers.
    mutating func couldKeep(
        _ domain: OldServerPolicy.Domain, _ bounds: Bounds, alreadyMoving: Int, now: Moment
    ) -> Bool {
        let kept = kept
        let here = asking.values.count {
            if case .kept = $0.role { $0.question.domain.name == domain.name } else { false }
        }
        return elsewhere.mayBegin(moving: moving.keys, now: now) && kept < half(bounds, now: now)
            && moving.count + kept < runPlaces(bounds, now: now)
            && moving(in: domain.name) + here < domain.share && !runs.hasQueued(in: domain.name)
            && (moving.count + kept == 0 || alreadyMoving + kept < bounds.concurrentMoves)
    }

    func facts(_ bounds: Bounds, now: Moment) -> OldServerPolicy.Facts {
        var facts = OldServerPolicy.Facts()
        if let opening = breaker.opening, opening.isBySilence {
            facts.reach = .silent(since: opening.since)
        } else if let lostSince {
            facts.reach = .lost(since: lostSince)
        } else if let lastReached {
            facts.reach = .reached(lastReached)
        }
        if let known = limit.known {
            facts.limit = OldServerPolicy.Limit(
                connections: known.proven, asked: most(bounds, now: now), since: known.since, latest: known.refused,
                refusals: known.refusals)
        }
        facts.lastTooMany = lastTooMany
        facts.penalty = penalty.penalty
        facts.penalty?.isOver = penalty.current(now: now) == nil
        facts.loginDelay = loginDelay
        facts.answer = answers.average
        facts.asking = asking.count
        facts.moving = moving.values.count { !$0.isAdditional }
        facts.waitingQuestions = line.count
        facts.waitingRuns = runs.queued
        return facts
    }
}
