// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization
import Vocabulary

/// Waits for the ends of windows: then whoever watches is told, and no sealed password is kept for a run that will not
/// come. What else is due now and then is done on the way.
final class WindowWatch: Sendable {
    private let context: Context
    private let statuses: StatusBoard
    private let scheduler: MoveScheduler
    private let alarm = Mutex(Alarm())

    /// A wall clock may be moved: it is looked at so often at least, in seconds.
    private static let longestSleep = 30.0

    init(context: Context, statuses: StatusBoard, scheduler: MoveScheduler) {
        self.context = context
        self.statuses = statuses
        self.scheduler = scheduler
    }

    /// Looks again now: a window or the clock has changed.
    func wake() { alarm.withLock { $0 }.ring() }

    /// Until the program stops.
    func run() async {
        context.stopping.whenSet { [weak self] in self?.wake() }
        var seen = Timestamp(milliseconds: 0)
        var swept: ContinuousClock.Instant?
        while true {
            let alarm = Alarm()
            self.alarm.withLock { $0 = alarm }
            // What changes from here on rings this alarm.
            if context.stopping.isSet { return }
            let now = context.now()
            let open = statuses.everySettings().filter { $0.disabledAt == nil && $0.expiresAt > seen }
            await close(open.filter { $0.expiresAt <= now })
            seen = now
            if swept.map({ context.uptime() - $0 > .seconds(3600) }) ?? true {
                swept = context.uptime()
                await removeIdleEvents(now)
                await giveUpPaused(now)
            }
            let next = open.map { $0.expiresAt.seconds(since: now) }.filter { $0 > 0 }.min()
            await alarm.sleep(seconds: min(next ?? .infinity, Self.longestSleep))
        }
    }

    /// What tells of runs that brought nothing is kept for a day.
    private func removeIdleEvents(_ now: Timestamp) async {
        do {
            while try await context.records.note({ try $0.removeIdleEvents(before: now.adding(seconds: -86400)) }) {}
        } catch {
            // An hour later they are older still.
            context.log.debug("old events stay: \(error)")
        }
    }

    /// No password of a paused account is kept for longer than its run would have kept it.
    private func giveUpPaused(_ now: Timestamp) async {
        let (limits, clock) = (context.limits, RunClock(now: now, uptime: context.uptime(), spans: context.spans))
        do {
            let paused = try await context.records.read { try $0.accountsWithSealedPassword().filter(\.isPaused) }
            for portion in paused.map(\.id).portions(of: 500) {
                let changed = try await context.records.write { records in
                    try portion.compactMap { id -> AccountRecord? in
                        guard var row = try records.account(id: id),
                            let settings = try records.settings(of: row.address.domain),
                            row.givesUpWhilePaused(settings, limits, clock)
                        else { return nil }
                        try records.update(row)
                        return row
                    }
                }
                for row in changed { statuses.changed(row) }
            }
        } catch {
            // An hour later they are older still.
            context.log.debug("passwords of paused accounts stay: \(error)")
        }
    }

    private func close(_ ended: [MigrationSettings]) async {
        guard !ended.isEmpty else { return }
        let byDomain = Dictionary(ended.map { ($0.domain, $0) }) { first, _ in first }
        let now = context.now()
        do {
            for var account in try await context.records.read({ try $0.accountsWithSealedPassword() }) {
                guard let settings = byDomain[account.address.domain.name] else { continue }
                // Its turn comes now, and it is told that the window has ended.
                account.pending?.due = now
                scheduler.submit(account, settings, evenIfPaused: true)
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
