// SPDX-License-Identifier: Apache-2.0

/// `closeAccounts`, `pauseAccounts` and `resumeAccounts`: whose.
public struct NamedAccounts: Parameters {
    /// As given: an invalid address counts as not found.
    public var accounts: [String]

    public init(accounts: [String]) { self.accounts = accounts }

    public static let schema = Schema.object(
        ObjectSchema("Which accounts.", [.required("accounts", .array(of: .text), "full addresses")]))
}
