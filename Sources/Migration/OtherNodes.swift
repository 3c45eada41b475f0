// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Runs
import Statuses
import Vocabulary
import Waiting

/// Keeps up with the other nodes that share the records: tells those who watch here what happens there, queues the runs
/// that nobody has, and stops those that an administrator has ended elsewhere.
struct OtherNodes: Sendable {
    let context: Context
    let statuses: StatusBoard
    let scheduler: MoveScheduler
    let settingsChanged: @Sendable (_ before: MigrationSettings?, _ after: MigrationSettings) async throws -> Void

    /// Seconds between two looks where somebody watches, and where nobody does.
    private static let hurried = 0.25
    private static let usual = 1.0
    /// Seconds between two looks for runs that nobody has.
    private static let orphans = 1.0
    /// … and for domains that were forgotten elsewhere.
    private static let forgotten = 30.0

    /// Runs until the program stops.
    func run() async {
        guard context.records.areShared else { return }
        let alarm = Alarm()
        context.stopping.whenSet { alarm.ring() }
        var revision: Revision?
        var nextOrphans = context.uptime()
        var nextForgotten = nextOrphans
        while !context.stopping.isSet, !Task.isCancelled {
            do {
                let changes = try await context.records.changes(since: revision)
                try await take(changes)
                revision = changes.revision
                if context.uptime() >= nextOrphans {
                    nextOrphans = context.uptime() + .seconds(Self.orphans)
                    try await adopt(try await context.records.orphans())
                }
                if context.uptime() >= nextForgotten {
                    nextForgotten = context.uptime() + .seconds(Self.forgotten)
                    try await forget()
                }
            } catch {
                // Tried again; the health check says what is wrong with the database.
                context.log.debug("what other nodes do is not known: \(error)")
            }
            await alarm.sleep(seconds: statuses.isWatched ? Self.hurried : Self.usual)
        }
    }

    private func take(_ changes: Changes) async throws {
        statuses.runElsewhere(changes.running)
        for settings in changes.settings { try await take(settings) }
        for row in changes.accounts {
            guard statuses.observed(row) else { continue }
            await follow(row, isRunning: changes.running.contains(row.id))
        }
    }

    /// The row has changed, perhaps elsewhere: a run of it here follows.
    private func follow(_ row: AccountRecord, isRunning: Bool) async {
        guard scheduler.isBusy(row.id) else {
            if !isRunning, row.deletedAt == nil { submit(row) }
            return
        }
        let reason: RunControl.StopReason
        switch row {
        case _ where row.deletedAt != nil: reason = .deleted
        case _ where row.isPaused: reason = .paused
        case _ where row.nonMigrating == .excluded || row.nonMigrating == .notKnown: reason = .excluded
        default: return
        }
        scheduler.cancel(row.id, reason)
    }

    private func submit(_ row: AccountRecord) {
        guard row.pending != nil, row.sealed != nil, let settings = statuses.settings(of: row.address.domain) else {
            return
        }
        scheduler.submit(row, settings)
    }

    private func take(_ settings: MigrationSettings) async throws {
        let before = try statuses.settings(of: DomainName(settings.domain))
        guard before.map({ $0.generation < settings.generation || $0 != settings }) ?? true else { return }
        if let before, before.generation > settings.generation, before.enabledAt >= settings.enabledAt { return }
        try await settingsChanged(before, settings)
    }

    private func forget() async throws {
        let there = Set(try await context.records.allSettings().map(\.domain))
        for settings in statuses.everySettings() where !there.contains(settings.domain) {
            let domain = try DomainName(settings.domain)
            if try await context.records.settings(of: domain) == nil { statuses.forget(domain) }
        }
    }

    /// Those that another node had, or that nobody has begun, get into this node's line, too. Whoever has a place first
    /// claims the run.
    private func adopt(_ orphans: [AccountRecord]) async throws {
        for row in orphans where !scheduler.isBusy(row.id) {
            if statuses.settings(of: row.address.domain) == nil,
                let settings = try await context.records.settings(of: row.address.domain)
            {
                statuses.remember(settings)
            }
            submit(row)
        }
    }
}
