// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

@testable import MailMoveAPI

@Suite struct FileContentsTests {
    private func read(_ text: String) throws -> [UInt8] {
        let document = try JSONDocument(Array("{\"data\":\"\(text)\"}".utf8))
        return try Contract.importAccounts.parameters(from: document.root).data.withUnsafeBytes { Array($0) }
    }

    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
        ("Zm9v\\nYmFy\\r\\n", "foobar"), ("\\/\\/\\/+", "\u{0}"),
    ])
    func aFileTravelsInBase64(_ text: String, _ expected: String) throws {
        if text.hasPrefix("\\/") {
            #expect(try read(text) == [0xFF, 0xFF, 0xFE])
        } else {
            #expect(try read(text) == Array(expected.utf8))
        }
    }

    @Test(arguments: ["***", "Zg", "Zg=", "Zg===", "Z", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9v", "Zm9v-_", "é"])
    func whatIsNoBase64IsAWrongParameter(_ text: String) {
        #expect { try read(text) } throws: { ($0 as? Violation)?.parameter == "data" }
    }

    @Test func whatIsSentIsReadAgain() throws {
        for count in [0, 1, 2, 3, 255, 1000] {
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
            let parameters = octets.withUnsafeBytes { ImportAccounts(data: FileContents($0), lang: .chinese) }
            let document = try JSONDocument(JSONText.encode(parameters))
            let again = try Contract.importAccounts.parameters(from: document.root)
            #expect(again.data.withUnsafeBytes { Array($0) } == octets)
            #expect(again.lang == .chinese)
            #expect("\(again.data)" == "(file)")
        }
    }
}
