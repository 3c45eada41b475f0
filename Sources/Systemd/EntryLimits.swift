// SPDX-License-Identifier: Apache-2.0

/// How many entries of one account are logged: an old server that fails every few seconds does not fill the journal.
struct EntryLimits {
    /// Entries of one account in ``window`` seconds; the others are counted.
    static let burst = 20
    static let window = 60.0
    /// Accounts that are known at once; those whose time is over are forgotten first.
    static let accounts = 10_000

    enum Verdict: Equatable {
        /// So many before it were not logged.
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
            // More than that in a minute: nobody reads them one by one, and none is counted.
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
