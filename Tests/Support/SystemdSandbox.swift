// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A copy of this machine that has just been started, with systemd as its PID 1 (`Tests/Systemd/systemd-sandbox`).
public enum SystemdSandbox {
    /// Whether this machine can have one: as root, with systemd installed, where namespaces and mounts are allowed.
    public static let isAvailable: Bool = {
        let outcome = try? runBlocking(["--", "true"])
        return outcome?.status == 0
    }()

    public struct Outcome: Sendable {
        /// The command's exit status.
        public let status: Int32
        /// Standard output and standard error, as they came.
        public let output: String
    }

    /// Runs a command in a sandbox of its own, and takes the sandbox down.
    ///
    /// - Parameter shared: folders that are the real ones inside.
    public static func run(_ command: [String], sharing shared: [URL] = []) async throws -> Outcome {
        let arguments = shared.flatMap { ["--share", $0.path] } + ["--"] + command
        return try await withCheckedThrowingContinuation { continuation in
            do {
                try start(arguments) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private static func runBlocking(_ arguments: [String]) throws -> Outcome? {
        let process = try start(arguments) { _ in }
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: "")
    }

    /// The output goes through a file, which takes any amount of it while nobody reads.
    @discardableResult
    private static func start(
        _ arguments: [String], ended: @escaping @Sendable (Outcome) -> Void
    ) throws -> Process {
        let output = FileManager.default.temporaryDirectory.appending(path: "systemd-sandbox-\(UUID().uuidString)")
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        let process = Process()
        process.executableURL = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Systemd/systemd-sandbox")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        process.terminationHandler = { process in
            let text = (try? Data(contentsOf: output)).map { String(decoding: $0, as: UTF8.self) }
            try? FileManager.default.removeItem(at: output)
            ended(Outcome(status: process.terminationStatus, output: text ?? "(its output is gone)"))
        }
        do {
            try process.runTakingSignals()
        } catch {
            try? FileManager.default.removeItem(at: output)
            throw error
        }
        return process
    }
}
