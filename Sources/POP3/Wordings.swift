// SPDX-License-Identifier: Apache-2.0

import MailSession

/// What POP3 servers mean.
extension ServerWords {
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
}
