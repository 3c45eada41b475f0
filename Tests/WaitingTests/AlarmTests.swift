// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Waiting

@Suite(.timeLimit(.minutes(15))) struct AlarmTests {
    @Test func itEndsSleepsThatGoOnAndAllThatCome() async {
        let alarm = Alarm()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 { group.addTask { await alarm.sleep(seconds: 86_400) } }
            await Task.yield()
            alarm.ring()
        }
        alarm.ring()
        await alarm.sleep(seconds: 86_400)
    }

    @Test func aSleepEndsByTimeAndWithItsTask() async {
        let alarm = Alarm()
        let start = ContinuousClock.now
        await alarm.sleep(seconds: 0.02)
        #expect(ContinuousClock.now - start >= .milliseconds(20))
        let sleeper = Task { await alarm.sleep(seconds: 86_400) }
        sleeper.cancel()
        await sleeper.value
        let cancelledBefore = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await alarm.sleep(seconds: 86_400)
        }
        await cancelledBefore.value
        // Whoever was cancelled has ended nobody else's.
        async let other: Void = alarm.sleep(seconds: 86_400)
        alarm.ring()
        await other
    }

    @Test func aStopIsSaidOnceAndHeardByAll() {
        let signal = StopSignal()
        let heard = Mutex(0)
        for _ in 0..<10 { signal.whenSet { heard.withLock { $0 += 1 } } }
        #expect(!signal.isSet && heard.withLock { $0 } == 0)
        signal.signal()
        signal.signal()
        #expect(signal.isSet && heard.withLock { $0 } == 10)
        signal.whenSet { heard.withLock { $0 += 1 } }
        #expect(heard.withLock { $0 } == 11)
    }
}
