// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `verifyAccounts`: whose entry is looked up.
public struct VerifyAccounts: LocalizedParameters {
    public var account: EmailAddress?
    public var lang: Language?

    public init(account: EmailAddress? = nil) { self.account = account }

    public static let schema = Schema.object(
        ObjectSchema(
            "Whose entry is looked up.",
            [.optional("account", .address, "full address; without it, the first that is known"), .language]))
}

/// What trying the platform's own accounts has shown.
public struct AccountsFindings: Codable, Hashable, Sendable, Described {
    public struct Check: Codable, Hashable, Sendable {
        public var name: AccountsCheck
        public var ok: Bool
        /// What was found, and what to do.
        public var detail: String

        public init(name: AccountsCheck, ok: Bool, detail: String) {
            self.name = name
            self.ok = ok
            self.detail = detail
        }
    }

    public var ok: Bool
    public var checks: [Check]

    public init(ok: Bool, checks: [Check]) {
        self.ok = ok
        self.checks = checks
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "AccountsFindings", "What trying the platform's own accounts has shown.",
            [
                .required("ok", .boolean, "whether every check is"),
                .required(
                    "checks",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "AccountsCheck", "A step, and what came of it.",
                                [
                                    .required("name", .choice(AccountsCheck.self), "which step"),
                                    .required("ok", .boolean, "whether it is as it should be"),
                                    .required("detail", .text, "what was found, and what to do"),
                                ]))),
                    "in the order in which they were made; after a connection that fails there are no others"),
            ]))

    static let example = AccountsFindings(
        ok: true,
        checks: [
            Check(name: .connect, ok: true, detail: "the platform's accounts answer"),
            Check(name: .lookup, ok: true, detail: "ann@example.com is there"),
        ])
}

extension AccountsFindings: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        for index in checks.indices { checks[index].detail = translate(checks[index].detail) }
    }
}

extension Contract {
    public static let verifyAccounts = MethodDeclaration<VerifyAccounts, AccountsFindings>(
        "verifyAccounts", .admin,
        "Tries the platform's own accounts: connects, looks up, replaces and takes it back, lists, flushes; changes nothing.",
        isIdempotent: true, example: ["account": "ann@example.com"], gives: .example)
}
