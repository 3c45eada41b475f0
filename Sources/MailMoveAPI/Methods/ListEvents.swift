// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `listEvents`: what happened to an account, or to a domain's accounts, in order.
public struct ListEvents: LocalizedParameters {
    public var account: EmailAddress?
    public var domain: DomainName?
    /// Not what happened before.
    public var since: Timestamp?
    /// As the page before gave it.
    public var cursor: String?
    public var limit: Int?
    public var lang: Language?

    public init(account: EmailAddress, since: Timestamp? = nil, cursor: String? = nil, limit: Int? = nil) {
        self.account = account
        self.since = since
        self.cursor = cursor
        self.limit = limit
    }

    public init(domain: DomainName, since: Timestamp? = nil, cursor: String? = nil, limit: Int? = nil) {
        self.domain = domain
        self.since = since
        self.cursor = cursor
        self.limit = limit
    }

    public var violation: Violation? { .unlessOne(account: account, domain: domain) }

    public static let schema = Schema.object(
        ObjectSchema(
            "Whose events; an account's or a domain's.",
            [
                .optional("account", .address, "full address"),
                .optional("domain", .domain, "mail domain, instead of an account"),
                .optional("since", .time, "not what happened before"),
                .cursor, .limit,
                .language,
            ]))
}

/// A page of events.
public struct EventPage: Codable, Hashable, Sendable, Described {
    public struct Event: Codable, Hashable, Sendable {
        public var at: Timestamp
        /// nil for what happened to the domain as a whole.
        @OrNull public var account: EmailAddress?
        /// What happened, in one word: `triggered`, `connected`, `completed`, `failed` …
        public var kind: String
        public var via: TriggerOrigin?
        public var reason: Reason?
        /// For the administrator. Never holds a password.
        public var detail: String?
        /// How often it has happened, where that is more than once; `at` is the latest time.
        public var count: Int?
        /// The first time, where there were more.
        public var since: Timestamp?
        public var message: LocalizedText

        public init(
            at: Timestamp, account: EmailAddress?, kind: String, via: TriggerOrigin? = nil, reason: Reason? = nil,
            detail: String? = nil, count: Int? = nil, since: Timestamp? = nil, message: LocalizedText
        ) {
            self.at = at
            self.account = account
            self.kind = kind
            self.via = via
            self.reason = reason
            self.detail = detail
            self.count = count
            self.since = since
            self.message = message
        }
    }

    public var events: [Event]
    /// Gives the next page; nil on the last one.
    @OrNull public var nextCursor: String?

    public init(events: [Event], nextCursor: String?) {
        self.events = events
        self.nextCursor = nextCursor
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "EventPage", "A page of events.",
            [
                .required(
                    "events",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "Event", "Something that happened to an account, or to a domain.",
                                [
                                    .required("at", .time, "when, or when last"),
                                    .required("account", .orNull(.address), "to whom; null for the domain as a whole"),
                                    .required("kind", .text, "what, in one word"),
                                    .sometimes("via", .choice(TriggerOrigin.self), "by what kind of login"),
                                    .sometimes("reason", .choice(Reason.self), "why it failed"),
                                    .sometimes("detail", .text, "for the administrator"),
                                    .sometimes("count", .count, "how often, where it has happened more than once"),
                                    .sometimes("since", .time, "when it happened first, with `count`"),
                                    .required("message", LocalizedText.schema, "in a sentence"),
                                ]))),
                    "in the order in which they happened"),
                .nextCursor,
            ]))

    static let example = EventPage(
        events: [
            Event(
                at: .example, account: .example, kind: "triggered", via: .pop3,
                message: LocalizedText(en: "POP-triggered", zhCN: "POP触发搬家"))
        ], nextCursor: nil)
}

extension Violation {
    /// Account or domain, one of them.
    static func unlessOne(account: EmailAddress?, domain: DomainName?) -> Violation? {
        switch (account, domain) {
        case (nil, nil): Violation("account", "is missing: give an account or a domain")
        case (_?, _?): Violation("domain", "goes only without an account")
        default: nil
        }
    }
}

extension Contract {
    public static let listEvents = MethodDeclaration<ListEvents, EventPage>(
        "listEvents", .admin, "Lists what happened to an account, or to a domain's accounts, in order.",
        reasons: [.migrationNotEnabled], isIdempotent: true,
        example: ["account": "ann@example.com", "since": "2026-11-24T00:00:00.000Z"], gives: .example)
}
