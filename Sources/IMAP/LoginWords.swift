// SPDX-License-Identifier: Apache-2.0

import MailSession

/// What IMAP servers mean.
extension ServerWords {
    /// Load, or a fault, or a service that is off: nothing of the password. Not where the words speak of the password too:
    /// Tencent tells of all that might be ("… password is incorrect, login frequency limited, or system is busy").
    var tellOfFault: Bool {
        if hold(["passw", "密码", "credential"]) { return false }
        return tellOfLoad || tellOfHaste || tellOfTooManyLogins || tellOfTooManyConnections || tellThatServiceIsOff
            || hold([
                "server error", "backend", "timed out", "timeout", "system is busy", "unavailable", "not available",
                "rate limit", "throttl", "mailbox in use", "is locked by", "shutting down", "maintenance",
                "unsafe login", "out of memory", "disk full", "no space", "i/o error", "cannot connect",
                "can't connect",
                "web login required", "via your web browser",  // Gmail
                "imap access", "imap service",  // IMAP is off
            ])
    }

    /// Nobody is logged in, whatever was said before.
    var denyLogin: Bool {
        hold([
            "authenticated but not connected",  // Exchange, after a wrong password
            "not authenticated", "unauthenticated", "not logged in", "not been authenticated", "not yet authenticated",
            "please login", "please log in", "must login", "must log in", "login first", "log in first",
            "authentication required", "must authenticate", "please authenticate", "authenticate first", "未登录",
        ])
    }
}
