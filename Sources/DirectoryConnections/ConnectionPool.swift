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
///
/// A server that hangs, or whose packets get lost, is not waited for as long as one that has much to do: once nothing was
/// answered for ``silence``, all who wait are told, so that logins go on without it.
package final class ConnectionPool<Connection>: Sendable {
    /// A connection that no thread uses just now.
    private struct Idle: @unchecked Sendable {
        // Proof: it is taken out of the pool by the one thread that uses it, and put back after that.
        let connection: Connection
        let since = ContinuousClock.now
    }

    /// How long a server answers nobody before it counts as one that hangs.
    package static var silence: Duration { .milliseconds(1500) }

    /// Older ones are closed: what stands between may have forgotten them, and then swallows whatever is sent.
    private static var longestIdle: Duration { .seconds(60) }

    private let subject: String
    private let connect: @Sendable () throws(ConnectionFailure) -> Connection
    private let isUsable: @Sendable (Connection) -> Bool
    private let workers: WorkerPool
    private let patience: Duration
    private let idle = Mutex<[Idle]>([])
    /// When the server last answered somebody.
    private let heard = Mutex(ContinuousClock.now)

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
    /// - Parameter outlastsSilence: whether the answer may take its time though nobody gets one meanwhile.
    package func run<Result: Sendable>(
        outlastsSilence: Bool = false,
        _ body: @escaping @Sendable (Connection) throws(ConnectionFailure) -> Result
    ) async throws(ConnectionFailure) -> Result {
        let asked = ContinuousClock.now
        let deadline = asked + patience
        let result = await workers.runUnlessCancelled(
            within: outlastsSilence ? patience : min(patience, Self.silence),
            longer: { [self] in
                let silent = max(asked, heard.withLock { $0 }) + Self.silence
                return outlastsSilence ? .zero : min(deadline, silent) - .now
            },
            { [self] in Swift.Result { () throws(ConnectionFailure) in try attempt(body) } })
        guard let result else {
            let waited = Int(((ContinuousClock.now - asked) / .seconds(1)).rounded(.up))
            throw ConnectionFailure("\(subject) did not answer within \(waited) s", isLost: true)
        }
        return try result.get()
    }

    private func attempt<Result>(
        _ body: (Connection) throws(ConnectionFailure) -> Result
    ) throws(ConnectionFailure) -> Result {
        if let kept = takeIdle() {
            do throws(ConnectionFailure) {
                let result = try body(kept)
                keep(kept)
                return result
            } catch {
                if isUsable(kept) {
                    keep(kept)
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

    private func takeIdle() -> Connection? {
        let (found, old) = idle.withLock { idle -> (Idle?, [Idle]) in
            guard let last = idle.last else { return (nil, []) }
            if ContinuousClock.now - last.since < Self.longestIdle { return (idle.removeLast(), []) }
            // The last one has been used last: so all are old.
            defer { idle = [] }
            return (nil, idle)
        }
        // Closed here, not under the lock.
        _ = consume old
        return found?.connection
    }

    private func keep(_ connection: Connection) {
        guard isUsable(connection) else { return }
        heard.withLock { $0 = .now }
        let kept = Idle(connection: connection)
        idle.withLock { $0.append(kept) }
    }
}
