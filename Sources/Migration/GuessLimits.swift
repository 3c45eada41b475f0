// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Vocabulary

/// How often a wrong password was given, for whom and from where: a value that decides who may guess again.
///
/// The same wrong password for the same account counts once. Digests live in memory only; what was counted before
/// a restart still counts.
struct GuessLimits: Sendable {
    enum Admission: Equatable, Sendable {
        /// The guess may be judged; say what came of it.
        case granted
        /// The old server rejected this very password a moment ago, under the same settings.
        case knownWrong
        case tooMany(retryAfter: Int)
    }

    /// What came of a granted guess.
    enum Verdict: Equatable, Sendable {
        /// Right, or it never left this machine: nothing is counted.
        case free
        case wrong
        /// The old server knows no such user: a guess, but the password may be right as soon as it does.
        case unknownUser
        /// The old server was shown it and has not judged it. It may be shown again, and counts for the account, whose
        /// tries over there it may have cost; not for the address, whose users are not to blame for a server's silence.
        case unjudged
    }

    private struct Guess {
        var at: Timestamp
        /// Of the settings under which the old server rejected it; nil where nobody was asked.
        var askedUnder: Int64?
        /// How often the old server said that it knows no such user.
        var unknown = 0

        /// Whether it is to be answered from memory. A mail program would ask all night: who was unknown twice is asked for
        /// again after 2 s, then 4, 8, …, in case there is such a user by now.
        func stands(under generation: Int64, memory: Double?, window: Double, now: Timestamp) -> Bool {
            guard askedUnder == generation else { return false }
            let wait = unknown > 0 ? min(window, unknown == 1 ? 0 : Double(1 << min(unknown - 1, 20))) : window
            return now.seconds(since: at) < min(wait, memory ?? window)
        }
    }

    private struct Account {
        var failures: [Timestamp] = []
        var wrong: [PasswordDigest: Guess] = [:]
        var open: [PasswordDigest: Int] = [:]
    }

    private var accounts: [String: Account] = [:]
    private var addresses: [String: [Timestamp]] = [:]
    private var openByAddress: [String: Int] = [:]
    private var lastSweep = Timestamp(milliseconds: 0)

    /// Takes up what was counted before a restart.
    mutating func restore(_ failures: [GuessFailure]) {
        for failure in failures {
            accounts[failure.account, default: Account()].failures.append(failure.at)
            if let address = failure.remoteAddress { addresses[address, default: []].append(failure.at) }
        }
    }

    /// Asks whether the guess may be judged. After `granted`, ``settle`` must follow.
    ///
    /// - Parameter memory: for how many seconds at most the old server's answer stands for another; nil for as long as the
    ///   guess counts. Somebody who presses a button wants to know.
    mutating func admit(
        _ account: String, from address: String?, digest: PasswordDigest, generation: Int64,
        memory: Double? = nil, limits: MoveLimits, now: Timestamp
    ) -> Admission {
        var entry = accounts[account] ?? Account()
        let horizon = now.adding(seconds: -limits.failureWindow)
        entry.failures.removeAll { $0 < horizon }
        entry.wrong = entry.wrong.filter { $0.value.at >= horizon }
        accounts[account] = entry
        // A guess being judged counts, so that many at once get no further than one after another.
        let others = entry.open.keys.lazy.filter { $0 != digest && entry.wrong[$0] == nil }.count
        if entry.failures.count + others >= limits.failuresPerAccount {
            return .tooMany(retryAfter: wait(entry.failures.first, limits, now))
        }
        if let address {
            let recent = (addresses[address] ?? []).filter { $0 >= horizon }
            addresses[address] = recent
            if entry.wrong[digest] == nil, recent.count + (openByAddress[address] ?? 0) >= limits.failuresPerAddress {
                return .tooMany(retryAfter: wait(recent.first, limits, now))
            }
        }
        if entry.wrong[digest]?.stands(under: generation, memory: memory, window: limits.failureWindow, now: now)
            == true
        {
            return .knownWrong
        }
        accounts[account]?.open[digest, default: 0] += 1
        if let address { openByAddress[address, default: 0] += 1 }
        return .granted
    }

    /// Says what came of a granted guess, and under which settings the old server was asked, where it was.
    /// - Returns: the failure to remember, where it counts as one.
    mutating func settle(
        _ account: String, from address: String?, digest: PasswordDigest, askedUnder generation: Int64?,
        verdict: Verdict, now: Timestamp
    ) -> GuessFailure? {
        if let count = accounts[account]?.open[digest] { accounts[account]?.open[digest] = count > 1 ? count - 1 : nil }
        if let address, let count = openByAddress[address] { openByAddress[address] = count > 1 ? count - 1 : nil }
        guard verdict != .free else { return nil }
        let known = accounts[account]?.wrong[digest]
        if verdict == .unjudged, known != nil { return nil }
        accounts[account, default: Account()].wrong[digest] = Guess(
            at: now, askedUnder: verdict == .unjudged ? nil : generation,
            unknown: verdict == .unknownUser ? (known?.unknown ?? 0) + 1 : 0)
        guard known == nil else { return nil }
        accounts[account]?.failures.append(now)
        let counted = verdict == .unjudged ? nil : address
        if let counted { addresses[counted, default: []].append(now) }
        return GuessFailure(at: now, account: account, remoteAddress: counted)
    }

    /// Forgets an account's wrong passwords: the old server has just taken one.
    mutating func forgetWrong(_ account: String) {
        accounts[account]?.wrong = [:]
    }

    private func wait(_ oldest: Timestamp?, _ limits: MoveLimits, _ now: Timestamp) -> Int {
        guard let oldest else { return 1 }
        return max(1, Int((limits.failureWindow - now.seconds(since: oldest)).rounded(.up)))
    }

    /// Once a window, what has run out goes, so that memory follows what is recent.
    /// - Returns: before which moment nothing counts any more; nil where it is not time yet.
    mutating func sweep(_ limits: MoveLimits, _ now: Timestamp) -> Timestamp? {
        // A wall clock may be set back.
        guard abs(now.seconds(since: lastSweep)) > limits.failureWindow else { return nil }
        lastSweep = now
        let horizon = now.adding(seconds: -limits.failureWindow)
        accounts = accounts.filter { _, entry in
            !entry.open.isEmpty || entry.failures.contains { $0 >= horizon }
                || entry.wrong.contains { $0.value.at >= horizon }
        }
        addresses = addresses.filter { _, times in times.contains { $0 >= horizon } }
        return horizon
    }
}
