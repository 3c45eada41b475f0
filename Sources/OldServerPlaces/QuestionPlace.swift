// SPDX-License-Identifier: Apache-2.0

public import OldServerPolicy
import Waiting

/// What becomes of a question for whoever has asked it.
public enum Asked<Answer: Sendable>: Sendable {
    case answer(Answer)
    /// No connection was opened.
    case refused(OldServerPolicy.Refusal)
    /// Time is up. Where the password was sent, the question goes on, and its answer takes effect when it comes.
    case late(goesOn: Bool)
    /// The attempt has ended and has delivered nothing.
    case nothing
    /// The program ends.
    case stopped
}

/// How an attempt to ask has ended.
public enum AttemptEnd: Sendable {
    /// The connection is closed, or a run has taken it.
    case over
    /// ``QuestionPlace/refused(at:)`` has said that the question stands in line again: the attempt is made anew when its turn
    /// comes.
    case again
}

/// A connection that a question may open.
public struct QuestionPlace<Answer: Sendable>: Sendable {
    /// What a run's ``OldServerPolicy/Run/session`` is, where the session of this question is kept for it.
    public let ticket: OldServerPolicy.Ticket
    let places: OldServerPlaces
    let outcome: Latch<Asked<Answer>>
    let session: Latch<Bool>

    /// The server has greeted, in TLS where that is wanted.
    public func greeted() { places.tell { $0.greeted(ticket, now: $1) } }

    /// The password, or a proof of it, is written next.
    public func shown() { places.tell { $0.shown(ticket, now: $1) } }

    /// The password is right.
    /// - Parameter loginDelay: `LOGIN-DELAY`, in seconds, where it is announced.
    /// - Returns: ``OldServerPolicy/AfterAcceptance/keep``: hand the session in with the run, then ``waitForRun()``.
    public func accepted(loginDelay: Int = 0) -> OldServerPolicy.AfterAcceptance {
        let after = places.tell { $0.accepted(ticket, loginDelay: .seconds(loginDelay), now: $1) }
        if after == .end { session.settle(false) }
        return after
    }

    /// It is wrong, or there is no such user.
    public func rejected() { places.tell { $0.rejected(ticket, now: $1) } }

    /// The server has said something else.
    public func answered() { places.tell { $0.answered(ticket, now: $1) } }

    /// It has said nothing for the time for reading.
    public func silent() { places.tell { $0.silent(ticket, now: $1) } }

    /// It has closed a connection that it had greeted.
    public func dropped() { places.tell { $0.dropped(ticket, now: $1) } }

    /// It has refused the connection, not the account.
    /// - Returns: ``OldServerPolicy/AfterRefusal/waits``: return ``AttemptEnd/again``.
    public func refused(at step: OldServerPolicy.RefusedStep) -> OldServerPolicy.AfterRefusal {
        places.refused(ticket, at: step)
    }

    /// Tells whoever waits. The first answer counts, and none where they were told that it is late.
    public func deliver(_ answer: Answer) { outcome.settle(.answer(answer)) }

    /// The connection is closed: its place is free before the attempt has returned.
    public func closed() { places.tell { $0.closed(ticket, now: $1) } }

    /// Nobody is to take the session that is kept: ``waitForRun()`` returns.
    public func endSession() { session.settle(false) }

    /// Until a run has taken the session that is kept, or nobody will.
    /// - Returns: whether a run has taken it.
    public func waitForRun() async -> Bool { await session.wait() }
}

extension Asked {
    init(_ conclusion: Asker.Conclusion) {
        switch conclusion {
        case .refused(let refusal): self = .refused(refusal)
        case .late(let goesOn): self = .late(goesOn: goesOn)
        case .nothing: self = .nothing
        case .stopped: self = .stopped
        }
    }
}

/// A question that waits or is asked, whatever its answer is.
struct Asker: Sendable {
    enum Phase: Sendable {
        case waits
        /// Set to cancel the attempt.
        case open(cancel: Latch<Void>)
        /// It stands in line again, and the attempt that was refused has not returned yet.
        case leaves(then: Next)
    }

    enum Next: Sendable { case waits, opens, ends }

    enum Conclusion: Sendable, Equatable {
        case refused(OldServerPolicy.Refusal)
        case late(goesOn: Bool)
        case nothing
        case stopped
    }

    let attempt: @Sendable (OldServerPolicy.Ticket) async -> AttemptEnd
    let conclude: @Sendable (Conclusion) -> Void
    /// Whether a run has taken the session that is kept.
    let session: Latch<Bool>
    var phase = Phase.waits
    /// Nobody waits for the answer any more.
    var isLate = false
}
