// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

/// What an administrator does to a migration that is under way, by `mailmovectl`.
@Suite(.serialized, .enabled(if: Mailmovectl.isAvailable, "needs the built daemon, jq and socat"))
struct MailmovectlActsTests {
    private let enable = ["enable", "example.com", "--host", "192.0.2.1", "--port", "1110", "--security", "none"]

    /// Two accounts, one with a name, in a domain that is enabled.
    private func withDomain(
        _ options: [String] = [], _ body: (Mailmovectl) async throws -> Void
    ) async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv =
                "address,password,displayName\nann@example.com,new-Pass-9word,安 Ann\nbob@example.com,new-Pass-8word,\n"
            #expect(try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8)).status == 0)
            #expect(try await ctl.run(enable + options).status == 0)
            try await body(ctl)
        }
    }

    @Test func aDomainThatIsEnabledIsLeftAsItIs() async throws {
        try await withDomain(["--days", "7", "--newest-first"]) { ctl in
            let before = try await ctl.run(["show", "example.com", "--json"]).output
            let again = try await ctl.run(enable + ["--days", "90"])
            #expect(again.status == 64 && again.errors.contains("mailmovectl change example.com"), "\(again)")
            #expect(try await ctl.run(["show", "example.com", "--json"]).output == before)
            #expect(try await ctl.run(["disable", "example.com", "--yes"]).status == 0)
            #expect(try await ctl.run(enable).status == 0)
        }
    }

    @Test func aChangeChangesWhatIsNamedAndShowsIt() async throws {
        try await withDomain(["--days", "7", "--newest-first", "--max-connections", "3"]) { ctl in
            let list = ctl.folder.appending(path: "list")
            try Data("ann@example.com\n".utf8).write(to: list)
            let change = [
                "change", "example.com", "--user-without-domain", "--default", "newest-first", "--exclude", list.path,
            ]
            let dry = try await ctl.run(change + ["--dry-run"])
            #expect(dry.status == 0 && dry.output.contains("dry run"), "\(dry)")
            #expect(try await ctl.run(["show", "example.com", "--json"]).output.contains("newestFirst"))
            let changed = try await ctl.run(change)
            for line in [
                "user names with domain\tyes\tno", "order\tnewestFirst\toldestFirst",
                "excluded accounts\t0 accounts\t1 accounts",
            ] {
                #expect(dry.output.contains(line) && changed.output.contains(line), "\(changed)")
            }
            let lines = changed.output.split(separator: "\n")
            #expect(lines.count { !$0.hasPrefix("warning") } == 3, "\(changed)")
            let shown = try await ctl.run(["show", "example.com", "--json"]).output
            #expect(shown.contains(#""maxConnections":3"#) && shown.contains(#""validDays":7"#))
            #expect(try await ctl.run(change).output.contains("nothing changes"))
            let chinese = try await ctl.run(["--lang", "zh-CN", "change", "example.com", "--newest-first"])
            #expect(chinese.output.contains("次序\toldestFirst\tnewestFirst"), "\(chinese)")
            let events = try await ctl.run(["events", "example.com"])
            #expect(events.output.contains("options.order: newestFirst → oldestFirst"), "\(events)")
        }
    }

    @Test func whatCannotBeChangedIsSaidSo() async throws {
        try await withDomain { ctl in
            for (arguments, status, words) in [
                (["change", "example.com"], 64, "needs an option"),
                (["change", "none.example", "--days", "3"], 70, ""),
                (["change", "example.com", "--default", "host"], 64, "--default"),
                (["change", "example.com", "--verify", "full"], 70, "certificate"),
                (["extend", "example.com"], 64, ""), (["extend", "example.com", "soon"], 64, "days"),
                (["extend", "none.example", "3"], 70, "no migration"),
            ] {
                let outcome = try await ctl.run(arguments)
                #expect(
                    outcome.status == status && (words.isEmpty || outcome.errors.contains(words)),
                    "\(arguments): \(outcome)")
            }
            let list = ctl.folder.appending(path: "list")
            try Data("ann@example.com\nbroken\n".utf8).write(to: list)
            let bad = try await ctl.run(["change", "example.com", "--known", list.path])
            #expect(bad.status == 65 && bad.errors.contains("line 2"), "\(bad)")
            let extended = try await ctl.run(["extend", "example.com", "3"])
            #expect(extended.status == 0 && extended.output.hasPrefix("expires\t"), "\(extended)")
        }
    }

    @Test func whoIsNotDoneIsNamedBeforeAMigrationEnds() async throws {
        try await withDomain { ctl in
            let refused = try await ctl.run(["disable", "example.com"])
            #expect(refused.status == 64 && refused.errors.contains("--yes"), "\(refused)")
            #expect(refused.errors.contains("ann@example.com (not started), bob@example.com"), "\(refused)")
            #expect(try await ctl.run(["show", "example.com", "--json"]).output.contains(#""state":"active""#))
            let ended = try await ctl.run(["disable", "example.com", "--yes"])
            #expect(ended.status == 0 && ended.errors.contains("not done yet, 2 of 2"), "\(ended)")
            #expect(try await ctl.run(["forget", "example.com"]).status == 64)
            #expect(try await ctl.run(["forget", "example.com", "--yes"]).status == 0)
            #expect(try await ctl.run(["disable", "none.example", "--yes"]).status == 70)
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "needs script(1)"))
    func onATerminalItIsAsked() async throws {
        try await withDomain { ctl in
            let no = try await ctl.runOnTerminal(["disable", "example.com"], typing: "n\n")
            #expect(no.status == 1 && no.output.contains("[y/N]"), "\(no)")
            #expect(try await ctl.run(["show", "example.com", "--json"]).output.contains(#""state":"active""#))
            let yes = try await ctl.runOnTerminal(["disable", "example.com"], typing: "y\n")
            #expect(yes.status == 0, "\(yes)")
            #expect(try await ctl.run(["show", "example.com", "--json"]).output.contains(#""state":"disabled""#))
        }
    }

    @Test func pausedAccountsAreShownAndLetGoOn() async throws {
        try await withDomain { ctl in
            let paused = try await ctl.run(["pause", "ann@example.com", "ghost@example.com"])
            #expect(paused.status == 1 && paused.output.contains("no such account: ghost@example.com"), "\(paused)")
            #expect(paused.output.contains("paused 1"), "\(paused)")
            #expect(try await ctl.run(["status", "ann@example.com"]).output.contains("not started (paused)"))
            let attention = try await ctl.run(["log", "example.com", "--attention"])
            #expect(attention.output.contains("ann@") && !attention.output.contains("bob@"), "\(attention)")
            #expect(try await ctl.run(["pause", "example.com"]).output.contains("paused 1"))
            #expect(try await ctl.run(["--lang", "zh-CN", "resume", "example.com"]).output.contains("已恢复 2 个"))
            #expect(try await ctl.run(["pause", "none.example"]).status == 70)
            let retried = try await ctl.run(["retry", "example.com"])
            #expect(retried.status == 0 && retried.output.contains("tried again: 0"), "\(retried)")
            let login = try await ctl.run(["retry", "ann@example.com", "bob@example.com"])
            #expect(login.output.contains("needs a login: ann@example.com"), "\(login)")
            #expect(try await ctl.run(["retry", "none.example"]).status == 70)
        }
    }

    @Test func whoHasNotMovedIsListedWithNameAndReason() async throws {
        try await withDomain { ctl in
            #expect(try await ctl.run(["pause", "bob@example.com"]).status == 0)
            let pending = try await ctl.run(["pending", "example.com", "--csv"])
            #expect(pending.status == 0, "\(pending)")
            let lines = pending.output.split(separator: "\n")
            #expect(
                lines.count == 3 && lines[1].hasPrefix(#""ann@example.com","安 Ann","not started","has not logged in"#))
            #expect(lines[2].contains("paused (mailmovectl resume)"), "\(pending)")
            let chinese = try await ctl.run(["--lang", "zh-CN", "pending", "example.com"])
            #expect(chinese.output.contains("尚未登录") && chinese.output.contains("已暂停"), "\(chinese)")
            #expect(try await ctl.run(["pending", "example.com", "--json"]).output.hasPrefix(#"{"pending":["#))
            #expect(try await ctl.run(["pending", "none.example"]).status == 70)
        }
    }
}
