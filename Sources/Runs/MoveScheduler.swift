// SPDX-License-Identifier: Apache-2.0

package import Ground
import MailSource
package import OldServerPlaces
package import OldServerPolicy
package import Records
package import Statuses
import Synchronization
package import Vocabulary
import Waiting

/// Wants a place for each account that is to run, and runs it when it has one.
///
/// Who runs next, and where, is decided by `OldServerPolicy`; `OldServerPlaces` hands the places out.
public final class MoveScheduler: Sendable {
    private struct State: Sendable {
        var controls: [AccountRecord.ID: RunControl] = [:]
        /// Stopped between getting their place and beginning.
        var early: [AccountRecord.ID: RunControl.StopReason] = [:]
        /// Accounts under whose runs the process has died again and again.
        var suspects: Set<AccountRecord.ID> = []
    }

    let context: Context
    let runner: Runner
    let statuses: StatusBoard
    package let places: OldServerPlaces
    private let state = Mutex(State())

    package init(context: Context, statuses: StatusBoard, runner: Runner, places: OldServerPlaces) {
        self.context = context
        self.statuses = statuses
        self.runner = runner
        self.places = places
    }

    /// How many accounts are moving, and how many wait for their turn.
    public var load: (moving: Int, queued: Int) { places.load }

    /// Accounts whose runs have begun here.
    package var begun: [AccountRecord.ID] { state.withLock { Array($0.controls.keys) } }

    /// Stops all runs, which go on wherever they are claimed next; returns when they have ended.
    package func yieldRuns() async {
        for control in state.withLock({ Array($0.controls.values) }) { control.stop(.shutdown) }
        while !state.withLock(\.controls.isEmpty), !context.stopping.isSet {
            // Cancelled: the program stops.
            do { try await pause(for: .milliseconds(50)) } catch { return }
        }
    }

    /// Whether a run of the account is going on or waits for its turn.
    package func isBusy(_ account: AccountRecord.ID) -> Bool { places.isBusy(account) }

    /// The state of the account's run, for a login that asks for more mail.
    package func runState(of account: AccountRecord.ID) -> LoginEffects.RunState {
        if places.isMoving(account) { return .running }
        return places.isBusy(account) ? .waiting : .none
    }

    /// The old server lets its master user in, with the password that is given now.
    package func masterIsLetIn(by server: OldServer) { runner.commons.masterRejections.wasLetIn(by: server) }

    /// Runs of these accounts come one at a time until each has shown that it does not kill the process.
    package func suspect(_ accounts: some Sequence<AccountRecord.ID>) {
        state.withLock { $0.suspects.formUnion(accounts) }
    }

    /// Queues the run that `account.pending` asks for, or joins one that is already there. A paused account's waits until
    /// it is resumed.
    /// - Parameter session: the question whose session is kept for the run.
    package func submit(
        _ account: AccountRecord, _ settings: MigrationSettings, in session: OldServerPolicy.Ticket? = nil
    ) {
        guard let pending = account.pending, !account.isPaused else { return }
        var run = run(of: account.id, pending, settings)
        run.session = session
        places.want(run, at: settings.oldServer.endpoint)
    }

    /// Stops the account's run after the batch in hand, or takes it out of the line.
    /// - Returns: whether there is a run that will record its end.
    @discardableResult
    package func cancel(_ account: AccountRecord.ID, _ reason: RunControl.StopReason) -> Bool {
        guard !places.withdraw(account) else { return false }
        let (control, isStopped) = state.withLock { state -> (RunControl?, Bool) in
            if let control = state.controls[account] { return (control, true) }
            guard places.isMoving(account) else { return (nil, false) }
            state.early[account] = reason
            return (nil, true)
        }
        control?.stop(reason)
        return isStopped
    }

    /// The account's run begins again under these settings; a waiting one stays in line and will run under them.
    package func begin(_ account: AccountRecord, under settings: MigrationSettings) {
        guard account.pending != nil, !account.isPaused, !cancel(account.id, .resettled) else { return }
        submit(account, settings)
    }

    /// Time has passed, or limits have changed.
    package func wake() { places.set(OldServerPolicy.Bounds(context.limits)) }

    /// Returns when the loop that begins things has gone round once more, or has ended: what a health check waits for.
    public func turn() async { await places.turn() }

    /// Runs until the program stops; by then every run has finished its current delivery.
    package func run() async {
        context.stopping.whenSet { [weak self] in self?.stopAll() }
        wake()
        await places.run {
            await self.run($0)
        } joined: {
            await self.takeUp($0)
        }
    }

    private func stopAll() {
        places.stop()
        let controls = state.withLock { Array($0.controls.values) }
        for control in controls { control.stop(.shutdown) }
    }

    private func run(_ place: RunPlace) async -> RunReturn {
        let account = place.account
        let control = RunControl()
        let (isSuspect, reason) = state.withLock { state -> (Bool, RunControl.StopReason?) in
            state.controls[account] = control
            return (state.suspects.contains(account), state.early.removeValue(forKey: account))
        }
        if let reason { control.stop(reason) }
        if context.stopping.isSet { control.stop(.shutdown) }
        let next: Runner.Next
        switch await runner.claim(place) {
        case .refused(let wish): next = wish
        case .granted(let lease):
            if lease != nil { place.mayRun() }
            statuses.begins(account)
            next = await withTaskGroup(of: Void.self) { group in
                if isSuspect { group.addTask { await self.clearWhenProven(account) } }
                let next = await runner.run(place, under: lease, isSuspect: isSuspect, control)
                group.cancelAll()
                return next
            }
            statuses.ends(account)
        }
        // It may have ended before it needed one; left open, it would lock the user's mailbox over there.
        for session in place.sessions { await runner.commons.checkedSessions.end(session) }
        state.withLock { state in
            state.controls[account] = nil
            state.early[account] = nil
            // However the run ended, the process is alive.
            state.suspects.remove(account)
        }
        switch next {
        case .none: return RunReturn()
        case .pending(let pending, let settings):
            return RunReturn(next: (run(of: account, pending, settings), settings.oldServer.endpoint))
        case .again: return RunReturn(next: (place.wish.delayed(until: later), place.server))
        case .full: return RunReturn(next: (place.wish.delayed(until: place.isFull()), place.server))
        case .later(let seconds):
            let due = context.uptime() + .seconds(max(0.1, seconds))
            return RunReturn(next: (place.wish.delayed(until: due), place.server))
        }
    }

    private var later: ContinuousClock.Instant { context.uptime() + .seconds(context.limits.recordsRetry) }

    /// A login may have joined the run after it had recorded its end: then what the login wants is in the account's
    /// row.
    private func takeUp(_ place: RunPlace) async {
        do {
            let (row, settings) = try await context.records.standing(of: .id(place.account))
            guard let row, let settings, row.deletedAt == nil, row.sealed != nil else { return }
            submit(row, settings)
        } catch {
            // The next run finds that request, or nothing to do.
            places.want(place.wish.delayed(until: later), at: place.server)
        }
    }

    /// A suspect's run that has moved something, or has lasted a while, is cleared: it may be a long one, and the next
    /// suspect is waiting for it.
    private func clearWhenProven(_ account: AccountRecord.ID) async {
        let start = ContinuousClock.now
        let before = await moved(account)
        while !Task.isCancelled, ContinuousClock.now - start < Self.proof, await moved(account) == before {
            // Cancelled: the run has ended.
            try? await pause(for: .milliseconds(500))
        }
        guard !Task.isCancelled else { return }
        state.withLock { _ = $0.suspects.remove(account) }
        places.clear(account)
        do {
            try await context.records.beginRun(of: account, isSuspect: false, anew: true)
        } catch {
            // From then on a death during this run is held against it alone.
        }
    }

    private static let proof = Duration.seconds(60)

    private func moved(_ account: AccountRecord.ID) async -> Int64? {
        try? await context.records.account(id: account)?.moved
    }

    /// What the account asks for, by the monotonic clock. A due time recorded under another setting of the wall clock
    /// delays no run by more than could have been meant.
    private func run(
        of account: AccountRecord.ID, _ pending: PendingRun, _ settings: MigrationSettings
    ) -> OldServerPolicy.Run {
        let uptime = context.uptime()
        let away = pending.due.seconds(since: context.now())
        let isSuspect = state.withLock { $0.suspects.contains(account) }
        return OldServerPolicy.Run(
            account: account, kind: pending.policyKind, domain: OldServerPolicy.Domain(settings),
            due: uptime + .seconds(max(0, min(away, pending.longestWait))),
            since: uptime + .seconds(min(0, away)), isSuspect: isSuspect)
    }
}

extension OldServerPolicy.Run {
    fileprivate func delayed(until due: OldServerPolicy.Moment) -> Self {
        var later = self
        later.due = due
        later.session = nil
        return later
    }
}
