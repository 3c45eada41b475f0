// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Statuses
import Vocabulary

/// What the end of a run makes of its account.
extension AccountRecord {
    /// - Parameters:
    ///   - keeps: whether the sealed password may still be needed: the window is open and nobody has erased it.
    ///   - brought: whether it has moved something.
    ///   - asked: the password and the settings that it ran with.
    /// - Returns: the event that reports it.
    mutating func end(
        _ end: RunEnd, keeps: Bool, brought: Bool, asked: PasswordMark, _ settings: MigrationSettings,
        _ limits: MoveLimits, _ clock: RunClock
    ) -> EventRecord? {
        defer { if pending == nil { clock.spans.forget(id) } }
        let now = clock.now
        // What gets on is not failing, however often it is interrupted.
        if brought {
            pending?.failures = 0
            pending?.failingSince = nil
        }
        switch end {
        case .completed:
            complete(at: now)
            followUp(keeps: keeps, settings, clock)
            return EventRecord(
                at: now, account: address, kind: .completed,
                detail: moved == 1 ? "1 message is here" : "\(moved) messages are here", isIdle: !brought)
        case .refused(let count, let here):
            remaining = Int64(count)
            return fail(.messagesRefused, Self.refusal(of: count, here: here), keeps: keeps, limits, clock)
        case .toBeContinued(let refused, let seconds):
            remaining = Int64(refused)
            guard var run = pending else {
                // No password is kept for another session, so what was listed is all that will come.
                return self.end(
                    refused == 0 ? .completed : .refused(refused, here: 0), keeps: false, brought: brought,
                    asked: asked,
                    settings, limits, clock)
            }
            run.failures = 0
            run.failingSince = nil
            run.putOff(by: Double(seconds), from: now)
            pending = run
            return EventRecord(
                at: now, account: address, kind: .postponed,
                detail: "\(moved) messages are here; in \(seconds) s, as the old server wants it, it is asked for more")
        case .failed(let reason, let detail): return fail(reason, detail, keeps: keeps, limits, clock)
        case .barred(let text): return fail(.oldServerProtocol, text, keeps: false, limits, clock)
        case .rejected(let text):
            rejected = asked
            eraseSealedPassword()
            // A run that never got to the listing leaves the previous figures as they are.
            if outcome == .inProgress {
                fail(with: .credentialsRejected, "the old server no longer takes the password: \(text)", at: now)
            }
            return EventRecord(
                at: now, account: address, kind: .passwordRejected, reason: .credentialsRejected, detail: text)
        case .postponed(let reason, let text, let seconds):
            return postpone(reason, text, seconds: seconds, keeps: keeps, limits, clock)
        case .queued(let text, let seconds):
            guard keeps, pending != nil else {
                return postpone(.mailboxInUse, text, seconds: seconds, keeps: keeps, limits, clock)
            }
            pending?.putOff(by: Double(seconds), from: now)
            return EventRecord(at: now, account: address, kind: .postponed, reason: .mailboxInUse, detail: text)
        case .stopped(.disabled):
            eraseSealedPassword()
            guard outcome == .inProgress else { return nil }
            let detail = "the administrator disabled the migration; \(remaining) messages remain on the old server"
            fail(with: .migrationNotEnabled, detail, at: now)
            return EventRecord(
                at: now, account: address, kind: .stopped, reason: .migrationNotEnabled, detail: detail)
        case .stopped(.excluded):
            eraseSealedPassword()
            guard outcome == .inProgress else { return nil }
            let detail = "the account was taken out of the migration; \(remaining) messages remain on the old server"
            fail(with: .nonMigratingAccount, detail, at: now)
            return EventRecord(
                at: now, account: address, kind: .stopped, reason: .nonMigratingAccount, detail: detail)
        case .stopped(.expired):
            // The previous run's outcome stands.
            let gaveUp = pending?.kind == .retry
            eraseSealedPassword()
            guard gaveUp else { return nil }
            return EventRecord(
                at: now, account: address, kind: .stopped, reason: .migrationExpired,
                detail: "the window has ended; it is not tried again")
        case .stopped(.deleted), .stopped(.shutdown), .stopped(.resettled), .stopped(.paused): return nil
        }
    }

    private static func refusal(of count: Int, here: Int) -> String {
        if count == 1 {
            return here == 0
                ? "the old server would not give 1 message; it is named in the events"
                : "the new mail store would not take 1 message; it is named in the events"
        }
        if here == 0 { return "the old server would not give \(count) messages; each is named in the events" }
        if here == count { return "the new mail store would not take \(count) messages; each is named in the events" }
        return "\(count) messages were refused, \(here) of them by the new mail store; each is named in the events"
    }

    /// Remembers what the next run must know about this one's sessions.
    mutating func remember(_ further: FurtherSessions, of source: Int64, after end: RunEnd) {
        switch end {
        case .completed, .refused: lookedThrough = source
        default:
            pending?.sessions = further.sessions
            pending?.found = further.found
        }
    }

    /// After a login during this run, another follows at once; then late mail is looked for until its time is over.
    private mutating func followUp(keeps: Bool, _ settings: MigrationSettings, _ clock: RunClock) {
        if keeps, let run = pending, run.kind == .repeated {
            pending = PendingRun(kind: .incremental, due: clock.now, followUpUntil: run.followUpUntil)
            return
        }
        guard keeps, let wish = settings.options.followUp else { return eraseSealedPassword() }
        let hours = Double(wish.hours) * 3600
        let wait = Double(wish.everyMinutes) * 60
        let until =
            pending?.kind == .followUp || pending?.followUpUntil != nil
            ? pending?.followUpUntil : clock.now.adding(seconds: hours)
        guard let until else { return eraseSealedPassword() }
        let elapsed = clock.elapsed(.followUp, of: id, since: until.adding(seconds: -hours), longest: hours)
        guard elapsed + wait <= hours else { return eraseSealedPassword() }
        pending = PendingRun(kind: .followUp, due: clock.now.adding(seconds: wait), wait: wait, followUpUntil: until)
    }

    private mutating func fail(
        _ reason: Reason, _ detail: String, keeps: Bool, _ limits: MoveLimits, _ clock: RunClock
    ) -> EventRecord {
        let now = clock.now
        fail(with: reason, detail, at: now)
        let since = pending?.failingSince ?? now
        if keeps, reason.isRetryable, reason != .interrupted, isPatient(since, for: limits.retryFor, clock) {
            let failures = (pending?.failures ?? 0) + 1
            let wait = min(limits.lastRetry, limits.firstRetry * Double(1 << min(failures - 1, 20)))
            pending = PendingRun(
                kind: .retry, due: now.adding(seconds: wait), wait: wait, failures: failures, failingSince: since,
                followUpUntil: pending?.followUpUntil)
        } else {
            eraseSealedPassword()
        }
        return EventRecord(at: now, account: address, kind: .failed, reason: reason, detail: detail)
    }

    /// Puts the run off and leaves the status as it is; after a quarter of an hour of this, it counts as a failure.
    private mutating func postpone(
        _ reason: Reason, _ text: String, seconds: Int?, keeps: Bool, _ limits: MoveLimits, _ clock: RunClock
    ) -> EventRecord {
        let now = clock.now
        let since = pending?.failingSince ?? now
        // A delay that the server announces is no failure, however long it is (RFC 2449 §6.5).
        guard isPatient(since, for: seconds == nil ? 900 : limits.retryFor, clock) else {
            return fail(reason, text, keeps: keeps, limits, clock)
        }
        let event = EventRecord(at: now, account: address, kind: .postponed, reason: reason, detail: text)
        guard keeps, var run = pending else {
            // Nothing follows, so a move in progress has ended with this.
            if outcome == .inProgress { return fail(reason, text, keeps: false, limits, clock) }
            eraseSealedPassword()
            return event
        }
        run.failures += 1
        run.failingSince = since
        let wait = seconds.map(Double.init) ?? min(60, 0.5 * Double(1 << min(run.failures - 1, 10)))
        run.putOff(by: wait, from: now)
        pending = run
        return event
    }

    /// Whether something that has failed since then may go on failing.
    private func isPatient(_ since: Timestamp, for seconds: Double, _ clock: RunClock) -> Bool {
        clock.elapsed(.failing, of: id, since: since, longest: seconds) < seconds
    }
}
