// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// What an administrator shows to others, and what the daemon tells by itself.
    @Suite struct ReportTests {
        private static let hostile = #""><img src=x onerror=document.title="XSS"><script>document.title="XSS"</script>"#

        private static func migrated(
            environment: [String: String] = [:], _ body: (Platform) async throws -> Void
        ) async throws {
            let server = try MailboxServer(
                user: Platform.ann, password: Platform.oldPassword, messages: messages(0..<12))
            defer { server.stop() }
            try await Platform.running(environment: environment) { platform in
                _ = try await platform.admin.createAccounts([
                    .init(address: Platform.ann, password: Password(Platform.newPassword)),
                    .init(
                        address: "late@\(Platform.domain)", password: Password(Platform.newPassword),
                        displayName: hostile),
                ])
                try await platform.enable(.loopback(port: server.port))
                _ = try await platform.logIn()
                #expect(try await platform.settled().status == .completed)
                try await body(platform)
            }
        }

        @Test(.enabled(if: Browser.isThere, "needs chromium"), arguments: [Language.english, .chinese])
        func aBrowserShowsThePageWithoutAComplaint(_ language: Language) async throws {
            try await Self.migrated { platform in
                let report = try await platform.admin.getReport(
                    GetReport(domain: try DomainName(Platform.domain), format: .html, lang: language))
                #expect(report.totals.moved == 12)
                #expect(report.byHour.map(\.moved).reduce(0, +) == 12)
                let page = try #require(report.html)
                let shown = try await Browser.shows(page, in: platform.daemon.folder)
                #expect(shown.complaints == [])
                #expect(!shown.document.contains("<img"))
                #expect(!shown.document.contains("<script"))
                #expect(!shown.document.contains("<title>XSS"))
                #expect(shown.document.contains("<svg"))
                #expect(shown.document.contains("late@\(Platform.domain)"))
            }
        }

        @Test func monitoringReadsTheFiguresByHTTP() async throws {
            // As systemd hands a socket over (sd_listen_fds(3)).
            let handOver = """
                exec python3 -c '
                import os, socket, sys
                s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
                open("port", "w").write(str(s.getsockname()[1]))
                os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="metrics")
                os.execv(sys.argv[1], sys.argv[1:])' "$@"
                """
            let daemon = try DaemonProcess(shell: handOver)
            defer { daemon.kill() }
            try await daemon.start()
            let platform = Platform(daemon)
            try await platform.create([Platform.ann])
            _ = try await platform.logIn(password: Platform.newPassword)
            let port = try String(contentsOf: daemon.folder.appending(path: "port"), encoding: .utf8)
            let fetched = try await Command.run("curl", ["-sS", "-D-", "http://127.0.0.1:\(port)/metrics"])
            #expect(fetched.contains("200 OK"))
            #expect(fetched.contains("application/openmetrics-text; version=1.0.0; charset=utf-8"))
            #expect(fetched.contains("mailmove_logins_total{decision=\"accept\"} 1"))
            #expect(fetched.hasSuffix("# EOF\n"))
            #expect(!fetched.contains(Platform.ann))
            #expect(try await platform.admin.getMetrics().contains("mailmove_logins_total{decision=\"accept\"} 1"))
            let (status, _) = try await daemon.terminate()
            #expect(status == 0)
        }

        @Test func anInheritedSocketOfAnotherFamilyIsRefused() async throws {
            let handOver = """
                exec python3 -c '
                import os, socket, sys
                s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
                os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="admin")
                os.execv(sys.argv[1], sys.argv[1:])' "$@"
                """
            let daemon = try DaemonProcess(shell: handOver)
            #expect(try await daemon.outcome() == 64)
            #expect(daemon.log.contains("metrics"))
        }

        @Test func aProgramIsToldWhenADomainIsDone() async throws {
            let folder = "/var/tmp/mailmove-notify-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let program = folder + "/tell"
            try "#!/bin/sh\ncat >>'\(folder)/told'\n".write(toFile: program, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            try await Self.migrated(environment: ["MAILMOVE_NOTIFY_TARGET": program]) { platform in
                var told = ""
                for _ in 0..<3000 {
                    told = (try? String(contentsOfFile: folder + "/told", encoding: .utf8)) ?? ""
                    if told.contains("\"event\":\"halfDone\"") { break }
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(told.contains("\"event\":\"halfDone\""))
                let events = try await platform.admin.listEvents(ListEvents(domain: DomainName(Platform.domain))).events
                #expect(events.contains { $0.kind == "halfDone" && $0.account == nil })
                _ = try await platform.admin.disableMigration(domain: Platform.domain)
                for _ in 0..<3000 {
                    told = (try? String(contentsOfFile: folder + "/told", encoding: .utf8)) ?? ""
                    if told.contains("windowEnded") { break }
                    try await Task.sleep(for: .milliseconds(20))
                }
                let lines = told.split(separator: "\n")
                #expect(lines.count == 2, "\(told)")
                #expect(lines.last?.contains("1 completed, 1 not started") == true)
            }
        }
    }
}

/// A headless browser, without any network.
private enum Browser {
    static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

    /// The document after its scripts would have run, and what the browser complains of.
    static func shows(_ page: String, in folder: URL) async throws -> (document: String, complaints: [Substring]) {
        let file = folder.appending(path: "page.html")
        try page.write(to: file, atomically: true, encoding: .utf8)
        let complaints = folder.appending(path: "complaints")
        let document = try await Command.run(
            "sh",
            [
                "-c",
                """
                exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
                --disable-background-networking --disable-component-update --enable-logging=stderr \
                --user-data-dir="$1/profile" --host-resolver-rules='MAP * ~NOTFOUND' --dump-dom "file://$2" 2>"$3"
                """, "sh", folder.path, file.path, complaints.path,
            ])
        let said = (try? String(contentsOf: complaints, encoding: .utf8)) ?? ""
        return (
            document, said.split(separator: "\n").filter { $0.contains(":CONSOLE") || $0.contains("Uncaught") }
        )
    }
}

/// A program that is run to its end.
private enum Command {
    /// What it prints.
    static func run(_ program: String, _ arguments: [String]) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let octets = output.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: String(decoding: octets, as: UTF8.self))
            }
        }
    }
}
