// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// `triggerMigration`: a user, or the administrator, gives the old password.
public struct TriggerMigration: Parameters {
    public var account: EmailAddress
    /// The old server's.
    public var password: Password
    public var via: TriggerOrigin?
    /// Where the user's client is; nil where that is not known.
    public var remoteAddress: String?

    public init(account: EmailAddress, password: Password, via: TriggerOrigin? = nil, remoteAddress: String? = nil) {
        self.account = account
        self.password = password
        self.via = via
        self.remoteAddress = remoteAddress
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        let remoteAddress = try members.decodeIfPresent(String.self, forKey: .remoteAddress)
        self.init(
            account: try members.decode(EmailAddress.self, forKey: .account),
            password: try members.decode(Password.self, forKey: .password),
            via: try members.decodeIfPresent(TriggerOrigin.self, forKey: .via),
            // Mail servers write an empty one where there is none; all such users are not one client.
            remoteAddress: remoteAddress == "" ? nil : remoteAddress)
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Whose mail, and the old password.",
            [
                .required("account", .address, "full address"),
                .required("password", .password, "the account's password on the old server"),
                .optional("via", .choice(TriggerOrigin.self), default: "portal", "from where it is triggered"),
                .optional("remoteAddress", .remoteAddress, "where the user's client is"),
            ]))
}

extension Contract {
    public static let triggerMigration = MethodDeclaration<TriggerMigration, Status>(
        "triggerMigration", .login, "Starts an account's move with its old password; a wrong one changes nothing.",
        reasons: [
            .tooManyAttempts, .accountNotFound, .migrationNotEnabled, .migrationExpired, .nonMigratingAccount,
            .credentialsRejected, .oldServerUnreachable, .oldServerUntrusted, .oldServerProtocol,
            .secureAuthenticationUnavailable, .mailboxInUse, .oldServerThrottled,
            .directoryUnavailable,
        ], isIdempotent: true,
        example: ["account": "ann@example.com", "password": "the old one", "via": "portal"], gives: .example)
}
