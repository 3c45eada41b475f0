// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// Whatever happens, in whatever order: no more connections than may be, every wish ends, nobody starves, no place is lost.
@Suite struct AttackTests {
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
