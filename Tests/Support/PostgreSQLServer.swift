// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// A real PostgreSQL 15 on loopback, with an empty database `mail` and a role `mailmove` that has a password. As root it
/// runs as the user `postgres`, for it refuses to run as root.
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class PostgreSQLServer: @unchecked Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    private static let programs = "/usr/lib/postgresql/15/bin"
    public static let isAvailable = FileManager.default.isExecutableFile(atPath: "\(programs)/postgres")
    public static let password = "db-Pass-1"

    public let folder: URL
    public let port: Int
    public var url: String { "postgresql://mailmove@127.0.0.1:\(port)/mail" }
    /// With the password.
    public func url(of database: String) -> String {
        "postgresql://mailmove:\(Self.password)@127.0.0.1:\(port)/\(database)"
    }
    private var process: Process?

    public init() async throws {
        port = try LoopbackSocket.freePort()
        folder = MemoryFolder.named("mailmove-postgresql-\(UUID().uuidString.prefix(8))")
        try makeFolder()
        try await run(
            "\(Self.programs)/initdb",
            [
                "-D", "\(folder.path)/data", "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "-E",
                "UTF8", "--locale=C.UTF-8", "-N",
            ])
        try await start()
        try await sql("CREATE ROLE mailmove LOGIN PASSWORD '\(Self.password)'", in: "postgres")
        try await sql("CREATE DATABASE mail", in: "postgres")
        try await sql("ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE ON TABLES TO mailmove")
    }

    /// A standby of another, which waits for it at each commit.
    public init(standbyOf primary: PostgreSQLServer) async throws {
        port = try LoopbackSocket.freePort()
        folder = MemoryFolder.named("mailmove-postgresql-\(UUID().uuidString.prefix(8))")
        try makeFolder()
        try await run(
            "\(Self.programs)/pg_basebackup",
            [
                "-d", "host=\(primary.folder.path) port=\(primary.port) user=postgres application_name=standby", "-D",
                "\(folder.path)/data", "-R", "-X", "stream", "-c", "fast", "--no-sync",
            ])
        try await start()
        try await primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'", in: "postgres")
        try await primary.sql("SELECT pg_reload_conf()", in: "postgres")
        for _ in 0..<200 {
            let states = try await primary.sql("SELECT sync_state FROM pg_stat_replication", in: "postgres")
            if states == ["sync"] { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failed(description: "the standby does not follow")
    }

    private func makeFolder() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if geteuid() == 0, let user = getpwnam("postgres") {
            chown(folder.path, user.pointee.pw_uid, user.pointee.pw_gid)
        }
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind at worst
    }

    public func start() async throws {
        let process = Process()
        let command = asOwner(
            "\(Self.programs)/postgres",
            [
                "-D", "\(folder.path)/data", "-p", "\(port)", "-k", folder.path, "-c", "listen_addresses=127.0.0.1",
                "-c",
                "shared_buffers=16MB", "-c", "fsync=off",
            ])
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<1200 {
            if (try? await sql("SELECT 1", in: "postgres")) != nil { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failed(description: "PostgreSQL did not start")
    }

    public func stop() { end(SIGINT) }  // "fast": open transactions are rolled back, connections end

    /// As its machine's crash: what it knew is only in its log, from which it recovers at its start.
    public func crash() { end(SIGQUIT) }

    /// Makes a standby the one that is written to.
    public func promote() async throws { try await sql("SELECT pg_promote()", in: "postgres") }

    private func end(_ signal: CInt) {
        guard let process, process.isRunning else { return }
        // runuser(1) passes it on.
        let pid = (try? String(contentsOf: folder.appending(path: "data/postmaster.pid"), encoding: .utf8))?
            .split(separator: "\n").first.flatMap { pid_t($0) }
        if let pid { kill(pid, signal) } else { process.terminate() }
        process.waitUntilExit()
        self.process = nil
    }

    /// As this process ends, when nothing runs any more that could tell of children.
    func endWithProcess() {
        let file = folder.path + "/data/postmaster.pid"
        let pid = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n").first
        guard let pid = pid.flatMap({ pid_t($0) }) else { return }
        kill(pid, SIGINT)
        // It takes its file away last.
        for _ in 0..<500 where access(file, F_OK) == 0 { usleep(10_000) }
        try? FileManager.default.removeItem(at: folder)  // left behind in memory at worst
    }

    /// A new database of nodes in it.
    public func shared() async throws -> (server: PostgreSQLServer, name: String) {
        try await sql("CREATE DATABASE records OWNER mailmove", in: "postgres")
        return (self, "records")
    }

    /// Runs statements as the administrator. Gives the rows, columns apart by tabs.
    @discardableResult
    public func sql(_ text: String, in database: String = "mail") async throws -> [String] {
        try await run(
            "/usr/bin/psql",
            [
                "-X", "-q", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", folder.path, "-p", "\(port)", "-U",
                "postgres",
                "-c", text, database,
            ]
        ).split(separator: "\n").map(String.init)
    }

    private func asOwner(_ program: String, _ arguments: [String]) -> [String] {
        geteuid() == 0 ? ["/usr/sbin/runuser", "-u", "postgres", "--", program] + arguments : [program] + arguments
    }

    @discardableResult
    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        let command = asOwner(program, arguments)
        let (status, output) = try await ProgramRun.output(of: command[0], Array(command.dropFirst()), in: folder)
        guard status == 0 else { throw Failed(description: "\(program): \(output.suffix(500))") }
        return output
    }
}
