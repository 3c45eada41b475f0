// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization
import Vocabulary

/// Holds the ``Schedule``, and runs each run as a task of its own.
public final class MoveScheduler: Sendable {
    private struct State: Sendable {
        var schedule = Schedule()
        var controls: [AccountRecord.ID: RunControl] = [:]
        /// Who waits for proof that the loop goes round.
        var onlookers: [CheckedContinuation<Void, Never>] = []
        var hasEnded = false
    }

    private let context: Context
    private let runner: Runner
    private let statuses: StatusBoard
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let waking: AsyncStream<Void>.Continuation

    init(context: Context, statuses: StatusBoard, runner: Runner) {
        self.context = context
        self.statuses = statuses
        self.runner = runner
        (wakes, waking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Accounts that are moving, and that wait for their turn.
    public var load: (moving: Int, queued: Int) {
        state.withLock { ($0.schedule.runningCount, $0.schedule.waitingCount) }
    }

    /// Whether a run of the account is going on or waits for its turn.
    func isBusy(_ account: AccountRecord.ID) -> Bool { state.withLock { $0.schedule.isBusy(account) } }

    func isRunning(_ account: AccountRecord.ID) -> Bool { state.withLock { $0.schedule.isRunning(account) } }

    /// How many first runs could start at once at this domain's old server, the account's among them; an account that is
    /// not there yet is nil.
    func room(for account: AccountRecord.ID?, _ settings: MigrationSettings) -> Int {
        let limits = context.limits
        guard !context.stopping.isSet else { return 0 }
        return state.withLock {
            $0.schedule.room(
                for: account, in: Schedule.Lane(settings), width: limits.connectionsPerOldServer,
                share: settings.options.maxConnections ?? .max, most: limits.concurrentMoves,
                secondsBetweenRuns: limits.secondsBetweenRuns, now: context.now())
        }
    }

    /// Queues the run that `account.pending` asks for; joins one that is there already.
    func submit(_ account: AccountRecord, _ settings: MigrationSettings) {
        guard let pending = account.pending else { return }
        let limits = context.limits
        let ticket = Schedule.Ticket(account.id, pending, settings, limits)
        state.withLock { $0.schedule.submit(ticket, secondsBetweenRuns: limits.secondsBetweenRuns) }
        wake()
    }

    /// Stops the account's run after the batch in hand, or takes it out of the line.
    /// - Returns: whether there is a run, whose end will be recorded.
    @discardableResult
    func cancel(_ account: AccountRecord.ID, _ reason: RunControl.StopReason) -> Bool {
        let control = state.withLock { state in
            state.schedule.withdraw(account)
            return state.controls[account]
        }
        control?.stop(reason)
        return control != nil
    }

    /// The account's run begins again under these settings; one that waits for its turn waits for it under them.
    func begin(_ account: AccountRecord, under settings: MigrationSettings) {
        guard let pending = account.pending else { return }
        let limits = context.limits
        let ticket = Schedule.Ticket(account.id, pending, settings, limits)
        let control = state.withLock { state -> RunControl? in
            if let control = state.controls[account.id] { return control }
            state.schedule.withdraw(account.id)
            state.schedule.submit(ticket, secondsBetweenRuns: limits.secondsBetweenRuns)
            return nil
        }
        control?.stop(.resettled)
        wake()
    }

    func wake() { waking.yield() }

    /// Returns when the scheduler has looked at its work once more, or has ended: what a health check waits for.
    public func turn() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.hasEnded { state.onlookers.append(continuation) }
                return state.hasEnded
            }
            if isOver { continuation.resume() } else { wake() }
        }
    }

    private func tellOnlookers(hasEnded: Bool = false) {
        let onlookers = state.withLock { state in
            state.hasEnded = hasEnded
            defer { state.onlookers = [] }
            return state.onlookers
        }
        for onlooker in onlookers { onlooker.resume() }
    }

    /// Until the program stops: then every run ends its delivery in hand.
    func run() async {
        context.stopping.whenSet { [weak self] in self?.stopAll() }
        await withTaskGroup(of: Void.self) { group in
            var armed: Timestamp?
            wake()
            for await _ in wakes {
                if context.stopping.isSet { break }
                let limits = context.limits
                let now = context.now()
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
                tellOnlookers()
                if let next, armed.map({ next < $0 || $0 <= now }) ?? true {
                    armed = next
                    group.addTask { await self.wakeLater(at: next) }
                }
            }
            stopAll()
            waking.finish()
            tellOnlookers(hasEnded: true)
            // Runs know a signal of their own and are not cancelled; only the timers are left to end.
            while state.withLock({ $0.schedule.runningCount > 0 }) { _ = await group.next() }
            group.cancelAll()
        }
    }

    private func stopAll() {
        let controls = state.withLock { Array($0.controls.values) }
        for control in controls { control.stop(.shutdown) }
        wake()
    }

    private func wakeLater(at moment: Timestamp) async {
        // Cancelled: the program stops. In steps, since a wall clock may be moved.
        while !Task.isCancelled, !context.stopping.isSet {
            let left = moment.seconds(since: context.now())
            if left <= 0 { break }
            try? await Task.sleep(for: .seconds(min(left, 1)))
        }
        wake()
    }

    private func run(_ ticket: Schedule.Ticket, _ control: RunControl) async {
        statuses.begins(ticket.account)
        let next = await runner.run(ticket.account, control)
        statuses.ends(ticket.account)
        let limits = context.limits
        let now = context.now()
        let wasJoined = state.withLock { state in
            state.controls[ticket.account] = nil
            let another: Schedule.Ticket? =
                switch next {
                case .none: nil
                case .pending(let pending, let settings): Schedule.Ticket(ticket.account, pending, settings, limits)
                case .again: ticket.delayed(until: now.adding(seconds: limits.recordsRetry))
                }
            return state.schedule.finish(
                ticket.account, now: now, next: another, secondsBetweenRuns: limits.secondsBetweenRuns)
        }
        wake()
        if wasJoined { await takeUp(ticket) }
    }

    /// Whoever joined the run may have come after it had recorded its end: then its wish stands in the account.
    private func takeUp(_ ticket: Schedule.Ticket) async {
        do {
            let (row, settings) = try await context.records.read { records in
                let row = try records.account(id: ticket.account)
                return (row, try row.flatMap { try records.settings(of: $0.address.domain) })
            }
            guard let row, let settings, row.deletedAt == nil, row.sealed != nil else { return }
            submit(row, settings)
        } catch {
            // The run that follows finds the wish, or nothing to do.
            let limits = context.limits
            let later = ticket.delayed(until: context.now().adding(seconds: limits.recordsRetry))
            state.withLock { $0.schedule.submit(later, secondsBetweenRuns: limits.secondsBetweenRuns) }
            wake()
        }
    }
}

extension Schedule.Lane {
    init(_ settings: MigrationSettings) {
        self.init(server: settings.oldServer.name, domain: settings.domain)
    }
}

extension Schedule.Ticket {
    init(_ account: AccountRecord.ID, _ pending: PendingRun, _ settings: MigrationSettings, _ limits: MoveLimits) {
        self.init(
            account: account, lane: Schedule.Lane(settings), width: limits.connectionsPerOldServer,
            share: settings.options.maxConnections ?? .max,
            isFirst: pending.kind == .first, due: pending.due)
    }

    fileprivate func delayed(until due: Timestamp) -> Schedule.Ticket {
        var later = self
        later.due = due
        return later
    }
}

/// How a run is told to stop.
final class RunControl: Sendable {
    enum StopReason: Sendable {
        case shutdown, disabled, deleted, excluded, expired
        /// The settings name another old server, or ask for another way: the run begins again under them.
        case resettled
    }

    private struct State: Sendable {
        var reason: StopReason?
        var interrupt: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let alarm = Alarm()

    var stopReason: StopReason? { state.withLock { $0.reason } }

    func stop(_ reason: StopReason) {
        let interrupt = state.withLock { state in
            state.reason = state.reason ?? reason
            defer { state.interrupt = nil }
            return state.interrupt
        }
        alarm.ring()
        interrupt?()
    }

    /// What ends the wait that the run is in; called at once where it was stopped already.
    func onStop(_ interrupt: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            if state.reason == nil { state.interrupt = interrupt }
            return state.reason != nil
        }
        if isStopped { interrupt() }
    }

    /// Sleeps, but not past a stop: the caller looks at `stopReason` next.
    func sleep(seconds: Double) async { await alarm.sleep(seconds: seconds) }
}

/// Ends sleeps from anywhere: those that are going on, and all that come.
final class Alarm: Sendable {
    private struct State {
        var hasRung = false
        var sleepers: [UInt64: AsyncStream<Never>.Continuation] = [:]
        var numbers: UInt64 = 0
    }

    private let state = Mutex(State())

    func ring() {
        let sleepers = state.withLock { state in
            state.hasRung = true
            return Array(state.sleepers.values)
        }
        for sleeper in sleepers { sleeper.finish() }
    }

    /// Until it has rung, or the task is cancelled, or the time is over.
    func sleep(seconds: Double) async {
        // A stream of its own: one whose reader was cancelled, as by the deadline, has ended for good.
        let (ended, ending) = AsyncStream<Never>.makeStream()
        let number = state.withLock { state -> UInt64? in
            guard !state.hasRung else { return nil }
            state.numbers += 1
            state.sleepers[state.numbers] = ending
            return state.numbers
        }
        guard let number else { return }
        _ = try? await withDeadline(seconds: seconds) { for await _ in ended {} }
        state.withLock { $0.sleepers[number] = nil }
    }
}
