// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Waiting

@Suite(.timeLimit(.minutes(15))) struct WorkerPoolTests {
    /// Keeps a thread busy until it is opened.
    private final class Gate: Sendable {
        private let opened = DispatchSemaphore(value: 0)
        private let entered = Latch<Void>()

        func pass() {
            entered.settle(())
            opened.wait()
        }

        func open() { opened.signal() }

        func someoneIsAtIt() async { await entered.wait() }
    }

    private final class Order: Sendable {
        private let numbers = Mutex<[Int]>([])

        var all: [Int] { numbers.withLock { $0 } }

        func add(_ number: Int) { numbers.withLock { $0.append(number) } }
    }

    /// A pool of one thread, which is kept busy.
    private static func busy(mostWaiting: Int = .max) async -> (WorkerPool, Gate) {
        let (pool, gate) = (WorkerPool("test", threads: 1, mostWaiting: mostWaiting), Gate())
        pool.submit { gate.pass() }
        await gate.someoneIsAtIt()
        return (pool, gate)
    }

    @Test func whoIsCancelledWaitsNoMoreAndTheJobGoesOn() async {
        let pool = WorkerPool("test", threads: 1)
        let done = Latch<Void>()
        let mayEnd = Latch<Void>()
        let task = Task {
            await pool.runUnlessCancelled(within: .seconds(600)) {
                while !mayEnd.isSettled { usleep(1000) }
                done.settle(())
                return 1
            }
        }
        task.cancel()
        #expect(await task.value == nil)
        mayEnd.settle(())
        await done.wait()
        #expect(await pool.runUnlessCancelled(within: .seconds(600)) { 2 } == 2)
    }

    @Test func noMoreAreDoneAtOnceThanThereAreThreads() async {
        let pool = WorkerPool("test", threads: 3)
        let count = Count()
        await withTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    await pool.run {
                        count.enter()
                        usleep(100)
                        count.leave()
                        return number
                    }
                }
            }
            #expect(await group.reduce(0, +) == 199 * 100)
        }
        #expect(count.most <= 3)
        await pool.end()
    }

    @Test func itsThreadsAreNamed() async {
        let pool = WorkerPool("some-threads", threads: 1)
        let name = await pool.run {
            guard let file = fopen("/proc/thread-self/comm", "r") else { return "" }
            defer { fclose(file) }
            var octets = [UInt8](repeating: 0, count: 16)
            return String(decoding: octets[..<fread(&octets, 1, octets.count, file)], as: UTF8.self)
        }
        #expect(name == "some-threads\n")
        await pool.end()
    }

    @Test func jobsAreDoneInOrderAndWhatCanWaitComesLast() async throws {
        let (pool, gate) = await Self.busy()
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10 { group.addImmediateTask { try await pool.attempt(.canWait) { order.add(number) } } }
            for number in 10..<20 { group.addImmediateTask { try await pool.attempt { order.add(number) } } }
            for number in 20..<30 { pool.submit { order.add(number) } }
            gate.open()
            try await group.waitForAll()
        }
        #expect(order.all == Array(10..<30) + Array(0..<10))
        await pool.end()
    }

    @Test func whoIsCancelledInLineIsNotServedAndWhoeverIsServedIs() async throws {
        let (pool, gate) = await Self.busy()
        let order = Order()
        let waiters = (0..<10).map { number in Task { try await pool.attempt { order.add(number) } } }
        let before = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await pool.attempt { order.add(99) }
        }
        await #expect(throws: CancellationError.self) { try await before.value }
        for (number, waiter) in waiters.enumerated() where number % 2 == 0 { waiter.cancel() }
        for (number, waiter) in waiters.enumerated() where number % 2 == 0 {
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
        let patient = Task { await pool.run { 1 } }
        patient.cancel()
        gate.open()
        for (number, waiter) in waiters.enumerated() where number % 2 == 1 { try await waiter.value }
        #expect(await patient.value == 1)
        #expect(order.all.sorted() == [1, 3, 5, 7, 9])
        // What is being done is done to its end.
        let (begun, goOn) = (Latch<Void>(), DispatchSemaphore(value: 0))
        let worker = Task {
            try await pool.attempt {
                begun.settle(())
                goOn.wait()
                return 2
            }
        }
        await begun.wait()
        worker.cancel()
        goOn.signal()
        #expect(try await worker.value == 2)
        await pool.end()
    }

    @Test func cancellationInAnyMomentEndsAJobOnce() async {
        let pool = WorkerPool("test", threads: 2)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 {
                group.addTask {
                    let attempt = Task { try await pool.attempt { 1 } }
                    attempt.cancel()
                    switch await attempt.result {
                    case .success(let value): #expect(value == 1)
                    case .failure(let error): #expect(error is CancellationError)
                    }
                }
            }
        }
        await pool.end()
    }

    @Test func moreThanMayWaitAreRefused() async throws {
        let (pool, gate) = await Self.busy(mostWaiting: 2)
        try await withThrowingTaskGroup(of: Result<Int, any Error>.self) { group in
            for _ in 0..<4 { group.addTask { await Task { try await pool.attempt { 1 } }.result } }
            // Two of them wait until the gate opens, whichever come first.
            for _ in 0..<2 {
                let result = try await group.next()
                #expect { _ = try result?.get() } throws: { $0 as? WorkerPool.Refusal == .full }
            }
            // Neither what can wait nor what is never refused counts.
            async let other = pool.attempt(.canWait) { 2 }
            async let third = pool.run { 3 }
            gate.open()
            #expect(try await (other, third) == (2, 3))
            for try await result in group { #expect(try result.get() == 1) }
        }
        await pool.end()
    }

    @Test func manyJobsAnswerInTheirOrder() async throws {
        let pool = WorkerPool("test", threads: 3)
        #expect(try await pool.attempt(.canWait, times: 500) { $0 * 2 } == (0..<500).map { $0 * 2 })
        #expect(try await pool.attempt(.canWait, times: 0) { $0 }.isEmpty)
        await pool.end()
    }

    @Test func ofManyTheFirstThatFailsEndsThemAll() async throws {
        struct Failure: Error {}
        let pool = WorkerPool("test", threads: 1)
        let done = Mutex(0)
        await #expect(throws: Failure.self) {
            try await pool.attempt(.canWait, times: 1000) { number in
                if number == 10 { throw Failure() }
                done.withLock { $0 += 1 }
            }
        }
        #expect(await pool.run { done.withLock { $0 } } == 10)
        await pool.end()
    }

    @Test func manyThatAreCancelledLeaveTheLine() async throws {
        let (pool, gate) = await Self.busy()
        let order = Order()
        let many = Task { try await pool.attempt(.canWait, times: 1000) { order.add($0) } }
        let others = Task { try await pool.attempt(.canWait, times: 3) { $0 } }
        try await Task.sleep(for: .milliseconds(5))
        many.cancel()
        await #expect(throws: CancellationError.self) { try await many.value }
        gate.open()
        #expect(try await others.value == [0, 1, 2])
        #expect(order.all.isEmpty)
        await pool.end()
    }

    @Test func itEndsAfterWhatIsInLineThatCannotBeRefused() async throws {
        let (pool, gate) = await Self.busy()
        let order = Order()
        for number in 0..<10 { pool.submit { order.add(number) } }
        let refused = [
            Task { _ = try await pool.attempt { order.add(100) } },
            Task { _ = try await pool.attempt(.canWait, times: 9) { order.add(200 + $0) } },
        ]
        try await Task.sleep(for: .milliseconds(5))
        let ends = (0..<3).map { _ in Task { await pool.end() } }
        for task in refused {
            #expect(await #expect(throws: WorkerPool.Refusal.self) { try await task.value } == .ended)
        }
        gate.open()
        for end in ends { await end.value }
        #expect(order.all == Array(0..<10))
        await #expect(throws: WorkerPool.Refusal.ended) { try await pool.attempt {} }
        // What cannot be refused is done all the same.
        #expect(await pool.run { 1 } == 1)
    }

    @Test func aPoolThatIsLetGoOfDoesWhatIsInLineAndLeavesNoThread() async throws {
        let done = Mutex(0)
        func threads() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count {
                (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == "let-go-of\n"
            }
        }
        do {
            let pool = WorkerPool("let-go-of", threads: 4)
            for _ in 0..<100 {
                pool.submit {
                    usleep(100)
                    done.withLock { $0 += 1 }
                }
            }
        }
        // A thread has no name before it runs: that none is seen says nothing until all is done.
        while try done.withLock({ $0 }) < 100 || threads() > 0 { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func nobodyWaitsLongerThanHisPatience() async {
        let (pool, gate) = await Self.busy()
        let done = Latch<Void>()
        let late = await pool.run(within: .milliseconds(5)) {
            done.settle(())
            return 1
        }
        #expect(late == nil && !done.isSettled)
        gate.open()
        // It goes on all the same.
        await done.wait()
        #expect(await pool.run(within: .seconds(600)) { 2 } == 2)
        await pool.end()
    }

    @Test func beyondThePromptThreadsThereAreMoreWhileJobsWait() async {
        let (pool, gates) = (WorkerPool("test", threads: 3, promptly: 1), (0..<3).map { _ in Gate() })
        let start = ContinuousClock.now
        for gate in gates { pool.submit { gate.pass() } }
        for gate in gates { await gate.someoneIsAtIt() }
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        for gate in gates { gate.open() }
        await pool.end()
    }

    @Test func threadsThatAreKeptAreThereFromTheStart() async {
        let pool = WorkerPool("test", threads: 4, keepsThreads: true)
        #expect(pool.start() == 4)
        #expect(await pool.run { 1 } == 1)
        await pool.end()
    }

    @Test func aPoolThatKeepsItsThreadsAndIsForgottenIsReported() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            _ = WorkerPool("test", threads: 1, keepsThreads: true).start()
            await WorkerPool("test", threads: 1, keepsThreads: true).end()
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(said.split(separator: "\n").filter { $0.contains("a pool that keeps its threads was") }.count == 1)
    }
}
