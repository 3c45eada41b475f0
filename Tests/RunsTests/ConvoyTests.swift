// SPDX-License-Identifier: Apache-2.0

import Ground
import MailSource
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary
import Waiting

@testable import Runs

/// A mailbox that is fetched over several sessions.
@Suite(.timeLimit(.minutes(5))) struct ConvoyTests {
    /// What came, in order.
    private final class Arrived: MessageSink {
        private let state = Mutex<(ids: [Int], octets: [UInt8], isOpen: Bool, isFull: Bool)>(([], [], false, false))
        private let waiting = Mutex<[@Sendable () -> Void]>([])
        private let sizes = Mutex<[Int]>([])

        var numbers: [Int] { state.withLock { $0.ids } }
        var octets: [Int] { sizes.withLock { $0 } }

        func begin(_ message: ListedMessage) {
            state.withLock { state in
                #expect(!state.isOpen)
                (state.isOpen, state.octets) = (true, [])
                state.ids.append(message.number)
            }
        }

        func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
            let octets = [UInt8](unsafeUninitializedCapacity: max(1024, count)) { room, filled in
                filled = fill(UnsafeMutableRawBufferPointer(room))
            }
            state.withLock { $0.octets += octets }
        }

        func end() {
            let count = state.withLock { state in
                state.isOpen = false
                return state.octets.count
            }
            sizes.withLock { $0.append(count) }
        }

        func abandon() {
            state.withLock { state in
                #expect(state.isOpen)
                state.isOpen = false
                state.ids.removeLast()
            }
        }

        func flush() {}

        var isFull: Bool { state.withLock { $0.isFull } }

        func fill() { state.withLock { $0.isFull = true } }

        func drain() {
            state.withLock { $0.isFull = false }
            for resume in waiting.withLock({ waiting in
                defer { waiting = [] }; return waiting
            }) { resume() }
        }

        func whenReady(_ resume: @escaping @Sendable () -> Void) {
            if isFull { waiting.withLock { $0.append(resume) } } else { resume() }
        }
    }

    /// What became of the sessions.
    private final class Noted: Sendable {
        let refused = Mutex<[Int]>([])
        let opened = Mutex(0)
        let closed = Mutex(0)
        let isWantedBack = Mutex(false)
        let told = Mutex<[String]>([])
    }

    /// A fetch of all that an old server has.
    private struct Scene {
        let source: MemorySource
        let arrived = Arrived()
        var limits = AdditionalConnections()
        var options = FetchOptions(oneByOne: false, windowOctets: 1 << 20)
        let noted = Noted()

        init(_ messages: Int = 400, octets: Int = 100, pause: Duration = .milliseconds(1)) {
            source = MemorySource(
                password: "old",
                inbox: (1...messages).map {
                    .init(id: "\($0)", text: "Subject: \($0)\n\n" + String(repeating: "x", count: octets) + "\n")
                })
            source.state.withLock { $0.pause = pause }
            (limits.afterSeconds, limits.leastSecondsLeft, limits.leastGain) = (0.02, 0, 0)
        }

        private func session() async throws -> any MailboxSession {
            let line = try await source.connect(
                to: OldServer(host: "old.example", port: 143, security: .none), timeouts: Timeouts(), hiding: nil)
            guard case .accepted(let session) = try await line.check(user: "ann", password: Password("old")) else {
                throw CancellationError()
            }
            try await session.enter()
            return session
        }

        /// - Parameters:
        ///   - most: so many more may be opened.
        ///   - flaps: whether there seems to be a place now and then, and is none.
        func fetch(opening most: Int = 3, flaps: Bool = false) async throws {
            let main = try await session()
            let listing = try await main.list(try await main.folders())
            let (left, asked, isUseless) = (Noted(), Noted(), Latch<Void>())
            left.opened.withLock { $0 = most }
            let mayOpen: @Sendable () -> Bool = {
                let isOdd = asked.opened.withLock { asked in
                    asked += 1
                    return asked % 2 == 1
                }
                return left.opened.withLock { $0 > 0 } || (flaps && isOdd)
            }
            let open: @Sendable () async -> Convoy.Companion? = {
                let mayOpen = left.opened.withLock { left in
                    left -= 1
                    return left >= 0
                }
                guard mayOpen else { return nil }
                guard let another = try? await session(), another.takeUp(main) else {
                    isUseless.settle(())
                    return nil
                }
                noted.opened.withLock { $0 += 1 }
                return Convoy.Companion(session: another) {
                    noted.isWantedBack.withLock { $0 }
                } close: { _ in
                    another.abort()
                    noted.closed.withLock { $0 += 1 }
                }
            }
            let convoy = Convoy(
                main: main, limits: limits, note: { words in noted.told.withLock { $0.append(words) } },
                mayOpen: mayOpen, open: open, isUseless: isUseless)
            try await convoy.fetch(listing, into: arrived, options) { message, _ in
                noted.refused.withLock { $0.append(message.number) }
            }
        }

        func expectAllClosed(sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(
                noted.opened.withLock { $0 } == noted.closed.withLock { $0 }, sourceLocation: sourceLocation)
        }
    }

    @Test func severalSessionsBringAllInOrder() async throws {
        let scene = Scene()
        try await scene.fetch()
        #expect(scene.arrived.numbers == Array(1...400))
        #expect(scene.noted.opened.withLock { $0 } > 0)
        scene.expectAllClosed()
        // Each was asked for once.
        #expect(scene.source.state.withLock { $0.fetched.count } == 400)
    }

    @Test func aShortMailboxHasOneSession() async throws {
        var scene = Scene(50, pause: .zero)
        scene.limits = AdditionalConnections()
        try await scene.fetch()
        #expect(scene.arrived.numbers == Array(1...50))
        #expect(scene.noted.opened.withLock { $0 } == 0)
    }

    /// One that brings no more than there was without it is closed, and none is tried again.
    @Test func oneThatBringsNothingIsClosed() async throws {
        var scene = Scene()
        scene.limits.leastGain = 1000
        try await scene.fetch()
        #expect(scene.arrived.numbers == Array(1...400))
        #expect(scene.noted.opened.withLock { $0 } == 1)
        #expect(scene.noted.told.withLock { $0.count == 1 && $0[0].contains("% of what there was without it") })
        scene.expectAllClosed()
    }

    /// A leg that seems to be over, and then not, hands out nothing more.
    @Test func placesThatComeAndGoHoldUpNothing() async throws {
        for _ in 0..<5 {
            var scene = Scene(300)
            scene.limits.afterSeconds = 0.005
            try await scene.fetch(opening: 2, flaps: true)
            #expect(scene.arrived.numbers == Array(1...300))
            scene.expectAllClosed()
        }
    }

    @Test func whereThereIsNoPlaceNothingChanges() async throws {
        let scene = Scene()
        try await scene.fetch(opening: 0)
        #expect(scene.arrived.numbers == Array(1...400))
        #expect(scene.source.state.withLock { $0.connections } == 1)
    }

    @Test func aServerThatLetsNobodyInOnceMoreIsAskedOnce() async throws {
        let scene = Scene()
        let logins = Noted()
        scene.source.state.withLock { state in
            state.before = { step in
                guard step == .login else { return }
                if logins.opened.withLock({
                    $0 += 1; return $0
                }) > 1 {
                    scene.source.state.withLock { $0.misdeeds[.login] = [.isBusy] }
                }
            }
        }
        try await scene.fetch()
        #expect(scene.arrived.numbers == Array(1...400))
        #expect(logins.opened.withLock { $0 } == 2)
        #expect(scene.noted.opened.withLock { $0 } == 0)
    }

    /// Its place is wanted by others: the rest is fetched without it.
    @Test func oneThatIsWantedBackLeaves() async throws {
        let scene = Scene()
        scene.source.state.withLock { state in
            state.before = { step in
                if step == .fetch, scene.noted.opened.withLock({ $0 }) > 0 {
                    scene.noted.isWantedBack.withLock { $0 = true }
                }
            }
        }
        try await scene.fetch()
        #expect(scene.arrived.numbers == Array(1...400))
        #expect(scene.noted.opened.withLock { $0 } == 1)
        scene.expectAllClosed()
    }

    /// Another session that ends brings nothing in disorder, and nothing twice.
    @Test(arguments: [MemorySource.Misdeed.hangsUp, .hangsUpInTheMiddle, .talksNonsense, .throttles])
    func anotherSessionMayEnd(misdeed: MemorySource.Misdeed) async throws {
        for place in [120, 200, 399] {
            let scene = Scene()
            // Whoever stumbles over it: where that is the first session, the fetch has failed.
            scene.source.state.withLock { $0.stumbles["\(place)"] = [misdeed] }
            do {
                try await scene.fetch()
                #expect(scene.arrived.numbers == Array(1...400))
                #expect(
                    scene.noted.told.withLock { $0.contains { $0.hasPrefix("an additional connection is given up:") } })
            } catch {
                #expect(error is SourceError)
                #expect(scene.arrived.numbers == Array(1..<place))
            }
            scene.expectAllClosed()
        }
    }

    @Test func whatIsRefusedOrGoneIsToldInItsPlace() async throws {
        let scene = Scene()
        let some = Set(stride(from: 7, to: 400, by: 13))
        scene.source.state.withLock { state in
            state.refused = Set(some.map { "\($0)" })
            // They are gone after the listing.
            state.before = { step in
                guard step == .fetch else { return }
                scene.source.state.withLock { state in
                    guard state.folders[0].messages.count == 400 else { return }
                    state.folders[0].messages.removeLast(3)
                }
            }
        }
        try await scene.fetch()
        #expect(scene.noted.refused.withLock { $0 } == some.filter { $0 <= 397 }.sorted())
        #expect(scene.arrived.numbers == (1...397).filter { !some.contains($0) })
    }

    /// Once the caller says so nothing more is asked for, and what was comes in order.
    @Test func itEndsBetweenMessages() async throws {
        var scene = Scene()
        let asked = Noted()
        scene.options.goesOn = {
            asked.opened.withLock {
                $0 += 1; return $0
            } < 200
        }
        try await scene.fetch()
        let numbers = scene.arrived.numbers
        #expect(numbers == Array(1...numbers.count))
        #expect(numbers.count < 400)
        scene.expectAllClosed()
    }

    /// Where the store is slower than the server, no more is held in memory than a window for each session.
    @Test func aStoreThatIsFullHoldsAllUp() async throws {
        var scene = Scene(400, octets: 10_000, pause: .zero)
        scene.options.windowOctets = 50_000
        scene.arrived.fill()
        let fetch = Task { [scene] in try await scene.fetch() }
        try await Task.sleep(for: .milliseconds(200))
        let fetched = scene.source.state.withLock { $0.fetched.count }
        #expect(fetched < 60)
        scene.arrived.drain()
        try await fetch.value
        #expect(scene.arrived.numbers == Array(1...400))
        #expect(scene.arrived.octets.allSatisfy { $0 > 10_000 })
    }

    /// Also while a store that is full is waited for.
    @Test(arguments: 1...5) func itCanBeCancelled(_: Int) async throws {
        let scene = Scene(400, octets: 10_000)
        let fetch = Task { [scene] in try await scene.fetch() }
        while scene.noted.opened.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        scene.arrived.fill()
        try await Task.sleep(for: .milliseconds(50))
        fetch.cancel()
        let ending = Task {
            try await Task.sleep(for: .seconds(1))
            scene.arrived.drain()
        }
        await #expect(throws: (any Error).self) { try await fetch.value }
        ending.cancel()
        scene.expectAllClosed()
    }
}
