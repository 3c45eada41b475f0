// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// `setPassword`: a user's change of password, which closes the account to hand-over.
public struct SetPassword: Parameters {
    public var account: EmailAddress
    public var password: Password?
    /// `{SCHEME}…` as Dovecot writes it, instead of a password.
    public var passwordHash: String?

    public init(account: EmailAddress, password: Password) {
        self.account = account
        self.password = password
    }

    public init(account: EmailAddress, passwordHash: String) {
        self.account = account
        self.passwordHash = passwordHash
    }

    public var violation: Violation? {
        switch (password, passwordHash) {
        case (nil, nil): Violation("password", "is missing: give a password or a passwordHash")
        case (_?, _?): Violation("passwordHash", "goes only without a password")
        default: nil
        }
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "The new password, or its hash.",
            [
                .required("account", .address, "full address"),
                .optional("password", .password, "at least 8 characters, not the local part"),
                .optional("passwordHash", .text, "{SCHEME}… as Dovecot writes it, instead of a password"),
            ]))
}

extension Contract {
    public static let setPassword = MethodDeclaration<SetPassword, Nothing>(
        "setPassword", .admin,
        "Changes an account's password and closes it to hand-over: the old password opens nothing any more.",
        reasons: [.accountNotFound, .accountsElsewhere], isIdempotent: true,
        example: ["account": "ann@example.com", "password": "Str0ng-2-pass"], gives: Nothing())
}
