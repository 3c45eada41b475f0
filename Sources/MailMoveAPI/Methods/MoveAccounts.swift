// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// `moveAccounts`: whose mail, and the master user's password.
public struct MoveAccounts: Parameters {
    public var domain: DomainName?
    public var accounts: [EmailAddress]?
    public var masterPassword: Password

    public init(domain: DomainName, masterPassword: Password) {
        self.domain = domain
        self.masterPassword = masterPassword
    }

    public init(accounts: [EmailAddress], masterPassword: Password) {
        self.accounts = accounts
        self.masterPassword = masterPassword
    }

    public var violation: Violation? {
        switch (domain, accounts) {
        case (nil, nil): Violation("domain", "is missing: give a domain or accounts")
        case (_?, _?): Violation("accounts", "goes only without a domain")
        default: nil
        }
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Whose mail: a domain's, or some accounts'.",
            [
                .optional("domain", .domain, "mail domain"),
                .optional("accounts", .array(of: .address), "full addresses, instead of a domain"),
                .required("masterPassword", .password, "the password of oldServer.master"),
            ]))
}

/// What came of `moveAccounts`.
public struct MoveReport: Codable, Hashable, Sendable, Described {
    public struct Rejection: Codable, Hashable, Sendable {
        public var address: EmailAddress
        public var reason: Reason
        public var detail: String

        public init(address: EmailAddress, reason: Reason, detail: String) {
            self.address = address
            self.reason = reason
            self.detail = detail
        }
    }

    public var queued: Int
    public var rejected: [Rejection]

    public init(queued: Int, rejected: [Rejection]) {
        self.queued = queued
        self.rejected = rejected
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "MoveReport", "Whose mail will move, and whose will not.",
            [
                .required("queued", .count, "accounts whose run waits for its turn"),
                .required(
                    "rejected",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "RejectedMove", "An account that does not move.",
                                [
                                    .required("address", .address, "whose"),
                                    .required("reason", .choice(Reason.self), "why, in one word"),
                                    .required("detail", .text, "why, and what to do"),
                                ]))), "accounts that do not move"),
            ]))
}

extension Contract {
    public static let moveAccounts = MethodDeclaration<MoveAccounts, MoveReport>(
        "moveAccounts", .admin,
        "Moves mail through the old server's master user before anyone logs in; no password is handed over.",
        reasons: [
            .migrationNotEnabled, .migrationExpired, .masterRejected, .oldServerUnreachable, .oldServerUntrusted,
            .oldServerProtocol, .secureAuthenticationUnavailable, .mailboxInUse, .oldServerThrottled,
        ], isIdempotent: true,
        example: ["domain": "example.com", "masterPassword": "the master user's"],
        gives: MoveReport(
            queued: 120,
            rejected: [.init(address: .example, reason: .masterRejected, detail: "the old server knows no such user")]))
}
