// SPDX-License-Identifier: Apache-2.0

package import Ground
package import Records
package import Statuses
import Synchronization
import Vocabulary
import Waiting

/// Holds the ``Schedule``, and runs each run as a task of its own.
public final class MoveScheduler: Sendable {
    private struct State: Sendable {
        var schedule = Schedule()
        var controls: [AccountRecord.ID: RunControl] = [:]
        /// Accounts under whose runs the process has died again and again.
        var suspects: Set<AccountRecord.ID> = []
        /// Settled when the loop has gone round once more or has ended.
        var round = Latch<Void>()
    }

    let context: Context
    let runner: Runner
    let statuses: StatusBoard
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let waking: AsyncStream<Void>.Continuation

    package init(context: Context, statuses: StatusBoard, runner: Runner) {
        self.context = context
        self.statuses = statuses
        self.runner = runner
        (wakes, waking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How many accounts are moving, and how many wait for their turn.
    public var load: (moving: Int, queued: Int) {
        state.withLock { ($0.schedule.runningCount, $0.schedule.waitingCount) }
    }

    /// Whether a run of the account is going on or waits for its turn.
    package func isBusy(_ account: AccountRecord.ID) -> Bool { state.withLock { $0.schedule.isBusy(account) } }

    /// The state of the account's run, for a login that asks for more mail.
    package func runState(of account: AccountRecord.ID) -> LoginEffects.RunState {
        state.withLock { state in
            if state.schedule.isRunning(account) { return .running }
            return state.schedule.isBusy(account) ? .waiting : .none
        }
    }

    /// Runs of these accounts come one at a time until each has shown that it does not kill the process.
    package func suspect(_ accounts: some Sequence<AccountRecord.ID>) {
        state.withLock { $0.suspects.formUnion(accounts) }
    }

    /// How many first runs, this account's among them, could start at once at the domain's old server; nil stands for
    /// an account that does not exist yet.
    package func room(for account: AccountRecord.ID?, _ settings: MigrationSettings) -> Int {
        let limits = context.limits
        guard !context.stopping.isSet else { return 0 }
        return state.withLock {
            $0.schedule.room(
                for: account, in: Schedule.Lane(settings), width: limits.connectionsPerOldServer,
                share: settings.options.maxConnections ?? .max, most: limits.concurrentMoves,
                secondsBetweenRuns: limits.secondsBetweenRuns, now: context.uptime())
        }
    }

    /// Queues the run that `account.pending` asks for, or joins one that is already there. A paused account's waits until
    /// it is resumed.
    package func submit(_ account: AccountRecord, _ settings: MigrationSettings) {
        guard let pending = account.pending, !account.isPaused else { return }
        let limits = context.limits
        var ticket = ticket(account.id, pending, settings)
        state.withLock { state in
            ticket.isSuspect = state.suspects.contains(account.id)
            state.schedule.submit(ticket, secondsBetweenRuns: limits.secondsBetweenRuns)
        }
        wake()
    }

    /// Stops the account's run after the batch in hand, or takes it out of the line.
    /// - Returns: whether there is a run that will record its end.
    @discardableResult
    package func cancel(_ account: AccountRecord.ID, _ reason: RunControl.StopReason) -> Bool {
        let control = state.withLock { state in
            state.schedule.withdraw(account)
            return state.controls[account]
        }
        control?.stop(reason)
        return control != nil
    }

    /// The account's run begins again under these settings; a waiting one stays in line and will run under them.
    package func begin(_ account: AccountRecord, under settings: MigrationSettings) {
        guard let pending = account.pending, !account.isPaused else { return }
        let limits = context.limits
        var ticket = ticket(account.id, pending, settings)
        let control = state.withLock { state -> RunControl? in
            if let control = state.controls[account.id] { return control }
            ticket.isSuspect = state.suspects.contains(account.id)
            state.schedule.withdraw(account.id)
            state.schedule.submit(ticket, secondsBetweenRuns: limits.secondsBetweenRuns)
            return nil
        }
        control?.stop(.resettled)
        wake()
    }

    package func wake() { waking.yield() }

    /// Returns when the scheduler has gone through its work once more, or has ended: what a health check waits for.
    public func turn() async {
        let round = state.withLock { $0.round }
        wake()
        await round.wait()
    }

    private func endRound(isLast: Bool = false) {
        let round = state.withLock { state in
            defer { if !isLast { state.round = Latch() } }
            return state.round
        }
        round.settle(())
    }

    /// Runs until the program stops; by then every run has finished its current delivery.
    package func run() async {
        context.stopping.whenSet { [weak self] in self?.stopAll() }
        await withTaskGroup(of: Void.self) { group in
            var armed: Schedule.Moment?
            wake()
            for await _ in wakes {
                if context.stopping.isSet { break }
                let limits = context.limits
                let now = context.uptime()
                let (starts, next) = state.withLock { state in
                    let turn = state.schedule.start(now: now, most: limits.concurrentMoves)
                    let starts = turn.starts.map { ticket in
                        let control = RunControl()
                        state.controls[ticket.account] = control
                        return (ticket, control)
                    }
                    return (starts, turn.next)
                }
                for (ticket, control) in starts {
                    group.addTask { await self.run(ticket, control) }
                }
                endRound()
                if let next, armed.map({ next < $0 || $0 <= now }) ?? true {
                    armed = next
                    group.addTask { await self.wakeLater(at: next) }
                }
            }
            stopAll()
            waking.finish()
            endRound(isLast: true)
            // Runs have a stop signal of their own and are not cancelled; only the timers remain to be ended.
            while state.withLock({ $0.schedule.runningCount > 0 }) { _ = await group.next() }
            group.cancelAll()
        }
    }

    private func stopAll() {
        let controls = state.withLock { Array($0.controls.values) }
        for control in controls { control.stop(.shutdown) }
        wake()
    }

    private func wakeLater(at moment: Schedule.Moment) async {
        // Cancelled when the program stops. Sleeps in steps, since the machine may be suspended meanwhile.
        while !Task.isCancelled, !context.stopping.isSet {
            let left = moment - context.uptime()
            if left <= .zero { break }
            try? await pause(for: min(left, .seconds(1)))
        }
        wake()
    }

    private func run(_ ticket: Schedule.Ticket, _ control: RunControl) async {
        statuses.begins(ticket.account)
        let next = await withTaskGroup(of: Void.self) { group in
            if ticket.isSuspect { group.addTask { await self.clearWhenProven(ticket.account) } }
            let next = await runner.run(ticket.account, isSuspect: ticket.isSuspect, control)
            group.cancelAll()
            return next
        }
        statuses.ends(ticket.account)
        let limits = context.limits
        let now = context.uptime()
        let another: Schedule.Ticket? =
            switch next {
            case .none: nil
            case .pending(let pending, let settings): self.ticket(ticket.account, pending, settings)
            case .again: ticket.delayed(until: now + .seconds(limits.recordsRetry))
            }
        let wasJoined = state.withLock { state in
            state.controls[ticket.account] = nil
            // However the run ended, the process is alive.
            state.suspects.remove(ticket.account)
            return state.schedule.finish(
                ticket.account, now: now, next: another, secondsBetweenRuns: limits.secondsBetweenRuns)
        }
        wake()
        if wasJoined { await takeUp(ticket) }
    }

    /// A login may have joined the run after it had recorded its end: then what the login wants is in the account's
    /// row.
    private func takeUp(_ ticket: Schedule.Ticket) async {
        do {
            let (row, settings) = try await context.records.standing(of: .id(ticket.account))
            guard let row, let settings, row.deletedAt == nil, row.sealed != nil else { return }
            submit(row, settings)
        } catch {
            // The next run finds that request, or nothing to do.
            let limits = context.limits
            let later = ticket.delayed(until: context.uptime() + .seconds(limits.recordsRetry))
            state.withLock { $0.schedule.submit(later, secondsBetweenRuns: limits.secondsBetweenRuns) }
            wake()
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
        state.withLock { state in
            state.suspects.remove(account)
            state.schedule.clear(account)
        }
        do {
            try await context.records.beginRun(of: account, isSuspect: false, anew: true)
        } catch {
            // From then on a death during this run is held against it alone.
        }
        wake()
    }

    private static let proof = Duration.seconds(60)

    private func moved(_ account: AccountRecord.ID) async -> Int64? {
        try? await context.records.account(id: account)?.moved
    }

    /// What the account asks for, by the monotonic clock. A due time recorded under another setting of the wall clock
    /// delays no run by more than could have been meant.
    private func ticket(
        _ account: AccountRecord.ID, _ pending: PendingRun, _ settings: MigrationSettings
    ) -> Schedule.Ticket {
        let limits = context.limits
        let wait = min(pending.due.seconds(since: context.now()), pending.longestWait(settings, limits))
        return Schedule.Ticket(
            account: account, lane: Schedule.Lane(settings), width: limits.connectionsPerOldServer,
            share: settings.options.maxConnections ?? .max, isFirst: pending.kind == .first,
            due: context.uptime() + .seconds(max(0, wait)))
    }
}

extension PendingRun {
    /// The longest time, in seconds, that the run can have been put off.
    fileprivate func longestWait(_ settings: MigrationSettings, _ limits: MoveLimits) -> Double {
        switch kind {
        case .retry: limits.lastRetry
        case .followUp: Double(settings.options.followUp?.everyMinutes ?? Defaults.followUpMinutes) * 60
        // What a login asks for is due at once, unless the old server has put it off since.
        case .first, .incremental, .repeated: failures > 0 || sessions > 0 ? 3600 : 0
        }
    }
}

extension Schedule.Lane {
    init(_ settings: MigrationSettings) {
        self.init(server: settings.oldServer.name, domain: settings.domain)
    }
}

extension Schedule.Ticket {
    fileprivate func delayed(until due: Schedule.Moment) -> Schedule.Ticket {
        var later = self
        later.due = due
        return later
    }
}
