// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Logins

@Suite struct QuestionLineTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    /// Four ask, and so many wait.
    private func line(waiting: Int) -> (line: QuestionLine, numbers: [UInt64]) {
        var line = QuestionLine()
        for _ in 0..<4 { _ = line.begin(at: start) }
        let numbers = (0..<waiting).map { _ in line.wait() }
        return (line, numbers)
    }

    @Test func aServerThatAnswersQuicklyIsWaitedForInALongLine() {
        var (line, numbers) = line(waiting: 300)
        let question = line.begin(at: start)
        line.end(question, at: at(0.1), hasAnswer: true)
        #expect(line.seconds(before: numbers[299], places: 4, at: at(0.1)) < 8)
    }

    @Test func theLongerAServerIsSilentTheShorterIsTheLine() {
        let (line, numbers) = line(waiting: 40)
        func staying(at seconds: Double) -> Int {
            numbers.count { line.seconds(before: $0, places: 4, at: at(seconds)) <= 10 }
        }
        #expect(staying(at: 0.5) == 40)
        #expect(staying(at: 2.5) == 16)
        #expect(staying(at: 9) == 4)
        #expect(staying(at: 11) == 0)
    }

    @Test func oneAccountsSilenceShortensNothing() {
        var (line, numbers) = line(waiting: 4)
        for second in 1...30 {
            let question = line.begin(at: at(Double(second)))
            #expect(line.seconds(before: numbers[3], places: 4, at: at(Double(second) + 0.1)) < 1)
            line.end(question, at: at(Double(second) + 0.1), hasAnswer: true)
            numbers.append(line.wait())
            line.leave(numbers.removeFirst())
        }
    }

    @Test func whoeverLeavesMakesRoomForThoseBehind() {
        var (line, numbers) = line(waiting: 40)
        #expect(line.seconds(before: numbers[39], places: 4, at: at(2)) == 20)
        for number in numbers[..<20] { line.leave(number) }
        #expect(line.seconds(before: numbers[39], places: 4, at: at(2)) == 10)
    }
}
