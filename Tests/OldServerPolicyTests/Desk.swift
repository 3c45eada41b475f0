// SPDX-License-Identifier: Apache-2.0

@testable import OldServerPolicy

typealias Question = OldServerPolicy.Question
typealias Run = OldServerPolicy.Run
typealias Ticket = OldServerPolicy.Ticket
typealias Endpoint = OldServerPolicy.Endpoint
typealias Decision = OldServerPolicy.Decision

/// The policy with a clock that the test moves, and short words for what happens.
struct Desk {
    static let old = Endpoint(host: "old.example", port: 110)

    var policy: OldServerPolicy
    private let start = OldServerPolicy.Moment.now
    private var elapsed = Duration.zero

    init(_ bounds: OldServerPolicy.Bounds = OldServerPolicy.Bounds()) { policy = OldServerPolicy(bounds) }

    var now: OldServerPolicy.Moment { start + elapsed }

    func at(_ seconds: Double) -> OldServerPolicy.Moment { start + .exactly(seconds) }

    mutating func pass(_ seconds: Double) { elapsed += .exactly(seconds) }

    mutating func pass(to moment: OldServerPolicy.Moment) { elapsed = moment - start }

    /// What is decided now, news aside.
    mutating func turn() -> [Decision] {
        policy.turn(now: now).decisions.filter { if case .tell = $0 { false } else { true } }
    }

    mutating func news() -> [OldServerPolicy.News] {
        policy.turn(now: now).decisions.compactMap { if case .tell(_, let news) = $0 { news } else { nil } }
    }

    // MARK: Questions

    /// Somebody logs in with a password that the old server is to judge.
    mutating func login(
        _ account: Int64, domain: OldServerPolicy.Domain = OldServerPolicy.Domain("example.com"), seconds: Double = 10,
        at server: Endpoint = old
    ) -> Ticket {
        policy.want(Question(.account(account), domain: domain, deadline: now + .seconds(seconds)), at: server)
    }

    mutating func background(_ account: Int64, seconds: Double = 20, at server: Endpoint = old) -> Ticket {
        policy.want(
            Question(
                .account(account), domain: OldServerPolicy.Domain("example.com"), urgency: .canWait,
                deadline: now + .seconds(seconds)), at: server)
    }

    /// So many logins that are asked about.
    mutating func logins(_ accounts: ClosedRange<Int64>, at server: Endpoint = old) -> [Ticket] {
        var tickets: [Ticket] = []
        for account in accounts { tickets.append(login(account, at: server)) }
        return tickets
    }

    mutating func show(_ tickets: Ticket...) { show(tickets) }

    /// Greeted, and sent.
    mutating func show(_ tickets: [Ticket]) {
        for ticket in tickets {
            policy.greeted(ticket, now: now)
            policy.shown(ticket, now: now)
        }
    }

    /// Asked, rejected and closed, as soon as may be.
    mutating func reject(_ ticket: Ticket, after seconds: Double = 0) {
        show(ticket)
        pass(seconds)
        policy.rejected(ticket, now: now)
        policy.closed(ticket, now: now)
    }

    mutating func accept(_ ticket: Ticket, after seconds: Double = 0) {
        show(ticket)
        pass(seconds)
        _ = policy.accepted(ticket, now: now)
        policy.closed(ticket, now: now)
    }

    @discardableResult
    mutating func refuse(
        _ ticket: Ticket, at step: OldServerPolicy.RefusedStep = .greeting
    ) -> OldServerPolicy.AfterRefusal {
        policy.refused(ticket, at: step, now: now)
    }

    // MARK: Runs

    struct IsJoined: Error {}

    /// An account is to be moved.
    /// - Throws: ``IsJoined`` where its run is under way.
    @discardableResult
    mutating func run(
        _ account: Int64, _ kind: Run.Kind = .incremental,
        domain: OldServerPolicy.Domain = OldServerPolicy.Domain("example.com"), in seconds: Double = 0,
        session: Ticket? = nil, isSuspect: Bool = false, at server: Endpoint = old
    ) throws -> Ticket {
        let run = Run(
            account: account, kind: kind, domain: domain, due: now + .seconds(seconds), session: session,
            isSuspect: isSuspect)
        guard let ticket = policy.want(run, at: server, now: now) else { throw IsJoined() }
        return ticket
    }

    /// So many runs that are moving mail.
    mutating func moving(_ accounts: ClosedRange<Int64>, at server: Endpoint = old) -> [Ticket] {
        var tickets: [Ticket] = []
        for account in accounts {
            let run = Run(account: account, kind: .incremental, domain: OldServerPolicy.Domain("example.com"), due: now)
            if let ticket = policy.want(run, at: server, now: now) { tickets.append(ticket) }
        }
        _ = turn()
        for ticket in tickets {
            show(ticket)
            _ = policy.accepted(ticket, now: now)
        }
        return tickets
    }

    @discardableResult
    mutating func finish(_ ticket: Ticket?, next: Run? = nil) -> Bool {
        guard let ticket else { return false }
        return policy.finished(ticket, next: next.map { ($0, ticket.server) }, now: now)
    }

    /// The accounts whose runs start now.
    mutating func started() -> [Int64] {
        turn().compactMap { decision in
            switch decision {
            case .open(let ticket), .goOn(let ticket, _): policy.account(of: ticket)
            default: nil
            }
        }
    }

    var facts: OldServerPolicy.Facts { policy.facts(of: Self.old, now: now) }
}

extension Duration {
    /// To the millisecond, so that sums are what they look like.
    static func exactly(_ seconds: Double) -> Duration { .milliseconds(Int((seconds * 1000).rounded())) }
}
