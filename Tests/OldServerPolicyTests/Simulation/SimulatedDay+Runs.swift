// SPDX-License-Identifier: Apache-2.0

@testable import OldServerPolicy

/// Runs, and what is decided.
extension SimulatedDay {
    mutating func wantRun(_ user: Int, _ kind: OldServerPolicy.Run.Kind, in session: Ticket? = nil) {
        let server = servers[users[user].server].endpoint
        if kind == .incremental, users[user].remaining == 0 { users[user].remaining = user % 3 }
        let run = OldServerPolicy.Run(
            account: Int64(user), kind: kind, domain: domain(user), due: moment, session: session)
        if let ticket = policy.want(run, at: server, now: moment) { movers[ticket] = Mover(user: user) }
    }

    mutating func fetch(_ ticket: Ticket) {
        guard var mover = movers[ticket] else { return }
        let index = server(ticket)
        mover.fetches = now
        mover.plan += 1
        movers[ticket] = mover
        plan(.moved(ticket, of: mover.plan), in: servers[index].message * users[mover.user].remaining)
    }

    mutating func makeWay(_ ticket: Ticket) {
        guard var mover = movers[ticket] else { return }
        let message = servers[server(ticket)].message
        mover.plan += 1
        movers[ticket] = mover
        guard let since = mover.fetches else { return plan(.madeWay(ticket), in: message) }
        let done = Int((now - since) / message) + 1
        users[mover.user].remaining = max(0, users[mover.user].remaining - done)
        plan(.madeWay(ticket), at: since + message * done)
    }

    mutating func end(_ ticket: Ticket, retries: Bool) {
        guard let mover = movers.removeValue(forKey: ticket) else { return }
        let user = mover.user
        users[user].failures = retries ? users[user].failures + 1 : 0
        var next: (run: OldServerPolicy.Run, server: OldServerPolicy.Endpoint)?
        if retries {
            let wait = Duration.seconds(min(900, 1 << min(users[user].failures, 10)))
            let run = OldServerPolicy.Run(
                account: Int64(user), kind: .retry, domain: domain(user), due: moment + wait)
            next = (run, ticket.server)
        }
        _ = policy.finished(ticket, now: moment)
        if let next, let ticket = policy.want(next.run, at: next.server, now: moment) {
            movers[ticket] = Mover(user: user)
        }
    }

    // MARK: - What is decided

    mutating func obey() {
        let turn = policy.turn(now: moment)
        for decision in turn.decisions { obey(decision) }
        if let next = turn.next {
            let at = next - start
            if look.map({ at < $0 }) ?? true {
                look = at
                plan(.look, at: max(at, now))
            }
        }
    }

    mutating func obey(_ decision: OldServerPolicy.Decision) {
        switch decision {
        case .open(let ticket):
            askers[ticket]?.opened = now
            noteBeginning(ticket)
            plan(.arrives(ticket), in: servers[server(ticket)].roundTrip)
        case .goOn(let ticket, let session):
            noteBeginning(ticket)
            movers[ticket]?.isConnected = true
            askers[session] = nil
            fetch(ticket)
        case .refuse(let ticket, let refusal):
            if let asker = askers.removeValue(forKey: ticket) {
                tell(asker, "\(refusal)")
            } else {
                end(ticket, retries: true)
            }
        case .letGo(let ticket):
            measured[server(ticket)].late += 1
            guard let asker = askers[ticket] else { return }
            tell(asker, "late")
            askers[ticket]?.isAlone = true
        case .giveUp(let ticket):
            guard let asker = askers[ticket] else { return }
            tell(asker, "gave up")
            askers[ticket]?.isAlone = true
            disconnect(ticket)
            askers[ticket] = nil
            policy.closed(ticket, now: moment)
        case .endSession(let ticket): plan(.closed(ticket), in: servers[server(ticket)].roundTrip)
        case .makeWay(let ticket):
            measured[server(ticket)].ways += 1
            makeWay(ticket)
        case .tell(let endpoint, let news):
            guard let index = indices[endpoint] else { return }
            measured[index].news.append((now, news))
        }
    }

    mutating func noteBeginning(_ ticket: Ticket) {
        guard let mover = movers[ticket], let accepted = users[mover.user].acceptedAt else { return }
        let index = server(ticket)
        users[mover.user].acceptedAt = nil
        measured[index].runWaits.append((now - accepted).inSeconds)
        if users[mover.user].failures == 0 { measured[index].firstRuns.append(accepted) }
    }

    static func clock(_ time: Duration) -> String {
        let minutes = Int(time / .seconds(60))
        return "\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
    }
}
