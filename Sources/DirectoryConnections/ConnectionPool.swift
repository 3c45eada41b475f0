// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Waiting

/// Why a server of accounts did not do it.
package struct ConnectionFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    /// Whether the connection is of no more use.
    package var isLost = false
    /// Whether there is such a thing already.
    package var isDuplicate = false

    package init(_ description: String, isLost: Bool = false, isDuplicate: Bool = false) {
        self.description = description
        self.isLost = isLost
        self.isDuplicate = isDuplicate
    }
}

/// Connections to a server of accounts, and the threads that wait for it.
package final class ConnectionPool<Connection>: Sendable {
    /// A connection that no thread uses just now.
    private struct Idle: @unchecked Sendable {
        // Proof: it is taken out of the pool by the one thread that uses it, and put back after that.
        let connection: Connection
    }

    private let subject: String
    private let connect: @Sendable () throws(ConnectionFailure) -> Connection
    private let isUsable: @Sendable (Connection) -> Bool
    private let workers: WorkerPool
    private let patience: Duration
    private let idle = Mutex<[Idle]>([])

    /// - Parameters:
    ///   - subject: where the server is, for people.
    ///   - count: connections, and threads.
    ///   - seconds: what a question may take, with the time that it waits for its turn.
    ///   - isUsable: whether a connection can be used once more.
    ///   - connect: blocks, for its own time limit at most.
    package init(
        to subject: String, count: Int, seconds: Int, isUsable: @escaping @Sendable (Connection) -> Bool,
        connect: @escaping @Sendable () throws(ConnectionFailure) -> Connection
    ) {
        self.subject = subject
        self.isUsable = isUsable
        self.connect = connect
        patience = .seconds(seconds)
        workers = WorkerPool("accounts", threads: count)
    }

    /// Runs `body` with a connection, on a thread that may block. One that is lost is opened anew, once; `body` may then
    /// run twice. One that nobody waits for any more is not begun.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws(ConnectionFailure) -> Result
    ) async throws(ConnectionFailure) -> Result {
        let deadline = ContinuousClock.now + patience
        let result = await workers.runUnlessCancelled(within: patience) {
            [self] () -> Swift.Result<Result, ConnectionFailure>? in
            guard ContinuousClock.now < deadline else { return nil }
            return Swift.Result { () throws(ConnectionFailure) in try attempt(body) }
        }
        guard let result = result ?? nil else {
            throw ConnectionFailure(
                "\(subject) did not answer within \(Int(patience / .seconds(1))) s", isLost: true)
        }
        return try result.get()
    }

    private func attempt<Result>(
        _ body: (Connection) throws(ConnectionFailure) -> Result
    ) throws(ConnectionFailure) -> Result {
        if let kept = idle.withLock({ $0.popLast() }) {
            do throws(ConnectionFailure) {
                let result = try body(kept.connection)
                keep(kept.connection)
                return result
            } catch {
                if isUsable(kept.connection) {
                    keep(kept.connection)
                    throw error
                }
                // The server was restarted, or has closed what stood idle; so it is with the others.
                idle.withLock { $0.removeAll() }
            }
        }
        let connection = try connect()
        defer { keep(connection) }
        return try body(connection)
    }

    private func keep(_ connection: Connection) {
        guard isUsable(connection) else { return }
        let kept = Idle(connection: connection)
        idle.withLock { $0.append(kept) }
    }
}
