// SPDX-License-Identifier: Apache-2.0

/// What a server's answers to a login say of the password.
///
/// Some servers say OK to a wrong password and refuse afterwards (Exchange: "User is authenticated but not connected"): so
/// a password is right when the login succeeds *and* the inbox opens.
public enum LoginVerdict: Hashable, Sendable {
    /// The inbox is open.
    case accepted
    /// The login succeeded; the inbox has to be opened before that means anything.
    case inboxHasToOpen
    /// The password is wrong, or the user unknown.
    case rejected
    /// It says nothing about the password; ask again later.
    case unavailable
    /// The password must not be sent like this: only within TLS, or by a mechanism that hides it.
    case mustNotBeAsked

    /// Before anything is sent: RFC 3501 §6.2.3.
    /// - Returns: nil where a password may be sent by LOGIN.
    public static func beforeLogin(_ capabilities: Capabilities) -> LoginVerdict? {
        capabilities.loginIsDisabled ? .mustNotBeAsked : nil
    }

    /// Of the answer to LOGIN or AUTHENTICATE; nil where the connection ended without one.
    public static func ofLogin(_ answer: Condition?) -> LoginVerdict {
        guard let answer else { return .unavailable }
        switch answer.kind {
        case .ok: return .inboxHasToOpen
        case .bye, .preauthenticated: return .unavailable
        case .no, .bad: break
        }
        if let verdict = ofCode(answer.code) { return verdict }
        guard answer.kind == .no else { return .unavailable }
        let words = LoginWords(answer.text)
        if words.wantEncryption { return .mustNotBeAsked }
        return words.tellOfFault ? .unavailable : .rejected
    }

    /// Of the answer to EXAMINE of the inbox; nil where the connection ended without one.
    public static func ofInbox(_ answer: Condition?) -> LoginVerdict {
        guard let answer else { return .unavailable }
        switch answer.kind {
        case .ok: return .accepted
        case .bye, .preauthenticated: return .unavailable
        case .no, .bad: break
        }
        return ofCode(answer.code) ?? (LoginWords(answer.text).denyLogin ? .rejected : .unavailable)
    }

    /// RFC 5530 §3. nil where the words decide.
    private static func ofCode(_ code: ResponseCode?) -> LoginVerdict? {
        switch code {
        case .authenticationFailed, .authorizationFailed, .expired: .rejected
        case .privacyRequired: .mustNotBeAsked
        case .unavailable, .inUse, .limit, .serverBug, .contactAdmin, .throttled: .unavailable
        // Of the client, the folder or the server's disk; not of the password.
        case .clientBug, .cannot, .overQuota, .corruption, .noPermission, .nonexistent, .tooBig: .unavailable
        // RFC 2221: it is not followed, and who has not looked has not said anything.
        case .referral: .unavailable
        default: nil
        }
    }
}

/// What servers are known to say where they have no response code for it.
struct LoginWords {
    private let text: String

    /// Addresses are not looked into, for a user may be called `busy@example.com`.
    init(_ octets: [UInt8]) {
        text = String(decoding: octets.prefix(1024), as: UTF8.self).lowercased()
            .split(separator: " ").filter { !$0.contains("@") }.joined(separator: " ")
    }

    private func hold(_ parts: [String]) -> Bool { parts.contains { text.contains($0) } }

    /// Load, or a fault, or a service that is off: nothing of the password. Not where the words speak of the password too:
    /// Tencent tells of all that might be ("… password is incorrect, login frequency limited, or system is busy").
    var tellOfFault: Bool {
        if hold(["passw", "密码", "credential"]) { return false }
        return hold([
            "temporar", "try again later", "try later", "retry later", "later again", "internal error",
            "internal server error", "server error", "system error", "database error", "backend", "timed out",
            "timeout",
            "server busy", "server is busy", "system busy", "system is busy", "too busy", "overload", "unavailable",
            "not available", "系统繁忙", "稍后", "频繁", "频率", "too frequent", "too often",
            "too many connections", "too many simultaneous", "too many concurrent", "maximum number of connections",
            "connection limit", "connections exceeded", "too many login", "too many logon", "too many failed",
            "rate limit", "throttl", "mailbox in use", "is locked by", "shutting down", "maintenance", "unsafe login",
            "out of memory", "disk full", "no space", "i/o error", "cannot connect", "can't connect",
            "web login required", "via your web browser",  // Gmail
            "not enabled", "imap access", "imap service", "未开启", "已禁用",  // Gmail, NetEase, Tencent: IMAP is off
        ])
    }

    /// The server wants TLS, or a mechanism that hides the password.
    var wantEncryption: Bool {
        hold([
            "plaintext", "plain text", "plain-text", "cleartext", "clear text", "starttls", "encrypted connection",
            "secure connection", "using ssl", "use ssl", "ssl required", "tls required",
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
