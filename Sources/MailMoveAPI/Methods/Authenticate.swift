// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// `authenticate`: what a mail server's password check asks at every login.
public struct Authenticate: Parameters {
    public var account: EmailAddress
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
            "Who logs in, and how.",
            [
                .required("account", .address, "full address"),
                .required("password", .password, "as the user gave it"),
                .optional(
                    "via", .choice(of: [TriggerOrigin.webmail, .imap, .pop3, .smtp, .other]), default: "other",
                    "what the user logs in to"),
                .optional("remoteAddress", .remoteAddress, "where the user's client is"),
            ]))
}

/// The answer to a login.
public struct LoginDecision: Codable, Hashable, Sendable, Described {
    public typealias Decision = LoginDisposition

    public var decision: Decision
    /// Whether the account now has the password that was given.
    public var passwordReplaced: Bool
    /// nil where there is no such account.
    @OrNull public var migration: Status?
    public var message: LocalizedText
    /// Why it is unavailable; nil otherwise.
    public var reason: String?

    public init(
        decision: Decision, passwordReplaced: Bool, migration: Status?, message: LocalizedText, reason: String? = nil
    ) {
        self.decision = decision
        self.passwordReplaced = passwordReplaced
        self.migration = migration
        self.message = message
        self.reason = reason
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "LoginDecision", "The answer to a login.",
            [
                .required(
                    "decision", .choice(Decision.self),
                    "pass: the platform's own account database decides; unavailable is a temporary failure, never to be told "
                        + "as a wrong password"),
                .required("passwordReplaced", .boolean, "whether the account now has the password that was given"),
                .required(
                    "migration", .orNull(Status.schema), "where the move stands; null where there is none to tell"),
                .required("message", LocalizedText.schema, "for the user"),
                .optional("reason", .text, "why it is unavailable, as in errors"),
            ]))

    static let example = LoginDecision(
        decision: .accept, passwordReplaced: true, migration: .example,
        message: LocalizedText(en: "Welcome. Your mail is being moved.", zhCN: "欢迎，正在为您搬家。"))
}

extension Contract {
    public static let authenticate = MethodDeclaration<Authenticate, LoginDecision>(
        "authenticate", .login, "Decides a login; the first right old password starts the move.",
        reasons: [.tooManyAttempts], isIdempotent: true,
        example: [
            "account": "ann@example.com", "password": "the old one", "via": "imap", "remoteAddress": "192.0.2.77",
        ],
        gives: .example)
}
