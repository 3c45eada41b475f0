// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `retryNow`: what waits for its next try, of accounts or of a domain.
public struct RetryNow: Parameters {
    public var domain: DomainName?
    public var accounts: [EmailAddress]?

    public init(domain: DomainName) { self.domain = domain }

    public init(accounts: [EmailAddress]) { self.accounts = accounts }

    public var violation: Violation? {
        switch (domain, accounts) {
        case (nil, nil): Violation("domain", "is missing: give a domain or accounts")
        case (_?, _?): Violation("accounts", "goes only without a domain")
        default: nil
        }
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Whose; a domain's or some accounts'.",
            [
                .optional("domain", .domain, "mail domain"),
                .optional("accounts", .array(of: .address), "full addresses, instead of a domain"),
            ]))
}

/// What came of `retryNow`.
public struct RetryReport: Codable, Hashable, Sendable, Described {
    public var queued: Int
    /// The next login tries again.
    public var needsLogin: [EmailAddress]

    public init(queued: Int, needsLogin: [EmailAddress]) {
        self.queued = queued
        self.needsLogin = needsLogin
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "RetryReport", "What is tried, and what cannot be.",
            [
                .required("queued", .count, "accounts whose run now waits for nothing but its turn"),
                .required(
                    "needsLogin", .array(of: .address),
                    "accounts whose password is not kept: their next login tries again"),
            ]))
}

extension Contract {
    public static let retryNow = MethodDeclaration<RetryNow, RetryReport>(
        "retryNow", .admin, "Tries at once what is put off or waits for its next try; what is paused stays so.",
        reasons: [.accountNotFound, .migrationNotEnabled, .migrationExpired], isIdempotent: true,
        example: ["domain": "example.com"],
        gives: RetryReport(queued: 3, needsLogin: [.example]))
}
