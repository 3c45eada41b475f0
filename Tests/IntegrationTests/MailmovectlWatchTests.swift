// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Synchronization
import Testing

extension Integration {
    /// `mailmovectl watch`, as an administrator sees it.
    @Suite(.serialized, .enabled(if: Mailmovectl.isAvailable, "needs the built daemon, jq and socat"))
    struct MailmovectlWatchTests {
        private static let crowd = (0..<12).map { "person\($0 < 10 ? "0" : "")\($0)@example.com" }

        /// Holds the old server up until a test has seen enough.
        private final class Gate: Sendable {
            private let isOpen = Mutex(false)

            func open() { isOpen.withLock { $0 = true } }
            func wait() {
                while !isOpen.withLock({ $0 }) { usleep(10_000) }
            }
        }

        /// Twelve mailboxes of 40 messages, of which the old server gives 20 before the gate is open.
        private static func withCrowd(_ body: (Platform, Gate) async throws -> Void) async throws {
            let gate = Gate()
            defer { gate.open() }
            var options = MailboxServer.Options()
            options.capabilities = ["TOP", "UIDL", "USER"]
            options.answer = { command in
                let words = command.split(separator: " ")
                if words.first == "RETR", let number = words.last.flatMap({ Int($0) }), number > 20 { gate.wait() }
                return nil
            }
            let server = try MailboxServer(
                passwords: Dictionary(uniqueKeysWithValues: crowd.map { ($0, Platform.oldPassword) }),
                mail: Dictionary(uniqueKeysWithValues: crowd.map { ($0, messages(0..<40)) }), options: options)
            defer { server.stop() }
            let seal = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            try FileManager.default.createDirectory(at: seal, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: seal) }
            try Data((0..<32).map { UInt8($0) }).write(to: seal.appending(path: "seal-key"))
            try await Platform.migrating(
                from: .loopback(port: server.port), accounts: crowd,
                environment: ["CREDENTIALS_DIRECTORY": seal.path, "MAILMOVE_PASSWORDS_SCHEME": "sha512"]
            ) { try await body($0, gate) }
        }

        private static func percent(_ picture: [String]) -> Int? {
            picture.lazy.filter { !$0.contains("@") }.compactMap { $0.firstMatch(of: /(\d+) %/).flatMap { Int($0.1) } }
                .first
        }

        private static func logIn(_ platform: Platform, _ accounts: some Sequence<String>) async throws {
            for account in accounts {
                let answer = try await platform.logIn(account)
                #expect(answer.decision == .accept)
            }
        }

        @Test func aDomainIsOnePictureThatFollowsTheTerminal() async throws {
            try await Self.withCrowd { platform, _ in
                try await Self.logIn(platform, Self.crowd)
                let terminal = try Mailmovectl.terminal(["watch", "example.com"], socket: platform.daemon.adminSocket)
                try await terminal.wait { ($0.pictures.last.flatMap(Self.percent) ?? 0) > 0 }
                terminal.resize(columns: 60, rows: 10)
                try await terminal.wait { terminal in
                    guard let picture = terminal.pictures.last, picture.count <= 10 else { return false }
                    return picture.allSatisfy { $0.columns < 60 } && picture.contains { $0.contains("more are moving") }
                }
                terminal.resize(columns: 100, rows: 30)
                try await terminal.wait { $0.pictures.last?.count { $0.contains("@") } == Self.crowd.count }
                let pictures = terminal.pictures
                let percents = pictures.compactMap(Self.percent)
                #expect(percents == percents.sorted())
                #expect(pictures.allSatisfy { $0.count <= 30 && $0.allSatisfy { $0.columns < 100 } })
                #expect(pictures.last?.contains { $0.contains("of 480 messages") } == true, "\(pictures.last ?? [])")
                terminal.type("\u{3}")
                #expect(try await terminal.end() == 0)
                // The terminal is as it was, and what was known last stays on it.
                let written = terminal.written
                let end = try #require(written.range(of: "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"))
                #expect(written.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"))
                #expect(
                    written[end.upperBound...].contains("next: mailmovectl pending example.com"),
                    "\(written.suffix(500))")
            }
        }

        @Test(arguments: [SIGTERM, SIGHUP, SIGKILL])
        func theTerminalIsGivenBackHoweverItEnds(signal: Int32) async throws {
            try await Self.withCrowd { platform, _ in
                let pid = platform.daemon.folder.appending(path: "pid").path
                let terminal = try Terminal(
                    ["bash", "-c", "echo $$ >\(pid); exec \(Mailmovectl.script.path) watch person00@example.com"],
                    environment: ["MAILMOVE_SOCKET": platform.daemon.adminSocket])
                try await terminal.wait { !$0.pictures.isEmpty }
                let identifier = try #require(Int32(try String(contentsOfFile: pid, encoding: .utf8).dropLast()))
                kill(identifier, signal)
                while !terminal.written.contains("\u{1B}[?25h\u{1B}[?1049l") {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }

        @Test func itSurvivesARestartAndEndsWhenAllIsDone() async throws {
            try await Self.withCrowd { platform, gate in
                try await Self.logIn(platform, Self.crowd.prefix(3))
                let terminal = try Mailmovectl.terminal(
                    ["watch", "example.com", "--until-done"], socket: platform.daemon.adminSocket)
                try await terminal.wait { $0.pictures.last?.contains { $0.contains("person02@") } == true }
                platform.daemon.kill()
                try await terminal.wait { $0.pictures.last?.contains { $0.contains("the daemon is away") } == true }
                try await platform.daemon.start()
                try await terminal.wait { terminal in
                    terminal.pictures.last.map { picture in
                        picture.contains { $0.contains("person02@") } && !picture.contains { $0.contains("away") }
                    } ?? false
                }
                gate.open()
                #expect(try await terminal.end() == 0)
                #expect(terminal.shown.contains("100%  120/120 messages"), "\(terminal.shown.suffix(800))")
            }
        }

        @Test func whatHasFailedIsShownAndIsTheExitStatus() async throws {
            let server = try MailboxServer(
                user: Platform.ann, password: Platform.oldPassword, messages: messages(0..<3))
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                let watched = try Mailmovectl.terminal(["watch", "example.com"], socket: platform.daemon.adminSocket)
                try await watched.wait { !$0.pictures.isEmpty }
                server.stop()
                #expect(try await platform.logIn().decision == .unavailable)
                try await watched.wait {
                    $0.pictures.last?.contains { $0.contains("ann@example.com  the old server cannot be reached") }
                        == true
                }
                watched.type("\u{3}")
                #expect(try await watched.end() == 0)
                // Nobody knows the password: nothing is tried again by itself.
                for subject in ["example.com", Platform.ann] {
                    let done = try Mailmovectl.terminal(
                        ["watch", subject, "--until-done"], socket: platform.daemon.adminSocket)
                    #expect(try await done.end() == 1, "\(done.shown)")
                }
            }
        }

        @Test func aPipeGetsALineForEachChangeOfStatus() async throws {
            try await Self.withCrowd { platform, gate in
                gate.open()
                let output = platform.daemon.folder.appending(path: "lines")
                try Data().write(to: output)
                func lines() throws -> [String] {
                    try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map(String.init)
                }
                let process = Process()
                process.executableURL = URL(filePath: "/usr/bin/env")
                process.arguments = ["--default-signal", Mailmovectl.script.path, "watch", "example.com"]
                process.environment = [
                    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MAILMOVE_SOCKET": platform.daemon.adminSocket,
                ]
                process.standardOutput = try FileHandle(forWritingTo: output)
                try process.run()
                while try lines().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
                try await Self.logIn(platform, [Self.crowd[0]])
                while try !lines().contains(where: { $0.contains("person00@example.com\tcompleted\t40/40") }) {
                    try await Task.sleep(for: .milliseconds(20))
                }
                let told = try lines().filter { $0.contains("person00@") }
                #expect(told.count <= 4, "\(told)")
                process.terminate()
                while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
                #expect(process.terminationStatus == 0)
            }
        }
    }
}
