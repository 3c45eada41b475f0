// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@testable import IMAP

/// Names, dates and sets.
struct ValueTests {
    @Test(arguments: [
        ("Sent", "Sent"), ("a&b", "a&-b"), ("台北", "&U,BTFw-"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("Entwürfe", "Entw&APw-rfe"), ("😀x", "&2D3eAA-x"), ("已发送", "&XfJT0ZAB-"), ("", ""),
    ])
    func namesAreInModifiedUTF7(text: String, wire: String) {
        #expect(String(decoding: ModifiedUTF7.encode(text), as: UTF8.self) == wire)
        #expect(ModifiedUTF7.decode(Array(wire.utf8)) == text)
    }

    @Test(arguments: ["a&", "&U,BTF", "&!-", "&2D0-", "&U-", "&AAAAA-", "x&Jjo!-"])
    func whatIsNoModifiedUTF7StandsAsItIs(wire: String) {
        let name = MailboxName(octets: wire.utf8)
        #expect(Array(name.octets) == Array(wire.utf8))
        #expect(!name.description.isEmpty)
        if wire != "a&" { #expect(name.description == wire) }
    }

    @Test func octetsOfANameAreKept() {
        let name = MailboxName(octets: [0xB2, 0xDD, 0xB8, 0xE5])  // GBK
        #expect(name.octets == [0xB2, 0xDD, 0xB8, 0xE5])
        #expect(name.description.contains("\u{FFFD}"))
        #expect(MailboxName(octets: "草稿".utf8).description == "草稿")
        #expect(MailboxName(octets: "inbox".utf8) == .inbox)
        #expect(MailboxName("草稿", utf8: true).octets == Array("草稿".utf8))
    }

    @Test func levelsAreCutBeforeTheyAreDecoded() {
        #expect(MailboxName("a/b/c").levels(UInt8(ascii: "/")) == ["a", "b", "c"])
        #expect(MailboxName(octets: "x,&U,BTFw-,y".utf8).levels(UInt8(ascii: ",")) == ["x", "台北", "y"])
        #expect(MailboxName(octets: "a.&AC4-b".utf8).levels(UInt8(ascii: ".")) == ["a", ".b"])
        #expect(MailboxName("a/b").levels(nil) == ["a/b"])
    }

    @Test(arguments: [
        (" 7-Feb-1994 21:52:25 -0800", "1994-02-08T05:52:25Z"), ("17-Jul-1996 02:44:25 +0000", "1996-07-17T02:44:25Z"),
        ("7-jul-1996 02:44:25 +0545", "1996-07-06T20:59:25Z"), ("29-Feb-2024 23:59:60 GMT", "2024-03-01T00:00:00Z"),
        ("01-Jan-2020 00:00:00", "2020-01-01T00:00:00Z"),
    ])
    func datesAreRead(text: String, time: String) {
        #expect(InternalDate.timestamp(of: Array(text.utf8)) == Timestamp(time))
    }

    @Test(arguments: [
        "", "00-Jan-0000 00:00:00 +0000", "30-Dec-1899 00:00:00 +0000", "01-Jan-1970 00:00:00 +0000",
        "01-Jan-1970 08:00:00 +0800", "31-Feb-2001 00:00:00 +0000", "1-Foo-2001 00:00:00 +0000",
        "1-Jan-2001 24:00:00 +0000", "1-Jan-99999 00:00:00 +0000", "1-Jan-2001 00:00:00 +99999", "1 Jan 2001 00:00:00",
        "1-Jan-01 00:00:00 +0000",
    ])
    func whatIsNoDateIsNone(text: String) { #expect(InternalDate.timestamp(of: Array(text.utf8)) == nil) }

    @Test func datesAreWrittenAsTheyAreRead() throws {
        for time in ["1994-02-08T05:52:25Z", "2038-01-19T03:14:08Z", "9999-12-31T23:59:59Z"] {
            let timestamp = try #require(Timestamp(time))
            #expect(InternalDate.timestamp(of: Array(InternalDate.text(of: timestamp).utf8)) == timestamp)
        }
        #expect(InternalDate.text(of: Timestamp(milliseconds: .max)) == "31-Dec-9999 23:59:59 +0000")
        #expect(InternalDate.text(of: Timestamp(milliseconds: .min)) == "01-Jan-1970 00:00:00 +0000")
    }

    @Test func setsAreRanges() {
        #expect(UIDSet([5, 1, 2, 3, 9, 2, 0]).description == "1:3,5,9")
        #expect(UIDSet.from(17).description == "17:*")
        #expect(UIDSet.from(0).description == "1:*")
        #expect(UIDSet(text: Array("12:9,3,4,10:11".utf8))?.description == "3:4,9:12")
        #expect(UIDSet(text: Array("1:*".utf8)) == nil && UIDSet(text: Array("1,,2".utf8)) == nil)
        #expect(UIDSet(text: [UInt8]()) == nil)
        let all = UIDSet(1...UInt32.max)
        #expect(all.count == Int(UInt32.max) && all.contains(.max) && !all.contains(0))
        #expect(Array(UIDSet([7, 3, 4]).uids) == [3, 4, 7])
        #expect(UIDSet(ranges: [1...UInt32.max, 5...6]).ranges == [1...UInt32.max])
    }

    @Test func setsAreSentInPieces() {
        let odd = UIDSet((0..<1000).map { UInt32(1_000_000 + 2 * $0) })
        let pieces = odd.pieces(octets: 900)
        #expect(pieces.allSatisfy { $0.description.utf8.count <= 900 })
        #expect(pieces.flatMap { Array($0.uids) } == Array(odd.uids))
        let hundreds = UIDSet(1...1050).pieces(uids: 100)
        #expect(hundreds.map(\.count) == [Int](repeating: 100, count: 10) + [50])
        #expect(hundreds[1].description == "101:200")
        #expect(UIDSet.from(5).pieces(uids: 10).map(\.description) == ["5:*"])
        #expect(UIDSet().pieces().isEmpty)
        #expect(UIDSet(1...UInt32.max).pieces().map(\.description) == ["1:*"])
    }
}
