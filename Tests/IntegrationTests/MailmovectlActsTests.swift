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
