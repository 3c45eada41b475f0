// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Logins

@Suite struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    private func dead() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.mostFailures {
            #expect(breaker.admit(now: start) == .ask)
            breaker.ended(.unreachable, isProbe: false, now: start)
        }
        return breaker
    }

    private func silent() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for number in 0..<CircuitBreaker.mostFailures {
            breaker.ended(.silent("user\(number)"), isProbe: false, now: start)
        }
        return breaker
    }

    @Test func aServerThatIsNotReachedFourTimesInARowIsNotAskedForAWhile() {
        var breaker = dead()
        #expect(breaker.admit(now: start) == .refuse)
        #expect(breaker.admit(now: at(0.9)) == .refuse)
        #expect(breaker.admit(now: at(1)) == .probe)
    }

    @Test func oneAnswerInBetweenBeginsTheCountAfresh() {
        var breaker = CircuitBreaker()
        for _ in 0..<50 {
            for _ in 1..<CircuitBreaker.mostFailures { breaker.ended(.unreachable, isProbe: false, now: start) }
            breaker.ended(.answered, isProbe: false, now: start)
        }
        #expect(breaker.isQuiet)
    }

    @Test func oneProbeGoesThroughAtATime() {
        var breaker = dead()
        #expect(breaker.admit(now: at(1)) == .probe)
        for _ in 0..<100 { #expect(breaker.admit(now: at(60)) == .refuse) }
        breaker.ended(.answered, isProbe: true, now: at(60))
        #expect(breaker.admit(now: at(60)) == .ask)
    }

    @Test func aProbeThatIsGivenUpMakesRoomForTheNext() {
        var breaker = dead()
        #expect(breaker.admit(now: at(1)) == .probe)
        breaker.ended(.abandoned, isProbe: true, now: at(1))
        #expect(breaker.admit(now: at(1)) == .probe)
    }

    @Test func eachProbeInVainDoublesTheWaitUpToHalfAMinute() {
        var breaker = dead()
        var now = start
        for wait in [1.0, 2, 4, 8, 16, 30, 30] {
            #expect(breaker.refuses(now: now.advanced(by: .seconds(wait - 0.1))))
            now = now.advanced(by: .seconds(wait))
            #expect(breaker.admit(now: now) == .probe)
            breaker.ended(.unreachable, isProbe: true, now: now)
        }
    }

    @Test func aGreetingClosesWhatUnreachabilityHasOpened() {
        var breaker = dead()
        #expect(breaker.admit(now: at(1)) == .probe)
        breaker.greeted()
        #expect(breaker.admit(now: at(1)) == .ask)
    }

    @Test func silenceAboutOneAccountOpensNothingHoweverOften() {
        var breaker = CircuitBreaker()
        for _ in 0..<1000 { breaker.ended(.silent("mallory"), isProbe: false, now: start) }
        #expect(breaker.admit(now: start) == .ask)
    }

    @Test func silenceAboutEverybodyOpensAndAGreetingAloneDoesNotClose() {
        var breaker = silent()
        #expect(breaker.admit(now: start) == .refuse)
        breaker.greeted()
        #expect(breaker.admit(now: start) == .refuse)
        #expect(breaker.admit(now: at(1)) == .probe)
        breaker.ended(.answered, isProbe: true, now: at(1))
        #expect(breaker.isQuiet)
    }

    @Test func oneAccountThatIsAlwaysSilentKeepsNothingOpen() {
        var breaker = silent()
        for _ in 0..<10 {
            #expect(breaker.admit(now: at(1)) == .probe)
            breaker.ended(.silent("user0"), isProbe: true, now: at(1))
        }
        #expect(breaker.admit(now: at(1)) == .probe)
        breaker.ended(.silent("user99"), isProbe: true, now: at(1))
        #expect(breaker.admit(now: at(2.9)) == .refuse)
        #expect(breaker.admit(now: at(3)) == .probe)
    }

    @Test func whatWasAskedBeforeItOpenedChangesNothingWhenItEndsInVain() {
        var breaker = dead()
        for _ in 0..<20 { breaker.ended(.unreachable, isProbe: false, now: at(0.9)) }
        #expect(breaker.admit(now: at(1)) == .probe)
    }
}
