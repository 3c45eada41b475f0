// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The parameters of a method about one account.
public struct OneAccount: LocalizedParameters {
    public var account: EmailAddress
    public var lang: Language?

    public init(account: EmailAddress) { self.account = account }

    public static let schema = Schema.object(
        ObjectSchema("Which account.", [.required("account", .address, "full address"), .language]))
}

extension Contract {
    public static let queryStatus = MethodDeclaration<OneAccount, Status>(
        "queryStatus", .login, "Tells where an account's move stands.", reasons: [.accountNotFound], isIdempotent: true,
        example: ["account": "ann@example.com"], gives: .example)
}
