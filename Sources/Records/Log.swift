// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A page of a domain's log. Keyset: a page costs the same at the millionth row.
public struct LogQuery: Sendable, Hashable {
    public typealias Sort = LogSort

    public var domain: DomainName
    /// Of the statuses that the outside sees. Empty: all.
    public var statuses: Set<MigrationStatus>
    /// Part of the address or the display name, in any case.
    public var search: String?
    public var startedBy: TriggerOrigin?
    /// Equal keys are sorted by address, an account without a time before all that have one, statuses in the order of
    /// their declaration.
    public var sort: Sort
    /// The whole order backwards, addresses too.
    public var descending: Bool
    /// At least 1.
    public var limit: Int
    /// Opaque, as a page gave it.
    public var cursor: String?

    public init(
        domain: DomainName, statuses: Set<MigrationStatus> = [], search: String? = nil,
        startedBy: TriggerOrigin? = nil, sort: Sort = .account, descending: Bool = false, limit: Int = 100,
        cursor: String? = nil
    ) {
        self.domain = domain
        self.statuses = statuses
        self.search = search
        self.startedBy = startedBy
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

/// A cursor that no page gave, or that belongs to another subject, sort or direction.
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
    /// Accounts that may move and of which no run has listed anything yet.
    public var unlisted: Int64

    public init(
        counts: [MigrationStatus: Int64] = [:], moved: Int64 = 0, movedOctets: Int64 = 0, remaining: Int64 = 0,
        remainingOctets: Int64 = 0, unlisted: Int64 = 0
    ) {
        self.counts = counts
        self.moved = moved
        self.movedOctets = movedOctets
        self.remaining = remaining
        self.remainingOctets = remainingOctets
        self.unlisted = unlisted
    }

    public var accounts: Int64 { counts.values.reduce(0, +) }
}

/// Something that happened to an account. Never holds a password.
public struct EventRecord: Sendable, Hashable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A login or the portal asked for a move.
        case triggered
        /// The old server took the password over here for the first time.
        case handedOver
        /// A run has logged in to the old server and listed the mailbox.
        case connected
        case completed
        case failed
        /// The old server no longer takes the password, or did not take it.
        case passwordRejected
        /// The old server asked to come back later.
        case postponed
        /// The old server would not give a message.
        case messageRefused
        /// Some messages may have come, or may come, a second time; `detail` says why.
        case perhapsDoubled
        /// Evidence that the account does not move.
        case nonMigrating
        /// Disabled, deleted or forgotten by the administrator while it was moving.
        case stopped
        case created
        case passwordChanged
        case deleted
    }

    /// The latest time, where it has happened more than once.
    public var at: Timestamp
    public var account: EmailAddress
    public var kind: Kind
    public var via: TriggerOrigin?
    public var reason: Reason?
    public var detail: String?
    /// It belongs to a run that brought nothing: of interest for a day.
    public var isIdle: Bool
    /// How often it has happened.
    public var count = 1
    /// When it happened first, where that was more than once.
    public var since: Timestamp?

    public init(
        at: Timestamp, account: EmailAddress, kind: Kind, via: TriggerOrigin? = nil, reason: Reason? = nil,
        detail: String? = nil, isIdle: Bool = false
    ) {
        self.at = at
        self.account = account
        self.kind = kind
        self.via = via
        self.reason = reason
        self.detail = detail
        self.isIdle = isIdle
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

/// One wrong password, as it counts against an account and an address. Never the password nor a digest of it.
public struct GuessFailure: Sendable, Hashable, Codable {
    /// In milliseconds since the machine started: the wall clock may be set while the program does not run.
    public var uptime: Int64
    /// The account's key, known or not.
    public var account: String
    /// The client's address, or its network, where it was given and counts.
    public var remoteAddress: String?

    public init(uptime: Int64, account: String, remoteAddress: String?) {
        self.uptime = uptime
        self.account = account
        self.remoteAddress = remoteAddress
    }
}
