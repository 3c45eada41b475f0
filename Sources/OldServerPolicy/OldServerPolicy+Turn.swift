// SPDX-License-Identifier: Apache-2.0

/// What is decided.
extension OldServerPolicy {
    /// Time, and what follows from all that has happened since the last turn.
    public mutating func turn(now: Moment) -> Turn {
        var turn = Turn()
        let bounds = bounds
        while let alarm = alarms.first, alarm.at <= now {
            alarms.removeFirst()
            if visit(alarm.server, { $0.stop(alarm.at) }) == true { touch(alarm.server) }
        }
        while let first = later.first, first.at <= now {
            later.removeFirst()
            let isDue = at(first.ticket) { $0.runs.enqueue(first.ticket, now: now) }
            if isDue == true { ready.insert(first.ticket.server) }
        }
        repeat {
            let looked = changed
            changed = []
            for server in looked { visit(server) { $0.decideQuestions(bounds, now: now, &turn.decisions) } }
            for server in looked + startRuns(among: looked, now: now, &turn.decisions) {
                visit(server) { $0.callBack(bounds, now: now, &turn.decisions) }
                for news in visit(server, { $0.takeNews() }) ?? [] { turn.decisions.append(.tell(server, news)) }
                if visit(server, { $0.runs.queued > 0 }) == false { ready.remove(server) }
                let alarm = visit(server) { $0.setAlarm(bounds, now: now) }
                if case let alarm?? = alarm { alarms.insert(Alarm(at: alarm, server: server)) }
            }
        } while !changed.isEmpty
        callBackAdditional(&turn.decisions)
        turn.next = [alarms.first?.at, later.first?.at].compactMap { $0 }.min()
        return turn
    }

    public func facts(of server: Endpoint, now: Moment) -> Facts {
        servers[server]?.facts(bounds, now: now) ?? Facts()
    }

    /// All that were asked for something.
    public var known: [Endpoint] { servers.keys.sorted { $0.description < $1.description } }
}

// MARK: - Runs that start

extension OldServerPolicy {
    private struct Candidate {
        let server: Endpoint
        let run: OldServerState.NextRun
    }

    /// Each server with work has one place, beyond the daemon's own limit if need be, and servers share the rest: the next
    /// place goes to the one that has the fewest.
    /// - Returns: those at which a run has started.
    private mutating func startRuns(
        among looked: [Endpoint], now: Moment, _ decisions: inout [Decision]
    ) -> [Endpoint] {
        // Where no place has become free for all, only they can have got one.
        let contenders = hasRoom ? Array(ready) : looked.filter { ready.contains($0) }
        hasRoom = false
        var candidates = contenders.compactMap { candidate(at: $0, now: now) }
        var started: [Endpoint] = []
        while let index = next(of: candidates) {
            let (server, run) = (candidates[index].server, candidates[index].run)
            // Unless another one that is suspect has begun in this turn.
            if suspect == nil || !run.isSuspect {
                start(run, now: now, &decisions)
                started.append(server)
            }
            if let next = candidate(at: server, now: now) {
                candidates[index] = next
            } else {
                candidates.remove(at: index)
            }
        }
        return started
    }

    private func next(of candidates: [Candidate]) -> Int? {
        let isFull = movingCount >= bounds.concurrentMoves
        return candidates.indices.filter { !isFull || candidates[$0].run.places == 0 }.min {
            let (left, right) = (candidates[$0].run, candidates[$1].run)
            return left.places == right.places ? left.rank < right.rank : left.places < right.places
        }
    }

    private mutating func start(_ run: OldServerState.NextRun, now: Moment, _ decisions: inout [Decision]) {
        let ticket = run.ticket
        if run.isSuspect { suspect = ticket }
        movingCount += 1
        if let session = run.session {
            // A place of logins is free now.
            at(ticket) { $0.goOn(ticket, in: session, now: now) }
            decisions.append(.goOn(ticket, in: session))
        } else {
            visit(ticket.server) { $0.begin(ticket, in: .opening, now: now) }
            decisions.append(.open(ticket))
        }
    }

    /// Whose turn it is at a server, if it may begin.
    private mutating func candidate(at server: Endpoint, now: Moment) -> Candidate? {
        let (bounds, isFree) = (bounds, suspect == nil)
        while case let run?? = visit(server, { $0.nextRun(bounds, suspects: isFree, now: now) }) {
            guard run.session == nil, let due = delays[run.account], due > now else {
                return Candidate(server: server, run: run)
            }
            // RFC 2449 §6.6: another login would be refused now.
            visit(server) { $0.runs.putOff(run.ticket, until: due) }
            later.insert(Later(at: due, ticket: run.ticket))
        }
        return nil
    }

    /// Whether a first run of the account would start at once.
    mutating func couldStart(_ question: Question, at server: Endpoint, now: Moment) -> Bool {
        if let account = question.subject.account {
            if runs[account] != nil { return false }
            if let rest = rests[account], rest > now { return false }
        }
        let (bounds, moves) = (bounds, movingCount)
        return visit(server) { $0.couldKeep(question.domain, bounds, alreadyMoving: moves, now: now) } ?? false
    }
}
