// SPDX-License-Identifier: Apache-2.0

import Configuring
import Testing
import Vocabulary

/// What `--check` is to look at.
@Suite struct CheckTests {
    private func command(_ arguments: String...) throws -> ConfigurationSource.Command {
        try ConfigurationSource(arguments: ["mailmoved"] + arguments, environment: [:]) { _ in nil }.command
    }

    @Test func itTriesThePlatformUnlessToldNotTo() throws {
        let ann = try EmailAddress("ann@example.com")
        #expect(try command("--check") == .check(mailbox: nil))
        #expect(try command("--check", "--mailbox", "ann@example.com") == .check(mailbox: ann))
        #expect(try command("--mailbox=ann@example.com", "--check") == .check(mailbox: ann))
        #expect(try command("--check-file") == .checkFile)
    }

    @Test(arguments: [
        ["--mailbox", "ann@example.com"], ["--check", "--mailbox", "ann"], ["--check", "--mailbox", ""],
    ])
    func aMailboxIsAnAddressAndGoesWithItAlone(arguments: [String]) {
        #expect(throws: ConfigurationError.self) {
            try ConfigurationSource(arguments: ["mailmoved"] + arguments, environment: [:]) { _ in nil }
        }
    }
}
