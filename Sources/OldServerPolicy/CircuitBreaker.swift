// SPDX-License-Identifier: Apache-2.0

/// Whether an old server is worth asking: learnt from how connections ended, so that thousands do not queue behind a
/// server that is dead.
///
/// It opens when the server was not reached so many times in a row, or was silent about the passwords of so many
/// different accounts without a word to anyone in between. While it is open nobody is asked; when its time is over, one
/// goes through, and the answer decides. A server that greets has been reached, and one that answers, whatever it says,
/// is not silent: so nothing that belongs to one account opens it, or keeps it open. Nor do a few such accounts that come
/// again and again: silence about those that it was silent about before, and others not, is held against nobody.
struct CircuitBreaker: Equatable, Sendable {
    typealias Moment = OldServerPolicy.Moment
    typealias Ticket = OldServerPolicy.Ticket
    typealias Subject = OldServerPolicy.Subject

    enum State: Equatable, Sendable {
        case closed
        case open(Opening)
        /// One has gone through.
        case probing(Opening, Ticket)
    }

    struct Opening: Equatable, Sendable {
        /// Since when nobody is asked, but for probes.
        let since: Moment
        /// When the next one goes through.
        var until: Moment
        var wait: Duration
        /// It greets.
        var isBySilence: Bool
    }

    enum End: Equatable, Sendable {
        /// It said something to what it was asked about this account, whatever it was.
        case answered(about: Subject)
        /// No address, no connection, no greeting, no handshake.
        case unreachable
        /// It greeted, and said nothing to what it was asked about this account.
        case silent(about: Subject)
        /// Nobody waited long enough to tell.
        case abandoned
    }

    /// A round of the fewest connections that logins have.
    static let mostFailures = 4
    static let firstWait = Duration.seconds(1)
    static let longestWait = Duration.seconds(30)
    private static let mostRemembered = 1000

    private(set) var state = State.closed
    private var failures = 0
    private var silentAbout: Set<Subject> = []
    /// About whom it was silent, and not about others.
    private var notorious: Set<Subject> = []

    var opening: Opening? {
        switch state {
        case .closed: nil
        case .open(let opening), .probing(let opening, _): opening
        }
    }

    /// Why whoever asks now is refused; nil where nobody is.
    func refusal(now: Moment) -> OldServerPolicy.Refusal? {
        switch state {
        case .closed: nil
        case .open(let opening) where now >= opening.until: nil
        case .open(let opening), .probing(let opening, _): opening.isBySilence ? .silent : .unreachable
        }
    }

    /// Somebody is let through whom ``refusal(now:)`` did not refuse.
    mutating func admit(_ ticket: Ticket) {
        if case .open(let opening) = state { state = .probing(opening, ticket) }
    }

    /// The server has greeted: it can be reached.
    mutating func greeted() {
        failures = 0
        if opening?.isBySilence == false { state = .closed }
    }

    /// It is known to be silent about this account, and not about others.
    func isNotorious(_ account: Subject) -> Bool { notorious.contains(account) }

    mutating func ended(_ end: End, _ ticket: Ticket, now: Moment) {
        var isProbe = false
        if case .probing(let opening, ticket) = state {
            isProbe = true
            state = .open(opening)
        }
        switch end {
        case .answered(let account):
            if notorious.count < Self.mostRemembered { notorious.formUnion(silentAbout) }
            notorious.remove(account)
            (state, failures, silentAbout) = (.closed, 0, [])
        case .abandoned: break
        case .unreachable:
            failures += 1
            if failures >= Self.mostFailures { open(bySilence: false, isProbe: isProbe, now) }
        case .silent(let account):
            guard !notorious.contains(account) else { return }
            let isNew = silentAbout.count < Self.mostRemembered && silentAbout.insert(account).inserted
            if silentAbout.count >= Self.mostFailures { open(bySilence: true, isProbe: isProbe && isNew, now) }
        }
    }

    /// Each probe in vain doubles the wait; what ends late, and was asked before, changes nothing.
    private mutating func open(bySilence: Bool, isProbe: Bool, _ now: Moment) {
        switch state {
        case .closed:
            state = .open(
                Opening(since: now, until: now + Self.firstWait, wait: Self.firstWait, isBySilence: bySilence))
        case .open(var opening) where isProbe:
            opening.wait = min(Self.longestWait, opening.wait * 2)
            opening.until = now + opening.wait
            opening.isBySilence = bySilence
            state = .open(opening)
        case .open, .probing: break
        }
    }
}
