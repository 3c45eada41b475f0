// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

/// What belongs to `mailmovectl` beside the script: its help, its manual page, its completions, its installation.
@Suite(.serialized, .enabled(if: Mailmovectl.isAvailable, "needs the built daemon, jq and socat"))
struct MailmovectlPartsTests {
    private static let shell = Mailmovectl.script.deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: shell.appending(path: path), encoding: .utf8)
    }

    private static func isThere(_ program: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)")
    }

    // MARK: Help and manual

    /// Commands, and options with a command that takes them, from the table that the script itself reads.
    private static func table() throws -> (commands: [String], options: [String]) {
        let lines = try text("commands").split(separator: "\n").filter { !$0.hasPrefix("#") }
        let names = lines.map { $0.prefix { $0 != "|" }.trimmingCharacters(in: .whitespaces) }
        return (
            names.filter { !$0.hasPrefix("@") && !$0.hasPrefix("--") },
            names.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2).trimmingCharacters(in: ["…"])) }
        )
    }

    @Test func helpAndManualHaveEveryCommandAndEveryOption() throws {
        let (commands, options) = try Self.table()
        #expect(commands.count > 30 && options.count > 50)
        let manual = try Self.text("mailmovectl.1")
        for help in [try Self.text("help/en.txt"), try Self.text("help/zh-CN.txt")] {
            for command in commands {
                #expect(help.contains("\n\(command) ") || help.contains("\n\(command)\n"), "\(command)")
            }
            for option in options { #expect(help.contains("--\(option)"), "\(option)") }
        }
        let examples = try #require(manual.components(separatedBy: ".Sh EXAMPLES").last)
        for command in commands {
            #expect(manual.contains(".It Cm \(command)") || manual.contains(".Cm \(command) "), "\(command)")
            #expect(examples.contains("mailmovectl \(command)"), "no example of \(command)")
        }
        for option in options { #expect(manual.contains("Fl -\(option)"), "\(option)") }
    }

    @Test func eachCommandTellsItsOwnHelp() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let commands = Set(try Self.table().commands.compactMap { $0.split(separator: " ").first })
            for command in commands where command != "help" {
                for lang in ["en", "zh-CN"] {
                    let help = try await ctl.run(["--lang", lang, "help", String(command)])
                    #expect(help.status == 0 && help.output.hasPrefix(command), "\(help)")
                    let same = try await ctl.run([String(command), "--help", "--lang", lang])
                    #expect(same.output == help.output)
                }
            }
        }
    }

    // MARK: Completions

    private func withDomain(_ body: (Mailmovectl) async throws -> Void) async throws {
        try await Mailmovectl.withDaemon { ctl in
            let csv = "address,password\nann@example.com,new-Pass-9word\nbob@example.com,new-Pass-8word\n"
            #expect(try await ctl.run(["accounts", "create", "-"], input: Data(csv.utf8)).status == 0)
            #expect(try await ctl.run(["enable", "example.com", "--host", "192.0.2.1"]).status == 0)
            try await body(ctl)
        }
    }

    /// What is typed, and what it becomes in each shell.
    private static let completions = [
        ("mailmovectl pend", "pending"), ("mailmovectl accounts expo", "export"),
        ("mailmovectl log --att", "--attention"),
        ("mailmovectl log --status not", "notStarted"), ("mailmovectl show exam", "example.com"),
        ("mailmovectl status ann", "ann@example.com"),
    ]

    private func environment(_ ctl: Mailmovectl) -> [String: String] {
        ["MAILMOVE_SOCKET": ctl.adminSocket, "PATH": "\(Self.shell.path):/usr/bin:/bin", "LANG": "C.UTF-8"]
    }

    @Test func bashCompletes() async throws {
        try await withDomain { ctl in
            let script = """
                source \(Self.shell.path)/completions/mailmovectl.bash
                while IFS= read -r COMP_LINE; do
                    COMP_POINT=${#COMP_LINE} COMPREPLY=()
                    _mailmovectl
                    printf '%s\\n' "$COMP_LINE: ${COMPREPLY[*]}"
                done
                """
            let lines =
                Self.completions.map(\.0) + [
                    "mailmovectl status ann@exam", "mailmovectl events bob", "mailmovectl enable --sec",
                ]
            let outcome = try await CommandOutcome.of(
                "env", environment(ctl).map { "\($0)=\($1)" } + ["bash", "-c", script],
                input: lines.joined(separator: "\n") + "\n")
            for (typed, completed) in Self.completions {
                #expect(outcome.output.contains("\(typed): \(completed)"), "\(outcome.output)")
            }
            // What stands before an @ is a word of its own to readline.
            #expect(outcome.output.contains("ann@exam: example.com\n"), "\(outcome.output)")
            #expect(outcome.output.contains("--sec: --secure-auth --security\n"), "\(outcome.output)")
        }
    }

    @Test(.enabled(if: isThere("fish"), "needs fish"))
    func fishCompletes() async throws {
        try await withDomain { ctl in
            let script =
                "source \(Self.shell.path)/completions/mailmovectl.fish\n"
                + Self.completions.map { "complete -C '\($0.0)'" }.joined(separator: "\n")
            let outcome = try await CommandOutcome.of(
                "env", environment(ctl).map { "\($0)=\($1)" } + ["fish", "--no-config", "-c", script])
            for (_, completed) in Self.completions {
                #expect(outcome.output.contains(completed), "\(outcome.output)")
            }
        }
    }

    @Test(.enabled(if: isThere("zsh"), "needs zsh"))
    func zshCompletes() async throws {
        try await withDomain { ctl in
            let shell = try Terminal(
                ["zsh", "-f", "-i"], columns: 200, environment: environment(ctl).merging(["PS1": "ready> "]) { $1 })
            shell.type(
                "fpath=(\(Self.shell.path)/completions $fpath); autoload -Uz compinit; compinit -D -u; "
                    + "unsetopt beep; print set-up\n")
            try await shell.wait { $0.shown.contains("\nset-up") }
            for (typed, completed) in Self.completions {
                // Answered by what the shell would run.
                shell.type("print -r - \(typed)\t")
                shell.type("\u{15}\(typed)\t")
                try await shell.wait { $0.shown.contains(completed) }
                shell.type("\u{15}")
            }
            shell.type("exit\n")
            try await shell.end()
        }
    }

    @Test func nothingIsCompletedOfADaemonThatIsAway() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let away = ["--socket", "/nonexistent/admin.sock"]
            let domains = try await ctl.run(["__complete"] + away + ["show", ""])
            #expect(domains.output.isEmpty && domains.errors.isEmpty, "\(domains)")
            let commands = try await ctl.run(["__complete"] + away + ["sho"], environment: ["LANG": "zh_CN.UTF-8"])
            #expect(commands.output.hasPrefix("show\t显示"), "\(commands)")
            let files = try await ctl.run(["__complete", "accounts", "create", ""])
            #expect(files.output == ":files\n")
        }
    }

    // MARK: Installed

    @Test func itRunsAsItIsInstalled() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let root = ctl.folder.appending(path: "root")
            let install = try await CommandOutcome.of(
                "make",
                [
                    "-C", Mailmovectl.project.path, "install", "DESTDIR=\(root.path)", "PREFIX=/usr",
                    "DAEMON=/usr/bin/true",
                ])
            #expect(install.status == 0, "\(install.output)")
            let program = root.appending(path: "usr/bin/mailmovectl").path
            for arguments in [["--help"], ["--lang", "zh-CN", "help", "watch"], ["service"], ["frobnicate"]] {
                let outcome = try await CommandOutcome.of(
                    "env", ["MAILMOVE_SOCKET=\(ctl.adminSocket)", "LANG=C.UTF-8", program] + arguments)
                #expect(outcome.status == (arguments == ["frobnicate"] ? 64 : 0), "\(outcome)")
            }
            // By another name, too.
            let link = ctl.folder.appending(path: "link")
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: program)
            #expect(try await CommandOutcome.of(link.path, ["--help"]).status == 0)
            let uninstall = try await CommandOutcome.of(
                "make", ["-C", Mailmovectl.project.path, "uninstall", "DESTDIR=\(root.path)", "PREFIX=/usr"])
            #expect(uninstall.status == 0, "\(uninstall.output)")
            #expect(!FileManager.default.fileExists(atPath: root.appending(path: "usr/share/mailmove").path))
            #expect(!FileManager.default.fileExists(atPath: program))
        }
    }

    @Test func withoutItsPartsItSaysWhatIsMissing() async throws {
        try await Mailmovectl.withDaemon { ctl in
            let copy = ctl.folder.appending(path: "mailmovectl")
            try FileManager.default.copyItem(at: Mailmovectl.script, to: copy)
            let outcome = try await CommandOutcome.of(copy.path, ["service"])
            #expect(outcome.status == 70 && outcome.output.contains("parts are missing"), "\(outcome)")
        }
    }
}
