// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Waiting

@Suite struct PauseTests {
    @Test func aPauseTakesItsTime() async throws {
        let start = ContinuousClock.now
        try await pause(for: .milliseconds(50))
        #expect(ContinuousClock.now - start >= .milliseconds(50))
    }

    @Test(arguments: [Duration.zero, .milliseconds(-5)])
    func noTimeIsNoPause(_ duration: Duration) async throws { try await pause(for: duration) }

    @Test func aShorterPauseEndsBeforeALongerOneThatBeganEarlier() async throws {
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                try await pause(for: .seconds(600))
                return 600
            }
            for number in 0..<100 {
                group.addTask {
                    try await pause(for: .milliseconds(number))
                    return number
                }
            }
            var ended: Set<Int> = []
            for _ in 0..<100 { ended.insert(try await group.next() ?? -1) }
            #expect(ended == Set(0..<100))
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
    }

    @Test func whoeverIsCancelledPausesNoLonger() async throws {
        for round in 0..<200 {
            let task = Task { try await pause(for: .seconds(600)) }
            if round % 2 == 0 { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test func deadlinesComeOutInOrderAndTheForgottenDoNot() {
        var line = Deadlines()
        let start = ContinuousClock.now
        let ends = (0..<1000).map { _ in Deadlines.End() }
        for (number, end) in ends.enumerated().shuffled() {
            line.insert(start + .seconds(number), end)
        }
        for end in ends[500...] { end.settle(.cancelled) }
        line.removeOver()
        #expect(line.count == 500 && line.first == start)
        let due = line.removeDue(at: start + .seconds(99))
        #expect(due.count == 100 && zip(due, ends).allSatisfy { $0 === $1 })
        #expect(line.first == start + .seconds(100))
    }
}
