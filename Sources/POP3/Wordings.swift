// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What servers are known to say where they have no response code for it. Compared in lower case, as parts of a line.
struct Wordings {
    /// ASCII letters in lower case; a line that says more than this says it at its start.
    private let octets: [UInt8]
    private static let longest = 1024

    /// Addresses are not looked into: whoever is called `crossley@compass.example` says nothing of SSL or passwords.
    init(_ octets: some Collection<UInt8>) {
        var octets = octets.prefix(Self.longest).map(\.asciiLowercased)
        var start = 0
        for end in 0...octets.count where end == octets.count || Self.endsAnAddress(octets[end]) {
            if octets[start..<end].contains(UInt8(ascii: "@")) {
                for index in start..<end { octets[index] = UInt8(ascii: "@") }
            }
            start = end + 1
        }
        self.octets = octets
    }

    private static func endsAnAddress(_ octet: UInt8) -> Bool { octet <= 32 || "<>()[]\"'`,;:".utf8.contains(octet) }

    private func hold(_ parts: [String]) -> Bool {
        octets.withUnsafeBytes { octets in parts.contains { Self.holds(octets, $0) } }
    }

    /// As `hold`, but not within other words and names: `ssl` is not in `crossley`, nor in `ssl01.old.example`.
    private func holdWords(_ words: [String]) -> Bool {
        octets.withUnsafeBytes { octets in words.contains { Self.holds(octets, $0, asWord: true) } }
    }

    private static func isWord(_ octets: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        func isPartOfName(_ near: Int, _ far: Int) -> Bool {
            guard octets.indices.contains(near) else { return false }
            if octets[near].isASCIIAlphanumeric { return true }
            return octets[near] == UInt8(ascii: ".") && octets.indices.contains(far) && octets[far].isASCIIAlphanumeric
        }
        return !isPartOfName(range.lowerBound - 1, range.lowerBound - 2)
            && !isPartOfName(range.upperBound, range.upperBound + 1)
    }

    /// By octets: as text it would take milliseconds, which a server could choose to take again and again.
    private static func holds(_ octets: UnsafeRawBufferPointer, _ part: String, asWord: Bool = false) -> Bool {
        var part = part
        return part.withUTF8 { part in
            guard let start = part.baseAddress, let first = part.first, var place = octets.baseAddress else {
                return false
            }
            let end = place + octets.count
            while end - place >= part.count, let hit = memchr(place, CInt(first), end - place - part.count + 1) {
                place = UnsafeRawPointer(hit) + 1
                guard memcmp(hit, start, part.count) == 0 else { continue }
                let offset = UnsafeRawPointer(hit) - (end - octets.count)
                if !asWord || isWord(octets, offset..<offset + part.count) { return true }
            }
            return false
        }
    }

    /// The user is not known, for certain. Never where the same words may stand for a wrong password: Exchange ("Logon
    /// failure: unknown user name or bad password."), hMailServer ("Invalid user name or password."), Zimbra ("invalid
    /// username/password"), Courier ("Login failed."), Cyrus ("Invalid login"), Dovecot ("Authentication failed."),
    /// qmail with checkpassword or vchkpw ("authorization failed"), NetEase and Coremail ("Unable to log on") never tell.
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

    /// The server wants TLS, or a mechanism that hides the password.
    var wantEncryption: Bool {
        hold([
            "plaintext", "plain text", "plain-text", "cleartext", "clear text",  // Dovecot, Courier, Zimbra
            "encrypt", "secure connection", "secure authentication", "secure login",
        ])
            // Tencent exmail: "please using ssl to login"
            || holdWords(["ssl", "tls", "stls", "starttls", "sslv3"]) || hold(["tlsv1", "tls 1"])
    }

    /// The server serves nobody, or not this user, whatever the password.
    var refuseService: Bool {
        hold([
            "too many connections", "too many simultaneous", "too many concurrent", "maximum number of connections",
            // Dovecot, Cyrus, qmail
            "maximum connections", "connection limit", "max connections", "connections exceeded",
            // Gmail, NetEase, Exchange: POP3 is off for this account
            "not enabled", "disabled", "is closed", "suspended",
            "locked out", "account is locked", "account locked",  // Exchange, after Active Directory
            // NetEase enterprise: the domain has expired, is barred or is not there
            "err.login.domain", "err.login.ipdeny",
            "pop3 service", "pop service", "pop access",
            "未开启", "已禁用",  // NetEase, Tencent
        ])
    }

    /// The server will take the same later.
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
        if hold([
            "login delay", "login-delay", "too frequent", "too often", "minimum interval",  // Coremail, Mirapoint
            "频繁", "频率",  // NetEase, Tencent
        ]) {
            return .loginDelay
        }
        guard !hold(["password", "密码"]) else { return nil }
        // Without a word about this password. hMailServer: "Invalid user name or password. Too many invalid logon attempts."
        if hold(["too many invalid", "too many failed", "too many login", "too many logon", "too many auth"]) {
            return .loginDelay
        }
        if hold([
            // Dovecot 1, Zimbra
            "temporar", "try again later", "try later", "retry later", "later again", "internal error",
            "internal server error", "server busy", "server is busy", "system busy", "too busy", "overload",
            "service unavailable", "service not available", "system error", "database error", "系统繁忙", "稍后",
            "err.login.systembusy",  // NetEase enterprise
        ]) {
            return .systemTemporary
        }
        return nil
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
