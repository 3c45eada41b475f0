// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// Where somebody who drives the policy is with a ticket.
enum Stage: Equatable {
    case waits
    case opens
    case greeted
    case shown
    case answered
    case kept
    /// To be closed.
    case ends
}

/// Drives the policy at random, and keeps its own books.
struct Attacker {
    let servers = (0..<3).map { Endpoint(host: "old\($0).example", port: 110) }
    var policy: OldServerPolicy
    var random: Random
    var now = OldServerPolicy.Moment.now
    var questions: [Ticket: Stage] = [:]
    var urgent: [Ticket: OldServerPolicy.Moment] = [:]
    var runs: [Ticket: Stage] = [:]
    var ways: Set<Ticket> = []
    var domains: [Ticket: OldServerPolicy.Domain] = [:]
    var next: OldServerPolicy.Moment?
    var wished = 0
    var ended = 0

    init(seed: UInt64, bounds: OldServerPolicy.Bounds) {
        policy = OldServerPolicy(bounds)
        random = Random(seed)
    }

    // MARK: What happens

    mutating func step() {
        switch random.below(10) {
        case 0, 1: wantQuestion()
        case 2: wantRun()
        case 3: now += .milliseconds(random.below(4000))
        case 4 where random.below(20) == 0: now += .seconds(random.below(700))
        case 5 where random.below(20) == 0:
            policy.withdraw(Int64(random.below(40)))
            runs = runs.filter { $0.value != .waits || policy.account(of: $0.key) != nil }
        case 6: strayEvent()
        default: advance()
        }
        obey()
        // The runs that were refused may leave others room.
        obey()
        check()
    }

    mutating func wantQuestion() {
        let subject: OldServerPolicy.Subject =
            random.below(4) == 0 ? .name("x\(random.below(9))") : .account(Int64(random.below(40)))
        let ticket = policy.want(
            Question(
                subject, domain: domain(), urgency: random.below(3) == 0 ? .canWait : .somebodyWaits,
                deadline: now + .seconds(1 + random.below(12))), at: servers[random.below(3)])
        questions[ticket] = .waits
        wished += 1
    }

    mutating func wantRun(session: Ticket? = nil, at server: Endpoint? = nil) {
        let run = Run(
            account: Int64(random.below(40)), kind: [.first, .incremental, .followUp, .retry][random.below(4)],
            domain: domain(), due: now + .seconds(random.below(3) == 0 ? random.below(100) : 0), session: session,
            isSuspect: random.below(10) == 0)
        guard let ticket = policy.want(run, at: server ?? servers[random.below(3)], now: now) else { return }
        // It waits elsewhere no more.
        runs = runs.filter { $0.value != .waits || policy.account(of: $0.key) != nil }
        runs[ticket] = runs[ticket] ?? .waits
    }

    private mutating func domain() -> OldServerPolicy.Domain {
        let number = random.below(3)
        return OldServerPolicy.Domain("d\(number)", maxConnections: number == 2 ? 2 : nil)
    }

    /// Something that nobody waits for, about anyone.
    mutating func strayEvent() {
        let all = questions.keys.sorted() + runs.keys.sorted()
        guard !all.isEmpty, random.below(5) == 0 else { return }
        let ticket = all[random.below(all.count)]
        if questions[ticket] == .waits, random.below(2) == 0 {
            policy.giveUp(ticket, now: now)
            questions[ticket] = nil
            ended += 1
        }
    }

    /// A connection comes a step further, or breaks.
    mutating func advance() {
        let active =
            questions.filter { ![.waits, .kept].contains($0.value) }.keys.sorted()
            + runs.filter { $0.value != .waits }.keys.sorted()
        guard !active.isEmpty else { return }
        let ticket = active[random.below(active.count)]
        if let stage = questions[ticket] {
            advance(question: ticket, stage)
        } else if let stage = runs[ticket] {
            advance(run: ticket, stage)
        }
    }

    private mutating func advance(question ticket: Ticket, _ stage: Stage) {
        switch (stage, random.below(6)) {
        case (.opens, 0...2), (.greeted, 0):
            let step: OldServerPolicy.RefusedStep =
                stage == .opens ? [.name, .connection, .greeting][random.below(3)] : .beforePassword
            let after = policy.refused(ticket, at: step, now: now)
            questions[ticket] = after == .waits ? .waits : nil
            if after != .waits { ended += 1 }
        case (.opens, _):
            policy.greeted(ticket, now: now)
            questions[ticket] = .greeted
        case (.greeted, _):
            policy.shown(ticket, now: now)
            questions[ticket] = .shown
        case (.shown, 0...1):
            if policy.accepted(ticket, loginDelay: .seconds(random.below(2) * 30), now: now) == .keep {
                questions[ticket] = .kept
                wantRun(session: ticket, at: ticket.server)
            } else {
                questions[ticket] = .ends
            }
        case (.shown, 2):
            policy.rejected(ticket, now: now)
            questions[ticket] = .ends
        case (.shown, 3):
            policy.answered(ticket, now: now)
            questions[ticket] = .ends
        case (.shown, 4):
            policy.silent(ticket, now: now)
            questions[ticket] = nil
            ended += 1
        case (.shown, _):
            policy.dropped(ticket, now: now)
            questions[ticket] = nil
            ended += 1
        case (.ends, _):
            policy.closed(ticket, now: now)
            questions[ticket] = nil
            ended += 1
        case (.waits, _), (.kept, _), (.answered, _): break
        }
    }

    private mutating func advance(run ticket: Ticket, _ stage: Stage) {
        switch (stage, random.below(6)) {
        case (_, 0) where ways.contains(ticket):
            policy.madeWay(ticket, now: now)
            ways.remove(ticket)
            runs[ticket] = .waits
        case (.opens, 0...1):
            if policy.refused(ticket, at: .connection, now: now) == .waits {
                ways.remove(ticket)
                runs[ticket] = .waits
            } else {
                policy.opens(ticket)
            }
        case (.opens, _):
            policy.greeted(ticket, now: now)
            policy.shown(ticket, now: now)
            runs[ticket] = .shown
        case (.shown, 0...3):
            _ = policy.accepted(ticket, now: now)
            runs[ticket] = .answered
        case (.shown, _), (.answered, 0...1):
            policy.dropped(ticket, now: now)
            policy.opens(ticket)
            runs[ticket] = .opens
        case (.answered, _): finish(ticket)
        case (.waits, _), (.greeted, _), (.kept, _), (.ends, _): break
        }
    }

    mutating func finish(_ ticket: Ticket) {
        _ = policy.finished(ticket, now: now)
        ways.remove(ticket)
        runs[ticket] = nil
    }
}
