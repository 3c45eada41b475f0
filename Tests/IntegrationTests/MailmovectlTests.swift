// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSONWire
import Support
import Testing

/// `mailmovectl`, as an administrator types it, against the built daemon.
@Suite(.serialized, .enabled(if: Mailmovectl.isAvailable, "needs the built daemon, jq and socat"))
struct MailmovectlTests {
    @Test func accountsComeFromASpreadsheetsCSV() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv =
                "\u{FEFF}password,displayName,address\r\n"
                + "\"new \"\"Pass\"\", 9word\",\"安\r\nAnn\",ann@example.com\r\n\r\nnew-Pass-8word,,bob@example.com"
            let made = try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8))
            #expect(made.status == 0, "\(made)")
            let listed = try await ctl.run(["accounts", "list", "example.com", "--json"])
            #expect(listed.output.contains(#""displayName":"安\r\nAnn""#), "\(listed)")
            let opened = try await ctl.run(
                ["call", "authenticate", "-"],
                input: Data(#"{"account":"ann@example.com","password":"new \"Pass\", 9word"}"#.utf8))
            #expect(opened.output.contains(#""decision":"accept""#), "\(opened)")
        }
    }

    /// Hundreds of names, made of all that has ever confused a reader of CSV.
    @Test func whateverStandsInAFieldArrivesAsItIs() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let pieces = [
                "\"", "\"\"", ",", "\n", "\r\n", "\r", "\\", "\\n", "\\\"", "\t", "\u{1}", "\u{1F}", "\u{7F}", "ä", "安",
                "😀", "\u{FEFF}", "'", "$(id)", "`id`", "%s", "{}", "null", " ", ";", "&", "#", "a", "Z", "0",
            ]
            let hash =
                "{CRYPT}$6$saltstring$"
                + "nk7Qohr7tOmwY2mX639VRP.Lyvj3uhcgpatqHuLC867qfSHKq1LDuKa/h7Es9Nv0aL08pbF.cnQlRqhaoKT/D."
            var random = SystemRandomNumberGenerator()
            // Letters around it: no name is empty, and none ends in blanks.
            let names = (0..<400).map { number in
                let middle = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                    pieces.randomElement(using: &random) ?? ""
                }
                return "<\(number)\(middle.joined())>"
            }
            let rows = names.enumerated().map { number, name in
                "user\(number)@example.com,\(hash),\"\(name.replacing("\"", with: "\"\""))\"\n"
            }
            let csv = "address,passwordHash,displayName\n" + rows.joined()
            let made = try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8))
            #expect(made.status == 0, "\(made)")
            let listed = try await ctl.run(["accounts", "list", "example.com", "--json"])
            // Foundation's reader of JSON takes a U+FEFF behind an escape for a mark of its own.
            let result = JSONValue(try JSONDocument(Array(listed.output.utf8)).root)
            var kept: [String: String] = [:]
            for account in try #require(result["accounts"]?.array) {
                kept[account["address"]?.string ?? ""] = account["displayName"]?.string
            }
            for (number, name) in names.enumerated() {
                // As octets: to Swift, texts that look alike are equal.
                #expect(kept["user\(number)@example.com"].map { Array($0.utf8) } == Array(name.utf8))
            }
        }
    }

    @Test func aListInGB18030IsReadAsSuch() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv =
                Data("address,password,displayName\ngb@example.com,new-Pass-9word,".utf8)
                + Data([0xD3, 0xCA, 0xCF, 0xE4]) + Data("\n".utf8)
            let guessed = try await ctl.run(["accounts", "create", "-"], input: csv)
            #expect(guessed.status == 0 && guessed.output.contains("GB18030"), "\(guessed)")
            #expect(try await ctl.run(["accounts", "list", "example.com"]).output.contains("邮箱"))
        }
    }

    @Test func doctorSaysOfEachAccountWhetherAllIsThere() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = "address,password\nann@example.com,new-Pass-9word\nbob@example.com,new-Pass-9word\n"
            #expect(try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8)).status == 0)
            let all = try await ctl.run(["doctor", "example.com"])
            #expect(all.status == 0, "\(all)")
            #expect(all.output.contains("ok\tann@example.com\t0 of 0 here"), "\(all)")
            #expect(all.output.contains("ok\tbob@example.com"), "\(all)")
            let one = try await ctl.run(["doctor", "ann@example.com", "--password-stdin"], input: Data("old".utf8))
            #expect(one.status == 0, "\(one)")
            #expect(try await ctl.run(["doctor", "nobody@example.com"]).status == 70)
            #expect(try await ctl.run(["doctor", "example.com", "--password-stdin"]).status == 64)
        }
    }

    @Test func rejectedRowsAreShownWithTheirLines() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = """
                address,password,displayName,quotaOctets
                ok@example.com,new-Pass-9word,"two
                lines",
                broken,new-Pass-9word,,
                many@example.com,new-Pass-9word,,1,2
                quota@example.com,new-Pass-9word,,much
                """
            let made = try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8))
            #expect(made.status == 1, "\(made)")
            for line in ["line 4: broken: invalidAddress", "line 5: many@example.com: ", "line 6: quota@example.com: "]
            {
                #expect(made.output.contains(line), "\(made)")
            }
            #expect(made.output.contains("created 1,"), "\(made)")
        }
    }

    @Test func aFileThatIsNoListOfAccountsIsRefusedWithTheReason() async throws {
        try await Mailmovectl.withDaemon { ctl in
            for (csv, reason) in [
                ("name,secret\na,b\n", "addresses"), ("address,password,password\na,b,c\n", "two columns"),
                ("", "no rows"),
            ] {
                let made = try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8))
                #expect(made.status == 65 && made.errors.contains(reason), "\(made)")
            }
            let quotes = "address,password\na@example.com,\"never closed\nb@example.com,new-Pass-9word\n"
            let made = try await ctl.run(["accounts", "create", "-"], input: Data(quotes.utf8))
            #expect(made.status == 1 && made.output.contains("line 2: a@example.com: invalidRow"), "\(made)")
            #expect(made.output.contains("created 1,"), "\(made)")
        }
    }

    @Test func rejectedRowsAreMendedAndFedInAgain() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv =
                "Email;Password;Name\r\nann@example.com;new-Pass-9word;\"A\r\nB\"\r\n"
                + "bob@example.com;short;\"B\r\nC\"\r\ncarol@example.com;;\r\n"
            let rejects = ctl.folder.appending(path: "rejects").path
            let made = try await ctl.run(["accounts", "create", "-", "--rejects", rejects], input: Data(csv.utf8))
            #expect(made.status == 1 && made.output.contains("line 4: bob@example.com: weakPassword"), "\(made)")
            let kept = try String(contentsOfFile: rejects, encoding: .utf8)
            #expect(kept == "Email;Password;Name\nbob@example.com;short;\"B\nC\"\ncarol@example.com;;\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: rejects)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let mended = Data(kept.replacing("short", with: "new-Pass-8word").utf8)
            let again = try await ctl.run(["accounts", "create", "-", "--rejects", rejects], input: mended)
            #expect(again.status == 1 && again.output.contains("created 1,"), "\(again)")
        }
    }

    @Test func passwordsThatAreMadeUpGoIntoANewFile() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = Data("Email\nann@example.com\n".utf8)
            let file = ctl.folder.appending(path: "passwords").path
            let create = ["accounts", "create", "-", "--generate-passwords", file]
            #expect(try await ctl.run(create + ["--dry-run"], input: csv).status == 0)
            #expect(!FileManager.default.fileExists(atPath: file))
            let made = try await ctl.run(create, input: csv)
            #expect(made.status == 0 && made.output.contains("created 1,"), "\(made)")
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let rows = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            #expect(rows.count == 2 && rows.first == "\"address\",\"password\"")
            let password = try #require(rows.last?.split(separator: "\"").last)
            #expect(password.count == 16 && !made.output.contains(password))
            let opened = try await ctl.run(
                ["call", "authenticate", "-"],
                input: Data("{\"account\":\"ann@example.com\",\"password\":\"\(password)\"}".utf8))
            #expect(opened.output.contains(#""decision":"accept""#), "\(opened)")
            #expect(try await ctl.run(create, input: csv).status == 64)
        }
    }

    @Test func theExitStatusSaysWhatHappened() async throws {
        let promises: [([String], Int)] = [
            (["--help"], 0), (["log", "--help"], 0), (["service"], 0), (["call", "ping"], 0), (["migrations"], 0),
            (["verify", "--host", "127.0.0.1", "--port", "1", "--security", "none"], 1),
            (["frobnicate"], 64), (["status"], 64), (["status", "a@example.com", "b"], 64),
            (["enable", "example.com"], 64),
            (["log", "example.com", "--status", "tired"], 64), (["status", "a@example.com", "--bogus"], 64),
            (["trigger", "a@example.com"], 64), (["--lang", "tlh", "service"], 64),
            (["call", "setPassword", #"{"account":"a@example.com","password":"x"}"#], 64),
            (["call", "ping", "{"], 65), (["accounts", "create", "/nonexistent.csv"], 65),
            (["status", "nobody@example.com"], 70), (["call", "nope"], 70),
        ]
        try await Mailmovectl.withDaemon { ctl in
            for (arguments, status) in promises {
                let outcome = try await ctl.run(arguments)
                #expect(outcome.status == status, "\(arguments): \(outcome)")
                #expect(status < 64 || !outcome.errors.isEmpty, "\(arguments)")
            }
        }
    }

    @Test func aDaemonThatIsAwayIsNamedWithItsRemedy() async throws {
        try await Mailmovectl.withDaemon { ctl in
            for command in Self.everyKindOfCommand {
                let outcome = try await ctl.run(["--socket", "/nonexistent/admin.sock"] + command)
                #expect(outcome.status == 69 && outcome.errors.contains("systemctl start"), "\(command): \(outcome)")
                #expect(outcome.errors.split(separator: "\n").count == 1, "\(command): \(outcome)")
            }
        }
    }

    private static let everyKindOfCommand = [
        ["service"], ["migrations"], ["show", "example.com"], ["status", "ann@example.com"], ["log", "example.com"],
        ["events", "example.com"], ["accounts", "list", "example.com"], ["accounts", "delete", "ann@example.com"],
        ["doctor", "example.com"], ["doctor", "ann@example.com"], ["verify", "example.com"], ["check", "example.com"],
        ["watch", "example.com"], ["call", "ping"], ["enable", "example.com", "--host", "192.0.2.1"],
    ]

    @Test(.enabled(if: geteuid() == 0, "needs another user to be"))
    func whoMayNotUseTheSocketIsToldSo() async throws {
        try await Mailmovectl.withDaemon { ctl in
            for command in Self.everyKindOfCommand {
                let outcome = try await ctl.runAsNobody(command)
                #expect(outcome.status == 77 && outcome.errors.contains("mailmove-admin"), "\(command): \(outcome)")
                #expect(outcome.errors.split(separator: "\n").count == 1, "\(command): \(outcome)")
            }
        }
    }

    @Test func aCallOfAMethodThatGoesOnTellingEndsWithItsReply() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = Data("address,password\nann@example.com,new-Pass-9word\n".utf8)
            #expect(try await ctl.run(["accounts", "create", "-"], input: csv).status == 0)
            let watched = try await ctl.run(["call", "watchStatus", #"{"account":"ann@example.com"}"#])
            #expect(watched.status == 0 && watched.output.contains(#""status":"notStarted""#), "\(watched)")
        }
    }

    @Test func theLoginSocketMayNotAdminister() async throws {
        try await Mailmovectl.withDaemon { ctl in
            for command in ["log", "watch", "show", "events"] {
                let outcome = try await ctl.run(["--socket", ctl.loginSocket, command, "example.com"])
                #expect(outcome.status == 77 && !outcome.errors.isEmpty, "\(outcome)")
            }
        }
    }

    @Test func settingsGoToTheDaemonAsTheyWereTyped() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let known = ctl.folder.appending(path: "known")
            try Data("# exported\nann@example.com\n\nbob@example.com\n".utf8).write(to: known)
            let enabled = try await ctl.run(
                [
                    "enable", "example.com", "--host", "192.0.2.1", "--port=1110", "--security", "starttls",
                    "--fingerprint", Array(repeating: "AB", count: 32).joined(separator: ":"), "--user-without-domain",
                    "--days", "7", "--known", known.path, "--exclude", "-", "--auto-create", "--no-uidl", "--mark-seen",
                    "--newest-first", "--max-connections", "3", "--follow-up", "48:15", "--json",
                ], input: Data("name,address\nRobot,robot@example.com\n".utf8))
            #expect(enabled.status == 0, "\(enabled)")
            for setting in [
                #""port":1110"#, #""security":"starttls""#, #""verify":"fingerprint""#,
                #""usernameIncludesDomain":false"#,
                #""validDays":7"#, #""knownAccounts":["ann@example.com","bob@example.com"]"#,
                #""excludedAccounts":["robot@example.com"]"#, #""autoCreateAccounts":true"#, #""preserveUIDL":false"#,
                #""markSeen":"all""#, #""order":"newestFirst""#, #""maxConnections":3"#, #""hours":48"#,
                #""everyMinutes":15"#,
            ] {
                #expect(enabled.output.contains(setting), "\(setting): \(enabled)")
            }
            #expect(try await ctl.run(["show", "example.com"]).output.contains("192.0.2.1:1110"))
            #expect(try await ctl.run(["disable", "example.com", "--yes"]).status == 0)
            #expect(try await ctl.run(["--lang", "zh-CN", "show", "example.com"]).output.contains("已停止"))
        }
    }

    @Test func theLogFollowsItsPagesToTheEnd() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let hash =
                "{CRYPT}$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
            let rows = (0..<1203).map { "user\($0)@example.com,\(hash)\n" }.joined()
            let made = try await ctl.run(
                ["accounts", "create", "-"], input: Data(("address,passwordHash\n" + rows).utf8))
            #expect(made.status == 0 && made.output.contains("created 1203"), "\(made)")
            #expect(try await ctl.run(["log", "example.com"]).output.split(separator: "\n").count == 1203)
            let csv = try await ctl.run(["log", "example.com", "--csv", "--limit", "1100"])
            #expect(csv.output.split(separator: "\n").count == 1101)
            #expect(
                try await ctl.run(["log", "example.com"], environment: ["LANG": "zh_CN.UTF-8"]).output.contains("未开始"))
            #expect(
                try await ctl.run(["log", "example.com", "--search", "user77@"]).output.contains("user77@example.com"))
        }
    }

    @Test func noPasswordIsInAnArgumentListOrAnEnvironment() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let secret = #"Very-$ecret "x" 密码"#
            let rows = (0..<40).map { "user\($0)@example.com,\"\(secret.replacing("\"", with: "\"\"")) \($0)\"\n" }
                .joined()
            let file = ctl.folder.appending(path: "accounts.csv")
            try Data(("address,password\n" + rows).utf8).write(to: file)
            try Data((secret + "\n").utf8).write(to: ctl.folder.appending(path: "password"))
            for arguments in [
                ["accounts", "create", file.path],
                ["trigger", "user0@example.com", "--password-file", ctl.folder.appending(path: "password").path],
                ["trigger", "--from", file.path],
            ] {
                async let outcome = ctl.run(arguments)
                var seen = 0
                for _ in 0..<40 {
                    for process in try FileManager.default.contentsOfDirectory(atPath: "/proc")
                    where Int(process) != nil {
                        for part in ["cmdline", "environ"] {
                            // Absence means that the process has ended.
                            guard let octets = FileManager.default.contents(atPath: "/proc/\(process)/\(part)") else {
                                continue
                            }
                            if octets.firstRange(of: Data("Very-$ecret".utf8)) != nil { seen += 1 }
                        }
                    }
                }
                #expect(seen == 0, "\(arguments)")
                _ = try await outcome
            }
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func watchingEndsWhenInterruptedAndLeavesNothingBehind(signal: Int32) async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = Data("address,password\nann@example.com,new-Pass-9word\n".utf8)
            #expect(try await ctl.run(["accounts", "create", "-"], input: csv).status == 0)
            let watched = try await ctl.interrupt(["watch", "ann@example.com"], with: signal, after: "not started")
            #expect(watched.status == 0, "\(watched)")
            #expect(watched.output.contains("ann@example.com"))
            let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
                FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
                    .map { String(decoding: $0, as: UTF8.self) }
                    .map { $0.hasPrefix("socat") && $0.contains(ctl.adminSocket) } ?? false
            }
            #expect(left.isEmpty)
        }
    }
}
