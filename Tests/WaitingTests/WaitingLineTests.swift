// SPDX-License-Identifier: Apache-2.0

import Testing
import Waiting

@Suite(.timeLimit(.minutes(15))) struct WaitingLineTests {
    @Test func whatIsPutInIsTakenInOrder() async {
        let line = WaitingLine<Int>()
        for number in 0..<10 { #expect(line.put(number)) }
        await line.ready()
        #expect(
            line.take { all in
                defer { all.removeFirst(3) }; return Array(all[..<3])
            } == [0, 1, 2])
        #expect(line.take() == Array(3..<10))
        #expect(line.take().isEmpty)
    }

    @Test func whatIsInLineWhenItIsClosedIsStillTaken() async {
        let line = WaitingLine<Int>()
        #expect(line.put(1))
        line.close()
        #expect(!line.put(2))
        await line.ready()
        #expect(line.take() == [1])
        await line.ready()
        #expect(line.take().isEmpty)
    }

    @Test func cancellationTakesNothingAway() async {
        let line = WaitingLine<Int>()
        let taker = Task {
            await line.ready()
            return line.take()
        }
        taker.cancel()
        await Task.yield()
        #expect(line.put(7))
        #expect(await taker.value == [7])
    }

    @Test func ofManyAtOnceNoneIsLost() async {
        let line = WaitingLine<Int>()
        let taken = Task {
            var taken: [Int] = []
            while true {
                await line.ready()
                let some = line.take()
                if some.isEmpty { return taken }
                taken += some
            }
        }
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<20 {
                group.addTask {
                    for number in 0..<500 {
                        #expect(line.put(writer * 500 + number))
                        if number % 50 == 0 { await Task.yield() }
                    }
                }
            }
        }
        line.close()
        let all = await taken.value
        #expect(all.sorted() == Array(0..<10_000))
        // Each writer's in its order.
        for writer in 0..<20 {
            let own = all.filter { $0 / 500 == writer }
            #expect(own == own.sorted())
        }
    }
}
