// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Synchronization
import Waiting

/// Connections to a database of accounts, and the threads that wait for it.
final class ConnectionPool: Sendable {
    /// A connection that no thread uses just now.
    private struct Idle: @unchecked Sendable {
        // Proof: it is taken out of the pool by the one thread that uses it, and put back after that.
        let connection: any SQLConnection
    }

    let backend: any SQLBackend
    private let workers: WorkerPool
    private let patience: Duration
    private let idle = Mutex<[Idle]>([])

    /// - Parameters:
    ///   - count: connections, and threads.
    ///   - seconds: what a question may take, with the time that it waits for its turn.
    init(_ backend: any SQLBackend, count: Int, seconds: Int) {
        self.backend = backend
        patience = .seconds(seconds)
        workers = WorkerPool("accounts", threads: count)
    }

    /// Runs `body` with a connection, on a thread that may block. One that is lost is opened anew, once; `body` may then
    /// run twice. One that nobody waits for any more is not begun.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(SQLFailure) -> Result
    ) async throws(SQLFailure) -> Result {
        let deadline = ContinuousClock.now + patience
        let result = await workers.run(within: patience) { [self] () -> Swift.Result<Result, SQLFailure>? in
            guard ContinuousClock.now < deadline else { return nil }
            return Swift.Result { () throws(SQLFailure) in try attempt(body) }
        }
        guard let result = result ?? nil else {
            throw SQLFailure("\(backend.subject) did not answer within \(Int(patience / .seconds(1))) s", isLost: true)
        }
        return try result.get()
    }

    private func attempt<Result>(
        _ body: (any SQLConnection) throws(SQLFailure) -> Result
    ) throws(SQLFailure) -> Result {
        if let kept = idle.withLock({ $0.popLast() }) {
            do throws(SQLFailure) {
                let result = try body(kept.connection)
                keep(kept.connection)
                return result
            } catch {
                if kept.connection.isUsable {
                    keep(kept.connection)
                    throw error
                }
                // The database was restarted, or has closed what stood idle; so it is with the others.
                idle.withLock { $0.removeAll() }
            }
        }
        let connection = try backend.connect()
        defer { keep(connection) }
        return try body(connection)
    }

    private func keep(_ connection: any SQLConnection) {
        guard connection.isUsable else { return }
        let kept = Idle(connection: connection)
        idle.withLock { $0.append(kept) }
    }
}
