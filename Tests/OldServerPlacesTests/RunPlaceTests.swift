// SPDX-License-Identifier: Apache-2.0

import OldServerPolicy
import Testing
import Waiting

@testable import OldServerPlaces

/// Runs begin, make way, go on and end.
@Suite(.timeLimit(.minutes(2))) struct RunPlaceTests {
    @Test func aRunMakesWayForALoginAndGoesOn() async {
        let (moves, isOver) = (Signal(), Signal())
        await Scene.play(
            move: { place in
                place.greeted()
                place.shown()
                place.accepted()
                moves.set()
                while !place.makesWay { await Task.yield() }
                #expect(await place.makeWay() == .opens)
                #expect(!place.makesWay)
                place.greeted()
                isOver.set()
                return RunReturn()
            }
        ) { scene in
            scene.places.want(scene.run(1), at: Scene.old)
            await moves.wait()
            let tries = Shared(0)
            let asked = await scene.places.ask(scene.question(2), at: Scene.old) { (place: QuestionPlace<Bool>) in
                let number = tries.change { tries in
                    tries += 1
                    return tries
                }
                guard number > 1 else {
                    #expect(place.refused(at: .greeting) == .waits)
                    return .again
                }
                place.greeted()
                place.shown()
                place.rejected()
                place.deliver(true)
                return .over
            }
            #expect(asked.answer == true)
            await isOver.wait()
            await scene.until { !$0.isInUse }
            #expect(scene.facts.limit?.connections == 1)
        }
    }

    @Test func aRunGoesOnInTheSessionOfItsLogin() async {
        let starts = Shared<[RunPlace.Start]>([])
        await Scene.play(move: { place in
            starts.change { $0.append(place.start) }
            return RunReturn()
        }) { scene in
            let ticket = Shared<OldServerPolicy.Ticket?>(nil)
            let asked = await scene.places.ask(scene.question(1), at: Scene.old) { (place: QuestionPlace<Bool>) in
                place.greeted()
                place.shown()
                #expect(place.accepted() == .keep)
                ticket.change { $0 = place.ticket }
                scene.places.want(scene.run(1, session: place.ticket), at: Scene.old)
                place.deliver(await place.waitForRun())
                return .over
            }
            #expect(asked.answer == true)
            await scene.until { !$0.isInUse }
            let session = ticket.value
            #expect(starts.value == session.map { [.goesOn(in: $0)] })
        }
    }

    /// A server that closes connections before a greeting may still count some that have ended; one that has refused any as
    /// too many, for longer.
    @Test(arguments: [false, true]) func aServerThatBearsFewIsGivenMoreTime(bearsFew: Bool) async {
        let (stands, isRefused, isTried, isOver) = (Signal(), Signal(), Signal(), Signal())
        let tried = Shared<RunPlace?>(nil)
        await Scene.play(move: { place in
            if place.account == 1 {
                place.greeted()
                place.shown()
                stands.set()
                await isRefused.wait()
                place.answered()
                place.closed()
                return RunReturn()
            }
            if bearsFew { #expect(await place.refused(at: .greeting) == .waited(.opens)) }
            tried.change { $0 = place }
            isTried.set()
            await isOver.wait()
            return RunReturn()
        }) { scene in
            if bearsFew {
                scene.places.want(scene.run(1), at: Scene.old)
                await stands.wait()
            }
            scene.places.want(scene.run(2), at: Scene.old)
            if bearsFew {
                await scene.until { $0.lastTooMany != nil }
                isRefused.set()
            }
            await isTried.wait()
            scene.pass(.seconds(2))
            if let place = tried.value {
                #expect(await place.refused(at: .greeting) == .isOutage)
                scene.pass(.seconds(11))
                #expect(place.isLostSinceShortly)
                scene.pass(.seconds(2))
                #expect(place.isLostSinceShortly == bearsFew)
                scene.pass(.seconds(46))
                #expect(place.isLostSinceShortly == bearsFew)
                scene.pass(.seconds(2))
                #expect(!place.isLostSinceShortly)
            }
            isOver.set()
        }
    }

    @Test func aSessionForWhichNoRunComesIsGivenBack() async {
        await Scene.play { scene in
            let isKept = Signal()
            async let asked = scene.places.ask(scene.question(1), at: Scene.old) { (place: QuestionPlace<Bool>) in
                place.greeted()
                place.shown()
                _ = place.accepted()
                isKept.set()
                place.deliver(await place.waitForRun())
                return .over
            }
            await isKept.wait()
            scene.pass(.seconds(1))
            #expect(await asked.answer == false)
            await scene.until { !$0.isInUse }
        }
    }

    @Test func aRunThatIsOneTooManyWaitsForAnother() async {
        let (stands, isOver) = (Signal(), Signal())
        let outcome = Shared<RunPlace.AfterRefusal?>(nil)
        await Scene.play(
            move: { place in
                if place.account == 1 {
                    place.greeted()
                    stands.set()
                    await isOver.wait()
                } else {
                    await stands.wait()
                    let after = await place.refused(at: .connection)
                    outcome.change { $0 = after }
                }
                return RunReturn()
            }
        ) { scene in
            scene.places.want(scene.run(1), at: Scene.old)
            scene.places.want(scene.run(2), at: Scene.old)
            await scene.until { $0.moving == 1 && $0.waitingRuns == 1 }
            isOver.set()
            await scene.until { !$0.isInUse }
            #expect(outcome.value == .waited(.opens))
        }
    }

    @Test func aRunThatWaitsForAnotherPlaceIsStopped() async {
        let (isWanted, isOver) = (Signal(), Signal())
        let (stopped, grant) = (Latch<RunPlace>(), Latch<RunPlace.Grant>())
        await Scene.play(
            move: { place in
                if place.account == 1 { return await RunReturn(after: isOver) }
                await isWanted.wait()
                stopped.settle(place)
                grant.settle(await place.makeWay())
                return RunReturn()
            }
        ) { scene in
            scene.places.tried(Scene.old, bears: 2)
            scene.places.want(scene.run(2), at: Scene.old)
            // It came earlier, so that the place is its own.
            var first = scene.run(1)
            first.since = scene.clock.now - .seconds(100)
            scene.places.want(first, at: Scene.old)
            isWanted.set()
            let place = await stopped.wait()
            await scene.until { _ in scene.places.isMoving(1) }
            place.stop()
            #expect(await grant.wait() == .stopped)
            isOver.set()
            await scene.until { !$0.isInUse }
        }
    }

    @Test func whoJoinsARunIsHeard() async {
        let (isOver, joined) = (Signal(), Latch<Int64>())
        await Scene.play(move: { _ in await RunReturn(after: isOver) }, joined: { joined.settle($0.account) }) {
            scene in
            #expect(scene.places.want(scene.run(7), at: Scene.old))
            await scene.until { $0.moving == 1 }
            #expect(!scene.places.want(scene.run(7), at: Scene.old))
            isOver.set()
            #expect(await joined.wait() == 7)
        }
    }

    @Test func whatAnAccountWantsNextIsBegunWhenItIsDue() async {
        let starts = Shared(0)
        await Scene.play(move: { place in
            let count = starts.change { starts in
                starts += 1
                return starts
            }
            guard count == 1 else { return RunReturn() }
            let next = Run(account: 1, kind: .retry, domain: Scene.domain, due: .now + .seconds(1000))
            return RunReturn(next: (next, Scene.old))
        }) { scene in
            scene.places.want(scene.run(1), at: Scene.old)
            await scene.until { _ in starts.value == 1 && !scene.places.isMoving(1) }
            #expect(scene.places.load == (0, 1))
            scene.pass(.seconds(1100))
            await scene.until { _ in !scene.places.isBusy(1) }
            #expect(starts.value == 2)
        }
    }

    @Test func aRunWaitsForADeadServerAndIsItsProbe() async {
        let starts = Shared(0)
        await Scene.play(move: { place in
            starts.change { $0 += 1 }
            place.greeted()
            return RunReturn()
        }) { scene in
            for account in 1...4 as ClosedRange<Int64> {
                _ = await scene.places.ask(scene.question(account), at: Scene.old) { (place: QuestionPlace<Bool>) in
                    _ = place.refused(at: .name)
                    return .over
                }
            }
            scene.places.want(scene.run(1), at: Scene.old)
            #expect(starts.value == 0 && scene.places.load == (0, 1))
            scene.pass(.seconds(2))
            await scene.until { !$0.isInUse }
            #expect(starts.value == 1)
        }
    }

    @Test func aRunThatIsWithdrawnDoesNotBegin() async {
        await Scene.play(move: { place in
            Issue.record("\(place.account) has begun")
            return RunReturn()
        }) { scene in
            var run = scene.run(1)
            run.due = scene.clock.now + .seconds(10)
            scene.places.want(run, at: Scene.old)
            #expect(scene.places.withdraw(1))
            scene.pass(.seconds(11))
            #expect(!scene.places.isBusy(1))
        }
    }
}

extension RunReturn {
    init(after signal: Signal) async {
        await signal.wait()
        self.init()
    }
}
