// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A page of a domain's log. Paged by key, so that a page costs the same at the millionth row.
public struct LogQuery: Sendable, Hashable {
    public typealias Sort = LogSort

    public var domain: DomainName
    /// Statuses as shown to the outside. Empty: all.
    public var statuses: Set<MigrationStatus>
    /// Part of the address or the display name, in any case.
    public var search: String?
    public var startedBy: TriggerOrigin?
    /// Only accounts that somebody has to look at: ``AccountRecord/needsAttention``.
    public var needsAttention: Bool
    /// Rows with equal keys are sorted by address. An account without a time comes before all that have one. Statuses
    /// sort in the order of their declaration.
    public var sort: Sort
    /// Reverses the whole order, addresses included.
    public var descending: Bool
    /// At least 1.
    public var limit: Int
    /// Opaque, as a page gave it.
    public var cursor: String?

    public init(
        domain: DomainName, statuses: Set<MigrationStatus> = [], search: String? = nil,
        startedBy: TriggerOrigin? = nil, needsAttention: Bool = false, sort: Sort = .account, descending: Bool = false,
        limit: Int = 100, cursor: String? = nil
    ) {
        self.domain = domain
        self.statuses = statuses
        self.search = search
        self.startedBy = startedBy
        self.needsAttention = needsAttention
        self.sort = sort
        self.descending = descending
        self.limit = limit
        self.cursor = cursor
    }
}

public struct LogPage: Sendable {
    public var entries: [AccountRecord]
    public var nextCursor: String?
    /// How many rows the query has in all, over all pages.
    public var total: Int64
    public var totals: DomainTotals

    public init(entries: [AccountRecord], nextCursor: String?, total: Int64, totals: DomainTotals) {
        self.entries = entries
        self.nextCursor = nextCursor
        self.total = total
        self.totals = totals
    }
}

/// A cursor that came from no page, or belongs to another subject, sort or direction.
public struct InvalidCursor: Error, Hashable, Sendable {
    public init() {}
}

/// A domain's sums over its accounts that are not deleted.
public struct DomainTotals: Sendable, Hashable {
    public var counts: [MigrationStatus: Int64]
    public var moved: Int64
    public var movedOctets: Int64
    public var remaining: Int64
    public var remainingOctets: Int64
    /// Accounts that may move and for which no run has listed anything yet.
    public var unlisted: Int64
    /// Accounts that somebody has to look at, by status.
    public var attention: [MigrationStatus: Int64]
    public var paused: Int64
    /// Of those in progress, the ones that are not paused.
    public var underWay: Remainder

    /// Accounts, and what of their mail is known to be only on the old server.
    public struct Remainder: Sendable, Hashable {
        public var accounts: Int64
        public var messages: Int64
        public var octets: Int64

        public init(accounts: Int64 = 0, messages: Int64 = 0, octets: Int64 = 0) {
            self.accounts = accounts
            self.messages = messages
            self.octets = octets
        }
    }

    public init(
        counts: [MigrationStatus: Int64] = [:], moved: Int64 = 0, movedOctets: Int64 = 0, remaining: Int64 = 0,
        remainingOctets: Int64 = 0, unlisted: Int64 = 0, attention: [MigrationStatus: Int64] = [:],
        paused: Int64 = 0, underWay: Remainder = Remainder()
    ) {
        self.counts = counts
        self.moved = moved
        self.movedOctets = movedOctets
        self.remaining = remaining
        self.remainingOctets = remainingOctets
        self.unlisted = unlisted
        self.attention = attention
        self.paused = paused
        self.underWay = underWay
    }

    public var accounts: Int64 { counts.values.reduce(0, +) }
}

/// Something that happened to an account, or to a domain. Never holds a password.
public struct EventRecord: Sendable, Hashable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A login or the portal asked for a move.
        case triggered
        /// The old server has accepted the account's password for the first time.
        case handedOver
        /// A run has logged in to the old server and listed the mailbox.
        case connected
        case completed
        case failed
        /// The old server no longer takes the password, or did not take it.
        case passwordRejected
        /// The old server asked to come back later.
        case postponed
        /// The old server refused to give a message.
        case messageRefused
        /// Some messages may arrive, or have arrived, twice; `detail` says why.
        case perhapsDoubled
        /// Evidence that the account does not move.
        case nonMigrating
        /// Disabled, deleted or forgotten by the administrator while it was moving.
        case stopped
        case created
        case passwordChanged
        /// The platform's own hash is of a form that cannot be verified here; `detail` names it.
        case hashUnverifiable
        /// An administrator has closed the account to hand-over.
        case closed
        case deleted
        /// An administrator keeps runs from starting …
        case paused
        /// … lets them start again …
        case resumed
        /// … or has one that was put off start at once.
        case retried
        /// An administrator has opened a domain's window …
        case enabled
        /// … changed its settings or the end of its window; `detail` says what …
        case settingsChanged
        /// … or ended it.
        case disabled
        /// The domain's old server cannot be reached, or answers to nobody …
        case oldServerUnreachable
        /// … and does again.
        case oldServerAnswers
        /// What it bears has become known: how many connections, or that it punishes wrong passwords; `detail` says so.
        case oldServerLimits
        /// Half of the domain's accounts are complete …
        case halfDone
        /// … or all.
        case allDone
        /// Nothing has been moved for a while, although there is work and the old server can be reached.
        case stalled
        /// The domain's old server has been away for ten minutes.
        case oldServerAway
        /// The domain's window ends within three days; `detail` says who has not come.
        case windowEnding
        /// It has ended; `detail` says what is left to do.
        case windowEnded
    }

    /// The latest time, if it has happened more than once.
    public var at: Timestamp
    public var domain: DomainName
    /// nil for what happened to the domain as a whole.
    public var account: EmailAddress?
    public var kind: Kind
    public var via: TriggerOrigin?
    public var reason: Reason?
    public var detail: String?
    /// Whether it belongs to a run that brought nothing, and so is of interest for a day only.
    public var isIdle: Bool
    /// How often it has happened.
    public var count = 1
    /// When it first happened, if more than once.
    public var since: Timestamp?

    public init(
        at: Timestamp, account: EmailAddress, kind: Kind, via: TriggerOrigin? = nil, reason: Reason? = nil,
        detail: String? = nil, isIdle: Bool = false
    ) {
        self.at = at
        self.domain = account.domain
        self.account = account
        self.kind = kind
        self.via = via
        self.reason = reason
        self.detail = detail
        self.isIdle = isIdle
    }

    public init(at: Timestamp, domain: DomainName, kind: Kind, detail: String?) {
        self.at = at
        self.domain = domain
        self.kind = kind
        self.detail = detail
        self.isIdle = false
    }
}

/// Events in the order in which they were recorded.
public struct EventQuery: Sendable, Hashable {
    public enum Subject: Sendable, Hashable {
        case account(EmailAddress)
        case domain(DomainName)
    }

    public var subject: Subject
    public var since: Timestamp?
    public var cursor: String?
    public var limit: Int

    public init(subject: Subject, since: Timestamp? = nil, cursor: String? = nil, limit: Int = 100) {
        self.subject = subject
        self.since = since
        self.cursor = cursor
        self.limit = limit
    }
}

public struct EventPage: Sendable {
    public var events: [EventRecord]
    public var nextCursor: String?

    public init(events: [EventRecord], nextCursor: String?) {
        self.events = events
        self.nextCursor = nextCursor
    }
}

/// One wrong password, counted against an account and an address. Holds neither the password nor a digest of it.
public struct GuessFailure: Sendable, Hashable, Codable {
    /// In milliseconds since the machine started, because the wall clock may be set while the program is not running.
    public var uptime: Int64
    /// The account's key, known or not.
    public var account: String
    /// The client's address or network, if it was given and counts.
    public var remoteAddress: String?

    public init(uptime: Int64, account: String, remoteAddress: String?) {
        self.uptime = uptime
        self.account = account
        self.remoteAddress = remoteAddress
    }
}
