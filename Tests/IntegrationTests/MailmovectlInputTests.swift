// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

/// What `mailmovectl` makes of files, names and times that are not as they should be.
@Suite(.serialized, .enabled(if: Mailmovectl.isAvailable, "needs the built daemon, jq and socat"))
struct MailmovectlInputTests {
    private static let steering = "\u{1B}]0;pwned\u{7}\u{9B}31m\u{202E}X\u{85}\u{2066}"

    private func holdsNothingThatSteers(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            (scalar.value >= 32 || scalar == "\n" || scalar == "\t") && !(0x7F...0x9F).contains(scalar.value)
                && !(0x202A...0x202E).contains(scalar.value) && !(0x2066...0x2069).contains(scalar.value)
        }
    }

    @Test func namesFromOutsideAreShownAndNotObeyed() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = "address,password,displayName\nann@example.com,new-Pass-9word,\"\(Self.steering)\"\n"
            #expect(try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8)).status == 0)
            for arguments in [
                ["accounts", "list", "example.com"], ["accounts", "list", "example.com", "--csv"],
                ["accounts", "list", "example.com", "--json"],
                ["call", "listAccounts", #"{"domain":"example.com"}"#],
            ] {
                let listed = try await ctl.run(arguments)
                #expect(holdsNothingThatSteers(listed.output), "\(arguments)")
                #expect(listed.output.contains(#"\u001b]0;pwned\u0007\u009b31m\u202eX"#), "\(listed)")
            }
        }
    }

    @Test(arguments: [
        ["accounts", "create", "/nonexistent/\(steering).csv"], ["frob\(steering)"], ["status", "--\(steering)"],
        ["accounts", "list", "example.com", "--encoding", steering], ["log", "exa\(steering).com"],
    ])
    func whatWasTypedIsShownAndNotObeyed(_ arguments: [String]) async throws {
        try await Mailmovectl.withDaemon { ctl in
            let refused = try await ctl.run(arguments)
            #expect(refused.status != 0)
            #expect(holdsNothingThatSteers(refused.output + refused.errors), "\(refused)")
        }
    }

    @Test(arguments: [
        "address,password\nann@example.com,Secret\u{0}-1-pass\n",
        "ann@example.com,Secret-1-pass\nbob@example.com,Secret-2-pass\n",
        "ann@example.com,Secret-1-pass\rbob@example.com,Secret-2-pass\r",
        "password,password\nSecret-1-pass,Secret-2-pass\n",
        "address,password\n\"ann@example.com,Secret-1-pass\n",
        "address,password\n\"ann@example.com\"Secret-1-pass,x\n",
    ])
    func aFileThatCannotBeTakenTellsNoPassword(_ csv: String) async throws {
        try await Mailmovectl.withDaemon { ctl in
            // Rows that are rejected, or a file of which no row can be told.
            let refused = try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8))
            #expect(refused.status == 1 || refused.status == 65, "\(refused)")
            let told = refused.output + refused.errors
            #expect(told.contains("line ") || told.contains("-: "), "\(refused)")
            #expect(!told.contains("Secret"), "\(refused)")
            let trigger = try await ctl.run(["trigger", "--from", "-"], input: Data(csv.utf8))
            #expect(trigger.status == 65 && trigger.errors.contains("line "), "\(trigger)")
            #expect(!(trigger.output + trigger.errors).contains("Secret"), "\(trigger)")
        }
    }

    @Test func oneBadRowOfAFileSpoilsNoOther() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv =
                "address,password,quotaOctets\rann@example.com,new-Pass-9word,5\r"
                + "bob@example.com,Secret-2-pass,1180591620717411303424\rcid@example.com,Secret-3-pass,many\r"
                + "dan@example.com,Secret-4-pass,5,6\reve@example.com,new-Pass-9word,\r"
            let made = try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8))
            #expect(made.status == 1, "\(made)")
            #expect(made.output.contains("created 2"))
            for line in ["line 3: bob@example.com: invalidRow", "line 4: cid@", "line 5: dan@example.com: invalidRow"] {
                #expect(made.output.contains(line), "\(made)")
            }
            #expect(!made.output.contains("Secret"))
        }
    }

    @Test(arguments: ["known", "exclude"])
    func aListWithABadLineIsAFaultOfTheFile(_ option: String) async throws {
        try await Mailmovectl.withDaemon { ctl in
            let list = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            defer { try? FileManager.default.removeItem(at: list) }
            try Data("# from the old system\nann@example.com\n\nnonsense\n".utf8).write(to: list)
            let refused = try await ctl.run(["enable", "example.com", "--host", "127.0.0.1", "--\(option)", list.path])
            #expect(refused.status == 65, "\(refused)")
            #expect(refused.errors.contains("\(list.path), line 4"), "\(refused)")
        }
    }

    @Test func eventsAreTakenFromAnyMomentOn() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = "address,password\nann@example.com,new-Pass-9word\n"
            #expect(try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8)).status == 0)
            for since in [
                "2024-01-01", "2024-01-01T10:00:00Z", "2024-01-01 10:00", "2024-01-01T10:00:00+08:00", "1h", "3d",
            ] {
                let told = try await ctl.run(["events", "example.com", "--since", since])
                #expect(told.status == 0 && told.output.contains("created"), "\(told)")
            }
            let none = try await ctl.run(["events", "example.com", "--since", "2999-01-01"])
            #expect(none.status == 0 && !none.output.contains("created"), "\(none)")
            for since in ["yesterday", "2024-02-30", "1", "h", "99999999999999999999d", "2024-01-01T10:00:00Z; id"] {
                #expect(try await ctl.run(["events", "example.com", "--since", since]).status == 64)
            }
        }
    }

    @Test func aDomainThatIsNotKnownIsNoEmptyTable() async throws {
        try await Mailmovectl.withDaemon { ctl in
            for command in ["log", "events", "watch", "show"] {
                let refused = try await ctl.run([command, "nowhere.example"])
                #expect(refused.status == 70, "\(refused)")
                #expect(refused.errors.contains("no migration is enabled"), "\(refused)")
            }
        }
    }

    @Test func whoMistypesIsHelped() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let version = try await ctl.run(["--version"])
            #expect(version.output.hasPrefix("mailmovectl "))
            let help = try await ctl.run(["help"])
            #expect(help.output.contains("accounts create"))
            let one = try await ctl.run(["help", "events"])
            #expect(one.output.hasPrefix("events "))
            let command = try await ctl.run(["evnts", "example.com"])
            #expect(command.status == 64 && command.errors.contains("did you mean events?"))
            let option = try await ctl.run(["log", "example.com", "--serach", "x"])
            #expect(option.status == 64 && option.errors.contains("did you mean --search?"))
        }
    }
}
