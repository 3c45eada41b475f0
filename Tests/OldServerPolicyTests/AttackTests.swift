// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// Whatever happens, in whatever order: no more connections than may be, every wish ends, nobody starves, no place is lost.
@Suite struct AttackTests {
    /// Where somebody who drives the policy is with a ticket.
    private enum Stage: Equatable {
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
    private struct Attacker {
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

        // MARK: What is decided

        mutating func obey() {
            let before = servers.map { taken(at: $0) }
            let turn = policy.turn(now: now)
            for (server, before) in zip(servers, before) {
                let most = policy.facts(of: server, now: now).limit?.asked ?? .max
                #expect(taken(at: server) <= max(before, most))
            }
            next = turn.next
            for decision in turn.decisions {
                switch decision {
                case .open(let ticket):
                    if questions[ticket] != nil {
                        #expect(questions[ticket] == .waits)
                        questions[ticket] = .opens
                    } else {
                        #expect(runs[ticket] == .waits)
                        runs[ticket] = .opens
                    }
                case .goOn(let ticket, let session):
                    #expect(questions[session] == .kept)
                    #expect(runs[ticket] == .waits)
                    questions[session] = nil
                    ended += 1
                    runs[ticket] = .answered
                case .refuse(let ticket, _):
                    if questions[ticket] != nil {
                        #expect(questions[ticket] == .waits)
                        questions[ticket] = nil
                        ended += 1
                    } else {
                        #expect(runs[ticket] == .waits)
                        finish(ticket)
                    }
                case .letGo(let ticket): #expect(questions[ticket] == .shown)
                case .giveUp(let ticket):
                    #expect(questions[ticket] != nil && questions[ticket] != .waits)
                    questions[ticket] = .ends
                case .endSession(let ticket):
                    #expect(questions[ticket] == .kept)
                    questions[ticket] = .ends
                case .makeWay(let ticket):
                    #expect(runs[ticket] != nil && runs[ticket] != .waits)
                    ways.insert(ticket)
                case .tell: break
                }
            }
        }

        private func taken(at server: Endpoint) -> Int {
            let facts = policy.facts(of: server, now: now)
            return facts.asking + facts.moving
        }

        // MARK: What must hold

        func check() {
            let bounds = policy.bounds
            var all = 0
            for server in servers {
                let facts = policy.facts(of: server, now: now)
                let asking = questions.count { $0.key.server == server && $0.value != .waits }
                let moving = runs.filter { $0.key.server == server && $0.value != .waits }
                all += moving.count
                #expect(facts.asking == asking)
                #expect(facts.moving == moving.count)
                #expect(asking <= bounds.loginConnections)
                #expect(moving.count <= bounds.connectionsPerOldServer)
                let late = policy.servers[server]?.late ?? 0
                let kept = policy.servers[server]?.kept ?? 0
                #expect(late <= max(1, bounds.loginConnections / 2))
                #expect(kept <= bounds.loginConnections / 2)
            }
            let suspects = runs.keys.count { ticket in
                runs[ticket] != .waits && policy.servers[ticket.server]?.moving[ticket]?.entry.run.isSuspect == true
            }
            #expect(suspects <= 1)
            #expect(all == policy.movingCount)
            #expect(all <= bounds.concurrentMoves + servers.count - 1)
            #expect(ended + questions.count == wished)
        }

        /// From now on all goes well, and nobody wants anything new.
        mutating func settle() {
            for _ in 0..<4000 {
                obey()
                for (ticket, stage) in questions.sorted(by: { $0.key < $1.key }) {
                    switch stage {
                    case .waits, .kept: break
                    case .opens, .greeted, .shown, .answered:
                        policy.greeted(ticket, now: now)
                        policy.shown(ticket, now: now)
                        policy.rejected(ticket, now: now)
                        questions[ticket] = .ends
                    case .ends:
                        policy.closed(ticket, now: now)
                        questions[ticket] = nil
                        ended += 1
                    }
                }
                for (ticket, stage) in runs.sorted(by: { $0.key < $1.key }) where stage != .waits { finish(ticket) }
                check()
                if questions.isEmpty, runs.isEmpty { return }
                now = max(next ?? now, now + .milliseconds(1))
            }
        }
    }

    @Test(arguments: 0..<24)
    func whateverHappensEveryWishEndsAndNoPlaceIsLost(seed: Int) {
        var bounds = OldServerPolicy.Bounds()
        bounds.connectionsPerOldServer = 1 + seed % 5 * 3
        bounds.concurrentMoves = 2 + seed % 7
        bounds.betweenRuns = .seconds(seed % 3 * 5)
        var attacker = Attacker(seed: UInt64(seed), bounds: bounds)
        for _ in 0..<1000 { attacker.step() }
        attacker.settle()
        #expect(attacker.questions.isEmpty)
        #expect(attacker.runs.isEmpty)
        #expect(attacker.policy.movingCount == 0)
        #expect(attacker.policy.waitingCount == 0)
        for server in attacker.servers {
            #expect(attacker.policy.facts(of: server, now: attacker.now).isInUse == false)
        }
    }
}
