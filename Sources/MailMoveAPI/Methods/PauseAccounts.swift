// SPDX-License-Identifier: Apache-2.0

/// What became of the addresses of `pauseAccounts`.
public struct PauseReport: Codable, Hashable, Sendable, Described {
    /// How many were not paused before.
    public var changed: Int
    /// As given.
    public var notFound: [String]

    public init(changed: Int, notFound: [String]) {
        self.changed = changed
        self.notFound = notFound
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "PauseReport", "What became of the addresses.",
            [
                .required("changed", .count, "accounts that were not paused before"),
                .required("notFound", .array(of: .text), "addresses, as given, without an account"),
            ]))
}

/// What became of the addresses of `resumeAccounts`.
public struct ResumeReport: Codable, Hashable, Sendable, Described {
    public var changed: Int
    /// As given.
    public var notFound: [String]
    /// Their moves continue with the next login.
    public var needsLogin: [String]

    public init(changed: Int, notFound: [String], needsLogin: [String]) {
        self.changed = changed
        self.notFound = notFound
        self.needsLogin = needsLogin
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "ResumeReport", "What became of the addresses.",
            [
                .required("changed", .count, "accounts that were paused before"),
                .required("notFound", .array(of: .text), "addresses, as given, without an account"),
                .required(
                    "needsLogin", .array(of: .address),
                    "of those that have failed, the ones whose password is not kept: their next login continues the move"
                ),
            ]))
}

extension Contract {
    public static let pauseAccounts = MethodDeclaration<NamedAccounts, PauseReport>(
        "pauseAccounts", .admin,
        "Pauses accounts: logins work as ever, no run starts, and a run in progress ends after its batch.",
        isIdempotent: true, example: ["accounts": ["ann@example.com", "nobody@example.com"]],
        gives: PauseReport(changed: 1, notFound: ["nobody@example.com"]))

    public static let resumeAccounts = MethodDeclaration<NamedAccounts, ResumeReport>(
        "resumeAccounts", .admin, "Lets the runs of paused accounts continue.", isIdempotent: true,
        example: ["accounts": ["ann@example.com", "bob@example.com"]],
        gives: ResumeReport(changed: 2, notFound: [], needsLogin: ["bob@example.com"]))
}
