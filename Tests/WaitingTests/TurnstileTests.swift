// SPDX-License-Identifier: Apache-2.0

import Testing
import Waiting

@Suite(.timeLimit(.minutes(15))) struct TurnstileTests {
    @Test func noMorePassThanTheWidthAndAllGetTheirTurn() async throws {
        let (turnstile, count) = (Turnstile<Int>(), Count())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await turnstile.pass(1, width: 3) {
                        count.enter()
                        await Task.yield()
                        count.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(count.most <= 3)
    }

    @Test func whoeverIsCancelledLeavesTheLineAndHoldsUpNobody() async throws {
        let turnstile = Turnstile<Int>()
        let (stream, go) = AsyncStream<Never>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await turnstile.pass(1, width: 1) { for await _ in stream {} } }
            for _ in 0..<50 {
                let result = try await withDeadline(seconds: 0.001) { try await turnstile.pass(1, width: 1) { 1 } }
                #expect(result == nil)
            }
            go.finish()
            try await group.waitForAll()
        }
        #expect(try await turnstile.pass(1, width: 1) { 7 } == 7)
    }

    @Test func whoeverWaitsTooLongLeavesTheLineAndWhoeverIsInsideStays() async throws {
        let turnstile = Turnstile<Int>()
        let (stream, go) = AsyncStream<Never>.makeStream()
        let inside = try await turnstile.pass(1, width: 1, within: 60) {
            for _ in 0..<50 {
                let late = try await turnstile.pass(1, width: 1, within: 0.001) { 1 }
                #expect(late == nil)
            }
            go.finish()
            for await _ in stream {}
            return Task.isCancelled
        }
        #expect(inside == false)
        #expect(try await turnstile.pass(1, width: 1, within: 60) { 7 } == 7)
    }

    @Test func whoeverIsCancelledWhileWaitingDoesNotPass() async throws {
        let turnstile = Turnstile<Int>()
        try await turnstile.pass(1, width: 1) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) {
                        try await turnstile.pass(1, width: 1, within: 60) { Issue.record("it passed") }
                    }
                }
                group.cancelAll()
            }
        }
    }

    @Test func whoWaitsIsLetThroughInOrder() async throws {
        let turnstile = Turnstile<Int>()
        let order = WaitingLine<Int>()
        let (isInside, isOver) = (Latch<Void>(), Latch<Void>())
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Cancelled is nobody here.
                try? await turnstile.pass(1, width: 1) {
                    isInside.settle(())
                    await isOver.wait()
                }
            }
            await isInside.wait()
            for number in 0..<20 {
                group.addImmediateTask { try? await turnstile.pass(1, width: 1) { _ = order.put(number) } }
            }
            isOver.settle(())
        }
        #expect(order.take() == Array(0..<20))
    }

    @Test func whoHasNoPlaceAtAllWaitsUntilCancelled() async throws {
        let turnstile = Turnstile<Int>()
        let waiter = Task { try await turnstile.pass(1, width: 0) { 1 } }
        try await turnstile.pass(1, width: 1) {}
        try await Task.sleep(for: .milliseconds(5))
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
    }
}
