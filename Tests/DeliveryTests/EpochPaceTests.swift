// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Delivery

/// How soon epochs follow each other.
@Suite struct EpochPaceTests {
    private let start = ContinuousClock.now

    @Test func aShortMoveDoesNotWait() {
        var pace = EpochPace()
        for _ in 0..<EpochPace.burst {
            #expect(pace.rest(at: start) == .zero)
            pace.begins(at: start)
        }
        #expect(pace.rest(at: start) == EpochPace.interval)
    }

    @Test func smallOnesInARowComeOnceAnInterval() {
        var (pace, now, epochs) = (EpochPace(), start, 0)
        while now < start + .seconds(10) {
            now += pace.rest(at: now)
            pace.begins(at: now)
            epochs += 1
        }
        #expect(epochs <= Int(.seconds(10) / EpochPace.interval) + EpochPace.burst)
        // After a pause it is as at the beginning.
        now += .seconds(1)
        for _ in 0..<EpochPace.burst {
            #expect(pace.rest(at: now) == .zero)
            pace.begins(at: now)
        }
    }

    @Test func nothingRestsOnceEnoughIsQueuedOrNoMoreComes() async {
        let rest = EpochRest()
        for _ in 0..<EpochPace.burst { await rest.wait() }
        rest.queued(EpochPace.large)
        let start = ContinuousClock.now
        // Of small ones, this many would take 50 s.
        for _ in 0..<1000 { await rest.wait() }
        rest.taken([EpochPace.large])
        await rest.wait()
        rest.close()
        for _ in 0..<1000 { await rest.wait() }
        #expect(ContinuousClock.now - start < .seconds(40))
    }
}
