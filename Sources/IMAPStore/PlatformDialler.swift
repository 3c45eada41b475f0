// SPDX-License-Identifier: Apache-2.0

import IMAP
import IMAPConnection
import MailConnection
import MailSession
import MailStore
import NIOCore
import Secrets
import Synchronization
import Vocabulary

/// Connects to the platform and enters mailboxes there.
struct PlatformDialler: Sendable {
    let platform: Platform
    let group: any EventLoopGroup
    let trust: TLSTrust
    let timeouts: @Sendable () -> Timeouts
    /// How long the system may hold octets that the platform has not taken.
    let unacknowledged: Duration

    /// What comes before a login: a connection, its greeting, TLS, capabilities.
    struct Opened: Sendable {
        var wire: SocketWire
        var opening: Opening.Opened
    }

    func connect() async throws(PlatformFailure) -> Opened {
        let (loop, timeouts, server) = (group.next(), timeouts(), platform.server)
        let wire: SocketWire
        do throws(WireFailure) {
            let resolution = try await Resolution.of(server, ownPorts: [], timeouts: timeouts, on: loop)
            wire = try await SocketWire.connect(
                to: resolution, of: server, timeouts: timeouts, trust: trust, on: loop,
                // What is still in the system's hands would be taken by the platform after we, or another node, have looked.
                dropping: .thrownAway(unacknowledgedFor: min(timeouts.read, unacknowledged)))
        } catch {
            throw failure(error, .connection)
        }
        do throws(Opening.Failure) {
            return Opened(wire: wire, opening: try await Opening(server, Scrubber(), progress: { _ in }).open(wire))
        } catch {
            wire.close()
            throw failure(error.failure, .connection)
        }
    }

    /// Connects, and enters the account's mailbox as the master user.
    func enter(_ account: EmailAddress) async throws(PlatformFailure) -> MailboxLine {
        let password: Password
        do throws(MailStoreError) {
            password = try platform.password()
        } catch {
            throw PlatformFailure(kind: .configuration, error: error)
        }
        let opened = try await connect()
        do throws(PlatformFailure) {
            return try await logIn(account, password, opened)
        } catch {
            opened.wire.close()
            throw error
        }
    }

    private func logIn(
        _ account: EmailAddress, _ password: Password, _ opened: Opened
    ) async throws(PlatformFailure) -> MailboxLine {
        let (wire, tls) = (opened.wire, opened.opening.tls)
        let (user, identity) = platform.login(for: account)
        let outcome: Login.Outcome
        do throws(WireFailure) {
            let login = Login(
                wire, user: user, actingAs: identity, password: password, host: platform.server.host,
                capabilities: opened.opening.capabilities, willShow: {})
            outcome = try await login.run(
                secure: false, isEncrypted: tls != nil, isVerifiedTLS: tls?.isVerified ?? false)
        } catch {
            throw failure(error, .login, password)
        }
        switch outcome {
        case .noMechanism:
            throw PlatformFailure(
                kind: .configuration,
                error: MailStoreError(
                    code: .refused,
                    detail:
                        "\(platform.subject) takes no password of the master user like this: "
                        + "set mailStore.imap.security to starttls or tls"
                        + (identity.isEmpty ? "" : "; with authzid it has to offer AUTH=PLAIN")))
        case .judged(.inboxHasToOpen, let answer), .judged(.accepted, let answer):
            return try await line(account, wire, answer, password)
        case .judged(let verdict, let answer):
            var words = Scrubber(password: password).text(of: answer.condition.text)
            while words.hasSuffix(".") { words.removeLast() }
            if verdict == .rejected || verdict == .mustNotBeAsked {
                throw PlatformFailure(
                    kind: .masterTurnedAway,
                    error: MailStoreError(
                        code: .refused,
                        detail:
                            "\(platform.subject) does not let the master user \(platform.masterUser) into the mailbox of "
                            + "\(account) (as \(user)): \(words). See whether that mailbox is there, and the credential "
                            + "imap-master, mailStore.imap.masterUser and mailStore.imap.userFormat"))
            }
            throw PlatformFailure(
                kind: .busy,
                error: MailStoreError(
                    code: .failed, detail: "\(platform.subject) lets nobody in at present; it said: \(words)"))
        }
    }

    private func line(
        _ account: EmailAddress, _ wire: SocketWire, _ answer: Answer, _ password: Password
    ) async throws(PlatformFailure) -> MailboxLine {
        do throws(WireFailure) {
            // RFC 3501 §6.2.3: many say more to those they know.
            var capabilities = answer.capabilities ?? Capabilities()
            if answer.capabilities == nil { capabilities = try await Capabilities.ask(wire) }
            var isUTF8 = false
            if capabilities.has("UTF8=ONLY") {
                // RFC 6855 §6: before that it opens no folder. From then on names are in UTF-8, and so may headers be.
                let answer = try await wire.perform(.enable(["UTF8=ACCEPT"]))
                isUTF8 = answer.condition.kind == .ok
                guard isUTF8 else {
                    throw WireFailure(
                        refused: answer.condition, "wants UTF-8 (UTF8=ONLY), and does not switch it on")
                }
            }
            return MailboxLine(account, wire, capabilities, isUTF8: isUTF8)
        } catch {
            throw failure(error, .login, password)
        }
    }

    func failure(_ failure: WireFailure, _ stage: PlatformFailure.Stage, _ password: Password? = nil) -> PlatformFailure
    {
        PlatformFailure(failure, of: platform, at: stage, Scrubber(password: password))
    }
}

/// Why nothing can be had of the platform, and whom it concerns.
struct PlatformFailure: Error, Sendable {
    enum Stage: Sendable { case connection, login, mailbox }

    enum Kind: Hashable, Sendable {
        /// It cannot be reached, is silent, or hangs up.
        case away
        /// It says that it is busy, or has had enough for now.
        case busy
        /// It must not be trusted, or is not spoken to as it wants: nothing changes before an administrator does something.
        case configuration
        /// It does not let the master user into this mailbox.
        case masterTurnedAway
        /// About one mailbox alone.
        case mailbox
        /// Nobody waited for the answer any more.
        case abandoned
    }

    var kind: Kind
    var error: MailStoreError
    /// Seconds for which it wants to be left alone.
    var pause: Int?

    init(kind: Kind, error: MailStoreError, pause: Int? = nil) {
        (self.kind, self.error, self.pause) = (kind, error, pause)
    }

    init(_ failure: WireFailure, of platform: Platform, at stage: Stage, _ scrubber: Scrubber) {
        let said = failure.quoted.isEmpty ? "" : "; it said: \(scrubber.text(of: failure.quoted))"
        var detail = "\(platform.subject) \(failure.message)\(said)"
        let code: MailStoreError.Code
        switch failure.code {
        case .unresolved, .unreachable, .exhausted, .timedOut, .closed: (kind, code) = (.away, .unresponsive)
        case .cancelled: (kind, code) = (.abandoned, .unresponsive)
        case .busy, .throttled: (kind, code) = (.busy, .failed)
        case .untrusted where failure.isClosedInHandshake:
            // As a proxy does whose server is down.
            (kind, code) = (.away, .unresponsive)
            detail += ". See mailStore.imap.security if that lasts"
        case .untrusted:
            (kind, code) = (.configuration, .refused)
            detail += ". See mailStore.imap.certificate and mailStore.imap.security"
        case .invalidCredentialOctets: (kind, code) = (.configuration, .refused)
        case .protocolViolation, .pipeliningBroken, .refused:
            (kind, code) = (stage == .mailbox ? .mailbox : .busy, .failed)
        }
        error = MailStoreError(code: code, detail: detail)
        pause = failure.pause
    }
}
