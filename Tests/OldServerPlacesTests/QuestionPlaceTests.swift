// SPDX-License-Identifier: Apache-2.0

import OldServerPolicy
import Testing
import Waiting

@testable import OldServerPlaces

/// Questions wait, are asked, outlast their logins, and leave their places.
@Suite(.timeLimit(.minutes(2))) struct QuestionPlaceTests {
    @Test func theFifthWaitsUntilOneOfFourHasEnded() async {
        await Scene.play { scene in
            let order = Shared<[Int64]>([])
            let release = (1...5).map { _ in Signal() }
            await withTaskGroup(of: Void.self) { group in
                for account in 1...5 as ClosedRange<Int64> {
                    group.addTask {
                        let asked = await scene.places.ask(scene.question(account), at: Scene.old) {
                            (place: QuestionPlace<Int64>) in
                            order.change { $0.append(account) }
                            place.greeted()
                            place.shown()
                            await release[Int(account) - 1].wait()
                            place.rejected()
                            place.deliver(account)
                            return .over
                        }
                        #expect(asked.answer == account)
                    }
                    await scene.until { $0.asking + $0.waitingQuestions == Int(account) }
                }
                #expect(scene.facts.asking == 4)
                release[1].set()
                await scene.until { $0.waitingQuestions == 0 }
                for signal in release { signal.set() }
            }
            await scene.until { !$0.isInUse }
            #expect(order.value.last == 5)
        }
    }

    @Test func whatOutlastsItsLoginTakesEffect() async {
        await Scene.play { scene in
            let (isShown, answers) = (Signal(), Signal())
            let effect = Shared(false)
            async let asked = scene.places.ask(scene.question(1), at: Scene.old) { (place: QuestionPlace<Bool>) in
                place.greeted()
                place.shown()
                isShown.set()
                await answers.wait()
                _ = place.accepted()
                effect.change { $0 = true }
                place.deliver(true)
                return .over
            }
            await isShown.wait()
            scene.pass(.seconds(10))
            #expect(await asked.conclusion == .late(goesOn: true))
            #expect(scene.facts.asking == 1)
            answers.set()
            await scene.until { !$0.isInUse }
            #expect(effect.value)
        }
    }

    @Test func whatWasNotSentIsCancelledWithItsLogin() async {
        await Scene.play { scene in
            let isOpen = Signal()
            async let asked = scene.places.ask(scene.question(1), at: Scene.old) { (place: QuestionPlace<Bool>) in
                isOpen.set()
                while !Task.isCancelled { await Task.yield() }
                return .over
            }
            await isOpen.wait()
            scene.pass(.seconds(10))
            #expect(await asked.conclusion == .late(goesOn: false))
            await scene.until { !$0.isInUse }
        }
    }

    @Test func whoIsCancelledLeavesTheLineOrItsPlace() async {
        await Scene.play { scene in
            await withTaskGroup(of: Void.self) { group in
                for account in 1...6 as ClosedRange<Int64> {
                    group.addTask {
                        let asked = await scene.places.ask(scene.question(account), at: Scene.old) {
                            (_: QuestionPlace<Bool>) in
                            while !Task.isCancelled { await Task.yield() }
                            return .over
                        }
                        // In line, or at a connection that had said nothing yet.
                        #expect([.late(goesOn: false), .refused(.outOfTime)].contains(asked.conclusion))
                    }
                }
                await scene.until { $0.asking == 4 && $0.waitingQuestions == 2 }
                group.cancelAll()
            }
            await scene.until { !$0.isInUse }
        }
    }

    @Test func whoDeliversNothingIsAnsweredAllTheSame() async {
        await Scene.play { scene in
            let asked = await scene.places.ask(scene.question(1), at: Scene.old) { (_: QuestionPlace<Bool>) in .over }
            #expect(asked.conclusion == .nothing)
            await scene.until { !$0.isInUse }
        }
    }

    @Test func aDeadServerIsAskedByFourAndTheFifthIsRefused() async {
        await Scene.play { scene in
            for account in 1...4 as ClosedRange<Int64> {
                let asked = await scene.places.ask(scene.question(account), at: Scene.old) {
                    (place: QuestionPlace<String>) in
                    #expect(place.refused(at: .connection) == .isOutage)
                    place.deliver("connection refused")
                    return .over
                }
                #expect(asked.answer == "connection refused")
            }
            let asked = await scene.places.ask(scene.question(5), at: Scene.old) { (_: QuestionPlace<String>) in .over }
            #expect(asked.conclusion == .refused(.unreachable))
        }
    }

    @Test func stoppingEndsWhatWaitsAndWhatIsAsked() async {
        await Scene.play { scene in
            await withTaskGroup(of: Void.self) { group in
                for account in 1...6 as ClosedRange<Int64> {
                    group.addTask {
                        let asked = await scene.places.ask(scene.question(account), at: Scene.old) {
                            (_: QuestionPlace<Bool>) in
                            while !Task.isCancelled { await Task.yield() }
                            return .over
                        }
                        #expect(asked.conclusion == .stopped)
                    }
                }
                await scene.until { $0.asking == 4 && $0.waitingQuestions == 2 }
                scene.places.stop()
            }
            let asked = await scene.places.ask(scene.question(7), at: Scene.old) { (_: QuestionPlace<Bool>) in .over }
            #expect(asked.conclusion == .stopped)
        }
    }
}

extension Asked {
    var answer: Answer? { if case .answer(let answer) = self { answer } else { nil } }

    /// Why there is no answer.
    var conclusion: Asker.Conclusion? {
        switch self {
        case .answer: nil
        case .refused(let refusal): .refused(refusal)
        case .late(let goesOn): .late(goesOn: goesOn)
        case .nothing: .nothing
        case .stopped: .stopped
        }
    }
}
