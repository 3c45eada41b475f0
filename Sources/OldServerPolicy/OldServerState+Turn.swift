// SPDX-License-Identifier: Apache-2.0

/// What is decided at an old server.
extension OldServerState {
    /// Who of those that ask is let in, told that time is up, or refused.
    mutating func decideQuestions(_ bounds: Bounds, now: Moment, _ decisions: inout [Decision]) {
        endWhatIsOverdue(bounds, now: now, &decisions)
        for ticket in line.removeOverdue(now: now) { decisions.append(.refuse(ticket, .outOfTime)) }
        refuseWhileOpen(now: now, &decisions)
        while let first = firstUrgent(bounds, now: now) {
            _ = line.remove(first.ticket)
            open(first, now: now, &decisions)
        }
        refuseWhoWaitsInVain(bounds, now: now, &decisions)
        while line.urgent.isEmpty, let first = line.patient.first, mayAsk(.canWait, bounds, now: now) {
            _ = line.remove(first.ticket)
            open(first, now: now, &decisions)
        }
        noteChanges(bounds, now: now)
    }

    /// Accounts about which the server is silent, and not about others, leave half of the places to those others; where there
    /// is but one place, they let them go before.
    private func firstUrgent(_ bounds: Bounds, now: Moment) -> QuestionLine.Waiting? {
        guard !line.urgent.isEmpty, mayAsk(.somebodyWaits, bounds, now: now) else { return nil }
        let half = half(bounds, now: now)
        let stuck = asking.values.count { $0.role == .late || breaker.isNotorious($0.question.subject) }
        if stuck < half { return line.urgent.first }
        let other = line.urgent.first { !breaker.isNotorious($0.question.subject) }
        return other ?? (half == 0 ? line.urgent.first : nil)
    }

    private mutating func open(_ waiting: QuestionLine.Waiting, now: Moment, _ decisions: inout [Decision]) {
        breaker.admit(waiting.ticket)
        asking[waiting.ticket] = Asking(question: waiting.question, begun: now)
        decisions.append(.open(waiting.ticket))
        // Where that was a probe, the others are not asked.
        refuseWhileOpen(now: now, &decisions)
    }

    private mutating func refuseWhileOpen(now: Moment, _ decisions: inout [Decision]) {
        guard let refusal = breaker.refusal(now: now) else { return }
        // Runs wait: one of them is a probe in its time.
        for ticket in line.removeAll() { decisions.append(.refuse(ticket, refusal)) }
    }

    /// A question that has been sent goes on without its login; half of the places at most hold such ones. Where there is
    /// but one place, that one may: else nobody would get in where answers are late.
    private func mayOutlast(_ question: Question, _ bounds: Bounds, now: Moment) -> Bool {
        let half = half(bounds, now: now)
        return half > 0 ? late < half : !breaker.isNotorious(question.subject)
    }

    private mutating func endWhatIsOverdue(_ bounds: Bounds, now: Moment, _ decisions: inout [Decision]) {
        for ticket in asking.keys.filter({ isOverdue($0, bounds, now: now) }).sorted() {
            guard let entry = asking[ticket] else { continue }
            switch entry.role {
            case .waitedFor where entry.question.deadline <= now:
                learnFromOverdue(entry, ticket, bounds, now: now)
                if case .shown = entry.connection, mayOutlast(entry.question, bounds, now: now) {
                    asking[ticket]?.role = .late
                    decisions.append(.letGo(ticket))
                } else {
                    asking[ticket]?.role = .leaving
                    decisions.append(.giveUp(ticket))
                }
            case .kept(let until) where until <= now:
                asking[ticket]?.role = .leaving
                decisions.append(.endSession(ticket))
            case .late:
                asking[ticket]?.role = .leaving
                decisions.append(.giveUp(ticket))
            case .waitedFor, .kept, .leaving: break
            }
        }
    }

    private func isOverdue(_ ticket: Ticket, _ bounds: Bounds, now: Moment) -> Bool {
        guard let entry = asking[ticket] else { return false }
        return switch entry.role {
        case .waitedFor: entry.question.deadline <= now
        case .kept(let until): until <= now
        case .late: holdsUpOthers(entry, bounds, now: now)
        case .leaving: false
        }
    }

    /// Late questions have all places that there are, where that is one, and somebody waits: it has had its time twice.
    private func holdsUpOthers(_ entry: Asking, _ bounds: Bounds, now: Moment) -> Bool {
        !line.urgent.isEmpty && now - entry.begun >= bounds.login * 2 && half(bounds, now: now) == 0
    }

    /// What says something of the server is that it had half of a login's time, and said nothing.
    private mutating func learnFromOverdue(_ entry: Asking, _ ticket: Ticket, _ bounds: Bounds, now: Moment) {
        guard now - entry.begun >= bounds.login / 2 else { return breaker.ended(.abandoned, ticket, now: now) }
        switch entry.connection {
        // A server that is slow to greet has refused nothing.
        case .opening where standing > 0: breaker.ended(.abandoned, ticket, now: now)
        case .opening: _ = notTaken(ticket, about: nil, now: now)
        // Then the time for reading tells.
        case .shown where isSlow(now: now): break
        case .greeted, .shown: breaker.ended(.silent(about: entry.question.subject), ticket, now: now)
        case .answered, .none: break
        }
    }

    /// It answers late, as far as is known: that is no silence.
    private func isSlow(now: Moment) -> Bool {
        penalty.current(now: now) != nil || lateAnswer.map { now - $0 < Self.slowFor } ?? false
    }

    private static let slowFor = Duration.seconds(600)

    /// A connection was not taken, or closed before anyone was named.
    /// - Parameter about: whom it was for, where the server has greeted.
    /// - Returns: whether it was one too many, for others of ours stand; else the server is out of reach.
    mutating func notTaken(_ ticket: Ticket, about: OldServerPolicy.Subject?, now: Moment) -> Bool {
        let (stood, stands) = (stoodLately(now: now), standing)
        guard stood > 0 else {
            limit.isLost(now: now)
            if about == nil { lostSince = lostSince ?? now }
            breaker.ended(about.map { .silent(about: $0) } ?? .unreachable, ticket, now: now)
            return false
        }
        lastTooMany = now
        limit.refused(stood: stood, isRaced: stood > stands, now: now)
        breaker.ended(.abandoned, ticket, now: now)
        return true
    }

    // MARK: - Waiting in vain

    /// Those before whom so many wait that a login's time would not do: whoever waits for nothing takes up a mail server's
    /// worker, and in the end all of them.
    private mutating func refuseWhoWaitsInVain(_ bounds: Bounds, now: Moment, _ decisions: inout [Decision]) {
        while let last = line.urgent.last, foreseen(bounds, now: now) > bounds.login {
            line.removeLastUrgent()
            decisions.append(.refuse(last.ticket, .overloaded))
        }
    }

    /// How long it will be until the last in line is answered, as far as can be told: a question takes as long as the last
    /// few have taken, or as the latest that goes on. One account's silence says nothing of the others.
    private func foreseen(_ bounds: Bounds, now: Moment) -> Duration {
        let latest = latestBegun.map { now - $0 } ?? .zero
        return max(answers.average ?? .zero, latest) * rounds(bounds, now: now)
    }

    private func rounds(_ bounds: Bounds, now: Moment) -> Int {
        (line.urgent.count - 1) / max(1, questionPlaces(bounds, now: now)) + 1
    }

    private var latestBegun: Moment? { asking.values.lazy.filter { $0.role == .waitedFor }.map(\.begun).max() }

    // MARK: - Making way

    /// Runs that have more places than they may give one up: the latest first.
    mutating func callBack(_ bounds: Bounds, now: Moment, _ decisions: inout [Decision]) {
        runsWaitSince = runs.queued > 0 && moving.isEmpty ? runsWaitSince ?? now : nil
        let most = most(bounds, now: now)
        if runs.queued > 0 || (most != nil && !line.urgent.isEmpty) { callBackAdditional(&decisions) }
        guard let most else { return }
        let staying = moving.filter { !$0.value.makesWay }
        var excess = staying.count - runPlaces(bounds, now: now)
        if excess <= 0, most == 1, moving.count == 1, !line.urgent.isEmpty {
            excess = nextWay.map { $0 <= now } ?? true ? staying.count : 0
        }
        guard excess > 0 else { return }
        let latest = staying.sorted { one, other in
            one.value.isAdditional == other.value.isAdditional
                ? one.value.entry.rank > other.value.entry.rank : one.value.isAdditional
        }.prefix(excess)
        for (ticket, _) in latest {
            moving[ticket]?.makesWay = true
            decisions.append(.makeWay(ticket))
        }
    }

    // MARK: - When to look again

    func nextLook(_ bounds: Bounds, now: Moment) -> Moment? {
        var moments: [Moment] = []
        if let deadline = line.nextDeadline { moments.append(deadline) }
        for entry in asking.values {
            switch entry.role {
            case .waitedFor: moments.append(entry.question.deadline)
            case .kept(let until): moments.append(until)
            case .late: if !line.urgent.isEmpty { moments.append(entry.begun + bounds.login * 2) }
            case .leaving: break
            }
        }
        if !line.urgent.isEmpty, let latestBegun {
            // When ``refuseWhoWaitsInVain`` refuses it, if nothing happens before.
            moments.append(latestBegun + bounds.login / rounds(bounds, now: now) + .milliseconds(1))
        }
        let somebodyWaits = !line.isEmpty || runs.queued > 0
        if somebodyWaits, let most = most(bounds, now: now) {
            if let rise = limit.nextRise(now: now) { moments.append(rise) }
            moments += ended.map { $0.at + LearnedLimit.noticing }
            if most == 1 {
                if let nextWay, !line.urgent.isEmpty, !moving.isEmpty { moments.append(nextWay) }
                if let runsWaitSince { moments.append(runsWaitSince + OldServerPolicy.betweenWays) }
            }
        }
        if runs.queued > 0, let opening = breaker.opening { moments.append(opening.until) }
        if runs.queued > 0, let look = elsewhere.nextLook { moments.append(look) }
        if let known = limit.known { moments.append(known.refused + LearnedLimit.settling) }
        if !line.patient.isEmpty, let penalty = penalty.current(now: now) {
            moments.append(penalty.met + PenaltyWatch.memory)
        }
        return moments.lazy.filter { $0 > now }.min()
    }
}
