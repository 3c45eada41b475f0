// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@Suite struct ListedMessageTests {
    @Test func amongMillionsOneTakesNoMoreThanThirtyTwoOctets() {
        #expect(MemoryLayout<ListedMessage>.stride == 32)
    }

    @Test func whatIsPutInComesOut() {
        let message = ListedMessage(
            number: 2_500_000, octets: 5_000_000_000, uniqueID: UniqueID(octets: [1, 2, 3]), folder: 999,
            flags: [.seen, .draft], date: Timestamp(milliseconds: 1_700_000_000_999))
        #expect((message.number, message.octets, message.folder) == (2_500_000, 5_000_000_000, 999))
        #expect(message.flags == [.seen, .draft])
        #expect(message.date == Timestamp(milliseconds: 1_700_000_000_000))
        #expect(message.detached == message)
    }

    @Test(arguments: [0, 1, 4_294_967_295, 4_294_967_296, ListedMessage.mostOctets])
    func sizesUpToATerabyteAreKept(octets: Int) {
        var message = ListedMessage(number: 1, octets: octets, uniqueID: nil)
        #expect(message.octets == octets)
        message.octets = nil
        #expect(message.octets == nil)
    }

    @Test(arguments: [-1, 0, Int64.min, Int64.max, 4_294_967_296_000])
    func aDateThatNoMessageCanHaveIsNone(milliseconds: Int64) {
        #expect(
            ListedMessage(number: 1, octets: 1, uniqueID: nil, date: Timestamp(milliseconds: milliseconds)).date == nil)
    }

    @Test func numbersBeyondWhatFitsAreCutToIt() {
        let message = ListedMessage(number: .max, octets: nil, uniqueID: nil, folder: .max)
        #expect((message.number, message.folder) == (Int(Int32.max), Int(UInt16.max)))
    }
}
