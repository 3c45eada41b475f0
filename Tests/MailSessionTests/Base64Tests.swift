// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Testing

@Suite struct Base64Tests {
    // RFC 4648 §10
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"), ("ÿþ?", "w7/Dvj8="),
    ])
    func octetsAreWrittenAndReadAsTheStandardHasIt(text: String, digits: String) {
        let octets = Array(text.utf8)
        let written = octets.withUnsafeBytes { Base64.encode($0) }
        #expect(written.withOctets { String(decoding: $0, as: UTF8.self) } == digits)
        #expect(written.count == Base64.encodedCount(octets.count))
        var buffer = ByteBuffer()
        octets.withUnsafeBytes { Base64.encode($0, into: &buffer) }
        #expect(String(buffer: buffer) == digits)
        #expect(Base64.decode(Array(digits.utf8)) == octets)
    }

    @Test(arguments: ["Z", "Zg=", "====", "Z===", "Z g=", "Zm9v=Zg=", "Zg==Zg==", "Zm9v\n", "Zm9-"])
    func whatIsNoBase64IsNotRead(digits: String) { #expect(Base64.decode(Array(digits.utf8)) == nil) }

    @Test func bitsBeyondTheLastOctetAreOfNoConcern() {
        #expect(Base64.decode(Array("Zh==".utf8)) == Array("f".utf8))
        #expect(Base64.decode(Array("Zm9=".utf8)) == Array("fo".utf8))
    }
}
