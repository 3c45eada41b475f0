// SPDX-License-Identifier: Apache-2.0

/// What happens to a connection.
extension OldServerState {
    mutating func greeted(_ ticket: Ticket, now: Moment) {
        change(ticket, to: .greeted)
        isUnsure = false
        elsewhere.granted(ticket)
        reached(now)
        breaker.greeted()
    }

    mutating func shown(_ ticket: Ticket, _ bounds: Bounds, now: Moment) {
        change(ticket, to: .shown(now))
        // A greeting alone proves nothing: some servers greet those, too, that they then refuse.
        limit.stand(served, ceiling: bounds.mostConnections, now: now)
    }

    mutating func refused(
        _ ticket: Ticket, at step: OldServerPolicy.RefusedStep, _ bounds: Bounds, now: Moment
    ) -> OldServerPolicy.AfterRefusal {
        change(ticket, to: .none)
        guard let subject = subject(ticket) else { return .isOver }
        let isOneTooMany: Bool
        if step == .name {
            lostSince = lostSince ?? now
            breaker.ended(.unreachable, ticket, now: now)
            isOneTooMany = false
        } else if step == .greeting, opening > 0, stoodLately(now: now) == 0 {
            // A server that closes what is one too many does so sooner than it greets the others.
            isUnsure = true
            breaker.ended(.abandoned, ticket, now: now)
            isOneTooMany = true
        } else {
            isOneTooMany = notTaken(ticket, about: step == .beforePassword ? subject : nil, now: now)
        }
        if let entry = asking.removeValue(forKey: ticket) {
            guard entry.role == .waitedFor else { return .isOver }
            guard isOneTooMany else { return .isOutage }
            line.insert(ticket, entry.question)
            return .waits
        }
        guard isOneTooMany else { return .isOutage }
        if moving[ticket]?.isAdditional == true { return .isOver }
        standInLine(ticket)
        return .waits
    }

    /// The password was judged.
    mutating func judged(_ ticket: Ticket, right: Bool, now: Moment) {
        if case .shown(let since)? = connection(ticket) {
            penalty.answered(right: right, after: now - since, now: now)
        }
        answered(ticket, now: now)
    }

    /// The server has said something.
    mutating func answered(_ ticket: Ticket, now: Moment) {
        reached(now)
        if let subject = subject(ticket) { breaker.ended(.answered(about: subject), ticket, now: now) }
        if let entry = asking[ticket], entry.connection.stands {
            answers.add(now - entry.begun)
            if entry.role == .late { lateAnswer = now }
        }
        change(ticket, to: .answered)
        asking[ticket]?.role = .leaving
    }

    /// It has said nothing for the time for reading.
    mutating func silent(_ ticket: Ticket, now: Moment) {
        guard let connection = connection(ticket), let subject = subject(ticket) else { return }
        switch connection {
        case .greeted, .shown: breaker.ended(.silent(about: subject), ticket, now: now)
        // A password was answered before: it says nothing of the others.
        case .answered, .none, .opening: breaker.ended(.abandoned, ticket, now: now)
        }
        leave(ticket)
    }

    /// It has closed a connection that stood.
    mutating func dropped(_ ticket: Ticket, now: Moment) {
        guard let connection = connection(ticket), let subject = subject(ticket) else { return }
        switch connection {
        case .greeted, .shown: breaker.ended(.answered(about: subject), ticket, now: now)
        case .answered, .none, .opening: breaker.ended(.abandoned, ticket, now: now)
        }
        leave(ticket)
    }

    /// We have closed it. A question's place is free then; a run keeps its own.
    mutating func closed(_ ticket: Ticket, now: Moment) {
        breaker.ended(.abandoned, ticket, now: now)
        if let connection = connection(ticket) { noteEnd(of: connection, now: now) }
        leave(ticket)
    }

    /// The session's place is the run's now.
    mutating func goOn(_ ticket: Ticket, in session: Ticket, now: Moment) {
        asking[session] = nil
        begin(ticket, in: .answered, now: now)
    }

    /// A run has a place.
    mutating func begin(_ ticket: Ticket, in connection: Connection, now: Moment) {
        guard let entry = runs.remove(ticket) else { return }
        if connection == .opening {
            breaker.admit(ticket)
            elsewhere.begins(ticket, now: now)
        }
        // It has waited for logins long enough: now they wait for it.
        if !line.urgent.isEmpty, isTurnOfRuns(now: now) { nextWay = now + OldServerPolicy.betweenWays }
        moving[ticket] = Moving(entry: entry, connection: connection)
    }

    /// A run has no place any more, and waits for another one, where it stood before.
    mutating func standInLine(_ ticket: Ticket) {
        guard let old = moving.removeValue(forKey: ticket) else { return }
        var entry = old.entry
        entry.isQueued = true
        entry.run.session = nil
        runs.insert(ticket, entry)
    }

    private mutating func reached(_ now: Moment) {
        lastReached = now
        lostSince = nil
    }

    /// The connection is gone: so is a question.
    private mutating func leave(_ ticket: Ticket) {
        asking[ticket] = nil
        moving[ticket]?.connection = .none
    }

    func connection(_ ticket: Ticket) -> Connection? { asking[ticket]?.connection ?? moving[ticket]?.connection }

    private func subject(_ ticket: Ticket) -> OldServerPolicy.Subject? {
        asking[ticket]?.question.subject ?? moving[ticket].map { .account($0.entry.run.account) }
    }

    private mutating func change(_ ticket: Ticket, to connection: Connection) {
        asking[ticket]?.connection = connection
        moving[ticket]?.connection = connection
    }
}
