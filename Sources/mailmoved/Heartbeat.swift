// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Logging
import NIOCore
import Synchronization
import Systemd

/// Tells the service manager what is going on, once a second at most, and that it still goes on.
///
/// `WATCHDOG=1` is sent only after the database has answered a query and every event loop has run a task: a daemon
/// in which one of them hangs is replaced.
final class Heartbeat: Sendable {
    private let daemon: Daemon
    private let ended: AsyncStream<Never>
    private let ending: AsyncStream<Never>.Continuation

    init(daemon: Daemon) {
        self.daemon = daemon
        (ended, ending) = AsyncStream.makeStream()
    }

    func stop() { ending.finish() }

    func run() async {
        let ended = ended
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tellStatus() }
            group.addTask { await self.daemon.reloadWhenTold() }
            if let interval = daemon.manager.watchdogInterval {
                group.addTask { await self.beat(every: interval / 3) }
            }
            if daemon.configuration.idleExit > 0 {
                group.addTask { await self.leaveWhenIdle(after: self.daemon.configuration.idleExit) }
            }
            group.addTask { for await _ in ended {} }
            _ = await group.next()
            group.cancelAll()
        }
    }

    private func tellStatus() async {
        var told = ""
        while !Task.isCancelled {
            let text = await daemon.report.status().statusText
            if text != told {
                daemon.manager.status(text)
                told = text
            }
            // Cancelled: the loop ends.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func beat(every interval: Duration) async {
        while !Task.isCancelled {
            do {
                try await daemon.records.check()
                for loop in daemon.group.makeIterator() { try await loop.submit {}.get() }
                daemon.manager.watchdog()
            } catch {
                daemon.log.error("no sign of life is sent: \(error)")
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// Nobody asks and nothing is to be done: the sockets start it again.
    private func leaveWhenIdle(after seconds: Double) async {
        var idle = 0.0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            idle = await isIdle() ? idle + 1 : 0
            if idle >= seconds {
                daemon.log.info("nothing to do for \(seconds) s: the sockets start it again")
                return
            }
        }
    }

    private func isIdle() async -> Bool {
        let load = daemon.move.scheduler.load
        guard daemon.report.clients == 0, load.moving == 0, load.queued == 0 else { return false }
        do {
            return try await daemon.records.read { try $0.accountsWithSealedPassword() }.isEmpty
        } catch {
            return false
        }
    }
}
