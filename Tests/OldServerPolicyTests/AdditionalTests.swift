// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// A run has more than one connection where places lie idle, and only for so long.
@Suite struct AdditionalTests {
    private func add(to run: Ticket, _ desk: inout Desk) throws -> Ticket {
        let added = desk.policy.addConnection(to: run, now: desk.now)
        let additional = try #require(added)
        desk.show(additional)
        _ = desk.policy.accepted(additional, now: desk.now)
        return additional
    }

    private func bounds(perServer: Int = 16, moves: Int = 64) -> OldServerPolicy.Bounds {
        var bounds = OldServerPolicy.Bounds()
        (bounds.connectionsPerOldServer, bounds.concurrentMoves, bounds.betweenRuns) = (perServer, moves, .zero)
        return bounds
    }

    @Test func idlePlacesMayBeUsed() throws {
        var desk = Desk()
        let run = desk.moving(1...1)[0]
        let additional = try add(to: run, &desk)
        #expect(desk.turn() == [])
        #expect(desk.facts.moving == 1)
        #expect(desk.policy.additionalCount == 1)
        desk.policy.closed(additional, now: desk.now)
        desk.policy.removeConnection(additional, now: desk.now)
        desk.policy.removeConnection(additional, now: desk.now)
        #expect(desk.facts.moving == 1)
        #expect(desk.policy.additionalCount == 0)
    }

    @Test func theBoundOfAServerHoldsForAllOfThem() throws {
        var desk = Desk(bounds(perServer: 3))
        let runs = desk.moving(1...2)
        _ = try add(to: runs[0], &desk)
        #expect(!desk.policy.mayAddConnection(to: runs[0], now: desk.now))
        #expect(desk.policy.addConnection(to: runs[1], now: desk.now) == nil)
    }

    @Test func theBoundOfADomainHoldsToo() throws {
        var desk = Desk()
        let domain = OldServerPolicy.Domain("example.com", maxConnections: 2)
        let run = try desk.run(1, domain: domain)
        _ = desk.turn()
        desk.show(run)
        _ = try add(to: run, &desk)
        #expect(desk.policy.addConnection(to: run, now: desk.now) == nil)
    }

    @Test func theBoundOfAllServersHoldsToo() throws {
        var desk = Desk(bounds(moves: 2))
        let run = desk.moving(1...1)[0]
        _ = try add(to: run, &desk)
        #expect(desk.policy.addConnection(to: run, now: desk.now) == nil)
    }

    /// Whoever waits for a place goes before.
    @Test func aRunThatWaitsHasItBack() throws {
        var desk = Desk(bounds(perServer: 2))
        let run = desk.moving(1...1)[0]
        let additional = try add(to: run, &desk)
        let other = try desk.run(2)
        #expect(desk.turn() == [.makeWay(additional)])
        #expect(desk.turn() == [])
        desk.policy.removeConnection(additional, now: desk.now)
        #expect(desk.turn() == [.open(other)])
    }

    @Test func soDoesOneAtAnotherServer() throws {
        var desk = Desk(bounds(moves: 3))
        let elsewhere = Endpoint(host: "other.example", port: 110)
        let run = desk.moving(1...1)[0]
        _ = desk.moving(2...2, at: elsewhere)
        let additional = try add(to: run, &desk)
        // Each server with work has one place in any case; the next is one too many.
        let other = try desk.run(3, at: elsewhere)
        let decisions = desk.turn()
        #expect(decisions.contains(.makeWay(additional)) || decisions == [.open(other)])
        desk.policy.removeConnection(additional, now: desk.now)
        #expect((decisions + desk.turn()).contains(.open(other)))
    }

    @Test func nobodyIsAskedForMoreWhereOthersWait() throws {
        var desk = Desk(bounds(perServer: 1))
        let run = desk.moving(1...1)[0]
        try desk.run(2)
        _ = desk.turn()
        #expect(!desk.policy.mayAddConnection(to: run, now: desk.now))
    }

    /// A refusal is learnt from as any other, and the connection is over.
    @Test func oneThatIsTooManyIsLearntFrom() throws {
        var desk = Desk()
        let run = desk.moving(1...1)[0]
        let added = desk.policy.addConnection(to: run, now: desk.now)
        let additional = try #require(added)
        #expect(desk.refuse(additional) == .isOver)
        desk.policy.removeConnection(additional, now: desk.now)
        #expect(desk.facts.limit?.connections == 1)
        #expect(desk.facts.moving == 1)
        #expect(desk.facts.waitingRuns == 0)
        #expect(!desk.policy.mayAddConnection(to: run, now: desk.now))
    }

    /// It makes way before any run does.
    @Test func aLoginThatIsOneTooManyHasIt() throws {
        var desk = Desk()
        let runs = desk.moving(1...2)
        let additional = try add(to: runs[0], &desk)
        let login = desk.login(101)
        _ = desk.turn()
        desk.refuse(login)
        #expect(desk.turn() == [.makeWay(additional)])
        desk.policy.removeConnection(additional, now: desk.now)
        #expect(desk.turn() == [.open(login)])
    }

    @Test func aServerThatWantsAPauseBetweenLoginsHasNone() throws {
        var desk = Desk()
        let run = try desk.run(1)
        _ = desk.turn()
        desk.show(run)
        _ = desk.policy.accepted(run, loginDelay: .seconds(5), now: desk.now)
        #expect(desk.policy.addConnection(to: run, now: desk.now) == nil)
    }

    /// What is unknown, and a question, has no connections of its own to add to.
    @Test func onlyARunMay() {
        var desk = Desk()
        let login = desk.login(1)
        _ = desk.turn()
        #expect(desk.policy.addConnection(to: login, now: desk.now) == nil)
    }
}
