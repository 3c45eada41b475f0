// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

/// What `mailmovectl` shows on a terminal.
@Suite(.serialized, .enabled(if: Mailmovectl.isAvailable, "needs the built daemon, jq and socat"))
struct MailmovectlTerminalTests {
    private static let longName = "a.very.long.name.from.the.accounting.department.of.all@example.com"

    private func withDomain(_ body: (Mailmovectl) async throws -> Void) async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = """
                address,password,displayName
                ann@example.com,new-Pass-9word,Zoe\u{301} 安
                \(Self.longName),new-Pass-9word,一个名字很长的人，在会计部门工作了很多年，名字越来越长
                """
            #expect(try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8)).status == 0)
            let enable = ["enable", "example.com", "--host", "192.0.2.1", "--security", "none"]
            #expect(try await ctl.run(enable).status == 0)
            #expect(try await ctl.run(["pause", Self.longName]).status == 0)
            try await body(ctl)
        }
    }

    @Test(arguments: [("en", 60), ("en", 80), ("en", 132), ("zh-CN", 60), ("zh-CN", 80)])
    func tablesFitTheTerminal(lang: String, columns: Int) async throws {
        try await withDomain { ctl in
            for command in [
                ["log", "example.com"], ["events", "example.com"], ["accounts", "list", "example.com"], ["migrations"],
                ["pending", "example.com"], ["show", "example.com"], ["status", Self.longName], ["service"],
                ["change", "example.com", "--newest-first", "--dry-run"], ["doctor", "example.com"],
            ] {
                let shown = try await ctl.onTerminal(["--lang", lang] + command, columns: columns)
                #expect(shown.status == 0 && shown.shown.contains("\n"), "\(shown)")
                for line in shown.shown.split(separator: "\n") {
                    #expect(String(line).columns <= columns, "\(command): \(line)")
                }
            }
        }
    }

    @Test func whatDoesNotFitIsShortenedOrGoesOnBelow() async throws {
        try await withDomain { ctl in
            let list = try await ctl.onTerminal(["accounts", "list", "example.com"], columns: 60)
            #expect(list.shown.contains("a.very.long.name") && list.shown.contains("…"), "\(list)")
            #expect(!list.shown.contains(Self.longName))
            // As wide as COLUMNS says, too.
            let wide = try await ctl.onTerminal(["accounts", "list", "example.com"], environment: ["COLUMNS": "160"])
            #expect(wide.shown.contains(Self.longName), "\(wide)")
            let events = try await ctl.onTerminal(["events", Self.longName], columns: 60)
            let lines = events.shown.split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("          ") }, "\(events)")
            // A pipe gets all of it.
            #expect(try await ctl.run(["accounts", "list", "example.com"]).output.contains(Self.longName))
        }
    }

    @Test func timesAreLocalAndShortThereAndFullElsewhere() async throws {
        try await withDomain { ctl in
            let zone = ["TZ": "Asia/Shanghai"]
            let shown = try await ctl.onTerminal(["events", "ann@example.com"], columns: 132, environment: zone)
            let plain = try await ctl.run(["events", "ann@example.com", "--csv"], environment: zone)
            let at = try #require(plain.output.firstMatch(of: /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z)"/)?.1)
            let formatter = ISO8601DateFormatter()
            formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
            let date = try #require(formatter.date(from: String(at)))
            let local = DateFormatter()
            local.locale = Locale(identifier: "en_US_POSIX")
            local.timeZone = TimeZone(secondsFromGMT: 8 * 3600)
            local.dateFormat = "MMM dd HH:mm"
            #expect(shown.shown.contains(local.string(from: date)), "\(shown) \(at)")
            #expect(!shown.shown.contains(at))
        }
    }

    @Test func aSpreadsheetInChineseBeginsWithAByteOrderMark() async throws {
        try await withDomain { ctl in
            for command in [["log"], ["accounts", "list"], ["pending"], ["events"]] {
                let csv = command + ["example.com", "--csv"]
                let chinese = try await ctl.run(["--lang", "zh-CN"] + csv)
                let english = try await ctl.run(csv)
                #expect(chinese.output.utf8.starts(with: [0xEF, 0xBB, 0xBF]), "\(chinese)")
                #expect(english.output.hasPrefix("\""), "\(english)")
            }
        }
    }

    @Test func theNextStepIsNamedToPeopleAlone() async throws {
        try await withDomain { ctl in
            for (command, next) in [
                (["show", "example.com"], "watch example.com"), (["log", "example.com"], "pending example.com"),
                (["pending", "example.com"], "log example.com --attention"),
                (["status", "ann@example.com"], "trigger ann@example.com"),
            ] {
                let shown = try await ctl.onTerminal(command)
                #expect(shown.shown.contains("next: mailmovectl \(next)"), "\(shown)")
                for option in [[], ["--json"], ["--lang", "zh-CN"]] {
                    let plain = try await ctl.run(command + option).output
                    #expect(!plain.contains("next:") && !plain.contains("下一步"), "\(plain)")
                }
            }
            let chinese = try await ctl.onTerminal(["--lang", "zh-CN", "show", "example.com"])
            #expect(chinese.shown.contains("下一步：mailmovectl watch example.com"), "\(chinese)")
        }
    }

    @Test func whatIsAskedAboutNobodySaysSo() async throws {
        try await Mailmovectl.withDaemon { ctl in
            for command in [["move", "example.com", "--password-stdin"], ["folders", "ann@example.com"]] {
                let outcome = try await ctl.run(command, input: Data("secret".utf8))
                #expect(outcome.status == 70 && !outcome.errors.isEmpty, "\(command): \(outcome)")
            }
            let accounts = try await ctl.run(["verify-accounts"])
            #expect(accounts.status == 0 && accounts.output.contains("accounts.kind is builtin"), "\(accounts)")
        }
    }
}
