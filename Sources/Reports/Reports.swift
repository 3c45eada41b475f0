// SPDX-License-Identifier: Apache-2.0

// How a domain's migration has gone.
//
// 1. ``ReportDesk`` collects the figures from the records, and makes of them a ``MigrationReport``, a value.
// 2. ``ReportPage`` shows it as one HTML page that fetches nothing: ``PageModel`` puts it into words of one language,
//    ``Chart`` draws its curves, and the template (`PageTemplate`) arranges both.

public import Vocabulary

/// How a domain's migration has gone, from its beginning to a moment.
public struct MigrationReport: Sendable, Hashable {
    public struct Totals: Sendable, Hashable {
        public var accounts: Int64
        public var moved: Int64
        public var movedOctets: Int64
        public var remaining: Int64
        public var remainingOctets: Int64
        /// From ``MigrationReport/from`` to ``MigrationReport/to``.
        public var seconds: Int64
    }

    /// What was moved in an hour or a day.
    public struct Span: Sendable, Hashable {
        /// Its beginning.
        public var at: Timestamp
        public var moved: Int64
        public var octets: Int64
    }

    public struct Failure: Sendable, Hashable {
        public var reason: Reason
        public var accounts: Int64
    }

    public struct Waiting: Sendable, Hashable {
        /// nil in a report without people.
        public var account: EmailAddress?
        public var displayName: String?
        public var reason: WaitingReason
        public var lastAttempt: Attempt?
    }

    /// The latest time that the old server was asked about a password.
    public struct Attempt: Sendable, Hashable {
        public var at: Timestamp
        public var via: TriggerOrigin
        public var outcome: AttemptOutcome
        public var reason: Reason?
    }

    public struct Mailbox: Sendable, Hashable {
        /// nil in a report without people.
        public var account: EmailAddress?
        public var moved: Int64
        public var octets: Int64
    }

    public var domain: DomainName
    /// The beginning of the window, or of the first hour in which something was moved before it.
    public var from: Timestamp
    /// When the report was made, or the window's end if that is earlier.
    public var to: Timestamp
    public var state: WindowState
    public var expiresAt: Timestamp
    public var totals: Totals
    /// The hours in which something was moved, in order.
    public var hours: [Span]
    public var byStatus: [MigrationStatus: Int64]
    public var paused: Int64
    /// The most frequent first.
    public var failures: [Failure]
    /// By address; no more than ``ReportDesk/mostWaiting``, while ``byStatus`` counts all.
    public var notStarted: [Waiting]
    /// The most octets first.
    public var largest: [Mailbox]
    public var namesPeople: Bool
}

/// Why an account has not started.
public enum WaitingReason: Hashable, Sendable {
    /// Nobody has logged in with a password that the old server was to be asked about.
    case noLogin
    /// An administrator keeps its run from starting.
    case paused
    /// The old server rejected the password, or could not be asked.
    case failed(Reason)

    /// As a program reads it.
    public var word: String {
        switch self {
        case .noLogin: "noLogin"
        case .paused: "paused"
        case .failed(let reason): reason.rawValue
        }
    }
}

extension MigrationReport {
    /// `hours` by days that begin at midnight, where `offset` says how many seconds the clock is ahead of UTC.
    public func days(offset: (Timestamp) -> Int = { _ in 0 }) -> [Span] {
        var days: [Span] = []
        for hour in hours {
            let ahead = Int64(offset(hour.at)) * 1000
            let local = hour.at.milliseconds.addingSaturated(ahead)
            let day = Timestamp(milliseconds: local - local.remainder(of: 86_400_000) - ahead)
            if let last = days.indices.last, days[last].at == day {
                days[last].moved = days[last].moved.addingSaturated(hour.moved)
                days[last].octets = days[last].octets.addingSaturated(hour.octets)
            } else {
                days.append(Span(at: day, moved: hour.moved, octets: hour.octets))
            }
        }
        return days
    }
}

extension Int64 {
    /// Never negative, for times before 1970 too.
    func remainder(of divisor: Int64) -> Int64 {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
