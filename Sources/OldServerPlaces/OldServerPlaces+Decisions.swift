// SPDX-License-Identifier: Apache-2.0

import OldServerPolicy
import Waiting

/// Events go to the policy, and what it decides is done.
extension OldServerPlaces {
    /// What is left to be done when the lock is free.
    typealias Effect = @Sendable () -> Void

    /// Tells the policy what has happened, and does what follows.
    @discardableResult
    func tell<Result: Sendable>(_ event: (inout OldServerPolicy, Moment) -> Result) -> Result {
        change { state, now, _ in event(&state.policy, now) }
    }

    /// What is decided is noted in the same breath as what it follows from, so that no two decisions change places; only
    /// whoever waits is woken after.
    @discardableResult
    func change<Result: Sendable>(_ body: (inout State, Moment, inout [Effect]) -> Result) -> Result {
        let (result, effects) = state.withLock { state in
            let now = clock()
            var effects: [Effect] = []
            let result = body(&state, now, &effects)
            let turn = state.policy.turn(now: now)
            for decision in turn.decisions { note(decision, &state, &effects) }
            if let armed = state.armed, armed <= now { state.armed = nil }
            if let next = turn.next, state.armed.map({ next < $0 }) ?? true {
                state.armed = next
                effects.append { self.timers.continuation.yield(next) }
            }
            return (result, effects)
        }
        for effect in effects { effect() }
        return result
    }

    func look(at moment: Moment) async {
        // In steps, since a machine may be suspended meanwhile. Cancelled: the program ends.
        while !Task.isCancelled {
            let left = moment - clock()
            if left <= .zero { break }
            try? await pause(for: min(left, .seconds(1)))
        }
        look()
    }

    /// Time has passed.
    func look() { change { _, _, _ in } }

    func refused(_ ticket: Ticket, at step: OldServerPolicy.RefusedStep) -> OldServerPolicy.AfterRefusal {
        change { state, now, _ in
            let after = state.policy.refused(ticket, at: step, now: now)
            if after == .waits { state.askers[ticket]?.phase = .leaves(then: .waits) }
            return after
        }
    }

    // MARK: - Decisions

    private func note(_ decision: OldServerPolicy.Decision, _ state: inout State, _ effects: inout [Effect]) {
        switch decision {
        case .open(let ticket):
            if state.askers[ticket] != nil {
                open(ticket, &state, &effects)
            } else {
                begin(ticket, .opens, &state, &effects)
            }
        case .goOn(let ticket, let session):
            if let latch = state.askers[session]?.session { effects.append { latch.settle(true) } }
            begin(ticket, .goesOn(in: session), &state, &effects)
        case .refuse(let ticket, let refusal):
            conclude(ticket, .refused(refusal), &state, &effects)
        case .letGo(let ticket):
            state.askers[ticket]?.isLate = true
            if let asker = state.askers[ticket] { effects.append { asker.conclude(.late(goesOn: true)) } }
        case .giveUp(let ticket): conclude(ticket, .late(goesOn: false), &state, &effects)
        case .endSession(let ticket):
            if let latch = state.askers[ticket]?.session { effects.append { latch.settle(false) } }
        case .makeWay(let ticket): state.movers[ticket]?.callBack()
        case .tell(let server, let news): effects.append { self.tell(server, news) }
        }
    }

    /// Nobody waits for the question any more. Its attempt is cancelled.
    private func conclude(
        _ ticket: Ticket, _ conclusion: Asker.Conclusion, _ state: inout State, _ effects: inout [Effect]
    ) {
        guard let asker = state.askers[ticket] else { return }
        effects.append { asker.conclude(conclusion) }
        switch asker.phase {
        case .waits: state.askers[ticket] = nil
        case .open(let cancel): effects.append { cancel.settle(()) }
        case .leaves: state.askers[ticket]?.phase = .leaves(then: .ends)
        }
    }

    /// A question may open a connection.
    private func open(_ ticket: Ticket, _ state: inout State, _ effects: inout [Effect]) {
        guard let asker = state.askers[ticket], !state.isStopped else { return }
        if case .leaves = asker.phase {
            state.askers[ticket]?.phase = .leaves(then: .opens)
            return
        }
        let cancel = Latch<Void>()
        state.askers[ticket]?.phase = .open(cancel: cancel)
        effects.append {
            self.begun.continuation.yield {
                let end = await Self.attempt(asker, ticket, until: cancel)
                self.end(ticket, end)
            }
        }
    }

    private static func attempt(_ asker: Asker, _ ticket: Ticket, until cancel: Latch<Void>) async -> AttemptEnd {
        await withTaskGroup(of: AttemptEnd?.self) { group in
            group.addTask {
                let end = await asker.attempt(ticket)
                cancel.settle(())
                return end
            }
            group.addTask {
                _ = await cancel.wait()
                return nil
            }
            var end = AttemptEnd.over
            while let next = await group.next() {
                if let next { end = next }
                group.cancelAll()
            }
            return end
        }
    }

    /// An attempt has returned: its place is free, or it stands in line.
    private func end(_ ticket: Ticket, _ end: AttemptEnd) {
        change { state, now, effects in
            guard let asker = state.askers[ticket] else { return }
            if end == .again, case .leaves(let next) = asker.phase, next != .ends, !state.isStopped {
                state.askers[ticket]?.phase = .waits
                if next == .opens { open(ticket, &state, &effects) }
                return
            }
            state.policy.giveUp(ticket, now: now)
            state.policy.closed(ticket, now: now)
            state.askers[ticket] = nil
            effects.append { asker.conclude(.nothing) }
        }
    }

    /// A run has a place.
    private func begin(
        _ ticket: Ticket, _ start: RunPlace.Start, _ state: inout State, _ effects: inout [Effect]
    ) {
        if let place = state.movers[ticket] {
            let grant: RunPlace.Grant =
                switch start {
                case .opens: .opens
                case .goesOn(let session): .goesOn(in: session)
                }
            effects.append { place.grant(grant) }
            return
        }
        guard let wish = state.policy.wish(of: ticket), !state.isStopped else { return }
        let place = RunPlace(ticket, wish, start, self)
        state.movers[ticket] = place
        effects.append { self.begunRuns.continuation.yield(place) }
    }

    /// A run has returned.
    /// - Returns: whether somebody has joined it.
    func end(_ place: RunPlace, _ end: RunReturn) -> Bool {
        change { state, now, _ in
            state.movers[place.ticket] = nil
            return state.policy.finished(place.ticket, next: end.next, now: now)
        }
    }
}
