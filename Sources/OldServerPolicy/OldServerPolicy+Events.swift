// SPDX-License-Identifier: Apache-2.0

/// What happens to whoever has a place.
extension OldServerPolicy {
    /// A run opens a connection again in the place that it has.
    public mutating func opens(_ ticket: Ticket) {
        at(ticket) { server in
            if server.moving[ticket]?.connection == OldServerState.Connection.none {
                server.moving[ticket]?.connection = .opening
            }
        }
    }

    /// The server has greeted, in TLS where that is wanted.
    public mutating func greeted(_ ticket: Ticket, now: Moment) { at(ticket) { $0.greeted(ticket, now: now) } }

    /// The password is being sent.
    public mutating func shown(_ ticket: Ticket, now: Moment) {
        let bounds = bounds
        at(ticket) { $0.shown(ticket, bounds, now: now) }
    }

    /// The server has refused the connection, not the account.
    public mutating func refused(_ ticket: Ticket, at step: RefusedStep, now: Moment) -> AfterRefusal {
        let bounds = bounds
        let after = at(ticket) { $0.refused(ticket, at: step, bounds, now: now) }
        if after == .waits, accounts[ticket] != nil { waitsAgain(ticket) }
        return after ?? .isOver
    }

    /// The password was right.
    /// - Parameter loginDelay: `LOGIN-DELAY`, where it is announced.
    /// - Returns: of a question, whether its session is kept for the run that follows.
    public mutating func accepted(_ ticket: Ticket, loginDelay: Duration = .zero, now: Moment) -> AfterAcceptance {
        let asking = at(ticket) { server in
            server.judged(ticket, right: true, now: now)
            server.loginDelay = loginDelay
            return server.asking[ticket]?.question
        }
        let question = asking ?? nil
        if loginDelay > .zero, let account = question?.subject.account ?? accounts[ticket] {
            delays.set(account, until: now + loginDelay, now: now)
        }
        guard let question, couldStart(question, at: ticket.server, now: now) else { return .end }
        let until = now + bounds.keptSession
        at(ticket) { $0.asking[ticket]?.role = .kept(until: until) }
        return .keep
    }

    /// It was wrong, or there is no such user.
    public mutating func rejected(_ ticket: Ticket, now: Moment) {
        at(ticket) { $0.judged(ticket, right: false, now: now) }
    }

    /// The server has said something else: in use, too early, out of order, nonsense.
    public mutating func answered(_ ticket: Ticket, now: Moment) { at(ticket) { $0.answered(ticket, now: now) } }

    /// It has said nothing for `timeouts.read`, and the connection was closed for that.
    public mutating func silent(_ ticket: Ticket, now: Moment) { at(ticket) { $0.silent(ticket, now: now) } }

    /// It has closed a connection after its greeting; before the password only where it was told of an account.
    public mutating func dropped(_ ticket: Ticket, now: Moment) { at(ticket) { $0.dropped(ticket, now: now) } }

    /// We have closed it. A question's place is free then; a run keeps its own.
    public mutating func closed(_ ticket: Ticket, now: Moment) { at(ticket) { $0.closed(ticket, now: now) } }

    /// A run has closed its connection between two messages, and waits for a place again, where it stood before.
    public mutating func madeWay(_ ticket: Ticket, now: Moment) {
        let waits = at(ticket) { server in
            guard let moving = server.moving[ticket] else { return false }
            server.noteEnd(of: moving.connection, now: now)
            server.breaker.ended(.abandoned, ticket, now: now)
            server.nextWay = now + Self.betweenWays
            server.standInLine(ticket)
            return true
        }
        if waits == true { waitsAgain(ticket) }
    }

    /// A run is over.
    /// - Parameter next: how and where the account wants to run again.
    /// - Returns: whether somebody has joined it, perhaps after it had recorded its end.
    public mutating func finished(_ ticket: Ticket, next: (run: Run, server: Endpoint)? = nil, now: Moment) -> Bool {
        guard let account = accounts[ticket] else { return false }
        let hadPlace = at(ticket) { server in
            server.runs.remove(ticket)
            server.breaker.ended(.abandoned, ticket, now: now)
            guard let moving = server.moving.removeValue(forKey: ticket) else { return false }
            server.noteEnd(of: moving.connection, now: now)
            return true
        }
        if hadPlace == true { placeIsFree() }
        forget(ticket)
        rests.set(account, until: now + bounds.betweenRuns, now: now)
        if let next { _ = put(next.run, at: next.server, now: now) }
        return joined.remove(account) != nil
    }

    /// The server has as many runs as it may, with those of other nodes: none begins here for a moment, and then one at a time.
    /// - Returns: when.
    public mutating func full(_ ticket: Ticket, now: Moment) -> Moment {
        at(ticket) { $0.elsewhere.full(now: now) }
        return now + SharedRoom.wait
    }

    /// With those of other nodes, it may have this run.
    public mutating func mayRun(_ ticket: Ticket) { at(ticket) { $0.elsewhere.granted(ticket) } }

    /// The run that goes on has not ended the process: the next suspect may begin.
    public mutating func clear(_ account: Account) {
        guard let suspect, accounts[suspect] == account else { return }
        self.suspect = nil
        hasRoom = true
    }

    /// Somebody has tried how many connections the server bears, without logging in.
    public mutating func tried(_ server: Endpoint, bears connections: Int, now: Moment) {
        touch(server)
        servers[server]?.limit.refused(stood: connections, isRaced: false, now: now)
    }
}
