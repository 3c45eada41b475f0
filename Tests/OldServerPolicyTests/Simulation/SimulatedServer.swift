// SPDX-License-Identifier: Apache-2.0

import OldServerPolicy

/// An old server without a socket: what it does to whom, by virtual time.
struct SimulatedServer {
    /// What it does to a connection.
    enum Welcome: Equatable {
        case greets
        case refuses(OldServerPolicy.RefusedStep)
        /// No packet comes back.
        case isSilent
    }

    enum Outage: Equatable {
        /// Nothing listens.
        case refusing
        /// Nothing comes back.
        case blackHole
        /// It greets, and then answers no password.
        case hanging
    }

    var name: String
    var users: Int
    /// So many connections from our address, however they are refused.
    var bears = Int.max
    var refusal = OldServerPolicy.RefusedStep.greeting
    /// From and to, in hours.
    var outage: (kind: Outage, from: Double, to: Double)?
    /// Dovecot's: each wrong password doubles what all wait for their answer, up to 15 s, until somebody is right.
    var penalises = false
    /// One account in so many is never answered.
    var hangsForOneIn: Int?
    var message = Duration.milliseconds(100)
    /// How long it takes to see that a connection has ended.
    var notices = Duration.milliseconds(20)
    var roundTrip = Duration.milliseconds(20)
    var check = Duration.milliseconds(60)

    private(set) var open = 0
    private var wrongInARow = 0
    private var latestWrong = Duration.zero
    /// What it went through, for the report.
    private(set) var mostOpen = 0
    private(set) var refused = 0

    init(_ name: String, users: Int, _ change: (inout Self) -> Void = { _ in }) {
        self.name = name
        self.users = users
        change(&self)
    }

    var endpoint: OldServerPolicy.Endpoint { OldServerPolicy.Endpoint(host: name, port: 110) }

    func outage(at time: Duration) -> Outage? {
        guard let outage, time >= .hours(outage.from), time < .hours(outage.to) else { return nil }
        return outage.kind
    }

    /// Somebody connects; whoever is greeted counts until ``close()``.
    mutating func connect(at time: Duration) -> Welcome {
        switch outage(at: time) {
        case .refusing: return .refuses(.connection)
        case .blackHole: return .isSilent
        case .hanging, nil: break
        }
        guard open < bears else {
            refused += 1
            return .refuses(refusal)
        }
        open += 1
        mostOpen = max(mostOpen, open)
        return .greets
    }

    mutating func close() { open -= 1 }

    func hangs(for user: Int) -> Bool { hangsForOneIn.map { user % $0 == 0 } ?? false }

    /// How long the answer to a password takes; nil where there is none.
    mutating func answer(right: Bool, user: Int, at time: Duration) -> Duration? {
        if outage(at: time) == .hanging { return nil }
        if hangs(for: user) { return nil }
        guard penalises else { return check }
        if time - latestWrong > .seconds(120) { wrongInARow = 0 }
        let penalty = wrongInARow == 0 ? Duration.zero : .seconds(min(15, 1 << wrongInARow))
        if right {
            wrongInARow = 0
            return check + penalty
        }
        wrongInARow += 1
        latestWrong = time
        // auth_failure_delay
        return check + penalty + .seconds(2)
    }
}

extension Duration {
    static func hours(_ hours: Double) -> Duration { .seconds(hours * 3600) }

    var inSeconds: Double { self / .seconds(1) }
}
