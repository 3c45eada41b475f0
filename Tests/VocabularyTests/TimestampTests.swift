// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@Suite struct TimestampTests {
    @Test(arguments: [
        ("2026-11-24T03:10:41.052Z", "2026-11-24T03:10:41.052Z"),
        ("2026-11-24T03:10:41Z", "2026-11-24T03:10:41.000Z"),
        ("2026-11-24t03:10:41.0529999z", "2026-11-24T03:10:41.052Z"),
        ("2026-11-24 03:10:41+08:00", "2026-11-23T19:10:41.000Z"),
        ("2024-02-29T23:59:59.9-00:30", "2024-03-01T00:29:59.900Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
    ])
    func timesAreReadInAnyFormOfRFC3339AndWrittenInOne(text: String, written: String) {
        #expect(Timestamp(text)?.description == written)
    }

    @Test(arguments: [
        "", "2026-11-24", "2026-11-24T03:10:41", "2026-11-24T03:10Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-11-24T24:00:00Z", "2026-11-24T03:10:41.Z", "2026-11-24T03:10:41+8:00", "2026-11-24T03:10:41Z ",
        "+026-11-24T03:10:41Z", "２０２６-11-24T03:10:41Z",
    ])
    func whatIsNoTimeIsNotRead(text: String) { #expect(Timestamp(text) == nil) }

    @Test func textsSortAsTimesDo() throws {
        let times = [Int64(-1), 0, 1, 999, 1000, 1_795_648_308_123].map(Timestamp.init(milliseconds:))
        #expect(times.map(\.description).sorted() == times.map(\.description))
    }
}
