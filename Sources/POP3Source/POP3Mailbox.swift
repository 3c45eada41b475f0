// SPDX-License-Identifier: Apache-2.0

import MailSource
import POP3
import Secrets
import Vocabulary

/// A POP3 session, before and after the login.
struct POP3Mailbox: ProbedConnection, MailboxSession {
    let session: POP3Session

    // MARK: SourceLine

    func leave() async throws(SourceError) -> Bool {
        try await Self.told { () async throws(POP3Error) in try await session.quit() }
    }

    func abort() { session.abort() }

    func close() async { await session.close() }

    // MARK: SourceConnection

    var hasShownPassword: Bool { session.hasShownPassword }

    func check(user: String, password: Password) async throws(SourceError) -> SourceAnswer {
        let answer = try await Self.told { () async throws(POP3Error) in
            try await session.check(user: user, password: password, secure: session.server.secureAuthentication)
        }
        switch answer {
        case .accepted: return .accepted(self)
        case .rejected(let reply): return .rejected(reply.text)
        case .noSuchUser(let reply): return .noSuchUser(reply.text)
        case .busy(.inUse, let reply): return .busy(.mailboxInUse, reply.text, seconds: nil)
        case .busy(.loginDelay, let reply):
            return .busy(.mailboxInUse, reply.text, seconds: session.capabilities.loginDelay ?? Self.usualDelay)
        case .busy(.systemTemporary, let reply): return .busy(.oldServerUnreachable, reply.text, seconds: nil)
        case .refused(let reply): return .failed(.oldServerProtocol, reply.text, isForGood: reply.isForGood)
        case .noSecureMechanism:
            return .failed(
                .secureAuthenticationUnavailable,
                "the old server offers no way to log in without showing the password", isForGood: false)
        }
    }

    /// For servers that want a pause between logins and do not say how long.
    private static let usualDelay = 60

    // MARK: ProbedConnection

    var facts: ServerFacts {
        let capabilities = session.capabilities
        return ServerFacts(
            greeting: session.greeting.text, capabilities: capabilities.lines, mechanisms: capabilities.mechanisms,
            tls: session.tls, pipelines: capabilities.pipelining, hasUIDL: capabilities.uidl, hasTOP: capabilities.top,
            traits: traits)
    }

    // MARK: MailboxSession

    var traits: SourceTraits {
        let capabilities = session.capabilities
        let deletes = capabilities.retrievingDeletes
        // Where retrieving deletes, TOP may do so too.
        return SourceTraits(
            loginDelay: capabilities.loginDelay, fetchingDeletes: deletes, mayPipeline: !deletes,
            confirmsByHeader: !deletes)
    }

    func enter() async throws(SourceError) {
        try await Self.told { () async throws(POP3Error) in try await session.settleIn() }
    }

    func folders() async throws(SourceError) -> [SourceFolder] {
        let mailbox = try await Self.told { () async throws(POP3Error) in try await session.mailbox() }
        return [SourceFolder(path: SourceFolder.inbox, messages: mailbox.messages, octets: mailbox.octets)]
    }

    func list(_ folder: SourceFolder) async throws(SourceError) -> [ListedMessage] {
        try await Self.told { () async throws(POP3Error) in try await session.listing() }
    }

    func header(of message: ListedMessage) async throws(SourceError) -> [UInt8]? {
        let header = try await Self.told { () async throws(POP3Error) in try await session.top(message.number) }
        return header.map { Array($0.readableBytesView) }
    }

    func fetch(
        _ messages: [ListedMessage], into sink: any MessageSink, _ options: FetchOptions,
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) async throws(SourceError) {
        try await Self.told { () async throws(POP3Error) in
            _ = try await session.retrieve(
                messages, into: sink, pipelining: options.oneByOne ? .forbidden : .allowed,
                windowOctets: options.windowOctets, onRefusal: { onRefusal($0, $1.text) }, goesOn: options.goesOn)
        }
    }

    func delete(_ messages: [ListedMessage]) async throws(SourceError) -> Set<Int> {
        try await Self.told { () async throws(POP3Error) in Set(try await session.delete(messages.map(\.number))) }
    }

    func name(of message: ListedMessage) -> String { session.name(of: message) }

    // MARK: Errors

    /// Turns errors into those that the rooms above know.
    static func told<Value>(_ work: () async throws(POP3Error) -> Value) async throws(SourceError) -> Value {
        do throws(POP3Error) {
            return try await work()
        } catch {
            throw SourceError(
                code: error.code, step: SourceError.Step(error.step), detail: error.detail,
                advice: error.advice)
        }
    }
}

extension Reply {
    /// Whether a code says that another try would change nothing (RFC 3206 §4).
    fileprivate var isForGood: Bool {
        code.map { $0.isWithin(.systemPermanent) || $0.isWithin(.authentication) } ?? false
    }
}

extension SourceError.Step {
    init(_ step: POP3Error.Step) {
        self =
            switch step {
            case .resolve: .resolve
            case .connect: .connect
            case .greeting: .greeting
            case .capabilities: .capabilities
            case .tls: .tls
            case .authenticate: .login
            case .mailbox: .folders
            case .uidl: .listing
            case .retrieve: .fetch
            case .delete: .delete
            case .quit: .farewell
            }
    }
}
