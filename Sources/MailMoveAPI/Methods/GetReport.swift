// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `getReport`: how a domain's migration has gone.
public struct GetReport: LocalizedParameters {
    public enum Format: String, Codable, Sendable, CaseIterable { case json, html }

    public enum People: String, Codable, Sendable, CaseIterable {
        case all
        /// Names and addresses are left out.
        case none
    }

    public var domain: DomainName
    public var format: Format?
    public var people: People?
    public var lang: Language?

    public init(domain: DomainName, format: Format? = nil, people: People? = nil, lang: Language? = nil) {
        self.domain = domain
        self.format = format
        self.people = people
        self.lang = lang
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Which domain, and in what form.",
            [
                .required("domain", .domain, "mail domain"),
                .optional("format", .choice(Format.self), default: "json", "html adds the page"),
                .optional("people", .choice(People.self), default: "all", "none leaves out names and addresses"),
                .language,
            ]))
}

/// How a domain's migration has gone.
public struct Report: Codable, Equatable, Sendable {
    public struct Totals: Codable, Equatable, Sendable {
        public var accounts: Int
        public var moved: Int
        public var movedOctets: Int
        public var remaining: Int
        public var seconds: Int

        public init(accounts: Int, moved: Int, movedOctets: Int, remaining: Int, seconds: Int) {
            self.accounts = accounts
            self.moved = moved
            self.movedOctets = movedOctets
            self.remaining = remaining
            self.seconds = seconds
        }
    }

    /// What was moved in an hour or a day.
    public struct Span: Codable, Equatable, Sendable {
        public var at: Timestamp
        public var moved: Int
        public var octets: Int

        public init(at: Timestamp, moved: Int, octets: Int) {
            self.at = at
            self.moved = moved
            self.octets = octets
        }
    }

    public struct Failure: Codable, Equatable, Sendable {
        public var reason: Reason
        public var accounts: Int
        public var action: String

        public init(reason: Reason, accounts: Int, action: String) {
            self.reason = reason
            self.accounts = accounts
            self.action = action
        }
    }

    public struct Waiting: Codable, Equatable, Sendable {
        @OrNull public var account: EmailAddress?
        @OrNull public var displayName: String?
        /// `noLogin`, `paused`, or a ``Reason``.
        public var reason: String
        @OrNull public var lastAttempt: LastAttempt?

        public init(account: EmailAddress?, displayName: String?, reason: String, lastAttempt: LastAttempt?) {
            self.account = account
            self.displayName = displayName
            self.reason = reason
            self.lastAttempt = lastAttempt
        }
    }

    public struct Mailbox: Codable, Equatable, Sendable {
        @OrNull public var account: EmailAddress?
        public var moved: Int
        public var octets: Int

        public init(account: EmailAddress?, moved: Int, octets: Int) {
            self.account = account
            self.moved = moved
            self.octets = octets
        }
    }

    public struct Task: Codable, Equatable, Sendable {
        /// `notStarted`, `failed`, `paused`, `inProgress` or `finish`.
        public var task: String
        public var accounts: Int
        public var action: String

        public init(task: String, accounts: Int, action: String) {
            self.task = task
            self.accounts = accounts
            self.action = action
        }
    }

    public var domain: DomainName
    public var from: Timestamp
    public var to: Timestamp
    public var totals: Totals
    public var byHour: [Span]
    public var byDay: [Span]
    public var byStatus: StatusCounts
    public var failures: [Failure]
    public var notStarted: [Waiting]
    public var largest: [Mailbox]
    public var leftToDo: [Task]
    /// The page, where it was asked for.
    public var html: String?

    public init(
        domain: DomainName, from: Timestamp, to: Timestamp, totals: Totals, byHour: [Span], byDay: [Span],
        byStatus: StatusCounts, failures: [Failure], notStarted: [Waiting], largest: [Mailbox], leftToDo: [Task],
        html: String? = nil
    ) {
        self.domain = domain
        self.from = from
        self.to = to
        self.totals = totals
        self.byHour = byHour
        self.byDay = byDay
        self.byStatus = byStatus
        self.failures = failures
        self.notStarted = notStarted
        self.largest = largest
        self.leftToDo = leftToDo
        self.html = html
    }
}

extension Contract {
    public static let getReport = MethodDeclaration<GetReport, Report>(
        "getReport", .admin, "Reports how a domain's migration has gone: figures, or a page as well.",
        reasons: [.migrationNotEnabled], isIdempotent: true, example: ["domain": "example.com", "lang": "en"],
        gives: .example)
}
