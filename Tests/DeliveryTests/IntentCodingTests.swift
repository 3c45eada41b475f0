// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Testing
import Vocabulary

@testable import Delivery

/// What intents keep, in all forms that databases hold.
@Suite struct IntentCodingTests {
    private let moment = BootMoment(boot: "5e7b", seconds: 472)
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    @Test func theStoresOctetsComeBackWithTheMoment() {
        // Whatever these are: NUL and what looks like another form among them.
        for octets in ["", "1\0x\0", "\0\0\0", "3\0a\0b\0", "any"].map({ Array($0.utf8) }) {
            let batch = StagedBatch(encoded: octets, lane: StoreLane("a"), count: 1)
            let read = IntentCoding(IntentCoding.encode(batch, at: moment))
            #expect(read.batch == octets)
            #expect(read.moment == moment)
        }
    }

    @Test func formsFromBeforeAreTheStoresOwn() {
        let first = Array("1\0/mail/ann\02049\0131\0-\0name\0".utf8)
        #expect(IntentCoding(first).batch == first)
        #expect(IntentCoding(first).moment == nil)
        let second = Array("2\0/mail/ann\02049\0131\0-\05e7b\0472\0name\0".utf8)
        #expect(IntentCoding(second).batch == second)
        #expect(IntentCoding(second).moment == moment)
    }

    @Test(arguments: ["", "3", "3\05e7b\0", "2", "2\0a\0b\0", "nonsense", "3\05e7b\0soon\0x"])
    func whatCannotBeReadTellsNoMoment(encoded: String) {
        #expect(IntentCoding(Array(encoded.utf8)).moment == nil)
    }

    @Test func anIntentIsRecentOnlyByEveryClock() {
        let batch = StagedBatch(encoded: Array("1\0".utf8), lane: StoreLane("a"), count: 1)
        func isRecent(_ begun: BootMoment?, age: Double, _ boot: String = "x", _ seconds: Int64 = 200_010) -> Bool {
            let encoded = begun.map { IntentCoding.encode(batch, at: $0) } ?? batch.encoded
            let intent = Intent(
                account: 1, recordedAt: now.adding(seconds: -age), batch: encoded, rows: [], octets: [])
            return intent.isRecent(at: now, BootMoment(boot: boot, seconds: seconds))
        }
        let moment = BootMoment(boot: "x", seconds: 200_000)
        #expect(isRecent(moment, age: 10))
        #expect(!isRecent(moment, age: 10, "x", 300_010))
        #expect(!isRecent(moment, age: 90_000))
        #expect(!isRecent(moment, age: -4000))
        #expect(isRecent(moment, age: 10, "y", 5))
        #expect(isRecent(nil, age: 10))
    }
}
