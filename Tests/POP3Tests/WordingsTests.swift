// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import POP3

/// What servers in the field say to a login, and what is made of it. Each line is as its source writes it.
@Suite struct WordingsTests {
    struct Line: Sendable, CustomTestStringConvertible {
        var server: String
        var says: String
        var stage: Refusal.Stage
        var means: Refusal

        init(_ server: String, _ says: String, _ stage: Refusal.Stage = .proof, means: Refusal) {
            (self.server, self.says, self.stage, self.means) = (server, says, stage, means)
        }

        var testDescription: String { "\(server): \(says)" }
    }

    static let dovecot = [  // src/login-common/client-common-auth.c, src/pop3-login, src/auth/auth-request.c
        Line("Dovecot", "[AUTH] Authentication failed.", means: .wrongPassword),
        Line("Dovecot", "[SYS/TEMP] Temporary authentication failure. [mx:2024-01-01]", means: .busy(.systemTemporary)),
        Line("Dovecot", "[IN-USE] Do you have another POP session running?", means: .busy(.inUse)),
        Line("Dovecot", "Mailbox is locked by another POP3 session", means: .busy(.inUse)),
        Line(
            "Dovecot", "[AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.", .user,
            means: .refused),
        Line(
            "Dovecot", "[AUTH] Cleartext authentication disallowed on non-secure (SSL/TLS) connections.", .user,
            means: .refused),
        Line(
            "Dovecot", "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
            means: .refused),
        Line("Dovecot", "Unsupported authentication mechanism.", .mechanism, means: .unsupported),
    ]

    static let unixServers = [
        // courier: pop3d/pop3login.c
        Line("Courier", "Login failed.", means: .wrongPassword),
        Line("Courier", "Temporary problem, please try again later", means: .busy(.systemTemporary)),
        // cyrus-imapd: imap/pop3d.c. The name alone is judged by its form, so this is no evidence.
        Line("Cyrus", "[AUTH] Invalid user", .user, means: .wrongPassword),
        Line("Cyrus", "[AUTH] Invalid login", means: .wrongPassword),
        Line("Cyrus", "[SYS/PERM] Unable to locate maildrop: Mailbox does not exist", means: .noSuchUser),
        Line("Cyrus", "[IN-USE] Unable to lock maildrop: Mailbox is locked by POP server", means: .busy(.inUse)),
        Line("Cyrus", "[AUTH] USER command only available under a layer", .user, means: .wrongPassword),
        // qmail: qmail-popup.c; vpopmail: vchkpw.c
        Line("qmail, vpopmail", "authorization failed", means: .wrongPassword),
        Line("qmail", "authorization first", .user, means: .refused),
        // qpopper: popper/pop_dropcopy.c, pop_pass.c
        Line(
            "qpopper", "[IN-USE] /var/mail/.ann.pop lock busy!  Is another session active? (11)", means: .busy(.inUse)),
        Line("qpopper", "[AUTH] Password supplied for \"ann\" is incorrect.", means: .wrongPassword),
        // RFC 1939 §7
        Line("RFC 1939", "never heard of mailbox name", .user, means: .noSuchUser),
        Line("RFC 1939", "sorry, no mailbox for frated here", .user, means: .noSuchUser),
        Line("RFC 1939", "maildrop already locked", means: .busy(.inUse)),
        Line("RFC 1939", "permission denied", means: .wrongPassword),
    ]

    static let groupware = [
        // [MS-OXPOP3], and what administrators report of Exchange 2007 to 2019
        Line("Exchange", "Logon failure: unknown user name or bad password.", means: .wrongPassword),
        Line("Exchange", "Logon failure: account currently disabled.", means: .refused),
        Line("Exchange", "Command is not valid in this state.", .user, means: .refused),
        Line("Exchange", "Protocol error. 18", .mechanism, means: .unsupported),
        // hMailServer: source/Server/POP3/POP3Connection.cpp
        Line("hMailServer", "Invalid user name or password.", means: .wrongPassword),
        Line(
            "hMailServer", "Invalid user name or password. Please use full email address as user name.",
            means: .wrongPassword),
        Line("hMailServer", "Invalid user name or password. Too many invalid logon attempts.", means: .wrongPassword),
        Line("hMailServer", "Your mailbox is already locked", means: .busy(.inUse)),
        Line("hMailServer", "A SSL/TLS-connection is required for authentication.", .user, means: .refused),
        // Zimbra: store/src/java/com/zimbra/cs/pop3/Pop3Handler.java
        Line("Zimbra", "invalid username/password", means: .wrongPassword),
        Line("Zimbra", "only valid after entering TLS mode", .user, means: .refused),
        Line("Zimbra", "[SYS/TEMP] system failure", means: .busy(.systemTemporary)),
    ]

    static let providers = [
        // pop.163.com, pop.qiye.163.com; the codes of NetEase's enterprise mail in its web clients
        Line("NetEase, Coremail", "Unable to log on", means: .wrongPassword),
        Line("NetEase", "用户未开启POP3服务", means: .refused),
        Line("NetEase enterprise", "ERR.LOGIN.PASSERR", means: .wrongPassword),
        Line("NetEase enterprise", "ERR.LOGIN.USERNOTEXIST", means: .noSuchUser),
        Line("NetEase enterprise", "ERR.LOGIN.DOMAINNOTEXIST", means: .refused),
        Line("NetEase enterprise", "ERR.LOGIN.DOMAINEXPED", means: .refused),
        Line("NetEase enterprise", "ERR.LOGIN.IPDENY", means: .refused),
        Line("NetEase enterprise", "ERR.LOGIN.SYSTEMBUSY", means: .busy(.systemTemporary)),
        Line("Coremail", "User not exist", means: .noSuchUser),
        // pop.exmail.qq.com
        Line("Tencent exmail", "login fail, please using ssl to login", .user, means: .refused),
        Line("Tencent exmail", "登录过于频繁", means: .busy(.loginDelay)),
        Line(
            "Tencent exmail",
            "Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, or "
                + "system is busy.", means: .wrongPassword),
        Line(
            "Gmail", "[SYS/PERM] Your account is not enabled for POP access. Please visit your Gmail settings page.",
            means: .refused),
        Line("Gmail", "[AUTH] Username and password not accepted.", means: .wrongPassword),
        Line("Gmail", "[LOGIN-DELAY] minimum time between mail checks violation", means: .busy(.loginDelay)),
    ]

    @Test(arguments: dovecot + unixServers + groupware + providers)
    func aServerIsTakenAtItsWord(_ line: Line) throws {
        let status = try #require(StatusLine(Array("-ERR \(line.says)".utf8)))
        #expect(Refusal(status, at: line.stage) == line.means)
    }

    /// What a wrong setting brings about would mark a whole domain, one login after the other.
    @Test(arguments: dovecot + unixServers + groupware + providers, [Refusal.Stage.user, .exchange, .proof])
    func onlyWordsThatAreOfAnUnknownUserAreEvidence(_ line: Line, stage: Refusal.Stage) throws {
        let status = try #require(StatusLine(Array("-ERR \(line.says)".utf8)))
        #expect((Refusal(status, at: stage) == .noSuchUser) == (line.means == .noSuchUser))
    }

    @Test(arguments: [
        "unknown user or wrong password", "no such user, or the password is wrong", "user not found / bad password",
        "unknown user name or credentials", "用户不存在或密码错误",
    ])
    func wordsThatMayBeOfAWrongPasswordAreNoEvidence(_ says: String) throws {
        let status = try #require(StatusLine(Array("-ERR \(says)".utf8)))
        #expect(Refusal(status, at: .proof) == .wrongPassword)
    }

    @Test(arguments: [
        ("Authentication failed for crossley@compass.example", Refusal.wrongPassword),
        ("[AUTH] Authentication failed for crossley", .wrongPassword),
        ("Login failed on ssl01.old.example", .wrongPassword), ("Login failed on mx.tls.example", .wrongPassword),
        ("no such user passmore", .noSuchUser), ("no mailbox for <ann@pass.example>", .noSuchUser),
        ("[AUTH] SSL is required", .refused), ("TLSv1.2 is required", .refused), ("use STLS first", .refused),
        ("no such user or pass", .wrongPassword), ("unknown user, bad_password", .wrongPassword),
        ("unknown user: Passwort falsch", .wrongPassword), ("TLS_REQUIRED", .refused),
        ("[SYS/TEMP/DISK] x", .busy(.systemTemporary)),
        ("[SYS/PERM/QUOTA] x", .refused), ("[IN-USE/IMAP] x", .busy(.inUse)), ("[AUTH/X] x", .wrongPassword),
        ("[SYS/TEMPER] x", .wrongPassword),
    ])
    func namesAreNoWordsAndCodesAreHierarchical(_ says: String, means: Refusal) throws {
        let status = try #require(StatusLine(Array("-ERR \(says)".utf8)))
        #expect(Refusal(status, at: .proof) == means)
    }

    @Test func aReplyThatNobodyKnowsSaysNothingBeforeThePasswordAndWrongPasswordAfterIt() throws {
        let status = try #require(StatusLine(Array("-ERR qwerty".utf8)))
        #expect(Refusal(status, at: .user) == .refused)
        #expect(Refusal(status, at: .proof) == .wrongPassword)
    }
}
