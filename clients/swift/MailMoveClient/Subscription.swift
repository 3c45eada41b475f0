// SPDX-License-Identifier: Apache-2.0

import MailMoveAPI
import NIOCore
import Vocabulary

/// What a watch tells: where things stand, then what changes.
enum WatchEvent {
    case snapshot(WatchSnapshot)
    case changed(Status)
    case progress(DomainProgress)
}

/// A watch on a connection of its own. Letting go of it closes the connection, which ends it at the daemon too.
final class Subscription {
    private let target: WatchStatus
    private let path: String
    private let group: any EventLoopGroup
    private let timeout: Duration
    private let patience: Duration
    private var line: (connection: Connection, statuses: LatestStatuses)?
    private var hasBegun = false
    private var hasEnded = false

    init(_ target: WatchStatus, path: String, group: any EventLoopGroup, timeout: Duration, patience: Duration) {
        self.target = target
        self.path = path
        self.group = group
        self.timeout = timeout
        self.patience = patience
    }

    deinit { line?.connection.close() }

    /// The next thing to tell; nil when the task is cancelled. When the connection breaks, a fresh snapshot follows.
    ///
    /// - Throws: ``MailMoveError`` where the daemon refuses the watch, or cannot be reached at its beginning.
    func next() async throws -> WatchEvent? {
        guard !hasEnded else { return nil }
        do {
            if let line, let changed = try await change(on: line) { return changed }
            line?.connection.close()
            line = nil
            if !Task.isCancelled { return .snapshot(try await begin()) }
        } catch is CancellationError {
        } catch {
            end()
            throw error
        }
        end()
        return nil
    }

    private func end() {
        hasEnded = true
        line?.connection.close()
        line = nil
    }

    /// The next change; nil when the connection is gone.
    private func change(on line: (connection: Connection, statuses: LatestStatuses)) async throws -> WatchEvent? {
        guard let view = await line.statuses.next() else { return nil }
        line.connection.resume()
        do {
            if view["account"] == nil { return .progress(try view.decode(DomainProgress.self)) }
            return .changed(try view.decode(Status.self))
        } catch {
            throw MailMoveError(.invalidReply, "what mailmoved tells a watcher is not as declared: \(error)")
        }
    }

    /// Connects and asks for the snapshot. A watch that has once begun waits for the daemon as long as it takes.
    private func begin() async throws -> WatchSnapshot {
        let deadline = ContinuousClock.now + patience
        var backoff = Backoff(to: .seconds(5))
        while true {
            do {
                let statuses = LatestStatuses()
                let connection = try await Connection.open(path, on: group, statuses: statuses).get()
                line = (connection, statuses)
                let snapshot = try await connection.call(Contract.watchStatus, target, within: timeout)
                hasBegun = true
                return snapshot
            } catch let error as MailMoveError where error.isRetryable {
                line?.connection.close()
                line = nil
                let pause = max(backoff.pause(), error.retryAfter ?? .zero)
                guard hasBegun || .now + pause < deadline else { throw error }
                try await Task.sleep(for: pause)
            }
        }
    }
}
