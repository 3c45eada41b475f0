// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Secrets
import Vocabulary

/// Counts wrong passwords, by account and by network: a value that decides who may guess again.
///
/// The same wrong password for the same account counts once, and is shown to the old server again only after growing
/// pauses. Digests live only in memory; the counts outlive a restart.
struct GuessLimits: Sendable {
    enum Admission: Equatable, Sendable {
        /// The guess may be judged; say what came of it.
        case granted
        /// The old server was shown this same password a moment ago, under the same settings, with this result.
        case known(Verdict)
        case tooMany(retryAfter: Int)
    }

    /// What came of a granted guess.
    enum Verdict: Hashable, Sendable {
        /// Right, or it never left this machine: nothing is counted.
        case free
        case wrong
        /// The old server knows no such user: this counts as a guess, but the password may be right once the server
        /// does.
        case unknownUser
        /// The old server was shown the password but did not judge it, for this reason. It counts for the account,
        /// because it may have used up one of its tries there; not for the network, whose users are not to blame for a
        /// server's silence.
        case unjudged(Reason)
    }

    /// Whose guess it is.
    struct Guesser: Hashable, Sendable {
        /// The account's key, or the text that was given in its place.
        var account: String
        /// There is no such account here, and the old server is asked about it. New names cost nothing, so every
        /// password shown under one counts, each time, for the network it comes from.
        var isNobody = false
        /// The network that guesses are counted against; nil if there is none.
        var network: String?
    }

    /// Who asks again.
    enum Patience: Sendable {
        /// A mail program, which would ask all night.
        case program
        /// Somebody who presses a button and wants to know.
        case person
    }

    /// How often one password is shown within a window.
    static let mostShowings = 5

    private struct Guess {
        /// When it was last counted as a failure.
        var counted: Moment
        /// Generation of the settings under which the old server was shown it.
        var generation: Int64?
        var showings: [Moment] = []
        var verdict = Verdict.wrong

        var latest: Moment { showings.last ?? counted }

        /// For how many seconds the latest answer is repeated without asking again.
        func pause(_ patience: Patience, window: Double) -> Double {
            let count = showings.count
            switch (verdict, patience) {
            case (.wrong, .program): return window
            case (.wrong, .person): return 10 * [1.0, 3, 9, 27][min(count, 4) - 1]
            case (.unknownUser, _), (.unjudged, _), (.free, _): return [0.0, 1, 10, 100][min(count, 4) - 1]
            }
        }
    }

    private struct Account {
        var failures: [Moment] = []
        var guesses: [PasswordDigest: Guess] = [:]
        var open: [PasswordDigest: Int] = [:]
    }

    private var accounts: [String: Account] = [:]
    private var networks: [String: [Moment]] = [:]
    private var openByNetwork: [String: Int] = [:]
    private var elapsed = ElapsedTime()
    private var swept: ContinuousClock.Instant?

    /// Takes up what was counted before a restart.
    /// - Parameter seconds: how long ago each was.
    mutating func restore(_ failures: [(failure: GuessFailure, seconds: Double)], now: Moment) {
        elapsed.pass(to: now)
        for (failure, seconds) in failures {
            let moment = now.advanced(by: -seconds)
            accounts[failure.account, default: Account()].failures.append(moment)
            if let network = failure.remoteAddress { networks[network, default: []].append(moment) }
        }
    }

    /// Asks whether the guess may be judged. After `granted`, ``settle`` must follow.
    mutating func admit(
        _ guesser: Guesser, _ digest: PasswordDigest, generation: Int64, patience: Patience = .program,
        limits: MoveLimits, now: Moment
    ) -> Admission {
        elapsed.pass(to: now)
        let entry = forget(guesser.account, limits, now)
        // Guesses still being judged count too, so that guessing in parallel gains nothing over guessing in turn.
        let others = entry.open.keys.lazy.filter { $0 != digest && entry.guesses[$0] == nil }.count
        if entry.failures.count + others >= limits.failuresPerAccount {
            return .tooMany(retryAfter: wait(entry.failures.first, limits, now))
        }
        if let verdict = answer(entry.guesses[digest], generation, patience, limits, now) { return .known(verdict) }
        if let network = guesser.network, guesser.isNobody || entry.guesses[digest] == nil {
            let recent = (networks[network] ?? []).filter { isRecent($0, limits, now) }
            networks[network] = recent.isEmpty ? nil : recent
            if recent.count + (openByNetwork[network] ?? 0) >= limits.failuresPerAddress {
                return .tooMany(retryAfter: wait(recent.first, limits, now))
            }
        }
        accounts[guesser.account, default: Account()].open[digest, default: 0] += 1
        if let network = guesser.network { openByNetwork[network, default: 0] += 1 }
        return .granted
    }

    /// Takes up what other nodes have found out about the same password. What this one has is among it.
    mutating func learn(_ earlier: [EarlierGuess], of guesser: Guesser, _ digest: PasswordDigest, now: Moment) {
        let shown = earlier.compactMap { guess in
            guess.shown.flatMap { shown in
                Verdict(text: shown.verdict).map { (shown.generation, $0, now.advanced(by: -guess.seconds)) }
            }
        }
        let counted = earlier.last(where: \.counts).map { now.advanced(by: -$0.seconds) }
        guard let oldest = counted ?? shown.first?.2 else { return }
        var guess = Guess(counted: oldest)
        if let (generation, verdict, _) = shown.last {
            guess.generation = generation
            guess.verdict = verdict
            guess.showings = shown.filter { $0.0 == generation }.map(\.2)
        }
        accounts[guesser.account, default: Account()].guesses[digest] = guess
    }

    /// The answer that another guess of the same password has brought since this one was granted.
    mutating func answer(
        _ guesser: Guesser, _ digest: PasswordDigest, generation: Int64, patience: Patience = .program,
        limits: MoveLimits, now: Moment
    ) -> Verdict? {
        elapsed.pass(to: now)
        return answer(accounts[guesser.account]?.guesses[digest], generation, patience, limits, now)
    }

    private func answer(
        _ guess: Guess?, _ generation: Int64, _ patience: Patience, _ limits: MoveLimits, _ now: Moment
    ) -> Verdict? {
        guard let guess, guess.generation == generation, let latest = guess.showings.last else { return nil }
        let isSpent = guess.showings.count(where: { isRecent($0, limits, now) }) >= Self.mostShowings
        let pause = guess.pause(patience, window: limits.failureWindow)
        return isSpent || elapsed.seconds(since: latest, now: now) < pause ? guess.verdict : nil
    }

    /// Reports the outcome of a granted guess, and under which settings the old server was asked, if it was.
    /// - Returns: whether it counts as a failure to be remembered, and against which network.
    mutating func settle(
        _ guesser: Guesser, _ digest: PasswordDigest, askedUnder generation: Int64?, verdict: Verdict,
        limits: MoveLimits, now: Moment
    ) -> (counts: Bool, network: String?) {
        elapsed.pass(to: now)
        accounts[guesser.account]?.open.release(digest)
        if let network = guesser.network { openByNetwork.release(network) }
        guard verdict != .free else { return (false, nil) }
        let known = accounts[guesser.account]?.guesses[digest]
        var guess = known ?? Guess(counted: now)
        if let generation {
            if guess.generation != generation { guess.showings = [] }
            guess.generation = generation
            guess.showings.append(now)
            guess.verdict = verdict
        }
        let isCounted = known.map { isRecent($0.counted, limits, now) } ?? false
        if !isCounted { guess.counted = now }
        accounts[guesser.account, default: Account()].guesses[digest] = guess
        if !isCounted { accounts[guesser.account]?.failures.append(now) }
        var network = guesser.network
        if case .unjudged = verdict, !guesser.isNobody { network = nil }
        if let network, !isCounted || guesser.isNobody { networks[network, default: []].append(now) }
        return (!isCounted, network)
    }

    /// Forgets an account's wrong passwords, since the old server has just accepted one.
    mutating func forgetWrong(_ account: String) {
        accounts[account]?.guesses = [:]
    }

    /// Drops an account's expired entries, and returns the rest.
    private mutating func forget(_ account: String, _ limits: MoveLimits, _ now: Moment) -> Account {
        guard var entry = accounts[account] else { return Account() }
        entry.failures.removeAll { !isRecent($0, limits, now) }
        entry.guesses = entry.guesses.filter { isRecent($0.value.latest, limits, now) }
        for digest in entry.guesses.keys {
            entry.guesses[digest]?.showings.removeAll { !isRecent($0, limits, now) }
        }
        let isEmpty = entry.failures.isEmpty && entry.guesses.isEmpty && entry.open.isEmpty
        accounts[account] = isEmpty ? nil : entry
        return entry
    }

    private func isRecent(_ moment: Moment, _ limits: MoveLimits, _ now: Moment) -> Bool {
        elapsed.seconds(since: moment, now: now) <= limits.failureWindow
    }

    private func wait(_ oldest: Moment?, _ limits: MoveLimits, _ now: Moment) -> Int {
        guard let oldest else { return 1 }
        return max(1, Int((limits.failureWindow - elapsed.seconds(since: oldest, now: now)).rounded(.up)))
    }

    /// Drops expired entries once per window, so that memory is used only for recent ones.
    /// - Returns: whether it did.
    mutating func sweep(_ limits: MoveLimits, _ now: Moment) -> Bool {
        let isDue = swept.map { (now.uptime - $0) / .seconds(1) > limits.failureWindow } ?? true
        guard isDue else { return false }
        swept = now.uptime
        for account in accounts.keys { _ = forget(account, limits, now) }
        networks = networks.compactMapValues { moments in
            let recent = moments.filter { isRecent($0, limits, now) }
            return recent.isEmpty ? nil : recent
        }
        return true
    }
}

extension Dictionary where Value == Int {
    /// Counts down; a key that reaches zero is removed.
    fileprivate mutating func release(_ key: Key) {
        guard let count = self[key] else { return }
        self[key] = count > 1 ? count - 1 : nil
    }
}

extension GuessLimits.Verdict {
    /// As nodes tell each other; nil where there is nothing to tell.
    var text: String? {
        switch self {
        case .free: nil
        case .wrong: "wrong"
        case .unknownUser: "unknownUser"
        case .unjudged(let reason): "unjudged \(reason.rawValue)"
        }
    }

    init?(text: String) {
        switch text {
        case "wrong": self = .wrong
        case "unknownUser": self = .unknownUser
        default:
            guard text.hasPrefix("unjudged "), let reason = Reason(rawValue: String(text.dropFirst(9))) else {
                return nil
            }
            self = .unjudged(reason)
        }
    }
}
