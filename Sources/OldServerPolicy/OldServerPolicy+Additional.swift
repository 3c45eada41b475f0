// SPDX-License-Identifier: Apache-2.0

/// Additional connections of runs, for mailboxes of which one connection brings less than it could: only where places lie
/// idle, and only until somebody waits for one.
extension OldServerPolicy {
    /// Whether ``addConnection(to:now:)`` would grant one.
    public func mayAddConnection(to ticket: Ticket, now: Moment) -> Bool {
        let leftToRuns = ready.isEmpty ? 0 : 1
        guard movingCount + additionalCount + leftToRuns < bounds.concurrentMoves else { return false }
        return servers[ticket.server]?.mayAdd(to: ticket, bounds, now: now) ?? false
    }

    /// A run opens another connection beside the one that it has.
    /// - Returns: what that is known by until ``removeConnection(_:now:)``; nil where the server has none to spare. Events and
    ///   ``Decision/makeWay(_:)`` are as for a run; ``refused(_:at:now:)`` is its end.
    public mutating func addConnection(to ticket: Ticket, now: Moment) -> Ticket? {
        guard mayAddConnection(to: ticket, now: now) else { return nil }
        let additional = self.ticket(ticket.server)
        at(ticket) { $0.add(additional, to: ticket) }
        additionalCount += 1
        return additional
    }

    /// It is closed, or was never opened.
    public mutating func removeConnection(_ additional: Ticket, now: Moment) {
        let wasThere = at(additional) { $0.remove(additional: additional, now: now) }
        if wasThere == true { additionalCount -= 1 }
    }

    /// Runs from all servers have the places that they may have, and more wait: additional connections give theirs up.
    mutating func callBackAdditional(_ decisions: inout [Decision]) {
        guard additionalCount > 0, movingCount + additionalCount >= bounds.concurrentMoves, !ready.isEmpty else {
            return
        }
        for server in known { visit(server) { $0.callBackAdditional(&decisions) } }
    }
}

extension OldServerState {
    /// What is not known to bear all that is ever wanted is not asked to bear more than runs need.
    func mayAdd(to ticket: Ticket, _ bounds: Bounds, now: Moment) -> Bool {
        guard let run = moving[ticket]?.entry.run, runs.queued == 0, line.isEmpty, !hesitates,
            moving.count < runPlaces(bounds, now: now), moving(in: run.domain.name) < run.domain.share,
            limit.known == nil, loginDelay == .zero, penalty.current(now: now) == nil
        else { return false }
        return breaker.opening == nil
    }

    mutating func add(_ additional: Ticket, to ticket: Ticket) {
        guard let entry = moving[ticket]?.entry else { return }
        moving[additional] = Moving(entry: entry, isAdditional: true)
    }

    /// - Returns: whether it was there.
    mutating func remove(additional: Ticket, now: Moment) -> Bool {
        guard let moving = moving.removeValue(forKey: additional) else { return false }
        breaker.ended(.abandoned, additional, now: now)
        noteEnd(of: moving.connection, now: now)
        return true
    }

    mutating func callBackAdditional(_ decisions: inout [Decision]) {
        for (ticket, entry) in moving.sorted(by: { $0.key < $1.key }) where entry.isAdditional && !entry.makesWay {
            moving[ticket]?.makesWay = true
            decisions.append(.makeWay(ticket))
        }
    }
}
