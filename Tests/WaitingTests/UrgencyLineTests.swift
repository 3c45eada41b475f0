// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Waiting

@Suite struct UrgencyLineTests {
    private static func line() -> UrgencyLine<Int> {
        var line = UrgencyLine<Int>()
        for number in 1...20 {
            line.append(number, number: UInt64(number), number % 2 == 0 ? .canWait : .somebodyWaits)
        }
        return line
    }

    @Test func whatCanWaitComesLastAndAllElseInOrder() {
        var line = Self.line()
        #expect(line.count == 20 && line.urgentCount == 10 && line.first == 1)
        var taken: [Int] = []
        while let next = line.removeFirst() { taken.append(next) }
        #expect(taken == Array(stride(from: 1, through: 19, by: 2)) + Array(stride(from: 2, through: 20, by: 2)))
        #expect(line.isEmpty && line.first == nil)
    }

    @Test func byTheirNumbersTheyLeaveIt() {
        var line = Self.line()
        #expect(line.remove(5...5) == [5])
        #expect(line.remove(5...5).isEmpty)
        #expect(line.remove(4...9) == [7, 9, 4, 6, 8])
        #expect(line.remove(19...100) == [19, 20])
        #expect(line.removeFirst() == 1)
        #expect(line.remove(1...1).isEmpty)
        #expect(line.removeAll { $0 > 12 } == [13, 15, 17, 14, 16, 18])
        #expect(line.count == 5)
    }
}
