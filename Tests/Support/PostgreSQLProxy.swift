// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// Stands before a PostgreSQL, and cuts the line of clients who commit: before the COMMIT gets there, or after it was
/// carried out and before they hear of it.
public final class PostgreSQLProxy: Sendable {
    public enum Moment: Sendable { case before, after }

    private struct State: Sendable {
        /// Who is cut, by number of the commit.
        var cuts: @Sendable (Int) -> Moment? = { _ in nil }
        var commits = 0
        var cut = 0
        var isFrozen = false
        var isStopped = false
        var sockets: Set<CInt> = []
    }

    public let port: Int
    private let target: Int
    private let listener: CInt
    private let state: StateBox

    private final class StateBox: Sendable {
        let value = Mutex(State())
    }

    /// - Parameter port: of the server.
    public init(to port: Int) throws {
        let (descriptor, own) = try LoopbackSocket.listen()
        listener = descriptor
        self.port = Int(own)
        target = port
        state = StateBox()
        let (state, target) = (state, target)
        Thread.detachNewThread {
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { return }
                Self.serve(client, target, state)
            }
        }
    }

    deinit { stop() }

    public func stop() {
        // A second close would be another's.
        let isFirst = state.value.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
        cutAll()
    }

    /// Who is cut from now on, by the number of the commit.
    public func cut(_ which: @escaping @Sendable (Int) -> Moment?) { state.value.withLock { $0.cuts = which } }

    public var cuts: Int { state.value.withLock { $0.cut } }

    /// Nothing passes, and nothing ends, until it thaws.
    public func freeze(_ isFrozen: Bool = true) { state.value.withLock { $0.isFrozen = isFrozen } }

    /// Ends all connections.
    public func cutAll() {
        for socket in state.value.withLock({ $0.sockets }) { shutdown(socket, CInt(SHUT_RDWR)) }
    }

    private static func serve(_ client: CInt, _ target: Int, _ state: StateBox) {
        guard let server = try? LoopbackSocket.connect(port: target) else {
            close(client)
            return
        }
        state.value.withLock { $0.sockets.formUnion([client, server]) }
        let doomed = Doom()
        Thread.detachNewThread {
            pass(from: client, to: server, state) { octets in
                guard contains("COMMIT", octets) else { return false }
                let moment = state.value.withLock { state -> Moment? in
                    state.commits += 1
                    let moment = state.cuts(state.commits)
                    if moment != nil { state.cut += 1 }
                    return moment
                }
                if moment == .after { doomed.set() }
                return moment == .before
            }
            end(client, server, state)
        }
        Thread.detachNewThread {
            pass(from: server, to: client, state) { octets in doomed.isSet && contains("COMMIT", octets) }
            end(client, server, state)
        }
    }

    private final class Doom: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }

    /// Until `cuts` says so, or one side ends.
    private static func pass(
        from source: CInt, to target: CInt, _ state: StateBox, _ cuts: (ArraySlice<UInt8>) -> Bool
    ) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            while state.value.withLock({ $0.isFrozen }) { usleep(20_000) }
            if cuts(buffer[..<count]) { return }
            var sent = 0
            while sent < count {
                let more = buffer[sent..<count].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                guard more > 0 else { return }
                sent += more
            }
        }
    }

    private static func end(_ client: CInt, _ server: CInt, _ state: StateBox) {
        shutdown(client, CInt(SHUT_RDWR))
        shutdown(server, CInt(SHUT_RDWR))
        // The second of both ways closes.
        let isLast = state.value.withLock { state in
            if state.sockets.remove(client) != nil { return false }
            state.sockets.remove(server)
            return true
        }
        guard isLast else { return }
        close(client)
        close(server)
    }

    private static func contains(_ word: String, _ octets: ArraySlice<UInt8>) -> Bool {
        octets.firstRange(of: Array(word.utf8)) != nil
    }
}

/// A real PgBouncer in transaction mode before a PostgreSQL: whatever a session leaves behind, another meets.
public final class PgBouncer: @unchecked Sendable {
    // Proof: `process` is set once.
    public static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/sbin/pgbouncer")

    public let port: Int
    private let process = Process()

    public init(before server: PostgreSQLServer) async throws {
        port = try LoopbackSocket.freePort()
        let folder = server.folder.appending(path: "pgbouncer-\(port)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("\"mailmove\" \"\(PostgreSQLServer.password)\"\n".utf8).write(to: folder.appending(path: "users"))
        try Data(
            """
            [databases]
            * = host=127.0.0.1 port=\(server.port)
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = plain
            auth_file = \(folder.path)/users
            pool_mode = transaction
            default_pool_size = 4
            server_round_robin = 1

            """.utf8
        ).write(to: folder.appending(path: "ini"))
        let isRoot = geteuid() == 0
        if isRoot, let user = getpwnam("postgres") {
            for path in [folder.path, "\(folder.path)/users", "\(folder.path)/ini"] {
                chown(path, user.pointee.pw_uid, user.pointee.pw_gid)
            }
        }
        let command = ["/usr/sbin/pgbouncer", "-q", "\(folder.path)/ini"]
        let all = isRoot ? ["/usr/sbin/runuser", "-u", "postgres", "--"] + command : command
        process.executableURL = URL(filePath: all[0])
        process.arguments = Array(all.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        for _ in 0..<500 {
            if let socket = try? LoopbackSocket.connect(port: port) {
                close(socket)
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw PostgreSQLServer.Failed(description: "PgBouncer did not start")
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    public func url(of database: String) -> String {
        "postgresql://mailmove:\(PostgreSQLServer.password)@127.0.0.1:\(port)/\(database)"
    }
}

/// One PostgreSQL for all tests of this process, with a database for each that wants one.
public actor SharedPostgreSQL {
    public static let shared = SharedPostgreSQL()

    private var server: Task<PostgreSQLServer, any Error>?
    private var count = 0

    /// What a static value has started nobody lets go of before the process ends.
    private static let ended = Mutex<PostgreSQLServer?>(nil)

    /// A new, empty database.
    public func database() async throws -> (server: PostgreSQLServer, name: String) {
        let starting =
            server
            ?? Task {
                let server = try await PostgreSQLServer()
                Self.ended.withLock { $0 = server }
                atexit { SharedPostgreSQL.ended.withLock { $0 }?.endWithProcess() }
                return server
            }
        server = starting
        let server = try await starting.value
        count += 1
        let name = "records\(count)"
        try await server.sql("CREATE DATABASE \(name) OWNER mailmove", in: "postgres")
        return (server, name)
    }
}
