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

    @Test func aPlaceIsHeldUntilItIsGivenUp() async throws {
        let turnstile = Turnstile<String>()
        let first = try await turnstile.place("a", width: 2)
        let second = try #require(turnstile.freePlace("a", width: 2))
        #expect(turnstile.freePlace("a", width: 2) == nil)
        #expect(turnstile.freePlace("b", width: 0) == nil)
        second.giveUp()
        let third = try #require(turnstile.freePlace("a", width: 2))
        first.giveUp()
        first.giveUp()
        let fourth = try #require(turnstile.freePlace("a", width: 2))
        #expect(turnstile.freePlace("a", width: 2) == nil)
        third.giveUp()
        fourth.giveUp()
    }

    @Test func aPlaceThatIsForgottenIsGivenUpAndReported() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let turnstile = Turnstile<Int>()
            _ = turnstile.freePlace(1, width: 1)
            let place = try #require(turnstile.freePlace(1, width: 1))
            place.giveUp()
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(said.split(separator: "\n").filter { $0.contains("a place in a line was let go of") }.count == 1)
    }

    @Test func whoCanWaitLetsAllOthersGoFirstAndAllElseIsInOrder() async throws {
        let turnstile = Turnstile<Int>()
        let order = WaitingLine<Int>()
        let place = try await turnstile.place(1, width: 1)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addImmediateTask {
                    // Cancelled is nobody here.
                    try? await turnstile.pass(1, width: 1, urgency: number < 10 ? .canWait : .somebodyWaits) {
                        _ = order.put(number)
                    }
                }
            }
            place.giveUp()
        }
        #expect(order.take() == Array(10..<20) + Array(0..<10))
    }

    @Test func whoHasNoPlaceAtAllWaitsUntilCancelled() async throws {
        let turnstile = Turnstile<Int>()
        let waiter = Task { try await turnstile.pass(1, width: 0, urgency: .canWait) { 1 } }
        try await turnstile.pass(1, width: 1) {}
        try await Task.sleep(for: .milliseconds(5))
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
    }
}
