// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Somebody who has a file of accounts, an old server, and does what the last step says.
    @Suite(
        .serialized,
        .enabled(if: Mailmovectl.isAvailable && NameServer.isAvailable, "needs the built daemon, jq, socat and knot"))
    struct NewcomerTests {
        private static let people = (0..<200).map { "person\($0)@moved.test" }

        /// The command that the last lines name, with what only the newcomer knows put in.
        private func next(_ shown: String, _ known: [String: String]) throws -> [String] {
            let line = try #require(shown.components(separatedBy: "next: mailmovectl ").dropFirst().first, "\(shown)")
            let command = line.prefix { $0 != "\n" && $0 != "#" }
            return command.split(separator: " ").flatMap { (known[String($0)] ?? String($0)).split(separator: " ") }
                .map(String.init)
        }

        @Test func eachStepNamesTheNext() async throws {
            let names = try await NameServer(zones: ["test": "moved MX 10 mx.new\nmx.new A 192.0.2.20"])
            defer { names.stop() }
            let server = try MailboxServer(
                passwords: Dictionary(uniqueKeysWithValues: Self.people.map { ($0, Platform.oldPassword) }),
                mail: Dictionary(uniqueKeysWithValues: Self.people.map { ($0, messages(0..<2)) }))
            defer { server.stop() }
            try await Platform.running(
                environment: ["MAILMOVE_DNS_SERVER": names.address, "MAILMOVE_PASSWORDS_SCHEME": "sha512"]
            ) { platform in
                let export = platform.daemon.folder.appending(path: "export.csv")
                let rows = Self.people.map { "\($0);\(Platform.newPassword);Person of \($0)\r\n" }.joined()
                try Data("Email;Password;Display Name\r\n\(rows)".utf8).write(to: export)
                let known = [
                    "OLD-SERVER": "127.0.0.1 --port \(server.port) --security none", "NEW-MX-HOST": "mx.new.test",
                ]
                func step(_ command: [String], _ answer: String = "") async throws -> String {
                    let terminal = try Mailmovectl.terminal(command, socket: platform.daemon.adminSocket, columns: 100)
                    if !answer.isEmpty {
                        try await terminal.wait { $0.shown.contains("[y/N]") }
                        terminal.type(answer)
                    }
                    let status = try await terminal.end()
                    #expect(status == 0, "\(command): \(terminal.shown)")
                    return terminal.shown
                }

                let dry = try await step(["accounts", "create", export.path, "--dry-run"])
                let created = try await step(try next(dry, known))
                #expect(created.contains("created 200,"), "\(created)")
                let enabled = try await step(try next(created, known))
                let verified = try await step(try next(enabled, known))
                let checked = try await step(try next(verified, known))
                let watch = try next(checked, known)
                #expect(watch == ["watch", "moved.test"])

                let watched = try Mailmovectl.terminal(watch, socket: platform.daemon.adminSocket, columns: 100)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for part in 0..<4 {
                        group.addTask {
                            for person in Self.people[(part * 50)..<(part * 50 + 50)] {
                                let answer = try await platform.logIn(person)
                                #expect(answer.decision == .accept)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await watched.wait { $0.pictures.last?.contains { $0.contains("completed 200") } == true }
                watched.type("\u{3}")
                #expect(try await watched.end() == 0)

                let pending = try await step(try next(watched.shown, known))
                #expect(pending.contains("Everybody has moved."), "\(pending)")
                let reported = try await step(try next(pending, known))
                #expect(reported.contains("200"), "\(reported)")
                let page = platform.daemon.folder.appending(path: "report.html")
                let writing = try next(reported, known.merging(["report.html": page.path]) { $1 })
                _ = try await step(writing)
                let written = try String(contentsOf: page, encoding: .utf8)
                #expect(written.hasPrefix("<!DOCTYPE html>") && written.contains("moved.test"), "\(writing)")
                let ended = try await step(["disable", "moved.test"], "y\n")
                #expect(ended.contains("The migration of moved.test has ended."), "\(ended)")
            }
        }
    }
}
