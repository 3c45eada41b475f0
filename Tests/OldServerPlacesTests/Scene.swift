// SPDX-License-Identifier: Apache-2.0

import OldServerPolicy
import Synchronization
import Waiting

@testable import OldServerPlaces

typealias Question = OldServerPolicy.Question
typealias Run = OldServerPolicy.Run
typealias Endpoint = OldServerPolicy.Endpoint

/// A clock that the test moves.
final class TestClock: Sendable {
    private let start = ContinuousClock.now
    private let elapsed = Mutex(Duration.zero)

    var now: ContinuousClock.Instant { start + elapsed.withLock { $0 } }

    func pass(_ duration: Duration) { elapsed.withLock { $0 += duration } }
}

/// Places that are handed out while a test goes on.
struct Scene: Sendable {
    static let old = Endpoint(host: "old.example", port: 110)
    static let domain = OldServerPolicy.Domain("example.com")

    let places: OldServerPlaces
    let clock: TestClock

    /// - Parameter move: what a run does; nothing, where it is left out.
    @discardableResult
    static func play<Result: Sendable>(
        _ bounds: OldServerPolicy.Bounds = OldServerPolicy.Bounds(),
        move: @escaping @Sendable (RunPlace) async -> RunReturn = { _ in RunReturn() },
        joined: @escaping @Sendable (RunPlace) async -> Void = { _ in },
        _ body: @Sendable (Scene) async throws -> Result
    ) async rethrows -> Result {
        let clock = TestClock()
        let places = OldServerPlaces(bounds, clock: { clock.now })
        async let life: Void = places.run(move, joined: joined)
        do {
            let result = try await body(Scene(places: places, clock: clock))
            places.stop()
            await life
            return result
        } catch {
            places.stop()
            await life
            throw error
        }
    }

    /// Time passes, and the policy looks at it.
    func pass(_ duration: Duration) {
        clock.pass(duration)
        places.look()
    }

    func question(_ account: Int64, seconds: Int = 10) -> Question {
        Question(.account(account), domain: Self.domain, deadline: clock.now + .seconds(seconds))
    }

    func run(_ account: Int64, session: OldServerPolicy.Ticket? = nil) -> Run {
        Run(account: account, kind: .first, domain: Self.domain, due: clock.now, session: session)
    }

    var facts: OldServerPolicy.Facts { places.facts(of: Self.old) }

    /// Until something is so.
    func until(_ isSo: @Sendable (OldServerPolicy.Facts) -> Bool) async {
        while !isSo(facts) { try? await pause(for: .milliseconds(1)) }
    }
}

/// What a test waits for, or holds back: set once, awaited by one.
typealias Signal = Latch<Void>

extension Latch<Void> {
    func set() { settle(()) }
}

/// What several tasks write.
final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }

    @discardableResult
    func change<Result: Sendable>(_ body: (inout sending Value) -> sending Result) -> Result {
        state.withLock { body(&$0) }
    }
}
