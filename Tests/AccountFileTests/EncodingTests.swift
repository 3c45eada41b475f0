// SPDX-License-Identifier: Apache-2.0

import AccountFile
import Testing

@Suite struct EncodingTests {
    private static let table = "Email,Password,Name\na@x.example,Str0ng-0-pass,陈\nb@x.example,pässwörd-1,Bob\n"
    private static let read = [
        "2 a@x.example password=Str0ng-0-pass name=陈", "3 b@x.example password=pässwörd-1 name=Bob",
    ]

    private static func utf16(_ text: String, bigEndian: Bool, mark: Bool) -> [UInt8] {
        ((mark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit in
            let octets = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return bigEndian ? octets : octets.reversed()
        }
    }

    @Test(arguments: [
        ("UTF-8", Array(table.utf8)), ("UTF-8", [0xEF, 0xBB, 0xBF] + Array(table.utf8)),
        ("UTF-16LE", utf16(table, bigEndian: false, mark: true)),
        ("UTF-16LE", utf16(table, bigEndian: false, mark: false)),
        ("UTF-16BE", utf16(table, bigEndian: true, mark: true)),
        ("UTF-16BE", utf16(table, bigEndian: true, mark: false)),
    ])
    func theEncodingIsFound(_ name: String, _ octets: [UInt8]) throws {
        let reading = try Reading(octets)
        #expect(reading.head == "\(name) ,")
        #expect(reading.rows == Self.read)
    }

    /// 陈 and 密码 in GB18030.
    private static let gb: [UInt8] =
        Array("Email,Password,Name\na@x.example,Str0ng-0-pass,".utf8) + [0xB3, 0xC2]
        + Array("\nb@x.example,Str0ng-".utf8) + [0xC3, 0xDC, 0xC2, 0xEB] + Array(",Bob\n".utf8)

    @Test func aPasswordInAGuessedEncodingIsNotTaken() throws {
        let guessed = try Reading(Self.gb)
        #expect(guessed.head == "GB18030 ,")
        #expect(guessed.rows == [Self.read[0], "3 b@x.example encodingUncertain"])
        for name in ["GB18030", "gbk", "GB2312", "cp936"] {
            let named = try Reading(Self.gb, encoding: name)
            #expect(named.head == "GB18030 ,")
            #expect(named.rows == [Self.read[0], "3 b@x.example password=Str0ng-密码 name=Bob"])
        }
    }

    @Test func anEncodingMayBeNamed() throws {
        let latin = Array("Email,Name\na@x.example,J".utf8) + [0xFC] + Array("rgen\n".utf8)
        for name in ["ISO-8859-1", "latin1", "windows-1252", "CP1252"] {
            #expect(try Reading(latin, encoding: name).rows == ["2 a@x.example name=Jürgen"])
        }
        #expect(
            try Reading(Self.utf16("Email\na@x.example\n", bigEndian: true, mark: true), encoding: "utf16").rows == [
                "2 a@x.example"
            ])
        for name in ["UTF-7", "klingon", "GB18030//TRANSLIT", "../x", ""] {
            #expect(throws: AccountFileError.unknownEncoding) { try Reading(latin, encoding: name) }
        }
        #expect(throws: AccountFileError.notInEncoding("UTF-8")) { try Reading(latin, encoding: "UTF-8") }
    }

    @Test(
        arguments: [
            [0xFF, 0xFE, 0x61], [0xFF, 0xFE, 0x61, 0x00, 0x00, 0xD8], [0xFE, 0xFF, 0xDC, 0x00, 0x00, 0x61],
            [0xEF, 0xBB, 0xBF, 0xFF],
        ] as [[UInt8]])
    func whatIsNotWellFormedIsRefused(_ octets: [UInt8]) {
        #expect { try Reading(octets) } throws: { error in
            guard case .notInEncoding? = error as? AccountFileError else { return false }
            return true
        }
    }

    @Test func aFewNULsMakeNoUTF16() throws {
        #expect(try Reading("Email,Password\na@x.example,p\0w\0\0x\0\nb@x.example,Str0ng\n").head == "UTF-8 ,")
        #expect(try Reading("Email,Password\na@x.example,p\0w\0x\0y\0\nb@x.example,Str0ng\n").head == "UTF-8 ,")
    }

    @Test func anEncodingThatIsNoneIsNotGuessed() {
        #expect(throws: AccountFileError.encodingNotFound) {
            try Reading(Array("Email\na@x.example,".utf8) + [0xFF, 0x0A])
        }
    }
}
