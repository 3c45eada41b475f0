// SPDX-License-Identifier: Apache-2.0

package import Ground
import Records
package import Runs
package import Statuses
import Synchronization
import Vocabulary
import Waiting

/// Waits for windows to end: then watchers are told, and no sealed password is kept for a run that will not come. Other
/// periodic work is done on the way.
package final class WindowWatch: Sendable {
    private let context: Context
    private let statuses: StatusBoard
    private let scheduler: MoveScheduler
    private let alarm = Mutex(Alarm())

    /// The wall clock may be set at any moment, so it is checked at least this often, in seconds.
    private static let longestSleep = 30.0

    package init(context: Context, statuses: StatusBoard, scheduler: MoveScheduler) {
        self.context = context
        self.statuses = statuses
        self.scheduler = scheduler
    }

    /// Looks again now, because a window or the clock has changed.
    package func wake() { alarm.withLock { $0 }.ring() }

    /// Runs until the program stops.
    package func run() async {
        context.stopping.whenSet { [weak self] in self?.wake() }
        var seen = Timestamp(milliseconds: 0)
        var swept: ContinuousClock.Instant?
        while true {
            let alarm = Alarm()
            self.alarm.withLock { $0 = alarm }
            // Any change from here on rings this alarm.
            if context.stopping.isSet { return }
            let now = context.now()
            let open = statuses.everySettings().filter { $0.disabledAt == nil && $0.expiresAt > seen }
            await close(open.filter { $0.expiresAt <= now })
            seen = now
            if swept.map({ context.uptime() - $0 > .seconds(3600) }) ?? true {
                swept = context.uptime()
                await removeIdleEvents(now)
                await giveUpPaused()
            }
            let next = open.map { $0.expiresAt.seconds(since: now) }.filter { $0 > 0 }.min()
            await alarm.sleep(seconds: min(next ?? .infinity, Self.longestSleep))
        }
    }

    /// Events of runs that brought nothing are kept for a day.
    private func removeIdleEvents(_ now: Timestamp) async {
        do {
            try await context.records.removeIdleEvents(before: now.adding(seconds: -86400))
        } catch {
            // Tried again in an hour.
            context.log.debug("old events stay: \(error)")
        }
    }

    private func giveUpPaused() async {
        do {
            try await scheduler.giveUpPaused()
        } catch {
            // Tried again in an hour.
            context.log.debug("passwords of paused accounts stay: \(error)")
        }
    }

    private func close(_ ended: [MigrationSettings]) async {
        guard !ended.isEmpty else { return }
        let byDomain = Dictionary(ended.map { ($0.domain, $0) }) { first, _ in first }
        let now = context.now()
        do {
            for var account in try await context.records.accountsWithSealedPassword() {
                guard let settings = byDomain[account.address.domain.name] else { continue }
                // It gets its turn now, and finds that the window has ended.
                account.pending?.becomeDue(at: now)
                scheduler.submit(account, settings)
            }
            await giveUpPaused()
            // What was being handed over is not any more.
            for account in try await context.records.accountsHandingOver() {
                guard byDomain[account.address.domain.name] != nil else { continue }
                try await context.records.change(.id(account.id)) { facts in
                    var effects = AccountEffects(facts.account)
                    effects.account?.handingOver = nil
                    return effects
                }
            }
            for settings in ended { try await statuses.windowChanged(DomainName(settings.domain)) }
        } catch {
            for settings in ended {
                context.log.error(
                    "the end of the window could not be told: \(error)", metadata: ["domain": "\(settings.domain)"])
            }
        }
    }
}
