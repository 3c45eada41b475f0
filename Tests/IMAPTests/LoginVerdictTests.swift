// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import IMAP

/// What answers to a login mean.
struct LoginVerdictTests {
    private static func condition(_ text: String) throws -> Condition {
        guard case .condition(let condition) = try response("* \(text)") else {
            throw IMAPError(.protocolViolation, "no condition")
        }
        return condition
    }

    @Test(arguments: [
        ("OK [CAPABILITY IMAP4rev1] Logged in", LoginVerdict.inboxHasToOpen),
        ("OK [REFERRAL imap://b.example/] elsewhere", .inboxHasToOpen),
        ("NO [AUTHENTICATIONFAILED] Authentication failed.", .rejected),
        ("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure), try again later", .rejected),
        ("NO [AUTHORIZATIONFAILED] no", .rejected),
        ("NO [EXPIRED] change your password", .rejected),
        ("NO LOGIN failed.", .rejected),
        ("NO LOGIN Login error password error", .rejected),  // NetEase, Coremail
        ("NO Invalid user name or password.", .rejected),  // hMailServer
        ("NO Login failed: user `busy@unavailable.example`", .rejected),
        (
            "NO Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, "
                + "or system is busy.", .rejected
        ),  // Tencent, whatever is wrong
        ("NO [ALERT] Application-specific password required", .rejected),  // Gmail
        ("NO Login failed, please try again", .rejected),
        ("BAD [AUTHENTICATIONFAILED] no", .rejected),
        ("NO", .rejected),
        ("NO [X-ODD] no", .rejected),
        ("NO [UNAVAILABLE] Temporary authentication failure.", .unavailable),
        ("NO [INUSE] locked", .unavailable),
        ("NO [LIMIT] wait", .unavailable),  // Yahoo
        ("NO [SERVERBUG] oops", .unavailable),
        ("NO [CONTACTADMIN] call", .unavailable),
        ("NO [THROTTLED] slow down", .unavailable),
        ("NO [ALERT] Account exceeded command or bandwidth limits. (Failure)", .unavailable),  // Gmail
        ("NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", .unavailable),
        ("NO [REFERRAL imap://b.example/] elsewhere", .unavailable),
        ("NO Server is busy, try again later", .unavailable),
        ("NO 系统繁忙，请稍后再试", .unavailable),
        ("NO Internal error occurred. Refer to server log for more information.", .unavailable),
        ("NO Too many simultaneous connections", .unavailable),
        ("NO [WEBALERT https://x.example/] Web login required.", .unavailable),
        ("BAD unknown command", .unavailable),
        ("BAD User is authenticated but not connected", .unavailable),
        ("BYE [UNAVAILABLE] overload", .unavailable),
        ("BYE", .unavailable),
        ("NO [PRIVACYREQUIRED] Plaintext authentication disallowed", .mustNotBeAsked),
        ("NO Plaintext logins are not allowed here", .mustNotBeAsked),
    ])
    func aLoginIsJudged(text: String, verdict: LoginVerdict) throws {
        #expect(LoginVerdict.ofLogin(try Self.condition(text)) == verdict)
    }

    @Test(arguments: [
        ("OK [READ-ONLY] done", LoginVerdict.accepted),
        ("BAD User is authenticated but not connected.", .rejected),  // Exchange, after a wrong password
        ("NO User is authenticated but not connected.", .rejected),
        ("NO [AUTHENTICATIONFAILED] no", .rejected),
        ("NO [AUTHORIZATIONFAILED] no", .rejected),
        ("NO Not logged in", .rejected),
        ("BAD Please login first", .rejected),
        ("NO EXAMINE Unsafe Login. Please contact kefu@188.com for help", .unavailable),  // NetEase without an ID
        ("NO [INUSE] locked by another session", .unavailable),
        ("NO [UNAVAILABLE] try later", .unavailable),
        ("NO Mailbox does not exist", .unavailable),
        ("NO [PRIVACYREQUIRED] TLS first", .mustNotBeAsked),
        ("BAD Command unknown", .unavailable),
        ("BYE shutting down", .unavailable),
    ])
    func theInboxHasTheLastWord(text: String, verdict: LoginVerdict) throws {
        #expect(LoginVerdict.ofInbox(try Self.condition(text)) == verdict)
    }

    @Test func noAnswerSaysNothing() {
        #expect(LoginVerdict.ofLogin(nil) == .unavailable)
        #expect(LoginVerdict.ofInbox(nil) == .unavailable)
    }

    // MARK: How it is asked

    private static let all = Capabilities(
        "AUTH=PLAIN", "AUTH=LOGIN", "AUTH=CRAM-MD5", "AUTH=SCRAM-SHA-1", "AUTH=SCRAM-SHA-256", "AUTH=NTLM",
        "AUTH=DIGEST-MD5", "AUTH=XOAUTH2")

    private static func mechanisms(
        _ capabilities: Capabilities, secure: Bool = false, tls: Bool = false, verified: Bool = false,
        ascii: Bool = true
    ) -> [LoginMechanism] {
        LoginMechanism.candidates(
            secure: secure, isEncrypted: tls || verified, isVerifiedTLS: verified, capabilities: capabilities,
            isASCII: ascii)
    }

    @Test func whatHidesThePasswordComesInOrder() {
        let hiding: [LoginMechanism] = [
            .sasl(.scramSHA256), .sasl(.scramSHA1), .sasl(.digestMD5), .sasl(.cramMD5), .sasl(.ntlm),
        ]
        #expect(Self.mechanisms(Self.all, secure: true) == hiding)
        #expect(Self.mechanisms(Self.all, secure: true, tls: true) == hiding, "TLS of nobody knows whom hides nothing")
        #expect(Self.mechanisms(Self.all, secure: true, verified: true) == hiding + [.sasl(.plain)])
        #expect(
            Self.mechanisms(Self.all, secure: true, ascii: false).last == .sasl(.digestMD5),
            "few do the Latin-1 that it wants")
        #expect(Self.mechanisms(Capabilities("IMAP4rev1", "AUTH=PLAIN"), secure: true, tls: true).isEmpty)
    }

    @Test func LOGINComesFirstWhereItNeedsNoLiteral() {
        #expect(Self.mechanisms(Self.all) == [.login, .sasl(.plain), .sasl(.login)])
        #expect(Self.mechanisms(Self.all, ascii: false) == [.sasl(.plain), .sasl(.login), .login])
        #expect(Self.mechanisms(Capabilities("IMAP4rev1")) == [.login])
    }

    @Test func aServerThatForbidsLOGINIsNotAskedOutsideOfTLS() {
        let capabilities = Capabilities("IMAP4rev1", "LOGINDISABLED", "AUTH=PLAIN")
        #expect(Self.mechanisms(capabilities).isEmpty)
        #expect(Self.mechanisms(capabilities, tls: true) == [.sasl(.plain)])
    }
}
