// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// The examples for programs that ask by themselves: each runs as it stands in its document.
    @Suite struct ReadmeTests {
        private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()

        /// The first block of that language with that text in it.
        private static func example(
            _ language: String, with text: String, in document: String = "clients/README.md"
        ) throws -> String {
            let readme = try String(contentsOf: root.appending(path: document), encoding: .utf8)
            let blocks = readme.components(separatedBy: "```\(language)\n").dropFirst()
                .compactMap { $0.components(separatedBy: "```").first }
            return try #require(blocks.first { $0.contains(text) })
        }

        private static func withOldServer(_ body: (Platform) async throws -> Void) async throws {
            let mail = messages(0..<3)
            let server = try MailboxServer(user: Platform.ann, password: Platform.oldPassword, messages: mail)
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port)) { try await body($0) }
        }

        @Test func theSwiftExampleIsWhatIsCompiledHere() throws {
            let here = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "ReadmeExample.swift")
            let compiled = try String(contentsOf: here, encoding: .utf8)
                .replacingOccurrences(of: "@TaskLocal var mailmove", with: "let mailmove")
            #expect(compiled.hasSuffix(try Self.example("swift", with: "let mailmove", in: "clients/swift/README.md")))
        }

        @Test func theSwiftExampleLogsInAndShowsProgress() async throws {
            try await Self.withOldServer { platform in
                try await $mailmove.withValue(platform.login) {
                    #expect(try await logIn(Platform.ann, "wrong", from: "192.0.2.7") == false)
                    #expect(try await logIn(Platform.ann, Platform.oldPassword, from: "192.0.2.7") == true)
                    try await showProgress(of: Platform.ann)
                }
                let status = try await platform.settled()
                #expect(status.startedBy == .webmail)
                #expect(status.moved == 3)
            }
        }

        @Test func thePythonExampleLogsIn() async throws {
            try await Self.withOldServer { platform in
                let example = try Self.example("python", with: "def login")
                    .replacingOccurrences(of: "/run/mailmove/login.sock", with: platform.daemon.loginSocket)
                func login(_ password: String) async throws -> String {
                    let outcome = try await CommandOutcome.of(
                        "python3",
                        [
                            "-c", example + "\nimport sys\nprint(login(sys.argv[1], sys.argv[2], '192.0.2.7'))",
                            Platform.ann, password,
                        ])
                    return outcome.output
                }
                #expect(try await login("wrong") == "reject\n")
                #expect(try await login(Platform.oldPassword) == "accept\n")
                #expect(try await platform.settled().startedBy == .webmail)
                platform.daemon.kill()
                #expect(try await login(Platform.oldPassword) == "unavailable\n")
            }
        }

        @Test func theCommandLineExampleLogsIn() async throws {
            let password = "old-ann-1998"
            let server = try MailboxServer(user: Platform.ann, password: password)
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                let example = try Self.example("sh", with: "socat -")
                    .replacingOccurrences(of: "/run/mailmove/login.sock", with: platform.daemon.loginSocket)
                let outcome = try await CommandOutcome.of("bash", ["-c", example])
                #expect(outcome.output.contains(#""decision":"accept""#), "\(outcome.output)")
                #expect(try await platform.settled().startedBy == .imap)
            }
        }
    }
}
