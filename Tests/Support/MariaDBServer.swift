// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// A real MariaDB on a socket, and on loopback where it has TLS, with an empty database `mail` and a user `mailmove` who has a password.
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class MariaDBServer: @unchecked Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    public static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/sbin/mariadbd")
    public static let password = "db-Pass-1"

    public let folder: URL
    public var socket: String { folder.appending(path: "my.sock").path }
    public var url: String { "mysql://mailmove@/mail?socket=\(socket)" }
    /// On 127.0.0.1 and 127.0.0.2; nil where it is on its socket alone.
    public let port: Int?
    /// Its certificate for 127.0.0.1, which signs itself.
    public var certificate: String { folder.appending(path: "cert").path }
    private let hasTLS: Bool
    private var process: Process?

    /// - Parameters:
    ///   - networking: whether it is on loopback, too.
    ///   - tls: whether it has a certificate.
    public init(networking: Bool = false, tls: Bool = false) async throws {
        port = networking || tls ? try LoopbackSocket.freePort() : nil
        hasTLS = tls
        folder = MemoryFolder.named("mailmove-mariadb-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Two that are installed at the same time trip over each other.
        try await run(
            "/usr/bin/flock",
            ["/var/tmp/mailmove-mariadb.lock", "/usr/bin/mariadb-install-db"] + options + [
                "--auth-root-authentication-method=normal", "--skip-test-db",
            ])
        if tls {
            try await run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", "\(folder.path)/key", "-out", certificate,
                ])
        }
        try await start()
        try await sql(
            """
            CREATE DATABASE mail CHARACTER SET utf8mb4; CREATE USER mailmove IDENTIFIED BY '\(Self.password)';
            CREATE USER mailmove@localhost IDENTIFIED BY '\(Self.password)';
            GRANT SELECT, INSERT, UPDATE ON mail.* TO mailmove; GRANT SELECT, INSERT, UPDATE ON mail.* TO mailmove@localhost
            """, in: "")
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind at worst
    }

    private var options: [String] {
        ["--no-defaults", "--datadir=\(folder.path)/data", "--innodb-log-file-size=4M"]
            + (geteuid() == 0 ? ["--user=root"] : [])
    }

    public func start() async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/mariadbd")
        process.arguments =
            options + [
                "--socket=\(socket)", "--skip-name-resolve", "--pid-file=\(folder.path)/pid",
                "--innodb-buffer-pool-size=16M", "--character-set-server=utf8mb4",
                "--log-error=\(folder.path)/log",
            ] + (port.map { ["--port=\($0)", "--bind-address=127.0.0.1,127.0.0.2"] } ?? ["--skip-networking"])
            + (hasTLS ? ["--ssl-cert=\(certificate)", "--ssl-key=\(folder.path)/key"] : ["--skip-ssl"])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<1200 {
            if (try? await sql("SELECT 1", in: "")) != nil { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let log = try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)
        throw Failed(description: "MariaDB did not start: \(log ?? "it wrote no log")")
    }

    public func stop() {
        guard let process, process.isRunning else { return }
        hang(false)
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    /// It answers nobody, and keeps its connections, until it is let go on.
    public func hang(_ hangs: Bool) {
        process?.hang(hangs)
    }

    /// Runs statements as the administrator. Gives the rows, columns apart by tabs.
    @discardableResult
    public func sql(_ text: String, in database: String = "mail") async throws -> [String] {
        try await run(
            "/usr/bin/mariadb",
            ["--no-defaults", "-S", socket, "-uroot", "-NB", "--raw", "--default-character-set=utf8mb4", "-e", text]
                + (database.isEmpty ? [] : [database])
        ).split(separator: "\n").map(String.init)
    }

    @discardableResult
    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        let (status, output) = try await ProgramRun.output(of: program, arguments)
        guard status == 0 else { throw Failed(description: "\(program): \(output.suffix(500))") }
        return output
    }
}
