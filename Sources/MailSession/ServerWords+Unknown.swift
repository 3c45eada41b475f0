// SPDX-License-Identifier: Apache-2.0

/// What servers say of users and commands that they do not know.
extension ServerWords {
    /// The user is certainly unknown. These POP3 servers use the same words for a wrong password, and so never tell:
    /// Exchange ("Logon failure: unknown user name or bad password."), hMailServer ("Invalid user name or password."),
    /// Zimbra ("invalid username/password"), Courier ("Login failed."), Cyrus ("Invalid login"), Dovecot
    /// ("Authentication failed."), qmail with checkpassword or vchkpw ("authorization failed"), NetEase and Coremail
    /// ("Unable to log on").
    public var knowNoUser: Bool { hold(Self.noUser) && !hold(Self.ambiguous) && !holdWords(Self.ambiguousWords) }

    private static let noUser = [
        "never heard of mailbox",  // RFC 1939 §7, its example for USER
        "no mailbox for", "no mailbox here by that name",  // RFC 1939 §7, its other example; MDaemon
        "mailbox unknown", "unknown mailbox",  // the same in other words
        "no such user", "no such account", "no such mailbox",  // small servers, after the examples of RFC 1939
        "unknown user", "user unknown", "unknown account",  // Mercury, Kerio, and what imitates sendmail
        "user not found", "account not found", "user not exist", "user is not exist",  // Coremail, Winmail
        "user does not exist", "user doesn't exist", "account does not exist", "account doesn't exist",
        // Cyrus: "Unable to locate maildrop: Mailbox does not exist"
        "mailbox does not exist", "mailbox doesn't exist",
        "mailbox not found", "mailbox not exist",
        "err.login.usernotexist", "err.user.notexist",  // NetEase 163 and its enterprise mail
        "用户不存在", "帐号不存在", "账号不存在", "邮箱不存在",  // Tencent exmail, Coremail
    ]

    // password, passwd and Passwort wherever they stand; "mot de passe"
    private static let ambiguous = ["passw", "passphrase", " or ", "/", "密码", "credential", "或"]
    private static let ambiguousWords = ["pass", "passe"]

    /// As ``knowNoCommand``, in words that cannot be about a password.
    public var knowNoCommandForSure: Bool {
        hold([
            "unknown command", "unrecognized command", "unrecognised command", "not implemented", "unimplemented",
            "unsupported", "invalid command", "no such command",
        ])
    }

    /// The server does not know the command or the mechanism.
    public var knowNoCommand: Bool {
        hold([
            "unknown command", "unknown auth", "unrecognized", "unrecognised", "not recognized", "not recognised",
            "not implemented", "unimplemented", "not supported", "unsupported", "doesn't support", "does not support",
            "invalid command", "bad command", "illegal command", "no such command", "command not", "command unknown",
            "syntax error", "mechanism", "protocol error",  // Exchange: "Protocol error. 18"
            "not understood", "not valid command", "unknown method", "invalid method",
        ])
    }
}
