// SPDX-License-Identifier: Apache-2.0

@testable import OldServerPolicy

/// What happens to connections.
extension SimulatedDay {
    mutating func happen(_ event: Event) {
        switch event {
        case .visit(let user), .tryAgain(let user): logIn(user)
        case .look: break
        case .arrives(let ticket): arrive(ticket)
        case .refused(let ticket, let step): refuse(ticket, at: step)
        case .greeted(let ticket):
            guard isThere(ticket) else { return }
            policy.greeted(ticket, now: moment)
            show(ticket)
        case .answered(let ticket): answer(ticket)
        case .silent(let ticket):
            guard isThere(ticket) else { return }
            policy.silent(ticket, now: moment)
            disconnect(ticket)
            if askers.removeValue(forKey: ticket) == nil { end(ticket, retries: true) }
        case .closed(let ticket): close(ticket)
        case .noticed(let server): servers[server].close()
        case .moved(let ticket, let plan):
            guard movers[ticket]?.plan == plan, let user = movers[ticket]?.user else { return }
            users[user].remaining = 0
            policy.closed(ticket, now: moment)
            disconnect(ticket)
            end(ticket, retries: false)
        case .madeWay(let ticket):
            guard movers[ticket] != nil else { return }
            policy.madeWay(ticket, now: moment)
            disconnect(ticket)
        }
    }

    func isThere(_ ticket: Ticket) -> Bool { askers[ticket] != nil || movers[ticket] != nil }

    mutating func logIn(_ user: Int) {
        guard !users[user].isHandedOver else { return wantRun(user, .incremental) }
        let isRight = users[user].types()
        if isRight { users[user].rightTries += 1 }
        let ticket = policy.want(
            OldServerPolicy.Question(
                .account(Int64(user)), domain: domain(user), deadline: moment + policy.bounds.login),
            at: servers[users[user].server].endpoint)
        askers[ticket] = Asker(user: user, isRight: isRight, since: now)
    }

    /// Three domains a server.
    func domain(_ user: Int) -> OldServerPolicy.Domain { OldServerPolicy.Domain("\(user % 3)") }

    mutating func arrive(_ ticket: Ticket) {
        guard isThere(ticket) else { return }
        let index = server(ticket)
        let (trip, patience) = (servers[index].roundTrip, policy.bounds.login)
        switch servers[index].connect(at: now) {
        case .greets:
            askers[ticket]?.isConnected = true
            movers[ticket]?.isConnected = true
            plan(.greeted(ticket), in: trip)
        case .refuses(.beforePassword):
            // It has greeted.
            policy.greeted(ticket, now: moment)
            plan(.refused(ticket, .beforePassword), in: trip)
        case .refuses(let step): plan(.refused(ticket, step), in: trip)
        case .isSilent: plan(.refused(ticket, .connection), in: patience)
        }
    }

    mutating func refuse(_ ticket: Ticket, at step: OldServerPolicy.RefusedStep) {
        guard isThere(ticket) else { return }
        let after = policy.refused(ticket, at: step, now: moment)
        switch after {
        case .waits: break
        case .isOutage:
            if let asker = askers.removeValue(forKey: ticket) {
                tell(asker, "unreachable")
            } else {
                end(ticket, retries: true)
            }
        case .isOver: askers[ticket] = nil
        }
    }

    mutating func show(_ ticket: Ticket) {
        policy.shown(ticket, now: moment)
        let index = server(ticket)
        let user = askers[ticket]?.user ?? movers[ticket]?.user ?? 0
        let answer = servers[index].answer(right: askers[ticket]?.isRight ?? true, user: user, at: now)
        plan(answer.map { _ in .answered(ticket) } ?? .silent(ticket), in: answer ?? .seconds(60))
    }

    mutating func answer(_ ticket: Ticket) {
        let trip = servers[server(ticket)].roundTrip
        guard let asker = askers[ticket] else {
            guard movers[ticket] != nil else { return }
            _ = policy.accepted(ticket, now: moment)
            return fetch(ticket)
        }
        let user = asker.user
        guard asker.isRight else {
            policy.rejected(ticket, now: moment)
            tell(asker, nil)
            return plan(.closed(ticket), in: trip)
        }
        let after = policy.accepted(ticket, now: moment)
        if !users[user].isHandedOver {
            users[user].isHandedOver = true
            users[user].acceptedAt = now
            if !asker.isAlone { measured[users[user].server].tries[users[user].rightTries, default: 0] += 1 }
            tell(asker, nil)
            wantRun(user, .first, in: after == .keep ? ticket : nil)
        }
        if after == .end { plan(.closed(ticket), in: trip) }
    }

    mutating func close(_ ticket: Ticket) {
        guard askers.removeValue(forKey: ticket) != nil else { return }
        policy.closed(ticket, now: moment)
        plan(.noticed(server: server(ticket)), in: servers[server(ticket)].notices)
    }

    /// The old server sees in a moment that a connection has ended.
    mutating func disconnect(_ ticket: Ticket) {
        let index = server(ticket)
        if askers[ticket]?.isConnected ?? movers[ticket]?.isConnected ?? false {
            plan(.noticed(server: index), in: servers[index].notices)
        }
        askers[ticket]?.isConnected = false
        movers[ticket]?.isConnected = false
        movers[ticket]?.fetches = nil
    }

    /// A login has its answer.
    mutating func tell(_ asker: Asker, _ refusal: String?) {
        guard !asker.isAlone else { return }
        let index = users[asker.user].server
        // What those meet who are never answered says nothing.
        if !servers[index].hangs(for: asker.user) {
            measured[index].logins.append((now - asker.since).inSeconds)
            measured[index].loginWaits.append(((asker.opened ?? now) - asker.since).inSeconds)
            if let refusal { measured[index].refusals[refusal, default: 0] += 1 }
        }
        // In the evening, they leave it.
        if !users[asker.user].isHandedOver, now < .hours(24) {
            plan(.tryAgain(user: asker.user), in: users[asker.user].hesitation())
        }
    }
}
