// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Statuses
import Vocabulary

/// Everything that the end of a run changes: a value, without I/O.
struct RunEffects: Sendable {
    var end: RunEnd
    /// The account as the run found it, and the settings that it ran under.
    var before: AccountRecord
    var ranUnder: MigrationSettings
    /// What the next run must know about this one's sessions; nil if it had none.
    var further: FurtherSessions?
    /// Its latest login; nil if it has had none.
    var asked: PasswordAttempt?
    /// Where the ledger's rows of this mailbox come from.
    var source: Int64
    var limits: MoveLimits
    var clock: RunClock

    /// Records the outcome if nothing relevant has changed meanwhile; that the run has ended, in any case.
    func effects(on facts: AccountFacts) -> AccountEffects {
        var effects = changes(facts) ?? AccountEffects()
        effects.endsRun = true
        return effects
    }

    private func changes(_ facts: AccountFacts) -> AccountEffects? {
        guard var row = facts.account, let current = facts.settings else { return nil }
        // The account was created again meanwhile: the run that ended was another account's.
        if case .stopped(.deleted) = end { return nil }
        guard row.createdAt == before.createdAt else { return nil }
        // A trigger has brought another password meanwhile; the run with that one comes next, and it counts.
        guard row.sealed == nil || row.sealed == before.sealed else { return nil }
        let brought = row.moved != before.moved
        let mark = PasswordMark(revision: before.revision, generation: ranUnder.generation)
        if end.leavesTheRestToAnother {
            // The password was erased after the run began.
            guard row.sealed == nil, row.outcome == .inProgress else { return nil }
            let reason: RunControl.StopReason = row.nonMigrating == nil ? .disabled : .excluded
            let event = row.end(
                .stopped(reason), keeps: false, brought: brought, asked: mark, current, limits, clock)
            return AccountEffects(row, events: [event].compactMap(\.self))
        }
        // The verdict of an old server that the settings no longer name does not count.
        guard current.oldServer == ranUnder.oldServer || row.pending == nil else { return nil }
        // Disabled or excluded while it ran: the password is not kept.
        let keeps = row.sealed != nil && current.state(at: clock.now) == .active
        row.wasAsked(asked, at: clock.now)
        let event = row.end(end, keeps: keeps, brought: brought, asked: mark, current, limits, clock)
        if let further { row.remember(further, of: source, after: end) }
        return AccountEffects(row, events: [event].compactMap(\.self))
    }
}

extension RunEnd {
    /// Everything stays as it is for another run: at once under other settings, or once the account is resumed.
    fileprivate var leavesTheRestToAnother: Bool {
        switch self {
        case .stopped(.resettled), .stopped(.paused): true
        default: false
        }
    }
}
