// SPDX-License-Identifier: Apache-2.0

import MailSession

/// What POP3 servers mean.
extension ServerWords {
    /// The user is certainly unknown. These servers use the same words for a wrong password, and so never tell:
    /// Exchange ("Logon failure: unknown user name or bad password."), hMailServer ("Invalid user name or password."),
    /// Zimbra ("invalid username/password"), Courier ("Login failed."), Cyrus ("Invalid login"), Dovecot
    /// ("Authentication failed."), qmail with checkpassword or vchkpw ("authorization failed"), NetEase and Coremail
    /// ("Unable to log on").
    var knowNoUser: Bool { hold(Self.noUser) && !hold(Self.ambiguous) && !holdWords(Self.ambiguousWords) }

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

    /// The server serves nobody, or not this user, whatever the password.
    var refuseService: Bool {
        tellOfTooManyConnections || tellThatServiceIsOff
            || hold([
                // Exchange: POP3 is off for this account
                "disabled", "is closed", "suspended",
                "locked out", "account is locked", "account locked",  // Exchange, after Active Directory
                // NetEase enterprise: the domain has expired, is barred or is not there
                "err.login.domain", "err.login.ipdeny",
                "pop3 service", "pop service", "pop access",
            ])
    }

    /// The server will accept the same later.
    var busy: LoginAnswer.Busy? {
        if hold([
            "already locked",  // RFC 1939 §7, its example; hMailServer: "Your mailbox is already locked"
            // Cyrus, UW
            "is locked by", "mailbox is locked", "maildrop is locked", "mailbox locked", "maildrop locked",
            "unable to lock", "can't lock", "cannot lock", "could not lock", "failed to lock", "couldn't lock",
            // qpopper: "maildrop lock busy! Is another session active?"
            "can't get lock", "can't obtain lock", "lock busy",
            "another session", "another pop3 session", "another pop session", "already in use", "mailbox in use",
            // Exchange, Mercury
            "mailbox is in use", "maildrop in use", "mailbox busy", "mailbox is busy", "maildrop busy",
            "already logged in", "being accessed",
        ]) {
            return .inUse
        }
        if tellOfHaste { return .loginDelay }
        guard !hold(["password", "密码"]) else { return nil }
        // Says nothing about this password. hMailServer: "Invalid user name or password. Too many invalid logon
        // attempts."
        if tellOfTooManyLogins { return .loginDelay }
        return tellOfLoad ? .systemTemporary : nil
    }

    /// The same, in words that cannot be about a password.
    var knowNoCommandForSure: Bool {
        hold([
            "unknown command", "unrecognized command", "unrecognised command", "not implemented", "unimplemented",
            "unsupported", "invalid command", "no such command",
        ])
    }

    /// The server does not know the command or the mechanism.
    var knowNoCommand: Bool {
        hold([
            "unknown command", "unknown auth", "unrecognized", "unrecognised", "not recognized", "not recognised",
            "not implemented", "unimplemented", "not supported", "unsupported", "doesn't support", "does not support",
            "invalid command", "bad command", "illegal command", "no such command", "command not", "command unknown",
            "syntax error", "mechanism", "protocol error",  // Exchange: "Protocol error. 18"
            "not understood", "not valid command", "unknown method", "invalid method",
        ])
    }
}
