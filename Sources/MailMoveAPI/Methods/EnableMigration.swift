// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `enableMigration`: where a domain's mail comes from, and for how long.
public struct EnableMigration: LocalizedParameters {
    public var domain: DomainName
    public var oldServer: OldServerParameters
    public var validDays: Int?
    /// The list exported from the old system: with it, an account that is not on it does not move.
    public var knownAccounts: [EmailAddress]?
    public var excludedAccounts: [EmailAddress]?
    public var autoCreateAccounts: Bool?
    public var syncPasswords: Bool?
    public var options: MoveOptionsParameters?
    public var lang: Language?

    public init(
        domain: DomainName, oldServer: OldServerParameters, validDays: Int? = nil,
        knownAccounts: [EmailAddress]? = nil, excludedAccounts: [EmailAddress]? = nil, autoCreateAccounts: Bool? = nil,
        syncPasswords: Bool? = nil, options: MoveOptionsParameters? = nil
    ) {
        self.domain = domain
        self.oldServer = oldServer
        self.validDays = validDays
        self.knownAccounts = knownAccounts
        self.excludedAccounts = excludedAccounts
        self.autoCreateAccounts = autoCreateAccounts
        self.syncPasswords = syncPasswords
        self.options = options
    }

    public var violation: Violation? { oldServer.violation?.within("oldServer") }

    public static let schema = Schema.object(
        ObjectSchema(
            "Where the mail comes from, and for how long.",
            [
                .required("domain", .domain, "mail domain whose mailboxes are moved"),
                .required("oldServer", OldServerParameters.schema, "where the mail comes from"),
                .optional(
                    "validDays", .integer(1...3650), default: .integer(Int64(Defaults.validDays)),
                    "length of the window that starts now"),
                .optional(
                    "knownAccounts", .array(of: .address),
                    "the list exported from the old system; an account that is not on it does not move"),
                .optional(
                    "excludedAccounts", .array(of: .address),
                    "never moved; their passwords are never sent anywhere"),
                .optional(
                    "autoCreateAccounts", .boolean, default: false,
                    "create an account at the first login that the old server accepts"),
                .optional(
                    "syncPasswords", .boolean, default: true,
                    "let logins hand the old password over; else mail moves by triggerMigration alone"),
                .optional("options", MoveOptionsParameters.schema, "how the mailboxes are moved"),
                .language,
            ]))
}

extension Contract {
    public static let enableMigration = MethodDeclaration<EnableMigration, Migration>(
        "enableMigration", .admin,
        "Enables a domain's migration, or changes its settings and starts a new window.",
        isIdempotent: true,
        example: [
            "domain": "example.com",
            "oldServer": ["host": "192.0.2.10", "security": "starttls"],
            "validDays": 30,
            "excludedAccounts": ["robot@example.com"],
        ],
        gives: .example)
}
