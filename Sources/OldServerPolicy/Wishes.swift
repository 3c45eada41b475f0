// SPDX-License-Identifier: Apache-2.0

extension OldServerPolicy {
    /// What a wish is known by from when it was made until it has ended.
    public struct Ticket: Hashable, Sendable, Comparable {
        public let server: Endpoint
        let number: UInt64

        public static func == (left: Ticket, right: Ticket) -> Bool { left.number == right.number }

        public static func < (left: Ticket, right: Ticket) -> Bool { left.number < right.number }

        public func hash(into hasher: inout Hasher) { hasher.combine(number) }
    }

    /// A domain at an old server.
    public struct Domain: Hashable, Sendable {
        public var name: String
        /// Connections of moves at once, where its administrator wants fewer than the server may have.
        public var maxConnections: Int?

        public init(_ name: String, maxConnections: Int? = nil) {
            self.name = name
            self.maxConnections = maxConnections
        }

        /// One at least.
        var share: Int { max(1, maxConnections ?? .max) }
    }

    /// Whose password it is: what tells a server that is silent about one account from one that is silent.
    public enum Subject: Hashable, Sendable {
        case account(Account)
        /// There is no account yet, only what was given as one.
        case name(String)

        var account: Account? { if case .account(let account) = self { account } else { nil } }
    }

    /// A password that is to be shown to an old server.
    public struct Question: Sendable, Equatable {
        public enum Urgency: Sendable {
            /// A login check.
            case somebodyWaits
            /// A background question: it leaves half of the login connections to those for whom somebody waits.
            case canWait
        }

        public var subject: Subject
        public var domain: Domain
        public var urgency: Urgency
        /// Whoever waits for the answer is told then that there is none.
        public var deadline: Moment

        public init(_ subject: Subject, domain: Domain, urgency: Urgency = .somebodyWaits, deadline: Moment) {
            self.subject = subject
            self.domain = domain
            self.urgency = urgency
            self.deadline = deadline
        }
    }

    /// A run of one account.
    public struct Run: Sendable, Equatable {
        public enum Kind: Sendable { case first, incremental, followUp, retry }

        public var account: Account
        public var kind: Kind
        public var domain: Domain
        /// Not before.
        public var due: Moment
        /// When the login came that a first run is of; nil is now.
        public var since: Moment?
        /// The question whose session was kept for it.
        public var session: Ticket?
        /// The process has died under it again and again: such runs come one at a time, so that the next death tells
        /// which of them it is.
        public var isSuspect: Bool

        public init(
            account: Account, kind: Kind, domain: Domain, due: Moment, since: Moment? = nil, session: Ticket? = nil,
            isSuspect: Bool = false
        ) {
            self.account = account
            self.kind = kind
            self.domain = domain
            self.due = due
            self.since = since
            self.session = session
            self.isSuspect = isSuspect
        }
    }
}
