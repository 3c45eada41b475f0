// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Testing

@Suite struct ServerHelloTests {
    private static func hello(session: Int, suite: [UInt8]) -> [UInt8] {
        [22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3] + Array(repeating: 7, count: 32) + [UInt8(session)]
            + Array(repeating: 9, count: session) + suite + [0, 0, 0]
    }

    private static func suite(of octets: [UInt8], inPiecesOf size: Int = .max) -> String? {
        var hello = ServerHello()
        var rest = octets[...]
        while !rest.isEmpty {
            hello.receive(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return hello.cipherSuite
    }

    @Test(arguments: [0, 32], [1, 3, .max])
    func theCipherSuiteIsReadWhateverPiecesItComesIn(session: Int, size: Int) {
        let octets = Self.hello(session: session, suite: [0x13, 0x02])
        #expect(Self.suite(of: octets, inPiecesOf: size) == "TLS_AES_256_GCM_SHA384")
    }

    @Test func aSuiteWithoutANameIsItsNumber() {
        #expect(Self.suite(of: Self.hello(session: 0, suite: [0x00, 0x9E])) == "0x009E")
    }

    @Test func whatIsNoServerHelloHasNone() {
        #expect(Self.suite(of: []) == nil)
        #expect(
            Self.suite(of: Array("+OK POP3 ready, and much more of it than a handshake would need\r\n".utf8)) == nil)
        #expect(Self.suite(of: [21, 3, 3, 0, 2, 2, 40]) == nil)
        #expect(Self.suite(of: Self.hello(session: 33, suite: [0x13, 0x01])) == nil)
        #expect(Self.suite(of: Array(Self.hello(session: 32, suite: [0x13, 0x01]).prefix(77))) == nil)
    }
}
