// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `listLog`: a domain's accounts and where their moves stand, page by page.
public struct ListLog: LocalizedParameters {
    public typealias Sort = LogSort

    public var domain: DomainName
    /// nil or empty: all.
    public var status: [MigrationStatus]?
    /// Part of the address or the display name, in any case.
    public var search: String?
    public var startedBy: TriggerOrigin?
    /// Only those that somebody has to look at.
    public var attention: Bool?
    public var sort: Sort?
    public var descending: Bool?
    public var limit: Int?
    /// As the page before gave it.
    public var cursor: String?
    public var lang: Language?

    public init(
        domain: DomainName, status: [MigrationStatus]? = nil, search: String? = nil, startedBy: TriggerOrigin? = nil,
        attention: Bool? = nil, sort: Sort? = nil, descending: Bool? = nil, limit: Int? = nil, cursor: String? = nil
    ) {
        self.domain = domain
        self.status = status
        self.search = search
        self.startedBy = startedBy
        self.attention = attention
        self.sort = sort
        self.descending = descending
        self.limit = limit
        self.cursor = cursor
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Which entries, in what order.",
            [
                .required("domain", .domain, "mail domain"),
                .optional("status", .array(of: .choice(MigrationStatus.self)), "only these; empty means all"),
                .optional("search", .text, "part of the address or the display name, in any case"),
                .optional("startedBy", .choice(TriggerOrigin.self), "only moves that were first triggered so"),
                .optional(
                    "attention", .boolean, default: false,
                    "only those that somebody has to look at: failed and not tried again by itself, refused messages, "
                        + "paused, or not started after an attempt that was rejected or unavailable"),
                .optional("sort", .choice(Sort.self), default: "account", "by what"),
                .optional("descending", .boolean, default: false, "the last first"),
                .limit, .cursor,
                .language,
            ]))
}

/// A page of a domain's log.
public struct StatusPage: Codable, Hashable, Sendable, Described {
    public var entries: [Status]
    /// Gives the next page; nil on the last one.
    @OrNull public var nextCursor: String?
    /// Of the whole domain, whatever was asked for.
    public var counts: StatusCounts
    /// Entries that match, over all pages.
    public var total: Int

    public init(entries: [Status], nextCursor: String?, counts: StatusCounts, total: Int) {
        self.entries = entries
        self.nextCursor = nextCursor
        self.counts = counts
        self.total = total
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "StatusPage", "A page of a domain's log.",
            [
                .required("entries", .array(of: Status.schema), "in the order asked for"),
                .nextCursor,
                .required("counts", StatusCounts.schema, "of the whole domain, whatever was asked for"),
                .required("total", .count, "entries that match, over all pages"),
            ]))

    static let example = StatusPage(entries: [.example], nextCursor: nil, counts: .example, total: 1)
}

extension Contract {
    public static let listLog = MethodDeclaration<ListLog, StatusPage>(
        "listLog", .admin, "Lists a domain's accounts and where their moves stand.",
        reasons: [.migrationNotEnabled], isIdempotent: true,
        example: [
            "domain": "example.com", "status": ["failed", "inProgress"], "sort": "remaining", "descending": true,
        ],
        gives: .example)
}
