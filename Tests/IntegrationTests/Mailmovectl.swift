// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// The script, and a daemon of its own to talk to.
struct Mailmovectl: Sendable {
    struct Outcome: Sendable {
        var status: Int
        var output: String
        var errors: String
    }

    struct Failure: Error {
        var text: String
    }

    static let project = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let script = project.appending(path: "clients/shell/mailmovectl")
    private static let daemon = project.appending(path: ".build/debug/mailmoved")

    static let isAvailable = ["/usr/bin/jq", "/usr/bin/socat", daemon.path]
        .allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

    /// Where the daemon's sockets, its state and its mail are.
    let folder: URL
    var adminSocket: String { folder.appending(path: "admin.sock").path }
    var loginSocket: String { folder.appending(path: "login.sock").path }

    /// Starts a daemon, waits until it answers, and takes it down afterwards.
    static func withDaemon(
        environment: [String: String] = [:], _ body: (Mailmovectl) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "mailmovectl-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "state"), withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            at: folder.appending(path: "mail"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let ctl = Mailmovectl(folder: folder)
        try Data("{}\n".utf8).write(to: folder.appending(path: "mailmoved.yaml"))
        let log = folder.appending(path: "log")
        let process = try ctl.start(
            [daemon.path, "--admin-socket", ctl.adminSocket, "--login-socket", ctl.loginSocket],
            environment: [
                "STATE_DIRECTORY": folder.appending(path: "state").path,
                "MAILMOVE_CONFIG": folder.appending(path: "mailmoved.yaml").path,
                "MAILMOVE_MAIL_STORE_MAILDIR_PATH": folder.path + "/mail/%d/%n/Maildir",
            ].merging(environment) { $1 },
            input: "/dev/null", output: log.path, errors: log.path)
        do {
            while true {
                if let client = try? RawClient(path: ctl.adminSocket), (try? await client.call("ping")) != nil { break }
                guard process.isRunning else {
                    throw Failure(text: String(decoding: try Data(contentsOf: log), as: UTF8.self))
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            try await body(ctl)
        } catch {
            process.terminate()
            _ = try await end(of: process)
            throw error
        }
        process.terminate()
        _ = try await end(of: process)
    }

    /// Runs the script to its end; there is no terminal.
    func run(
        _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await run([Self.script.path] + arguments, input, environment)
    }

    /// The same as somebody who may not use the daemon's sockets.
    func runAsNobody(_ arguments: [String]) async throws -> Outcome {
        // Where anybody may read it, with its parts.
        let copy = folder.appending(path: "shell")
        if !FileManager.default.fileExists(atPath: copy.path) {
            try FileManager.default.copyItem(at: Self.script.deletingLastPathComponent(), to: copy)
        }
        for path in [folder.path, copy.path] { chmod(path, 0o755) }
        let identity = ["/usr/bin/setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
        return try await run(identity + [copy.appending(path: "mailmovectl").path] + arguments, Data(), [:])
    }

    private func run(_ command: [String], _ input: Data, _ environment: [String: String]) async throws -> Outcome {
        let files = try Files(in: folder, input: input)
        // setsid: no terminal to ask for a password on.
        let process = try start(files, ["/usr/bin/setsid", "--wait"] + command, environment)
        return try files.outcome(try await Self.end(of: process))
    }

    /// Runs the script on a terminal of its own, where something is typed; all that is shown is its output.
    func runOnTerminal(_ arguments: [String], typing text: String) async throws -> Outcome {
        let files = try Files(in: folder, input: Data(text.utf8))
        let words = ([Self.script.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let process = try start(files, ["/usr/bin/script", "-qec", words, "/dev/null"], [:])
        return try files.outcome(try await Self.end(of: process))
    }

    /// Runs the script, and sends it a signal once it has printed a certain text.
    func interrupt(_ arguments: [String], with signal: Int32, after text: String) async throws -> Outcome {
        let files = try Files(in: folder, input: Data())
        let process = try start(files, [Self.script.path] + arguments, [:])
        while process.isRunning, try !files.outcome(0).output.contains(text) {
            try await Task.sleep(for: .milliseconds(20))
        }
        kill(process.processIdentifier, signal)
        return try files.outcome(try await Self.end(of: process))
    }

    private func start(_ files: Files, _ command: [String], _ environment: [String: String]) throws -> Process {
        try start(
            command,
            environment: ["MAILMOVE_SOCKET": adminSocket, "LANG": "C.UTF-8"].merging(environment) { $1 },
            input: files.input, output: files.output, errors: files.errors)
    }

    private func start(
        _ command: [String], environment: [String: String], input: String, output: String, errors: String
    ) throws -> Process {
        for path in [output, errors] where !FileManager.default.fileExists(atPath: path) {
            try Data().write(to: URL(filePath: path))
        }
        let process = Process()
        // What a thread of ours blocks or ignores would be inherited, and the signal to stop would never arrive.
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["--default-signal"] + command
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: input))
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        try process.run()
        return process
    }

    private static func end(of process: Process) async throws -> Int32 {
        while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        return process.terminationStatus
    }

    /// What goes in and comes out, in files, which take any amount while nobody reads.
    private struct Files {
        let input, output, errors: String

        init(in folder: URL, input data: Data) throws {
            let name = folder.appending(path: UUID().uuidString).path
            (input, output, errors) = (name + ".in", name + ".out", name + ".err")
            try data.write(to: URL(filePath: input))
        }

        func outcome(_ status: Int32) throws -> Outcome {
            let texts = try [output, errors].map {
                String(decoding: try Data(contentsOf: URL(filePath: $0)), as: UTF8.self)
            }
            return Outcome(status: Int(status), output: texts[0], errors: texts[1])
        }
    }
}
