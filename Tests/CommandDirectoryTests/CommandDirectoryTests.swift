// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import CommandDirectory
import Foundation
import Secrets
import Support
import Testing
import Vocabulary

/// A platform's accounts behind a program.
@Suite(.timeLimit(.minutes(15))) struct CommandDirectoryTests {
    private let ann: EmailAddress

    init() throws { ann = try EmailAddress("ann@example.com") }

    private func directory(_ program: AccountsProgram, seconds: Double = 30) -> CommandDirectory {
        CommandDirectory(program: program.path, patience: .seconds(seconds))
    }

    @Test func whatAnAccountIsLikeIsRead() async throws {
        let program = try await AccountsProgram()
        try program.write([
            "ann@example.com": [
                "password": "{A}1", "active": true, "external": false, "name": "安 \"Ann\"", "quota": 1_048_576,
                "changedAt": "2026-11-30T14:05:00Z",
            ],
            "off@example.com": ["password": "{A}1", "active": false, "external": true],
        ])
        let entry = try await directory(program).lookup(ann, recorded: nil)
        #expect(
            entry
                == DirectoryEntry(
                    hash: "{A}1", displayName: "安 \"Ann\"", quotaOctets: 1_048_576,
                    changedAt: Timestamp("2026-11-30T14:05:00Z")))
        let other = try await directory(program).lookup(EmailAddress("off@example.com"), recorded: nil)
        #expect(other?.isActive == false && other?.isExternal == true)
        #expect(try await directory(program).lookup(EmailAddress("no@example.com"), recorded: nil) == nil)
    }

    /// Quotes, backslashes and control characters of a password arrive, and in no argument or variable.
    @Test func passwordsAreShownOnStandardInputAlone() async throws {
        let program = try await AccountsProgram()
        let secret = "qu\"ote\\back\u{1}\ttab ünï"
        try program.write(["ann@example.com": ["secret": secret]])
        #expect(try await directory(program).lookup(ann, recorded: nil)?.hash == nil)
        #expect(try await directory(program).matches(Password(secret), of: ann))
        #expect(try await !directory(program).matches(Password("guess"), of: ann))
        #expect(try await directory(program).replace(ann, with: "new one", ifStill: nil) == .replaced)
        #expect(try await directory(program).matches(Password("new one"), of: ann))
        for line in program.calls.split(separator: "\n") {
            let call = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect((call["argv"] as? [String])?.count == 1)
            #expect(
                (call["environ"] as? [String: String])?.keys.allSatisfy { ["PATH", "LANG", "LC_CTYPE"].contains($0) }
                    == true)
        }
    }

    @Test(arguments: ["exit", "garbage", "flood", "hang"])
    func whateverElseItDoesIsADirectoryThatCannotBeRead(_ way: String) async throws {
        let program = try await AccountsProgram()
        try program.write(["ann@example.com": ["password": "{A}secret-1"]])
        try program.behave(["lookup": way])
        let error = await #expect(throws: DirectoryError.self) {
            try await directory(program, seconds: way == "hang" ? 1 : 30).lookup(ann, recorded: nil)
        }
        #expect(error?.detail.contains("secret-1") == false)
        #expect(error?.detail.contains(program.path) == true)
        try program.behave()
        #expect(try await directory(program).lookup(ann, recorded: nil)?.hash == "{A}secret-1")
    }

    @Test func anAnswerWithoutSenseIsNone() async throws {
        let program = try await AccountsProgram()
        for row: [String: any Sendable] in [
            ["active": "yes"], ["quota": "much"], ["password": 5], ["changedAt": "yesterday"],
        ] {
            try program.write(["ann@example.com": row])
            await #expect(throws: DirectoryError.self) { try await directory(program).lookup(ann, recorded: nil) }
        }
    }

    @Test func aRefusalIsNoReplacement() async throws {
        let program = try await AccountsProgram()
        try program.write(["ann@example.com": ["password": "{A}1"]])
        try program.behave(["replace": "deny"])
        #expect(try await directory(program).replace(ann, with: "{A}2", ifStill: "{A}1") == .changed)
        #expect(try program.password(of: "ann@example.com") == "{A}1")
    }

    @Test func aProgramThatIsNotThereIsToldOf() async throws {
        let directory = CommandDirectory(program: "/var/tmp/no-such-program", patience: .seconds(5))
        let error = await #expect(throws: DirectoryError.self) { try await directory.connect() }
        #expect(error?.detail.contains("cannot be started") == true)
    }
}
