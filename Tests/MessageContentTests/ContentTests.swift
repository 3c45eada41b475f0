// SPDX-License-Identifier: Apache-2.0

import MessageContent
import Support
import Testing
import Vocabulary

private func key(_ octet: UInt8, _ form: ContentKey.Form) -> ContentKey {
    guard let key = try? ContentKey(Array(repeating: octet, count: 32), form: form) else {
        preconditionFailure("32 octets are a key")
    }
    return key
}

private func scan(
    _ octets: [UInt8], pieces: Int = .max, key: ContentKey = key(1, .poly1305)
) -> (content: ContentHash, arrival: Int64?) {
    var scan = MessageScan(key: key)
    scan.reset()
    var rest = octets[...]
    while !rest.isEmpty {
        let piece = rest.prefix(pieces)
        Array(piece).withUnsafeBytes { scan.append($0) }
        rest = rest.dropFirst(pieces)
    }
    return scan.finish()
}

private func hash(_ text: String, _ form: ContentKey.Form = .poly1305) -> ContentHash {
    scan(Array(text.utf8), key: key(1, form)).content
}

@Suite struct ContentTests {
    @Test(arguments: [
        "Status: RO\nSubject: x\n\nbody\n",
        "Subject: x\nX-Status: A\nX-UID: 17\n\nbody\n",
        "X-UIDL: abc\n\tcontinued\n continued\nSubject: x\nX-Keywords:\n\nbody\n",
        "x-imapbase: 1 2\nSTATUS : O\nSubject: x\nstatus:\n\nbody\n",
        "Subject: x\n\nbody",
        "Subject: x\n\nbody\n\n",
    ])
    func whatMboxServersRewriteDoesNotCount(text: String) {
        for form in ContentKey.Form.allCases {
            #expect(hash(text, form) == hash("Subject: x\n\nbody\n", form))
        }
    }

    @Test(arguments: [
        "Subject: x\n\nStatus: RO\nbody\n", "Subject: x\n\nBody\n", "Subject: x\nStatusX: 1\n\nbody\n",
        "Subject: x\n Status: RO\n\nbody\n", "Subject: x\nStatus\n\nbody\n", "Subject: x\nbody\n",
        "Subject: x\n\n\nbody\n", "Subject: x\nX-UIDLs: 1\n\nbody\n", "\nSubject: x\n\nbody\n",
        "Subject: x\n\nbody\r\n", "Subject: x\n\nbody\0\n",
    ])
    func allElseCounts(text: String) {
        for form in ContentKey.Form.allCases {
            #expect(hash(text, form) != hash("Subject: x\n\nbody\n", form))
        }
    }

    /// A clock may be ahead of ours, but not by years.
    @Test(arguments: [
        (900 as Int64?, 800 as Int64?, 900 as Int64), (nil, 800, 800), (nil, nil, 100_000), (nil, 200_000, 100_000),
        (100_500, 800, 100_000),
        (186_400, 800, 100_000), (186_401, 800, 800), (186_401, nil, 100_000),
    ])
    func theTimeThatIsKeptIsTheServersWhereThatCanBe(told: Int64?, stated: Int64?, kept: Int64) {
        let told = told.map { Timestamp(milliseconds: $0 * 1000) }
        #expect(KeptTime.of(told: told, stated: stated, now: 100_000) == kept)
    }

    /// As other implementations of BLAKE2b, Poly1305 and SipHash have it, under the key 0, 1, … 31.
    @Test(arguments: [
        ("", -3_058_075_093_078_397_123, -1_574_957_135_985_161_700),
        ("Subject: x\n\nbody\n", 2_846_907_892_682_254_615, -3_086_924_071_901_445_391),
        ("Status: RO\nSubject: x\n\nb\0dy\u{80}\n\nmore\n\n\n", -571_473_035_863_431_747, -9_046_842_095_803_315_002),
    ])
    func contentsAreKnownByTheSameHashForEver(text: String, blake2b: Int64, poly1305: Int64) throws {
        let octets = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        let key = Array(UInt8(0)..<32)
        #expect(scan(octets, key: try ContentKey(key, form: .blake2b)).content.value == blake2b)
        #expect(scan(octets, key: try ContentKey(key, form: .poly1305)).content.value == poly1305)
    }

    @Test func aServerMayShowNULAs0x80() {
        let zeros = [UInt8](repeating: 0, count: 10_000)
        let text = Array("Subject: x\n\n".utf8)
        func hash(_ octets: [UInt8], _ form: ContentKey.Form) -> ContentHash { scan(octets, key: key(1, form)).content }
        for body in [zeros, zeros + [65, 10], [65] + zeros + [66], zeros + text + zeros] {
            let shown = body.map { $0 == 0 ? 0x80 : $0 }
            #expect(hash(text + body, .poly1305) == hash(text + shown, .poly1305))
            #expect(hash(text + body, .blake2b) != hash(text + shown, .blake2b))
        }
    }

    @Test func aKeyHas16To64Octets() throws {
        for form in ContentKey.Form.allCases {
            for count in [0, 15, 65] {
                #expect(throws: (any Error).self) { try ContentKey(Array(repeating: 1, count: count), form: form) }
            }
            for count in [16, 64] { _ = try ContentKey(Array(repeating: 1, count: count), form: form) }
        }
    }

    @Test func theHashIsTheSameHoweverTheMessageIsCut() {
        for (index, octets) in oddMessages(400, seed: 3).enumerated() where octets.count < 100_000 {
            let key = key(1, index.isMultiple(of: 4) ? .blake2b : .poly1305)
            let whole = scan(octets, key: key)
            for pieces in [1, 2, 3, 23, 24, 25, 1000] {
                let cut = scan(octets, pieces: pieces, key: key)
                #expect(cut.content == whole.content && cut.arrival == whole.arrival, "\(index) by \(pieces)")
            }
        }
    }

    @Test func oddMessagesDifferExceptInWhatDoesNotCount() {
        let one = "Subject: a\nStatus: R\n\nx"
        for form in ContentKey.Form.allCases {
            let (first, second) = (key(1, form), key(2, form))
            #expect(scan(Array(one.utf8), key: first).content != scan(Array(one.utf8), key: second).content)
        }
        #expect(hash(one, .blake2b) != hash(one, .poly1305))
        #expect(hash("") == hash("\n\n\n"))
        #expect(hash("Status: O\n") == hash(""))
        let line = String(repeating: "l", count: 3_000_000)
        #expect(hash("A: \(line)\nStatus: \(line)\n\nb") == hash("A: \(line)\n\nb"))
        #expect(hash("Status:\(line)") == hash(""))
    }

    @Test(arguments: [
        ("Tue, 1 Jan 2019 00:00:00 +0000", 1_546_300_800),
        ("1 Jan 2019 00:00 GMT", 1_546_300_800),
        ("Tue,\n 1 Jan\n\t2019 01:00:00 +0100 (CET)", 1_546_300_800),
        ("Mon (Monday; (really\\))), 31 Dec 2018 19:00:00 EST", 1_546_300_800),
        ("1 Jan 19 00:00:00 Z", 1_546_300_800),
        ("1 Jan 119 00:00:00 A", 1_546_300_800),
        ("Tue Jan 1 2019 00:00:00", 1_546_300_800),
        ("1-Jan-2019 00:00:00 UT", 1_546_300_800),
        ("Tue, 01 JANUARY 2019 00:00:00 WHAT", 1_546_300_800),
        ("Mon, 31 Dec 2018 16:00:00 PST", 1_546_300_800),
        ("31 Dec 98 23:59:60 +0000", 915_148_800),
        ("Thu, 29 Feb 2024 12:00:00 -0330", 1_709_220_600),
        ("1 Jan 2019 00:00:00 +9999", 1_546_300_800),
    ])
    func timesAreReadAsTheyAreWritten(text: String, seconds: Int64) {
        #expect(scan(Array("Date: \(text)\n\n".utf8)).arrival == seconds)
        #expect(
            scan(Array("Received: from a (b; c) by d;\n \(text)\nDate: 1 Jan 2000 00:00 Z\n\n".utf8)).arrival == seconds
        )
    }

    /// All are 2019-03-05T08:15:30Z.
    @Test(arguments: [
        "Tue Mar 05 2019 16:15:30 GMT+0800", "Tue Mar 05 2019 16:15:30 GMT+0800 (China Standard Time)",
        "Tue Mar 05 2019 03:15:30 GMT-0500 (EST)", "Tue Mar 05 2019 16:15:30 GMT+08:00",
        "Tue, 5 Mar 2019 16:15:30 UTC+8", "Tue, 5 Mar 2019 16:15:30 gmt+08", "5 Mar 2019 08:15:30 GMT-0000",
        "Tue, 5 Mar 2019 16:15:30 +08:00", "Tue, 5 Mar 2019 16:15:30 +08", "Tue, 5 Mar 2019 16:15:30 +800",
        "Tue, 5 Mar 2019 16:15:30 +0800 (CST)", "Tue, 5 Mar 2019 08:15:30 (CST)", "Tue, 5 mar 2019 16:15:30 +0800 GMT",
        "Tue Mar  5 08:15:30 2019", "Tue Mar  5 02:15:30 CST 2019", "Tue Mar 5 16:15:30 +0800 2019",
        "tue mar 5 17:15:30 jst 2019", "5 Mar 19 09:15:30 CET", "5-MAR-2019 10:15:30 EET", "05 March 2019 08.15.30",
        "Tue, 5 Mar 2019 08:15:30.000 +0000", "Tue, 5 Mar 2019 08:15:30,5 GMT", "Mar 5, 2019 4:15:30 PM +0800",
        "5 Mar 2019 08:15:30 AM Z", "2019-03-05T16:15:30+08:00", "2019-03-05 08:15:30.123456Z",
        "2019/03/05 16:15:30 +0800", "5 Mar 19119 08:15:30 Z", "16:15:30 5 Mar 2019 +0800",
        "Tuesday, 05-Mar-19 08:15:30 UTC",
        "5 Mar 2019 00:15:30 -0800 PST 7",
        "5 Mar 2019 08 : 15 : 30 +0000", "5 Mar 2019 08:15:30 GMT - by hand",
    ])
    func timesInOtherFormsAreTheSame(text: String) {
        #expect(scan(Array("Date: \(text)\n\n".utf8)).arrival == 1_551_773_730)
        #expect(
            scan(Array("Received: from a by b; \(text)\nDate: 1 Jan 2000 00:00 Z\n\n".utf8)).arrival == 1_551_773_730)
    }

    @Test(arguments: [
        "", "now", "Tue Mar 5 2019", "2019-13-05 08:15:30Z", "2019-02-30 08:15:30Z", "5 Mar 2019 13:15 PM",
        "5 Mar 2019 0:15 AM",
        "5 Mar 2019 08:15:61 Z", "5.3.2019 08:15", "Tue Mar 5 08:15:30", "5 Mar 191191 08:15:30 Z",
        "4294967297 Mar 2019 08:15",
        "5 Mar 18446744073709551617 08:15", "5 Mar 2019 08:18446744073709551617 Z", "5 Mar 1969 08:15:30 Z",
        "1 Jan 1970 00:00:00 +0000", "30 Feb 2019 00:00:00 Z", "29 Feb 2019 00:00 Z", "1 Jan 2019",
        "1 Jan 2019 24:00:00 Z", "1 Jan 2019 00:60 Z", "1 Foo 2019 00:00 Z", "1 Jan 99999 00:00 Z",
        "0 Jan 2019 00:00 Z",
        "1 Jan 2019 (00:00 Z", "1 Jan 2019 000:00 Z", "99999999999999999999 Jan 2019 00:00 Z",
    ])
    func whatIsNoTimeIsNone(text: String) {
        #expect(scan(Array("Date: \(text)\n\n".utf8)).arrival == nil)
        #expect(scan(Array("Received: by x; \(text)\nDate: 1 Jan 2000 00:00 Z\n\n".utf8)).arrival == 946_684_800)
    }

    @Test func theTopmostValidReceivedFieldCounts() {
        let header = """
            Date: 1 Jan 2000 00:00 Z
            Received: by a; yesterday
            Received: by b
            received : by c; 2 Jan 2000 00:00:00 Z
            Received: by d; 3 Jan 2000 00:00:00 Z
            Date: 4 Jan 2000 00:00 Z


            """
        #expect(scan(Array(header.utf8)).arrival == 946_771_200)
        #expect(scan(Array("Subject: x\n\nDate: 1 Jan 2000 00:00 Z\n".utf8)).arrival == nil)
        #expect(scan(Array("Date: 1 Jan 2000 00:00 Z".utf8)).arrival == 946_684_800)
        let filler = String(repeating: "X-Filler: \(String(repeating: "f", count: 90))\n", count: 4000)
        #expect(scan(Array((filler + "Date: 1 Jan 2000 00:00 Z\n\n").utf8)).arrival == nil)
    }
}
