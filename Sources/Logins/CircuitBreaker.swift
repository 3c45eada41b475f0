// SPDX-License-Identifier: Apache-2.0

/// Whether an old server is worth asking: a value that learns from how questions ended, so that thousands of logins do
/// not queue behind a server that is dead.
///
/// It opens when the server could not be reached this many times in a row, or was silent about the passwords of this
/// many different accounts without a word to anyone in between. While it is open, nobody is asked; when its time is
/// over, one question goes through, and the outcome decides. A server that greets has been reached, and one that
/// answers anything is not silent; so nothing that concerns only one account opens it or keeps it open.
struct CircuitBreaker: Equatable, Sendable {
    enum Admission: Equatable, Sendable {
        case ask
        /// The one question that goes through; its ``ended(_:isProbe:now:)`` must follow.
        case probe
        case refuse
    }

    enum End: Equatable, Sendable {
        /// It said something, no matter what.
        case answered
        /// No address, no connection, no greeting, no handshake.
        case unreachable
        /// It greeted, but did not answer about this account.
        case silent(String)
        /// The question was given up before there was an answer.
        case abandoned
    }

    private struct Opening: Equatable, Sendable {
        var from: ContinuousClock.Instant
        /// Seconds.
        var wait: Double
        var isBySilence: Bool
        var isProbing = false
    }

    /// One round of the smallest number of connections that logins can have.
    static let mostFailures = 4
    static let firstWait = 1.0
    static let longestWait = 30.0
    private static let mostRemembered = 1000

    private var failures = 0
    private var silentAbout: Set<String> = []
    private var opening: Opening?

    /// Whether nothing is held against the server.
    var isQuiet: Bool { self == CircuitBreaker() }

    var isOpen: Bool { opening != nil }

    /// Whether it is open because the server greets but is silent, or just slow, about passwords.
    var isOpenBySilence: Bool { opening?.isBySilence ?? false }

    /// Whether a question would be refused now.
    func refuses(now: ContinuousClock.Instant) -> Bool {
        guard let opening else { return false }
        return opening.isProbing || (now - opening.from) / .seconds(1) < opening.wait
    }

    mutating func admit(now: ContinuousClock.Instant) -> Admission {
        if refuses(now: now) { return .refuse }
        guard opening != nil else { return .ask }
        opening?.isProbing = true
        return .probe
    }

    /// The server has greeted: it can be reached.
    mutating func greeted() {
        failures = 0
        if opening?.isBySilence == false { opening = nil }
    }

    mutating func ended(_ end: End, isProbe: Bool, now: ContinuousClock.Instant) {
        if isProbe { opening?.isProbing = false }
        switch end {
        case .answered: self = CircuitBreaker()
        case .abandoned: break
        case .unreachable:
            failures += 1
            if failures >= Self.mostFailures { open(bySilence: false, isProbe: isProbe, now) }
        case .silent(let account):
            let isNew = silentAbout.count < Self.mostRemembered && silentAbout.insert(account).inserted
            if silentAbout.count >= Self.mostFailures { open(bySilence: true, isProbe: isProbe && isNew, now) }
        }
    }

    /// Each failed probe doubles the wait; a late end of an earlier question changes nothing.
    private mutating func open(bySilence: Bool, isProbe: Bool, _ now: ContinuousClock.Instant) {
        guard let last = opening else {
            opening = Opening(from: now, wait: Self.firstWait, isBySilence: bySilence)
            return
        }
        guard isProbe else { return }
        opening = Opening(from: now, wait: min(Self.longestWait, last.wait * 2), isBySilence: bySilence)
    }
}
