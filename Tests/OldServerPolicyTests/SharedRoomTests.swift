// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// What other nodes leave of an old server.
@Suite struct SharedRoomTests {
    /// Where other nodes have all the places there are, those that wait do not all ask them without end.
    @Test func oneAsksOtherNodesForAll() throws {
        var bounds = OldServerPolicy.Bounds()
        bounds.connectionsPerOldServer = 3
        bounds.betweenRuns = .zero
        var desk = Desk(bounds)
        let runs = try (1...5).map { try desk.run($0) }
        #expect(desk.turn().count == 3)
        #expect(desk.policy.full(runs[0], now: desk.now) == desk.now + .seconds(0.5))
        desk.finish(runs[0])
        desk.policy.mayRun(runs[1])
        _ = desk.policy.full(runs[2], now: desk.now)
        desk.finish(runs[2])
        #expect(desk.turn() == [])
        desk.pass(0.4)
        #expect(desk.turn() == [])
        desk.pass(0.1)
        #expect(desk.turn() == [.open(runs[3])])
        #expect(desk.turn() == [])
        // It may, so that the next one asks.
        desk.policy.mayRun(runs[3])
        #expect(desk.turn() == [.open(runs[4])])
        // Another node has that account.
        desk.finish(runs[4])
        let last = try desk.run(6)
        #expect(desk.turn() == [.open(last)])
        _ = desk.policy.full(last, now: desk.now)
        for run in [last, runs[1], runs[3]] { desk.finish(run) }
        desk.pass(60)
        let more = try (7...8).map { try desk.run($0) }
        #expect(desk.turn() == more.map { .open($0) })
    }
}
