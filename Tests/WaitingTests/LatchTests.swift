// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Waiting

@Suite(.timeLimit(.minutes(15))) struct LatchTests {
    @Test func itIsSettledOnceAndKnownFromThenOn() async {
        let latch = Latch<Int>()
        #expect(latch.value == nil && !latch.isSettled)
        #expect(latch.settle(1))
        #expect(!latch.settle(2))
        #expect(latch.value == 1 && latch.isSettled)
        #expect(await latch.wait() == 1)
        #expect(await latch.waitUnlessCancelled() == 1)
        #expect(await Latch(settled: 3).wait() == 3)
    }

    @Test func anyNumberWaitsAndIsToldInOrder() async {
        let latch = Latch<Int>()
        let told = Mutex<[Int]>([])
        for number in 0..<100 { latch.whenSettled { value in told.withLock { $0.append(value + number) } } }
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<200 { group.addImmediateTask { await latch.wait() } }
            for _ in 0..<200 { group.addImmediateTask { await latch.waitUnlessCancelled() ?? 0 } }
            for value in [1000, 2000] { group.addTask { latch.settle(value) ? latch.value ?? 0 : await latch.wait() } }
            let values = await group.reduce(into: Set<Int>()) { $0.insert($1) }
            #expect(values.count == 1)
        }
        #expect(told.withLock { $0 } == (0..<100).map { (latch.value ?? 0) + $0 })
    }

    @Test func whoSettlesInTheMomentOfWaitingIsHeard() async {
        for _ in 0..<2000 {
            let latch = Latch<Void>()
            async let waiting: Void = latch.wait()
            async let heeding: Void? = latch.waitUnlessCancelled()
            latch.settle(())
            await waiting
            #expect(await heeding != nil)
        }
    }

    @Test func cancellationReachesThoseAloneWhoHeedIt() async {
        let latch = Latch<Int>()
        let patient = Task { await latch.wait() }
        let heeding = Task { await latch.waitUnlessCancelled() }
        let before = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await latch.waitUnlessCancelled()
        }
        #expect(await before.value == nil)
        patient.cancel()
        heeding.cancel()
        #expect(await heeding.value == nil)
        latch.settle(5)
        #expect(await patient.value == 5)
        // What is known is told, cancelled or not.
        let after = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await latch.wait()
        }
        #expect(await after.value == 5)
    }

    @Test func cancellationAndTheEndAtOnceEndItOnce() async {
        for _ in 0..<2000 {
            let latch = Latch<Int>()
            let waiter = Task { await latch.waitUnlessCancelled() }
            async let settled = latch.settle(1)
            waiter.cancel()
            _ = await waiter.value
            #expect(await settled)
        }
    }

    @Test func whatIsForgottenIsNotCalled() {
        let latch = Latch<Void>()
        let called = Mutex<[Int]>([])
        let numbers = (0..<10).map { number in latch.whenSettled { called.withLock { $0.append(number) } } }
        for number in numbers where number % 2 == 0 { latch.forget(number) }
        latch.settle(())
        latch.forget(numbers[0])
        #expect(called.withLock { $0 } == [0, 2, 4, 6, 8])
        latch.whenSettled { called.withLock { $0 = [] } }
        #expect(called.withLock { $0 }.isEmpty)
    }
}
