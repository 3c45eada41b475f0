// SPDX-License-Identifier: Apache-2.0

import OldServerPolicy
import Synchronization
import Testing
import Waiting

@testable import OldServerPlaces

/// Many at once, at servers that bear few.
@Suite(.timeLimit(.minutes(5))) struct CrowdTests {
    /// Counts connections as an old server does, and refuses those beyond what it bears.
    private final class Server: Sendable {
        private let state = Mutex((open: 0, most: 0, refused: 0))
        let bears: Int

        init(bears: Int) { self.bears = bears }

        func connect() -> Bool {
            state.withLock { state in
                guard state.open < bears else {
                    state.refused += 1
                    return false
                }
                state.open += 1
                state.most = max(state.most, state.open)
                return true
            }
        }

        func close() { state.withLock { $0.open -= 1 } }

        var counts: (open: Int, most: Int, refused: Int) { state.withLock { $0 } }
    }

    @Test(arguments: [1, 2, 4, 100])
    func everybodyGetsInAndNoPlaceIsLost(bears: Int) async {
        let server = Server(bears: bears)
        let moved = Shared(0)
        var bounds = OldServerPolicy.Bounds()
        // However slow this machine is.
        bounds.login = .seconds(200)
        await Scene.play(
            bounds,
            move: { place in
                var left = 20
                var mayOpen = true
                while left > 0, mayOpen {
                    guard server.connect() else {
                        switch await place.refused(at: .greeting) {
                        case .isOutage: place.opens()
                        case .waited(let grant): mayOpen = grant == .opens
                        }
                        continue
                    }
                    place.greeted()
                    place.shown()
                    place.accepted()
                    while left > 0, !place.makesWay {
                        await Task.yield()
                        left -= 1
                    }
                    server.close()
                    guard left > 0 else { break }
                    mayOpen = await place.makeWay() == .opens
                }
                if left == 0 { moved.change { $0 += 1 } }
                return RunReturn()
            }
        ) { scene in
            await withTaskGroup(of: Void.self) { group in
                for account in 1...60 as ClosedRange<Int64> {
                    scene.places.want(scene.run(account), at: Scene.old)
                    group.addTask { await Self.logIn(account, server, scene) }
                    group.addTask { await Self.logIn(account + 1000, server, scene) }
                }
                // Time that nobody waits for passes all the same.
                let clock = Task {
                    while !Task.isCancelled {
                        scene.pass(.milliseconds(100))
                        try? await pause(for: .milliseconds(1))
                    }
                }
                await group.waitForAll()
                await scene.until { !$0.isInUse }
                clock.cancel()
            }
            #expect(moved.value == 60)
            #expect(server.counts.open == 0)
            #expect(server.counts.most <= bears)
            #expect(scene.places.load == (0, 0))
        }
    }

    @Test func whoeverHangsOrGoesAwayLosesNoPlace() async {
        let answered = Shared(0)
        await Scene.play { scene in
            await withTaskGroup(of: Void.self) { group in
                for account in 1...200 as ClosedRange<Int64> {
                    group.addTask { await Self.misbehave(account, scene) { answered.change { $0 += 1 } } }
                }
                let clock = Task {
                    while !Task.isCancelled {
                        scene.pass(.milliseconds(50))
                        try? await pause(for: .milliseconds(1))
                    }
                }
                await group.waitForAll()
                await scene.until { !$0.isInUse }
                clock.cancel()
            }
            #expect(answered.value > 0)
        }
    }

    /// Some are answered; some hang before or after the password is sent; some go away while they wait, or are asked.
    private static func misbehave(_ account: Int64, _ scene: Scene, _ isAnswered: @escaping @Sendable () -> Void) async
    {
        try? await pause(for: .milliseconds(account % 97))
        let asking = Task {
            await scene.places.ask(scene.question(account), at: Scene.old) { (place: QuestionPlace<Bool>) in
                place.greeted()
                if account % 5 == 1 { await Self.hang(until: scene.clock.now + .seconds(60), scene) }
                place.shown()
                if account % 5 == 2 {
                    await Self.hang(until: scene.clock.now + .seconds(60), scene)
                    place.silent()
                    return .over
                }
                await Task.yield()
                place.rejected()
                place.deliver(true)
                return .over
            }
        }
        if account % 5 == 3 {
            try? await pause(for: .milliseconds(account % 7))
            asking.cancel()
        }
        if await asking.value.answer == true { isAnswered() }
    }

    private static func hang(until moment: ContinuousClock.Instant, _ scene: Scene) async {
        // Cancelled: it is looked at next.
        while !Task.isCancelled, scene.clock.now < moment { try? await pause(for: .milliseconds(1)) }
    }

    private static func logIn(_ account: Int64, _ server: Server, _ scene: Scene) async {
        var tries = 0
        while true {
            let asked = await scene.places.ask(scene.question(account, seconds: 200), at: Scene.old) {
                (place: QuestionPlace<Bool>) in
                guard server.connect() else {
                    if place.refused(at: .greeting) == .waits { return .again }
                    place.deliver(false)
                    return .over
                }
                defer { server.close() }
                place.greeted()
                place.shown()
                await Task.yield()
                place.rejected()
                place.deliver(true)
                return .over
            }
            if asked.answer == true { return }
            tries += 1
            guard tries < 1000 else {
                Issue.record("\(account) does not get in: \(asked)")
                return
            }
            try? await pause(for: .milliseconds(2))
        }
    }
}
