// SPDX-License-Identifier: Apache-2.0

import MailSession

/// What IMAP servers mean.
extension ServerWords {
    /// Load, a fault, or a disabled service: nothing about the password. Not if the words mention the password too:
    /// Tencent lists every possible cause ("… password is incorrect, login frequency limited, or system is busy").
    package var tellOfFault: Bool {
        if hold(["passw", "密码", "credential"]) { return false }
        return tellOfLoad || tellOfHaste || tellOfTooManyLogins || tellOfTooManyConnections || tellThatServiceIsOff
            || tellOfThrottling
            || hold([
                "server error", "backend", "timed out", "timeout", "system is busy", "unavailable", "not available",
                "mailbox in use", "is locked by", "shutting down", "maintenance",
                "unsafe login", "out of memory", "disk full", "no space", "i/o error", "cannot connect",
                "can't connect",
                "web login required", "via your web browser",  // Gmail
                "imap access", "imap service",  // IMAP is off
            ])
    }

    /// The server has given as much as it gives for now. Gmail: "Account exceeded command or bandwidth limits."
    package var tellOfThrottling: Bool { hold(["rate limit", "throttl", "bandwidth limit", "quota of bandwidth"]) }

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
