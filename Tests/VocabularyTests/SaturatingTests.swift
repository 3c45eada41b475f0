// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@Suite struct SaturatingTests {
    @Test func sumsStayAtTheEndOfTheirRange() {
        #expect(Int64.max.addingSaturated(1) == .max)
        #expect(Int64.min.addingSaturated(-1) == .min)
        #expect(Int64.min.subtractingSaturated(1) == .min)
        #expect(Int64.max.subtractingSaturated(-1) == .max)
        #expect(Int64(7).subtractingSaturated(9) == -2)
        #expect([Int64.max, 1, -1].saturatedSum() == .max - 1)
        #expect([Int64]().saturatedSum() == 0)
    }

    @Test(arguments: [(1e300, Int.max), (-1e300, Int.min), (.infinity, .max), (.nan, 0), (2.9, 2), (-2.9, -2)])
    func aNumberOfAnySizeBecomesAWholeOne(_ value: Double, _ whole: Int) {
        #expect(Int(saturating: value) == whole)
    }

    @Test func momentsStayWithinTheirRange() {
        #expect(Timestamp(milliseconds: .max).adding(seconds: 1e300).milliseconds == .max)
        #expect(Timestamp(milliseconds: .min).seconds(since: Timestamp(milliseconds: .max)) < 0)
    }

    @Test(arguments: [-1, .min, .max, ListedMessage.mostOctets + 1])
    func aSizeThatNoMessageHasIsNone(_ octets: Int) {
        #expect(ListedMessage(number: 1, octets: octets, uniqueID: nil).octets == nil)
        #expect(ListedMessage(number: 1, octets: ListedMessage.mostOctets, uniqueID: nil).octets != nil)
    }
}
