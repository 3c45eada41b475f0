// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc
import Synchronization

/// The built daemon as a child process, in a folder of its own that it may be started in again and again.
///
///     try await DaemonProcess.running { daemon in
///         let client = try RawClient(path: daemon.adminSocket)
///         …
///     }
///
/// The executable is the one beside the tests; `MAILMOVED` in the environment names another, such as the release build.
public final class DaemonProcess: Sendable {
    /// 0755, under /var/tmp: servers that run as other users may enter it.
    public let folder: URL
    private let environment: [String: String]
    private let arguments: [String]
    private let user: String?
    private let hasHosts: Bool
    private let shell: String?
    private let process = Mutex<Process?>(nil)

    /// Does not start it yet.
    ///
    /// - Parameters:
    ///   - environment: added to what every daemon under test has: its state, its Maildirs, an empty configuration
    ///     file, and no pause between runs.
    ///   - arguments: instead of the two sockets.
    ///   - user: who it runs as, where this process is root; its folder is theirs.
    ///   - hosts: what its machine's hosts(5) say of names, where this process is root; ``setHosts(_:)`` changes it.
    ///   - shell: what bash(1) does before it becomes the daemon by `exec "$@"`.
    public init(
        environment: [String: String] = [:], arguments: [String]? = nil, user: String? = nil, hosts: String? = nil,
        shell: String? = nil
    ) throws {
        self.user = user
        self.shell = shell
        hasHosts = hosts != nil
        folder = URL(filePath: "/var/tmp/mailmoved-\(UUID().uuidString.prefix(8).lowercased())")
        let files = FileManager.default
        for name in ["state", "mail"] {
            try files.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        try Data("{}\n".utf8).write(to: folder.appending(path: "mailmoved.yaml"))
        let own = [
            "PATH": "/usr/bin:/bin",
            // As in the unit; and one that is killed while it reports a crash leaves a child that holds its sockets.
            "SWIFT_BACKTRACE": "enable=no",
            "STATE_DIRECTORY": folder.appending(path: "state").path,
            "MAILMOVE_CONFIG": folder.appending(path: "mailmoved.yaml").path,
            "MAILMOVE_MAIL_STORE_MAILDIR_PATH": folder.appending(path: "mail").path + "/%d/%n/Maildir",
            "MAILMOVE_LIMITS_SECONDS_BETWEEN_RUNS": "0",
        ]
        self.environment = own.merging(environment) { $1 }
        self.arguments =
            arguments
            ?? [
                "--admin-socket", folder.appending(path: "admin.sock").path,
                "--login-socket", folder.appending(path: "login.sock").path,
            ]
        if let hosts { try setHosts(hosts) }
        if let user {
            for name in ["", "state", "mail"] {
                try files.setAttributes(
                    [.ownerAccountName: user], ofItemAtPath: folder.appending(path: name).path)
            }
        }
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)  // left behind in /var/tmp at worst
    }

    /// Runs a daemon for as long as `body` takes, whatever comes of it.
    /// - Throws: what `body` throws; ``Failure`` where the daemon has let go of something without ending it.
    public static func running<Result>(
        environment: [String: String] = [:], user: String? = nil, _ body: (DaemonProcess) async throws -> Result
    ) async throws -> Result {
        let daemon = try DaemonProcess(environment: environment, user: user)
        defer { daemon.kill() }
        try await daemon.start()
        let result = try await body(daemon)
        guard let forgotten = daemon.log.split(separator: "\n").first(where: { $0.contains("was let go of, not") })
        else { return result }
        throw Failure(description: String(forgotten))
    }

    /// From now on names lead elsewhere, as after a change in the DNS.
    public func setHosts(_ text: String) throws {
        // In its place: the daemon sees this very file.
        try Data(text.utf8).write(to: folder.appending(path: "hosts"))
    }

    public var adminSocket: String { folder.appending(path: "admin.sock").path }
    public var loginSocket: String { folder.appending(path: "login.sock").path }

    // MARK: Life

    /// A daemon that did not come up, or did not end.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Starts it, and waits until it answers a `ping`. `more` goes into this start's environment alone.
    public func start(adding more: [String: String] = [:]) async throws {
        let process = try launch(more)
        for _ in 0..<1500 {
            if let client = try? RawClient(path: adminSocket), (try? await client.call("ping")) != nil { return }
            guard process.isRunning else {
                throw Failure(description: "mailmoved ended with \(process.terminationStatus): \(log)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Failure(description: "mailmoved does not answer: \(log)")
    }

    /// Starts it where it is expected to end by itself; its exit status.
    public func outcome() async throws -> Int32 {
        _ = try launch([:])
        return try await ended(within: .seconds(30))
    }

    /// Asks it to stop (`SIGTERM`); its exit status, and how long it took.
    public func terminate() async throws -> (status: Int32, took: Duration) {
        let start = ContinuousClock.now
        send(SIGTERM)
        let status = try await ended(within: .seconds(30))
        return (status, .now - start)
    }

    /// Ends it as a power cut does (`SIGKILL`).
    public func kill() {
        send(SIGKILL)
        process.withLock { process in
            process?.waitUntilExit()
            process = nil
        }
    }

    public func send(_ signal: Int32) {
        process.withLock { process in
            if let process, process.isRunning { _ = Glibc.kill(process.processIdentifier, signal) }
        }
    }

    public var identifier: Int32 { process.withLock { $0?.processIdentifier ?? 0 } }

    private func launch(_ more: [String: String]) throws -> Process {
        let output = folder.appending(path: "log")
        if !FileManager.default.fileExists(atPath: output.path) { try Data().write(to: output) }
        let handle = try FileHandle(forWritingTo: output)
        try handle.seekToEnd()
        let process = Process()
        if let user {
            // By a descriptor: the user may not be let into the folder where it was built.
            let command = """
                exec 9<"$0"
                exec setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups /proc/self/fd/9 "${@:2}"
                """
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", command, try Self.executable.path, user] + arguments
        } else if hasHosts {
            let command = #"mount --bind "$0" /etc/hosts && exec "$@""#
            process.executableURL = URL(filePath: "/usr/bin/unshare")
            process.arguments =
                ["--mount", "/bin/bash", "-c", command, folder.appending(path: "hosts").path]
                + [try Self.executable.path] + arguments
        } else if let shell {
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", shell, "bash", try Self.executable.path] + arguments
        } else {
            process.executableURL = try Self.executable
            process.arguments = arguments
        }
        process.environment = environment.merging(more) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.runTakingSignals()
        self.process.withLock { $0 = process }
        return process
    }

    private func ended(within limit: Duration) async throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while let process = process.withLock({ $0 }) {
            guard process.isRunning else { return process.terminationStatus }
            guard .now < deadline else { throw Failure(description: "mailmoved does not end: \(log)") }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Failure(description: "mailmoved was not started")
    }

    public static var executable: URL {
        get throws {
            if let path = ProcessInfo.processInfo.environment["MAILMOVED"] { return URL(filePath: path) }
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let beside = URL(filePath: tests).deletingLastPathComponent().appending(path: "mailmoved")
            guard FileManager.default.isExecutableFile(atPath: beside.path) else {
                throw Failure(
                    description: "\(beside.path) is not there; build it with: swift build --product mailmoved")
            }
            return beside
        }
    }

    // MARK: What can be seen of it

    /// Everything it has written so far, over all starts.
    public var log: String {
        guard let data = try? Data(contentsOf: folder.appending(path: "log")) else { return "(no log)" }
        return String(decoding: data, as: UTF8.self)
    }

    /// `resident` now and at its `peak`, in octets (proc(5): VmRSS, VmHWM).
    public var memory: (resident: Int, peak: Int) {
        get throws {
            let text = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
            func octets(_ name: String) -> Int {
                let line = text.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
                return (Int(line.filter(\.isNumber)) ?? 0) * 1024
            }
            return (octets("VmRSS:"), octets("VmHWM:"))
        }
    }

    /// How many threads it has (proc(5)).
    public var threads: Int {
        get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/task").count }
    }

    /// Processor time it has used (proc(5): utime and stime), which other work on the machine does not add to.
    public var processorTime: Duration {
        get throws {
            let text = try String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
            let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
            let ticks = fields.dropFirst(12).prefix(2).reduce(0) { $0 + (Int($1) ?? 0) }
            return .milliseconds(ticks * 1000 / max(1, sysconf(CInt(_SC_CLK_TCK))))
        }
    }

    /// Its command line as any user of the machine may read it.
    public var commandLine: String {
        get throws {
            let octets = try Data(contentsOf: URL(filePath: "/proc/\(identifier)/cmdline"))
            return String(decoding: octets, as: UTF8.self)
        }
    }

    public func maildir(of account: String) -> URL {
        let parts = account.split(separator: "@")
        return folder.appending(path: "mail/\(parts[1])/\(parts[0])/Maildir")
    }

    /// The delivered messages of an account (`new` and `cur`), in the order in which mail servers number them.
    public func messages(of account: String) -> [[UInt8]] {
        let files = files(of: account, in: "new") + files(of: account, in: "cur")
        let inOrder = files.sorted { $0.lastPathComponent < $1.lastPathComponent }
        return inOrder.compactMap { try? [UInt8](Data(contentsOf: $0)) }
    }

    /// The files of one of the Maildir's three folders; none where there is no such folder yet.
    public func files(of account: String, in name: String) -> [URL] {
        let folder = maildir(of: account).appending(path: name)
        return (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    }
}
