// SPDX-License-Identifier: Apache-2.0

/// Limits the log entries of one account, so that an old server that fails every few seconds does not fill the journal.
struct EntryLimits {
    /// Entries of one account within ``window`` seconds; any others are only counted.
    static let burst = 20
    static let window = 60.0
    /// Accounts that are tracked at once; expired ones are forgotten first.
    static let accounts = 10_000

    enum Verdict: Equatable {
        /// How many before it were not logged.
        case log(omitted: Int)
        case omit
    }

    private struct Account {
        var since: Double
        var logged = 1
        var omitted = 0
    }

    private var known: [String: Account] = [:]

    /// - Parameter now: seconds of a clock that is never set.
    mutating func admit(_ account: String, now: Double) -> Verdict {
        guard var entry = known[account], now - entry.since < Self.window else {
            let omitted = known[account]?.omitted ?? 0
            if known.count >= Self.accounts { known = known.filter { now - $0.value.since < Self.window } }
            // With more accounts than that in a minute, nobody reads entries one by one, and they are not counted.
            if known.count < Self.accounts { known[account] = Account(since: now) }
            return .log(omitted: omitted)
        }
        defer { known[account] = entry }
        guard entry.logged < Self.burst else {
            entry.omitted += 1
            return .omit
        }
        entry.logged += 1
        return .log(omitted: 0)
    }
}
