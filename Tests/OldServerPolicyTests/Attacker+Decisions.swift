// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// What is decided is done, and what must hold is looked at.
extension Attacker {
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
