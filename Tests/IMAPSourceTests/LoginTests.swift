// SPDX-License-Identifier: Apache-2.0

import MailSource
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// What a login comes to, and what is sent for it.
@Suite(.timeLimit(.minutes(5))) struct LoginTests {
    private static func kind(_ answer: SourceAnswer) -> String {
        switch answer {
        case .accepted: "accepted"
        case .rejected: "rejected"
        case .noSuchUser: "noSuchUser"
        case .busy(let reason, _, let seconds): "busy \(reason)\(seconds.map { " \($0)" } ?? "")"
        case .failed(let reason, _, _): "failed \(reason)"
        }
    }

    @Test(arguments: [
        ("OK in", "accepted"), ("NO [AUTHENTICATIONFAILED] no", "rejected"),
        ("NO [AUTHORIZATIONFAILED] no", "rejected"), ("NO [EXPIRED] change it", "rejected"),
        ("NO LOGIN failed.", "rejected"), ("NO Invalid login or password", "rejected"), ("NO", "rejected"),
        ("NO [AUTHENTICATIONFAILED] no such user", "noSuchUser"), ("NO 用户不存在", "noSuchUser"),
        ("NO [UNAVAILABLE] down", "busy oldServerUnreachable"), ("NO [INUSE] other session", "busy mailboxInUse"),
        ("NO [LIMIT] slow down", "busy oldServerThrottled"), ("NO [THROTTLED] slow down", "busy oldServerThrottled"),
        ("NO [ALERT] Account exceeded command or bandwidth limits. (Failure)", "busy oldServerThrottled"),
        ("NO [SERVERBUG] oops", "busy oldServerUnreachable"), ("NO [CONTACTADMIN] call", "busy oldServerUnreachable"),
        ("NO Server busy, try again later", "busy oldServerUnreachable"),
        ("NO Server is busy. Suggested Backoff Time: 2500 milliseconds", "busy oldServerThrottled 3"),
        ("BAD what", "failed oldServerProtocol"),
        ("NO [REFERRAL imap://b.example/] elsewhere", "failed oldServerProtocol"),
        ("NO [PRIVACYREQUIRED] TLS first", "failed secureAuthenticationUnavailable"),
    ])
    func aRefusalMeansWhatItSays(words: String, meaning: String) async throws {
        let server = try OldIMAP.server { $0.login = words }
        defer { server.stop() }
        #expect(Self.kind(try await OldIMAP.answer(server)) == meaning)
        #expect(server.seen.count { $0.hasPrefix("LOGIN ") || $0.hasPrefix("AUTHENTICATE ") } == 1, "shown once")
    }

    /// Exchange says OK to a wrong password, and refuses to open anything afterwards.
    @Test(arguments: [
        ("BAD User is authenticated but not connected.", "rejected"), ("NO [AUTHENTICATIONFAILED] no", "rejected"),
        ("NO [INUSE] locked", "busy mailboxInUse"), ("NO EXAMINE Unsafe Login.", "busy oldServerUnreachable"),
        ("NO no such folder", "failed oldServerProtocol"),
    ])
    func aPasswordIsRightOnlyWhenTheInboxOpens(words: String, meaning: String) async throws {
        let server = try OldIMAP.server {
            $0.answer = { $0.hasPrefix("EXAMINE ") ? "%T \(words)\r\n" : nil }
        }
        defer { server.stop() }
        #expect(Self.kind(try await OldIMAP.answer(server)) == meaning)
    }

    @Test func aServerThatHangsUpSaysNothingOfThePassword() async throws {
        let server = try OldIMAP.server {
            $0.answer = { $0.hasPrefix("LOGIN ") ? "* BYE [UNAVAILABLE] not now, ann knows open sesame\r\n" : nil }
            $0.misdeed = { $0 == "" || $0 == "CAPABILITY" || $0.hasPrefix("LOGIN ") ? nil : .hangsUp }
        }
        let line = try await OldIMAP.connect(server.port)
        let asking = Task { try await line.check(user: OldIMAP.user, password: Password(OldIMAP.password)) }
        try await Task.sleep(for: .milliseconds(300))
        server.stop()
        let error = await #expect(throws: SourceError.self) { _ = try await asking.value }
        #expect(error?.code == .closed && error?.step == .login)
        #expect(error?.detail.contains("not now") == true && error?.detail.contains(OldIMAP.password) == false)
    }

    @Test func aPasswordThatIsQuotedBackIsNotRepeated() async throws {
        let server = try OldIMAP.server { $0.login = #"NO LOGIN "ann" "o\"pen\\ se" IS wrong"# }
        defer { server.stop() }
        let answer = try await OldIMAP.answer(server, password: #"o"pen\ se"#)
        guard case .rejected(let words) = answer else { return #expect(Bool(false), "\(answer)") }
        #expect(words == #"LOGIN "ann" "[…]" IS wrong"#)
    }

    @Test func whoCallsIsSaidBeforeAFolderIsOpened() async throws {
        let server = try OldIMAP.server()
        defer { server.stop() }
        _ = try await OldIMAP.answer(server)
        let seen = server.seen
        #expect(seen.map { $0.split(separator: " ")[0] } == ["CAPABILITY", "LOGIN", "ID", "EXAMINE"])
        #expect(seen[2].hasPrefix("ID (\"name\" \"mailmove\""))
        let silent = try OldIMAP.server { $0.capabilities = ["IMAP4rev1"] }
        defer { silent.stop() }
        _ = try await OldIMAP.answer(silent)
        #expect(!silent.seen.contains { $0.hasPrefix("ID") })
    }

    /// NetEase, if it announced ID only to those it knows.
    @Test func aServerThatWantsANameOnlyAfterwardsIsToldOne() async throws {
        let hasName = Mutex(false)
        let server = try OldIMAP.server { options in
            options.capabilities = ["IMAP4rev1"]
            options.answer = { command in
                if command.hasPrefix("ID ") { hasName.withLock { $0 = true } }
                return command.hasPrefix("EXAMINE") && !hasName.withLock { $0 }
                    ? "%T NO EXAMINE Unsafe Login. Please contact kefu@188.com for help\r\n" : nil
            }
        }
        defer { server.stop() }
        #expect(Self.kind(try await OldIMAP.answer(server)) == "accepted")
    }

    @Test func whatTheGreetingSaysNeedNotBeAskedFor() async throws {
        let server = try OldIMAP.server { $0.greeting = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready" }
        defer { server.stop() }
        _ = try await OldIMAP.answer(server)
        #expect(server.seen.first?.hasPrefix("LOGIN ") == true)
    }

    @Test(arguments: [["IMAP4rev1", "AUTH=PLAIN"], ["IMAP4rev1", "SASL-IR", "AUTH=PLAIN"], ["IMAP4rev1"]])
    func aPasswordThatNeedsALiteralGoesBySASLIfItCan(capabilities: [String]) async throws {
        let password = "päßwörd \"\\"
        var options = IMAPMailboxServer.Options()
        options.capabilities = capabilities
        let server = try IMAPMailboxServer(
            user: OldIMAP.user, password: password, folders: [.init("INBOX")], options: options)
        defer { server.stop() }
        #expect(Self.kind(try await OldIMAP.answer(server, password: password)) == "accepted")
        let isSASL = server.seen.contains { $0.hasPrefix("AUTHENTICATE PLAIN") }
        #expect(isSASL == (capabilities.count > 1))
    }

    @Test func nothingIsShownWhereThereIsNoWayToHideIt() async throws {
        let server = try OldIMAP.server { $0.capabilities = ["IMAP4rev1", "AUTH=PLAIN", "AUTH=LOGIN"] }
        defer { server.stop() }
        let line = try await OldIMAP.connect(server.port, secure: true)
        defer { line.abort() }
        let answer = try await line.check(user: OldIMAP.user, password: Password(OldIMAP.password))
        #expect(Self.kind(answer) == "failed secureAuthenticationUnavailable")
        #expect(!line.hasShownPassword)
        #expect(server.seen == ["CAPABILITY"])
    }

    @Test func whereLOGINIsDisabledNothingIsShown() async throws {
        let server = try OldIMAP.server { $0.capabilities = ["IMAP4rev1", "LOGINDISABLED", "AUTH=PLAIN"] }
        defer { server.stop() }
        let answer = try await OldIMAP.answer(server)
        #expect(Self.kind(answer) == "failed secureAuthenticationUnavailable")
        #expect(server.seen == ["CAPABILITY"])
    }

    @Test func anotherMechanismIsTriedOnlyWhereOneIsUnsupported() async throws {
        let server = try OldIMAP.server {
            $0.answer = { $0.hasPrefix("LOGIN ") ? "%T BAD unknown command\r\n" : nil }
        }
        defer { server.stop() }
        #expect(Self.kind(try await OldIMAP.answer(server)) == "accepted")
        #expect(server.seen.contains("AUTHENTICATE PLAIN"))
    }

    @Test(arguments: [("a\r\nb", "x"), ("", "x"), ("ann", "a\nb"), ("ann", "a\0b")])
    func whatIMAPCannotCarryIsNotSent(user: String, password: String) async throws {
        let server = try OldIMAP.server()
        defer { server.stop() }
        let line = try await OldIMAP.connect(server.port)
        defer { line.abort() }
        let error = await #expect(throws: SourceError.self) {
            _ = try await line.check(user: user, password: Password(password))
        }
        #expect(error?.code == .invalidCredentialOctets)
        #expect(server.seen == ["CAPABILITY"] && !line.hasShownPassword)
    }

    @Test func anEmptyPasswordCanBeTried() async throws {
        let server = try OldIMAP.server()
        defer { server.stop() }
        #expect(Self.kind(try await OldIMAP.answer(server, password: "")) == "rejected")
    }

    /// A challenge of a hostile server is not answered with the password in another form.
    @Test(arguments: ["+ \r\n", "+ bm9uc2Vuc2U=\r\n", "+ !!!\r\n", "%T OK in\r\n"])
    func aChallengeThatMakesNoSenseIsNotAnswered(challenge: String) async throws {
        let server = try OldIMAP.server {
            $0.capabilities = ["IMAP4rev1", "AUTH=CRAM-MD5"]
            $0.answer = { $0.hasPrefix("AUTHENTICATE ") ? challenge : nil }
        }
        defer { server.stop() }
        let line = try await OldIMAP.connect(server.port, secure: true)
        defer { line.abort() }
        let error = await #expect(throws: SourceError.self) {
            _ = try await line.check(user: OldIMAP.user, password: Password(OldIMAP.password))
        }
        #expect(error?.code == .protocolViolation && error?.step == .login)
        #expect(!line.hasShownPassword)
    }
}
