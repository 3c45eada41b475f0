// SPDX-License-Identifier: Apache-2.0

/// What became of the addresses of `closeAccounts`.
public struct CloseReport: Codable, Hashable, Sendable, Described {
    /// How many were open before.
    public var changed: Int
    /// As given.
    public var notFound: [String]

    public init(changed: Int, notFound: [String]) {
        self.changed = changed
        self.notFound = notFound
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "CloseReport", "What became of the addresses.",
            [
                .required("changed", .count, "accounts that were open to hand-over before"),
                .required("notFound", .array(of: .text), "addresses, as given, without an account"),
            ]))
}

extension Contract {
    public static let closeAccounts = MethodDeclaration<NamedAccounts, CloseReport>(
        "closeAccounts", .admin,
        "Closes accounts to hand-over, as their users' change of password would: their passwords are shown to nobody, and "
            + "the old ones open nothing.",
        reasons: [.directoryUnavailable], isIdempotent: true,
        example: ["accounts": ["ann@example.com", "nobody@example.com"]],
        gives: CloseReport(changed: 1, notFound: ["nobody@example.com"]))
}
