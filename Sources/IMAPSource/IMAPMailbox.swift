// SPDX-License-Identifier: Apache-2.0

import IMAP
import IMAPConnection
import MailSession
import MailSource
import Secrets
import Synchronization
import Vocabulary
import Waiting

/// A session with an IMAP server, before and after the login. One call at a time; after an error every further call
/// throws.
final class IMAPMailbox: ProbedConnection, MailboxSession {
    struct State {
        var capabilities: Capabilities
        /// Whether the server has said so to this user.
        var areCapabilitiesOwn = false
        var scrubber: Scrubber
        var hasShownPassword = false
        var isOver = false
        var serverID: [String: String] = [:]
        /// As far as they were asked for.
        var namespaces: Namespaces??
        /// Of all that are listed, whether they move or not.
        var paths: [String] = []
        /// By their numbers.
        var folders: [KnownFolder] = []
        /// Those that do not move, where another shows their mail, too.
        var excluded: [MailboxName] = []
        var open: OpenedFolder?
        /// The UIDVALIDITY under which each folder was listed.
        var validities: [Int: UInt32] = [:]
        /// The highest UID that was listed of each folder, by its number.
        var highest: [Int: UInt32] = [:]
        /// Whether QRESYNC is switched on; nil while that was not tried.
        var resynchronizes: Bool?
        /// The UIDs of all that has been listed, by number less 1.
        var uids: [UInt32] = []
        var keywords: [Int: [String]] = [:]
        var vanished: Set<Int> = []
        var pace = Retrieval.Pace.sets
        /// Whether the next folder may be opened before all of one has come.
        var opensAhead = true
        /// What it is being asked about.
        var topic: SourceError.Topic?
        /// What is to be deleted at the end.
        var deletions: [Int: [UInt32]] = [:]
    }

    let server: OldServer
    let wire: SocketWire
    let greeting: Condition
    let tls: TLSFacts?
    let state: Mutex<State>

    init(_ server: OldServer, over wire: SocketWire, _ opened: Opening.Opened, _ scrubber: Scrubber) {
        (self.server, self.wire, greeting, tls) = (server, wire, opened.greeting, opened.tls)
        state = Mutex(State(capabilities: opened.capabilities, scrubber: scrubber))
    }

    deinit {
        guard state.withLock({ !$0.isOver }) else { return }
        reportForgotten("an IMAP session")
        wire.close()
    }

    var capabilities: Capabilities { state.withLock { $0.capabilities } }

    // MARK: SourceLine

    func leave() async throws(SourceError) -> Bool {
        defer { abort() }
        do throws(SourceError) {
            let areDeleted = try await deleteForGood()
            let answer = try await during(.farewell) { () async throws(WireFailure) in
                try await wire.perform(.logout)
            }
            return areDeleted && answer.condition.kind == .ok
        } catch {
            if error.code == .cancelled { throw error }
            return false
        }
    }

    func abort() {
        state.withLock { $0.isOver = true }
        wire.close()
    }

    func close() async {
        state.withLock { $0.isOver = true }
        await wire.closed()
    }

    // MARK: SourceConnection

    var hasShownPassword: Bool { state.withLock { $0.hasShownPassword } }

    func check(user: String, password: Password) async throws(SourceError) -> SourceAnswer {
        try await check(user: user, actingAs: "", password)
    }

    func check(
        user: String, enteringFor owner: String, password: Password
    ) async throws(SourceError) -> SourceAnswer {
        try await check(user: user, actingAs: owner, password)
    }

    private func check(
        user: String, actingAs identity: String, _ password: Password
    ) async throws(SourceError) -> SourceAnswer {
        let forbidden: Set<UInt8> = [0, 10, 13]
        let isForbidden =
            user.isEmpty || (user + identity).utf8.contains(where: forbidden.contains)
            || password.withOctets { $0.contains(where: forbidden.contains) }
        guard !isForbidden else {
            throw SourceError(
                code: .invalidCredentialOctets, step: .login,
                detail:
                    "the old server \(server.subject) was not asked: the user name is empty, or it or the password holds "
                    + "NUL, CR or LF")
        }
        state.withLock { $0.scrubber.password = password }
        return try await during(.login) { () async throws(WireFailure) in
            let login = Login(
                wire, user: user, actingAs: identity, password: password, host: server.host, capabilities: capabilities,
                willShow: { [self] in state.withLock { $0.hasShownPassword = true } })
            let outcome = try await login.run(
                secure: server.secureAuthentication, isEncrypted: tls != nil, isVerifiedTLS: tls?.isVerified ?? false)
            switch outcome {
            case .noMechanism:
                return .failed(
                    .secureAuthenticationUnavailable,
                    server.secureAuthentication
                        ? "the old server offers no way to log in without showing the password"
                        : "the old server takes no password like this (LOGINDISABLED)", isForGood: false)
            case .judged(.inboxHasToOpen, let answer):
                learn(answer)
                return try await openInbox()
            case .judged(let verdict, let answer): return sourceAnswer(verdict, answer.condition)
            }
        }
    }

    private func learn(_ answer: Answer) {
        guard let capabilities = answer.capabilities else { return }
        state.withLock { ($0.capabilities, $0.areCapabilitiesOwn) = (capabilities, true) }
    }

    /// Some servers say OK to a wrong password, and refuse afterwards.
    private func openInbox() async throws(WireFailure) -> SourceAnswer {
        let isIdentified = try await identify()
        let isUTF8 = try await acceptUTF8()
        // Else it would have to be opened once more to count changes; another server might stumble over it, and seem to
        // refuse the login.
        let counts = isDovecot && capabilities.conditionalStore
        var (answer, opened) = try await examine(.inbox, counts ? .conditionalStore : nil)
        if LoginVerdict.ofInbox(answer.condition) == .unavailable, !isIdentified || !isUTF8 {
            // NetEase opens nothing for callers without a name, and may say only now that it wants one.
            learn(try await wire.perform(.capability))
            let isNew = isIdentified ? false : try await identify()
            let isNowUTF8 = isUTF8 ? false : try await acceptUTF8()
            if isNew || isNowUTF8 { (answer, opened) = try await examine(.inbox) }
        }
        let verdict = LoginVerdict.ofInbox(answer.condition)
        guard verdict == .accepted else { return sourceAnswer(verdict, answer.condition) }
        state.withLock { $0.open = opened }
        return .accepted(self)
    }

    /// RFC 6855 §6: a server that wants UTF-8 opens no folder before. False where it does not insist.
    private func acceptUTF8() async throws(WireFailure) -> Bool {
        guard capabilities.has("UTF8=ONLY") else { return false }
        return try await enable("UTF8=ACCEPT")
    }

    /// Says who is calling (RFC 2971), without which some open no folder. False where the server does not ask for it.
    private func identify() async throws(WireFailure) -> Bool {
        guard capabilities.id else { return false }
        let found = Collected([String: String]())
        _ = try await wire.perform(.id([("name", "mailmove"), ("version", Vocabulary.version)])) { response in
            if case .id(let id) = response { found.change { $0 = id } }
        }
        state.withLock { $0.serverID = found.value }
        if isDovecot { state.withLock { $0.pace = .setsInTurn } }
        return true
    }

    /// By what it says of itself.
    var isDovecot: Bool { state.withLock { $0.serverID["name"] }.map { $0.lowercased() == "dovecot" } ?? false }

    private func sourceAnswer(_ verdict: LoginVerdict, _ condition: Condition) -> SourceAnswer {
        let words = words(of: condition)
        switch verdict {
        case .accepted, .inboxHasToOpen: return .accepted(self)
        case .rejected: return ServerWords(condition.text).knowNoUser ? .noSuchUser(words) : .rejected(words)
        case .mustNotBeAsked: return .failed(.secureAuthenticationUnavailable, words, isForGood: false)
        case .unavailable: break
        }
        let pause = condition.pause
        switch condition.code {
        case .inUse: return .busy(.mailboxInUse, words, seconds: pause)
        case _ where condition.tellsOfThrottling: return .busy(.oldServerThrottled, words, seconds: pause)
        case .unavailable, .serverBug, .contactAdmin: return .busy(.oldServerUnreachable, words, seconds: pause)
        default:
            return condition.tellsOfFault
                ? .busy(.oldServerUnreachable, words, seconds: pause)
                : .failed(.oldServerProtocol, words, isForGood: false)
        }
    }

    /// For people, scrubbed.
    func words(of condition: Condition) -> String { words(of: condition.text) }

    func words(of octets: [UInt8]) -> String {
        octets.isEmpty ? "it gives no reason" : state.withLock { $0.scrubber }.text(of: octets)
    }

    // MARK: ProbedConnection

    /// Names that the standards write otherwise than in capitals.
    private static let known = ["IMAP4REV1": "IMAP4rev1", "IMAP4REV2": "IMAP4rev2"]

    var facts: ServerFacts {
        let (capabilities, scrubber, id, namespace, paths) = state.withLock {
            ($0.capabilities, $0.scrubber, $0.serverID, $0.namespaces??.personal.first?.prefix, $0.paths)
        }
        func shown(_ text: String) -> String { scrubber.text(of: text.utf8) }
        return ServerFacts(
            greeting: scrubber.text(of: greeting.text),
            capabilities: capabilities.names.sorted().map { shown(Self.known[$0] ?? $0) },
            mechanisms: capabilities.mechanisms.map(shown), tls: tls, pipelines: true, hasUIDL: true, hasTOP: true,
            traits: traits,
            id: Dictionary(id.map { (shown($0.key), shown($0.value)) }, uniquingKeysWith: { first, _ in first }),
            folders: paths.map(shown),
            namespace: namespace.map { scrubber.text(of: MailboxName(octets: $0).description.utf8) })
    }

    // MARK: MailboxSession

    var traits: SourceTraits {
        SourceTraits(canDelete: capabilities.uidPlus, idsAreUIDLs: false, opensOften: true, looksAgain: true)
    }

    func enter() async throws(SourceError) {
        try await during(.capabilities) { () async throws(WireFailure) in
            // RFC 3501 §6.2.3: many say more to those they know.
            if !state.withLock({ $0.areCapabilitiesOwn }) {
                let capabilities = try await Capabilities.ask(wire)
                state.withLock { ($0.capabilities, $0.areCapabilitiesOwn) = (capabilities, true) }
            }
            // RFC 6855: so that nothing arrives downgraded.
            if capabilities.utf8Accept { try await enable("UTF8=ACCEPT") }
        }
    }

    /// RFC 3501 §2.3.1.1: UIDs mean the same in each session, as long as the folder has the same UIDVALIDITY, which is seen
    /// when it is opened.
    func takeUp(_ other: any MailboxSession) -> Bool {
        guard let other = other as? IMAPMailbox else { return false }
        let listed = other.state.withLock { $0 }
        state.withLock { state in
            (state.folders, state.validities, state.uids) = (listed.folders, listed.validities, listed.uids)
            (state.pace, state.opensAhead) = (listed.pace, listed.opensAhead)
        }
        return true
    }

    var vanished: Set<Int> { state.withLock { $0.vanished } }

    func keywords(of message: ListedMessage) -> [String] { state.withLock { $0.keywords[message.number] ?? [] } }

    func name(of message: ListedMessage) -> String {
        let (folder, uid) = state.withLock { state in
            (
                state.folders.indices.contains(message.folder) ? state.folders[message.folder].plan.path : "INBOX",
                state.uids.indices.contains(message.number - 1) ? state.uids[message.number - 1] : 0
            )
        }
        return "message \(message.number), \(state.withLock { $0.scrubber }.text(of: folder.utf8)), UID \(uid)"
    }

    // MARK: Errors

    /// Takes a step. An error ends the session.
    func during<Value>(
        _ step: SourceError.Step, _ work: () async throws(WireFailure) -> Value
    ) async throws(SourceError) -> Value {
        do throws(WireFailure) {
            return try await work()
        } catch {
            abort()
            let (scrubber, topic) = state.withLock { ($0.scrubber, $0.topic) }
            var error = SourceError(error, of: server, at: step, scrubber)
            error.topic = topic
            throw error
        }
    }

    /// Asks about one thing, so that it is certain what the server does not bear.
    func asking<Value>(
        about topic: SourceError.Topic, _ work: () async throws(WireFailure) -> Value
    ) async throws(WireFailure) -> Value {
        state.withLock { $0.topic = topic }
        let value = try await work()
        state.withLock { $0.topic = nil }
        return value
    }
}

/// What responses have told so far, from the connection's thread.
final class Collected<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }

    func change(_ body: @Sendable (inout Value) -> Void) { state.withLock { body(&$0) } }

    /// The value, which is left to the caller alone: a copy of a long list takes time.
    func take(_ replacement: Value) -> Value {
        state.withLock { value in
            defer { value = replacement }
            return value
        }
    }
}
