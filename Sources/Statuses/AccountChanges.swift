// SPDX-License-Identifier: Apache-2.0

package import Records
package import Vocabulary

/// What happens to an account, as changes to its row. Each leaves the row consistent.
extension AccountRecord {
    /// A login or the portal asked for a move, and the old server agrees.
    package mutating func trigger(via origin: TriggerOrigin, at now: Timestamp) {
        startedAt = startedAt ?? now
        startedBy = startedBy ?? origin
        lastTriggeredAt = now
        lastTriggeredBy = origin
        if nonMigrating == .reply { nonMigrating = nil }
        rejected = nil
    }

    /// A run has asked the old server about the password. Where a login has asked since, its question stays.
    package mutating func wasAsked(_ attempt: PasswordAttempt?, at now: Timestamp) {
        guard let attempt else { return }
        // A time still to come was recorded before the clock was set back.
        if let last = lastAttempt?.at, last > attempt.at, last <= now { return }
        lastAttempt = attempt
    }

    /// A run is in progress, or waits for its turn.
    package mutating func beginMoving() {
        outcome = .inProgress
        error = nil
        finishedAt = nil
    }

    /// The old server has taken the account's password.
    package mutating func handOver() {
        handover = .unchanged
        handingOver = nil
        revision += 1
        shown = nil
        rejected = nil
    }

    package mutating func fail(with reason: Reason, _ detail: String, at now: Timestamp) {
        outcome = .failed
        error = RunFailure(reason: reason, detail: detail, at: now)
        finishedAt = now
    }

    package mutating func complete(at now: Timestamp) {
        outcome = .completed
        error = nil
        finishedAt = now
        remaining = 0
        remainingOctets = 0
    }

    package mutating func keep(_ sealed: [UInt8], for run: PendingRun) {
        self.sealed = sealed
        pending = run
    }

    /// The settings name another old server: what the previous one said about its mailbox does not hold for the new
    /// one.
    package mutating func askAnotherServer(at now: Timestamp) {
        guard var run = pending else { return }
        run.sessions = 0
        run.found = nil
        // The failures were the previous server's.
        if run.kind == .retry {
            run.becomeDue(at: now)
            run.failures = 0
            run.failingSince = nil
        }
        pending = run
    }

    /// Nothing is left to do, so the old password is erased.
    package mutating func eraseSealedPassword() {
        sealed = nil
        pending = nil
        handingOver?.sealed = nil
    }

    /// The user changed the password: the old one no longer opens anything.
    package mutating func changePassword(to hash: String) {
        passwordHash = hash
        close()
    }

    /// The account's password is its user's own, and is shown to nobody.
    package mutating func close() {
        handingOver = nil
        handover = .changedHere
        revision += 1
        shown = nil
        rejected = nil
    }

    /// A later account of the same address is a new one; only the ledger and a closed hand-over carry over.
    package mutating func delete(at now: Timestamp) {
        deletedAt = now
        handingOver = nil
        revision += 1
        eraseSealedPassword()
        nonMigrating = nil
        outcome = .notStarted
        startedAt = nil
        startedBy = nil
        lastTriggeredAt = nil
        lastTriggeredBy = nil
        lastAttempt = nil
        isPaused = false
        finishedAt = nil
        remaining = 0
        remainingOctets = 0
        runs = 0
        error = nil
        shown = nil
        rejected = nil
        if handover == .unchanged { handover = .never }
    }
}
