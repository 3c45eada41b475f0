// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct ReferenceTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "clients/README.md")
    /// What stands below it is made of the declarations.
    private static let mark = "<!-- Made of the declarations by `make reference`. -->\n\n"

    /// With `MAILMOVE_WRITE_REFERENCE` the page is written anew instead.
    @Test func theReferenceSaysWhatIsDeclared() throws {
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        let parts = page.components(separatedBy: Self.mark)
        try #require(parts.count == 2, "clients/README.md has lost its mark")
        let reference = try Reference().text
        if ProcessInfo.processInfo.environment["MAILMOVE_WRITE_REFERENCE"] != nil {
            try (parts[0] + Self.mark + reference).write(to: Self.page, atomically: true, encoding: .utf8)
        } else {
            #expect(parts[1] == reference, "clients/README.md is out of date: run `make reference`")
        }
    }
}
