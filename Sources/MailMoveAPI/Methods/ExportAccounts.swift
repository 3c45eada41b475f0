// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `exportAccounts`: a domain's accounts with their password hashes, page by page, so that another system can take them.
public struct ExportAccounts: Parameters {
    public var domain: DomainName
    /// As the page before gave it.
    public var cursor: String?
    public var limit: Int?

    public init(domain: DomainName, cursor: String? = nil, limit: Int? = nil) {
        self.domain = domain
        self.cursor = cursor
        self.limit = limit
    }

    public static let schema = Schema.object(
        ObjectSchema("Which accounts.", [.required("domain", .domain, "mail domain"), .cursor, .limit]))
}

/// A page of accounts with their hashes.
public struct ExportedAccounts: Codable, Equatable, Sendable, Described {
    public struct Account: Codable, Equatable, Sendable {
        public var address: EmailAddress
        /// `{SCHEME}…` as Dovecot reads it.
        public var passwordHash: String
        @OrNull public var displayName: String?
        @OrNull public var quotaOctets: Int?
        public var handedOver: Bool

        public init(
            address: EmailAddress, passwordHash: String, displayName: String?, quotaOctets: Int?, handedOver: Bool
        ) {
            self.address = address
            self.passwordHash = passwordHash
            self.displayName = displayName
            self.quotaOctets = quotaOctets
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
            "ExportedAccounts", "A page of accounts with their password hashes.",
            [
                .required(
                    "accounts",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "ExportedAccount", "An account with its password hash.",
                                [
                                    .required("address", .address, "full address"),
                                    .required("passwordHash", .text, "{SCHEME}… as Dovecot reads it"),
                                    .required("displayName", .orNull(.text), "the user's name"),
                                    .required("quotaOctets", .orNull(.count), "size of the mailbox"),
                                    .required(
                                        "handedOver", .boolean,
                                        "whether the old server has accepted its password once, or a change of password here has closed the account to that"
                                    ),
                                ]))),
                    "by address"),
                .nextCursor,
            ]))

    static let example = ExportedAccounts(
        accounts: [
            Account(
                address: .example, passwordHash: "{CRYPT}$y$j9T$…", displayName: "Ann", quotaOctets: nil,
                handedOver: true)
        ], nextCursor: nil)
}

extension Contract {
    public static let exportAccounts = MethodDeclaration<ExportAccounts, ExportedAccounts>(
        "exportAccounts", .admin,
        "Lists a domain's accounts with their password hashes, so that another system can take them.",
        reasons: [.accountsElsewhere], isIdempotent: true, example: ["domain": "example.com", "limit": 100],
        gives: .example)
}
