// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Logging
import NIOCore
import Synchronization
import Systemd
import Waiting

/// Tells the service manager, at most once a second, what is going on and that the daemon is alive.
///
/// `WATCHDOG=1` is sent only after the database has answered a query and ended a transaction, every event loop has run
/// a task, and the scheduler has gone through its work: a daemon in which one of them hangs is replaced. An error
/// counts as an answer: no restart frees a full disk, and until there is room, logins can still be decided by what can
/// be read. A database that nodes share proves nothing about this one, and is not asked.
final class Heartbeat: Sendable {
    private let daemon: Daemon
    private let ended: AsyncStream<Never>
    private let ending: AsyncStream<Never>.Continuation
    private let left = Atomic(false)

    init(daemon: Daemon) {
        self.daemon = daemon
        (ended, ending) = AsyncStream.makeStream()
    }

    func stop() { ending.finish() }

    /// Whether it ended because there was no work.
    var hasLeft: Bool { left.load(ordering: .relaxed) }

    func run() async {
        let ended = ended
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tellStatus() }
            group.addTask { await self.daemon.reloadWhenTold() }
            if let interval = daemon.manager.watchdogInterval {
                group.addTask { await self.beat(every: interval / 3) }
            }
            group.addTask { await self.leaveWhenIdle() }
            group.addTask { for await _ in ended {} }
            _ = await group.next()
            group.cancelAll()
        }
    }

    private func tellStatus() async {
        var told = ""
        while !Task.isCancelled {
            let text = await daemon.status().statusText
            if text != told {
                daemon.manager.status(text)
                told = text
            }
            // Cancelled: the loop ends.
            try? await pause(for: .seconds(1))
        }
    }

    private func beat(every interval: Duration) async {
        while !Task.isCancelled {
            if let records = daemon.ownRecords {
                do {
                    try await records.check()
                } catch {
                    daemon.log.error("\(error)")
                }
            }
            do {
                for group in [daemon.group, daemon.callers] {
                    for loop in group.makeIterator() { try await loop.submit {}.get() }
                }
                await daemon.works?.move.scheduler.turn()
                daemon.manager.watchdog()
            } catch {
                daemon.log.error("no sign of life is sent: \(error)")
            }
            try? await pause(for: interval)
        }
    }

    /// Exits when there has been neither a request nor work for `idleExit` seconds: the sockets start it again.
    private func leaveWhenIdle() async {
        var idle = 0.0
        while !Task.isCancelled {
            try? await pause(for: .seconds(1))
            let limit = daemon.configuration.value.idleExit
            var isIdle = limit > 0 && daemon.server.clients == 0
            if isIdle { isIdle = await !hasWork() }
            idle = isIdle ? idle + 1 : 0
            if limit > 0, idle >= limit {
                daemon.log.info(
                    "nothing to do for \(limit) s: the sockets start it again", metadata: ["event": "idle"])
                left.store(true, ordering: .relaxed)
                return
            }
        }
    }

    private func hasWork() async -> Bool {
        do {
            return try await daemon.works?.move.hasWork() ?? true
        } catch {
            // A database that does not answer is no reason to exit.
            return true
        }
    }
}
