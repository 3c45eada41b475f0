// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `retryNow`: which accounts' runs, or which domain's.
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
            "Whose runs: a domain's, or some accounts'.",
            [
                .optional("domain", .domain, "mail domain"),
                .optional("accounts", .array(of: .address), "full addresses, instead of a domain"),
            ]))
}

/// What came of `retryNow`.
public struct RetryReport: Codable, Hashable, Sendable, Described {
    public var queued: Int
    /// Their next login tries again.
    public var needsLogin: [EmailAddress]

    public init(queued: Int, needsLogin: [EmailAddress]) {
        self.queued = queued
        self.needsLogin = needsLogin
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "RetryReport", "Which runs are tried again, and which cannot be.",
            [
                .required("queued", .count, "accounts whose run now waits only for its turn"),
                .required(
                    "needsLogin", .array(of: .address),
                    "accounts whose password is not kept: their next login tries again"),
            ]))
}

extension Contract {
    public static let retryNow = MethodDeclaration<RetryNow, RetryReport>(
        "retryNow", .admin,
        "Starts at once the runs that were put off or wait for their next try; paused accounts stay paused.",
        reasons: [.accountNotFound, .migrationNotEnabled, .migrationExpired], isIdempotent: true,
        example: ["domain": "example.com"],
        gives: RetryReport(queued: 3, needsLogin: [.example]))
}
