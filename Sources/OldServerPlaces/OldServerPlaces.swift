// SPDX-License-Identifier: Apache-2.0

public import OldServerPolicy
import Synchronization
package import Waiting

/// Hands out the places that the ``OldServerPolicy`` decides on: holds the value and a clock, and makes decisions into
/// questions and runs that begin, wait, go on and end.
///
/// All that has a place is a task of ``run(_:joined:)``, so that a question can outlast its login, and nothing outlasts the
/// program. A place is a scope: it is free when the attempt or the run that has it has returned, however that came about. A
/// run that has not begun costs no task.
///
/// A *question* is asked by ``ask(_:at:_:)``, with an attempt: what is to be done with one connection. The attempt tells its
/// ``QuestionPlace`` what happens to that, and delivers the answer as soon as there is one; then it may take its time over
/// a farewell, or hold the session for the run that follows (``QuestionPlace/waitForRun()``). It is called again where the
/// server has refused a connection as one too many, and cancelled when its time is up.
///
/// A *run* is wanted by ``want(_:at:)`` and begun by what ``run(_:joined:)`` was given, with a ``RunPlace`` for all its
/// connections. Between two messages it looks whether it is to make way.
public final class OldServerPlaces: Sendable {
    public typealias Moment = OldServerPolicy.Moment
    public typealias Endpoint = OldServerPolicy.Endpoint
    public typealias Ticket = OldServerPolicy.Ticket
    public typealias Account = OldServerPolicy.Account

    struct State: Sendable {
        var policy: OldServerPolicy
        var askers: [Ticket: Asker] = [:]
        /// Runs that have begun.
        var movers: [Ticket: RunPlace] = [:]
        /// When the policy is looked at again.
        var armed: Moment?
        var isStopped = false
    }

    typealias Job = @Sendable () async -> Void

    let state: Mutex<State>
    let clock: @Sendable () -> Moment
    let tell: @Sendable (Endpoint, OldServerPolicy.News) -> Void
    let begun = AsyncStream<Job>.makeStream()
    let begunRuns = AsyncStream<RunPlace>.makeStream()
    let timers = AsyncStream<Moment>.makeStream()
    /// Settled with what questions have left.
    private let stopping = Latch<Duration>()

    /// - Parameters:
    ///   - clock: goes on evenly.
    ///   - tell: hears what has changed about an old server, for the journal and events; called from any thread.
    public init(
        _ bounds: OldServerPolicy.Bounds, clock: @escaping @Sendable () -> Moment = { .now },
        tell: @escaping @Sendable (Endpoint, OldServerPolicy.News) -> Void = { _, _ in }
    ) {
        state = Mutex(State(policy: OldServerPolicy(bounds)))
        self.clock = clock
        self.tell = tell
    }

    // MARK: - Life

    /// Until ``stop()``, and until all that has a place has returned. It is not to be cancelled: runs have a signal of their
    /// own.
    /// - Parameters:
    ///   - move: one run, from its place to its end.
    ///   - joined: called after a run that somebody has joined, perhaps after it had recorded its end.
    public func run(
        _ move: @escaping @Sendable (RunPlace) async -> RunReturn,
        joined: @escaping @Sendable (RunPlace) async -> Void = { _ in }
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                if let grace = await self.stopping.waitUnlessCancelled() { await self.endQuestions(after: grace) }
            }
            group.addTask {
                await withDiscardingTaskGroup { group in
                    for await moment in self.timers.stream { group.addTask { await self.look(at: moment) } }
                }
            }
            await withDiscardingTaskGroup { group in
                group.addTask {
                    await withDiscardingTaskGroup { group in
                        for await place in self.begunRuns.stream {
                            group.addTask {
                                let end = await move(place)
                                if self.end(place, end) { await joined(place) }
                            }
                        }
                    }
                }
                for await job in begun.stream { group.addTask { await job() } }
            }
            group.cancelAll()
        }
    }

    /// Nothing begins any more. Questions for which somebody waits have a moment for their answer, all others end; runs that
    /// wait for another place hear of it, and whoever drives those that have one is to stop them.
    public func stop(grace: Duration = .seconds(3)) {
        let (askers, movers) = state.withLock { state in
            state.isStopped = true
            let all = (Array(state.askers.values), Array(state.movers.values))
            state.askers = state.askers.filter { if case .waits = $0.value.phase { false } else { true } }
            return all
        }
        for asker in askers {
            asker.session.settle(false)
            switch asker.phase {
            case .open(let cancel) where asker.isLate: cancel.settle(())
            case .open: break
            case .waits, .leaves: asker.conclude(.stopped)
            }
        }
        for place in movers { place.stop() }
        stopping.settle(grace)
        begun.continuation.finish()
        begunRuns.continuation.finish()
        timers.continuation.finish()
    }

    /// Ends what is still being asked when the grace is over.
    private func endQuestions(after grace: Duration) async {
        // Cancelled: there is none any more.
        guard (try? await pause(for: grace)) != nil else { return }
        let askers = state.withLock { Array($0.askers.values) }
        for asker in askers {
            asker.conclude(.stopped)
            if case .open(let cancel) = asker.phase { cancel.settle(()) }
        }
    }

    /// Returns when the loop that begins questions has gone round once more, or has ended: what a health check waits for.
    public func turn() async {
        look()
        let round = Latch<Void>()
        if case .terminated = begun.continuation.yield({ round.settle(()) }) { return }
        await round.wait()
    }

    /// Takes up new bounds.
    public func set(_ bounds: OldServerPolicy.Bounds) { tell { policy, _ in policy.set(bounds) } }

    // MARK: - Questions

    /// Asks an old server about a password.
    ///
    /// - Parameters:
    ///   - hurry: once it is settled, whoever waits does so for a second more at most, in case the server is about to
    ///     answer.
    ///   - attempt: what is done with one connection; cancelled when its time is up, unless the question goes on.
    /// - Returns: as soon as there is an answer, or none in time. When cancelled, time is up.
    package func ask<Answer: Sendable>(
        _ question: OldServerPolicy.Question, at server: Endpoint, hurry: Latch<Void>? = nil,
        _ attempt: @escaping @Sendable (QuestionPlace<Answer>) async -> AttemptEnd
    ) async -> Asked<Answer> {
        let outcome = Latch<Asked<Answer>>()
        let session = Latch<Bool>()
        let asker = Asker(
            attempt: { ticket in
                await attempt(QuestionPlace(ticket: ticket, places: self, outcome: outcome, session: session))
            }, conclude: { outcome.settle(Asked($0)) }, session: session)
        let ticket = change { state, _, _ -> Ticket? in
            guard !state.isStopped else { return nil }
            let ticket = state.policy.want(question, at: server)
            state.askers[ticket] = asker
            return ticket
        }
        guard let ticket else { return .stopped }
        let action = hurry?.whenSettled { self.hasten(ticket, by: Self.last) }
        defer { if let action { hurry?.forget(action) } }
        return await withTaskCancellationHandler {
            await outcome.wait()
        } onCancel: {
            hasten(ticket, by: .zero)
        }
    }

    private static let last = Duration.seconds(1)

    private func hasten(_ ticket: Ticket, by wait: Duration) {
        tell { policy, now in policy.hasten(ticket, to: now + wait) }
    }

    /// Whether a question waits or is asked, or a session is kept.
    public var isAsking: Bool { state.withLock { !$0.askers.isEmpty } }

    // MARK: - Runs

    /// An account is to be moved.
    /// - Returns: whether its run waits; false where one is under way, which is joined.
    @discardableResult
    public func want(_ run: OldServerPolicy.Run, at server: Endpoint) -> Bool {
        tell { $0.want(run, at: server, now: $1) != nil }
    }

    /// Nobody wants the account's run any more. One that has begun is to be stopped by other means; see ``RunPlace/stop()``.
    /// - Returns: whether it waited, and has not begun.
    @discardableResult
    public func withdraw(_ account: Account) -> Bool {
        change { state, _, _ in
            guard !state.movers.values.contains(where: { $0.account == account }) else { return false }
            return state.policy.withdraw(account)
        }
    }

    /// The run that goes on has not ended the process: the next suspect may begin.
    public func clear(_ account: Account) { tell { policy, _ in policy.clear(account) } }

    public func isBusy(_ account: Account) -> Bool { state.withLock { $0.policy.isBusy(account) } }

    public func isMoving(_ account: Account) -> Bool { state.withLock { $0.policy.isMoving(account) } }

    /// Accounts that are moving, and that wait for their turn.
    public var load: (moving: Int, queued: Int) {
        state.withLock { ($0.policy.movingCount, $0.policy.waitingCount) }
    }

    // MARK: - What is known

    public func facts(of server: Endpoint) -> OldServerPolicy.Facts {
        state.withLock { $0.policy.facts(of: server, now: clock()) }
    }

    /// Old servers that somebody was sent to.
    public var servers: [Endpoint] { state.withLock { $0.policy.known } }

    /// Somebody has tried how many connections the server bears, without logging in.
    public func tried(_ server: Endpoint, bears connections: Int) {
        tell { $0.tried(server, bears: connections, now: $1) }
    }
}
