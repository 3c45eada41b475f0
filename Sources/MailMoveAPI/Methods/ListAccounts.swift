// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `listAccounts`: a domain's accounts, page by page, by address.
public struct ListAccounts: Parameters {
    public var domain: DomainName
    /// Part of the address or the display name, in any case.
    public var search: String?
    /// As the page before gave it.
    public var cursor: String?
    public var limit: Int?

    public init(domain: DomainName, search: String? = nil, cursor: String? = nil, limit: Int? = nil) {
        self.domain = domain
        self.search = search
        self.cursor = cursor
        self.limit = limit
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Which accounts.",
            [
                .required("domain", .domain, "mail domain"),
                .optional("search", .text, "part of the address or the display name, in any case"),
                .cursor, .limit,
            ]))
}

/// A page of accounts.
public struct AccountPage: Codable, Hashable, Sendable, Described {
    public struct Account: Codable, Hashable, Sendable {
        public var address: EmailAddress
        @OrNull public var displayName: String?
        @OrNull public var quotaOctets: Int?
        public var createdAt: Timestamp
        /// Whether the old server has accepted the account's password once.
        public var handedOver: Bool

        public init(
            address: EmailAddress, displayName: String?, quotaOctets: Int?, createdAt: Timestamp, handedOver: Bool
        ) {
            self.address = address
            self.displayName = displayName
            self.quotaOctets = quotaOctets
            self.createdAt = createdAt
            self.handedOver = handedOver
        }
    }

    public var accounts: [Account]
    /// Gives the next page; nil on the last one.
    @OrNull public var nextCursor: String?

    public init(accounts: [Account], nextCursor: String?) {
        self.accounts = accounts
        self.nextCursor = nextCursor
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "AccountPage", "A page of accounts.",
            [
                .required(
                    "accounts",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "Account", "An account of the new platform.",
                                [
                                    .required("address", .address, "full address"),
                                    .required("displayName", .orNull(.text), "the user's name"),
                                    .required("quotaOctets", .orNull(.count), "how much the mailbox may hold"),
                                    .required("createdAt", .time, "when it was made"),
                                    .required(
                                        "handedOver", .boolean,
                                        "whether the old server has accepted its password once, or a change of password here has closed the account to that"
                                    ),
                                ]))),
                    "by address"),
                .nextCursor,
            ]))

    static let example = AccountPage(
        accounts: [
            Account(address: .example, displayName: "Ann", quotaOctets: nil, createdAt: .example, handedOver: true)
        ], nextCursor: nil)
}

extension Contract {
    public static let listAccounts = MethodDeclaration<ListAccounts, AccountPage>(
        "listAccounts", .admin, "Lists a domain's accounts.", isIdempotent: true,
        example: ["domain": "example.com", "limit": 100], gives: .example)
}
