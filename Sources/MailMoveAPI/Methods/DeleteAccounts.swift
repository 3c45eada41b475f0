// SPDX-License-Identifier: Apache-2.0

/// `deleteAccounts`: stops their moves; mail is never touched.
public struct DeleteAccounts: Parameters {
    /// As given: what is no address is not found.
    public var accounts: [String]

    public init(accounts: [String]) { self.accounts = accounts }

    public static let schema = Schema.object(
        ObjectSchema("The accounts to delete.", [.required("accounts", .array(of: .text), "full addresses")]))
}

/// What became of the addresses of `deleteAccounts`.
public struct DeletedAccounts: Codable, Hashable, Sendable, Described {
    public var deleted: Int
    /// As given.
    public var notFound: [String]

    public init(deleted: Int, notFound: [String]) {
        self.deleted = deleted
        self.notFound = notFound
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "DeletedAccounts", "What became of the addresses.",
            [
                .required("deleted", .count, "accounts deleted"),
                .required("notFound", .array(of: .text), "addresses, as given, without an account"),
            ]))
}

extension Contract {
    public static let deleteAccounts = MethodDeclaration<DeleteAccounts, DeletedAccounts>(
        "deleteAccounts", .admin, "Deletes accounts and stops their moves; never touches mail.",
        example: ["accounts": ["ann@example.com", "nobody@example.com"]],
        gives: DeletedAccounts(deleted: 1, notFound: ["nobody@example.com"]))
}
