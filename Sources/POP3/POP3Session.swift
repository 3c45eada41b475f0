// SPDX-License-Identifier: Apache-2.0

import MailSession
public import NIOCore
public import Secrets
import Synchronization
public import Vocabulary
import Waiting

/// A session with an old server, opened by an ``Opening``. One call at a time; after an error every further call
/// throws.
///
/// Cancelling the calling task drops the connection at once. The owner of a session must end it, by ``quit()``,
/// ``abort()`` or ``close()``, unless it has failed, which ends it.
public final class POP3Session: Sendable {
    /// Whether commands may be pipelined.
    public enum Pipelining: Hashable, Sendable {
        /// … once the server has proved that it can take it. Never where retrieving deletes (`EXPIRE 0`).
        case allowed
        case forbidden
    }

    private struct State {
        var capabilities: Capabilities
        var scrubber = Scrubber()
        var mailbox: (messages: Int, octets: Int)?
        var pace: Retrieval.Pace?
        var hasShownPassword = false
        var isOver = false
    }

    /// The old server's greeting.
    public let greeting: Reply
    /// nil outside TLS.
    public let tls: TLSFacts?
    /// Whether the server has answered numbered commands correctly when they were pipelined.
    public var isPipeliningProven: Bool { state.withLock { $0.pace?.isPipelined == true } }
    /// As last asked for: before TLS, in TLS, after the login.
    public var capabilities: Capabilities { state.withLock { $0.capabilities } }

    /// Whether the password, or a proof of it, has been sent, whatever came of it.
    public var hasShownPassword: Bool { state.withLock { $0.hasShownPassword } }

    public let server: OldServer
    private let wire: any Wire
    private let greetingLine: StatusLine
    private let state: Mutex<State>

    init(
        _ server: OldServer, wire: any Wire, greeting: StatusLine, tls: TLSFacts?, capabilities: Capabilities,
        scrubber: Scrubber
    ) {
        self.server = server
        self.wire = wire
        greetingLine = greeting
        self.greeting = Reply(greeting, scrubber: scrubber)
        self.tls = tls
        state = Mutex(State(capabilities: capabilities, scrubber: scrubber))
    }

    deinit {
        guard state.withLock({ !$0.isOver }) else { return }
        reportForgotten("a POP3 session")
        wire.close()
    }

    // MARK: - Login

    /// Logs in. Sends nothing when `user` or `password` hold NUL, CR or LF.
    ///
    /// - Parameter secure: never show the password, except by PLAIN in TLS with a verified certificate.
    public func authenticate(
        user: String, password: Password, secure: Bool
    ) async throws(POP3Error) -> LoginAnswer {
        let answer = try await check(user: user, password: password, secure: secure)
        if answer == .accepted { try await settleIn() }
        return answer
    }

    /// Requests capabilities again, now that the server knows the user: the part of
    /// ``authenticate(user:password:secure:)`` that follows ``check(user:password:secure:)``.
    public func settleIn() async throws(POP3Error) {
        let hadUTF8 = capabilities.utf8
        let scrubber = state.withLock { $0.scrubber }
        try await during(.capabilities) { () async throws(WireFailure) in
            let capabilities = try await Capabilities.ask(wire, scrubber)
            // If a server knows CAPA only before the login, its earlier answer stands.
            if capabilities.areAnnounced { state.withLock { $0.capabilities = capabilities } }
            if capabilities.utf8, !hadUTF8 { _ = try await wire.perform("UTF8") }
        }
    }

    /// Logs in only to learn whether the password is right: nothing that the server says after its `+OK` changes the
    /// result. Otherwise like ``authenticate(user:password:secure:)``.
    public func check(user: String, password: Password, secure: Bool) async throws(POP3Error) -> LoginAnswer {
        let forbidden: Set<UInt8> = [0, 10, 13]
        let isForbidden =
            user.isEmpty || user.utf8.contains(where: forbidden.contains)
            || password.withOctets { $0.contains(where: forbidden.contains) }
        guard !isForbidden else {
            throw POP3Error(
                code: .invalidCredentialOctets, subject: server.subject, step: .authenticate,
                detail:
                    "the old server \(server.subject) was not asked: the user name is empty, or it or the password holds "
                    + "NUL, CR or LF")
        }
        state.withLock { $0.scrubber.password = password }
        let outcome = try await during(.authenticate) { () async throws(WireFailure) in
            if capabilities.utf8 { _ = try await wire.perform("UTF8") }  // RFC 6856 §2.1: before the login
            let login = Login(
                wire: wire, user: user, password: password, host: server.host, greeting: greetingLine,
                capabilities: capabilities, isVerifiedTLS: tls?.isVerified ?? false,
                willShow: { [self] in state.withLock { $0.hasShownPassword = true } })
            return try await login.run(secure: secure)
        }
        let scrubber = state.withLock { $0.scrubber }
        switch outcome {
        case .accepted: return .accepted
        case .noSecureMechanism: return .noSecureMechanism
        case .refused(let refusal, let line):
            let reply = Reply(line, scrubber: scrubber)
            switch refusal {
            case .wrongPassword: return .rejected(reply)
            case .noSuchUser: return .noSuchUser(reply)
            case .busy(let kind): return .busy(kind, reply)
            case .refused, .unsupported: return .refused(reply)
            }
        }
    }

    // MARK: - Mailbox

    /// How much mail there is (`STAT`). Octets as the server counts them; 0 if it does not say.
    public func mailbox() async throws(POP3Error) -> (messages: Int, octets: Int) {
        try await during(.mailbox) { () async throws(WireFailure) in try await stat() }
    }

    private func stat() async throws(WireFailure) -> (messages: Int, octets: Int) {
        if let known = state.withLock({ $0.mailbox }) { return known }
        let line = try await wire.perform("STAT").accepted("STAT")
        let words = line.octets.split(separator: UInt8(ascii: " "))
        guard let first = words.first, let messages = Int(decimalPrefixOf: first), messages <= Listing.mostMessages
        else {
            throw .violation("answers STAT with a number of messages that makes no sense", quoting: line.octets)
        }
        // Mailboxes over 2 GB have been seen with a negative size.
        let mailbox = (messages, words.dropFirst().first.flatMap { Int(decimalPrefixOf: $0) } ?? 0)
        state.withLock { $0.mailbox = mailbox }
        return mailbox
    }

    /// The mailbox's messages: `UIDL` and `LIST` merged, in the order of message-numbers. `UIDL` is tried even if it is
    /// not announced; without it, unique-ids are nil; without `LIST`, sizes are.
    public func listing() async throws(POP3Error) -> [ListedMessage] {
        try await during(.uidl) { () async throws(WireFailure) in
            let messages = try await stat().messages
            if messages == 0 { return [] }
            let limit = Listing.limit(messages: messages)
            // The first answer is freed before the next one arrives.
            let identified = try await identified(limit, messages)
            let list = try await list("LIST", limit)
            return try await ListingThread.run(of: messages) {
                Result { () throws(WireFailure) in
                    try Listing.merge(identified: identified.get(), list: list, expected: messages)
                }
            }.get()
        }
    }

    /// Whatever the outcome, the other list is requested too.
    private func identified(
        _ limit: Batch.LineLimit, _ messages: Int
    ) async throws(WireFailure) -> Result<[ListedMessage]?, WireFailure> {
        guard let uidl = try await list("UIDL", limit) else { return .success(nil) }
        return await ListingThread.run(of: messages) {
            Result { () throws(WireFailure) in try Listing.identified(by: uidl) }
        }
    }

    /// nil if the server refuses the command, unless for a passing reason.
    private func list(_ command: String, _ limit: Batch.LineLimit) async throws(WireFailure) -> ByteBuffer? {
        let answer = try await wire.perform(one: Batch(command, expecting: .lines(limit)))
        guard answer.line.kind == .ok else {
            if case .busy = Refusal(answer.line, at: .proof) { _ = try answer.line.accepted(command) }
            return nil
        }
        return answer.body
    }

    /// The header and the first lines of a message (`TOP`, RFC 1939 §7), decoded; nil where the server refuses.
    public func top(_ number: Int, lines: Int = 0) async throws(POP3Error) -> ByteBuffer? {
        try await during(.retrieve) { () async throws(WireFailure) in
            let answer = try await wire.perform(one: Batch("TOP \(number) \(lines)", expecting: .lines(.header)))
            return answer.line.kind == .ok ? answer.body : nil
        }
    }

    // MARK: - Messages

    /// Retrieves messages in the order given. They stream into `sink` as they arrive, which is told, in order, when
    /// each is complete. Those that the server refuses are reported and skipped.
    ///
    /// A failure with the code `pipeliningBroken` asks the caller to continue with a new session and
    /// ``Pipelining/forbidden``, from the first message whose end the sink has not seen.
    ///
    /// - Parameters:
    ///   - onRefusal: called on the event loop, in order with the sink's calls.
    ///   - goesOn: asked before each `RETR`; once it says no, nothing more is requested.
    @discardableResult
    public func retrieve(
        _ messages: [ListedMessage], into sink: some MessageSink, pipelining: Pipelining = .allowed,
        windowOctets: Int = 4 << 20,
        onRefusal: @escaping @Sendable (ListedMessage, Reply) -> Void = { _, _ in },
        goesOn: @escaping @Sendable () -> Bool = { true }
    ) async throws(POP3Error) -> RetrieveOutcome {
        try await during(.retrieve) { () async throws(WireFailure) in
            let scrubber = state.withLock { $0.scrubber }
            let pace = try await pace(for: messages, pipelining)
            let retrieval = Retrieval(
                messages, pace: pace, window: Retrieval.Window(octets: windowOctets), goesOn: goesOn)
            let (outcome, reached) = try await wire.retrieve(retrieval, into: sink) { message, line in
                onRefusal(message, Reply(line, scrubber: scrubber))
            }
            if reached.isPipelined { state.withLock { $0.pace = reached } }
            return outcome
        }
    }

    private func pace(
        for messages: [ListedMessage], _ pipelining: Pipelining
    ) async throws(WireFailure) -> Retrieval.Pace {
        guard pipelining == .allowed, !capabilities.retrievingDeletes else { return .oneByOne }
        if let pace = state.withLock({ $0.pace }) { return pace }
        guard let proof = PipeliningProof(of: messages) else { return .oneByOne }
        try await proof.run(over: wire)
        state.withLock { $0.pace = .proving(marker: proof.command) }
        return .proving(marker: proof.command)
    }

    /// A name of the message to show to people: its number and unique-id, scrubbed like everything the server says.
    public func name(of message: ListedMessage) -> String {
        guard let id = message.uniqueID else { return "message \(message.number)" }
        return "message \(message.number), UIDL \(state.withLock { $0.scrubber }.text(of: id.octets))"
    }

    /// Marks messages as deleted (`DELE`); ``quit()`` deletes them. Returns the numbers of those that the server
    /// refused to delete.
    @discardableResult
    public func delete(_ numbers: [Int]) async throws(POP3Error) -> [Int] {
        try await during(.delete) { () async throws(WireFailure) in
            let step = isPipeliningProven ? Retrieval.Window().messages : 1
            var refused: [Int] = []
            for start in stride(from: 0, to: numbers.count, by: step) {
                let part = numbers[start..<min(start + step, numbers.count)]
                var batch = Batch()
                for number in part { batch.add("DELE \(number)") }
                let answers = try await wire.perform(batch)
                refused += zip(part, answers).filter { $1.line.kind != .ok }.map(\.0)
            }
            return refused
        }
    }

    /// Ends the session (`QUIT`). True if the server confirms this, and with it the deletions (RFC 1939 §6); false if
    /// it does not, or no longer can.
    ///
    /// - Throws: only when cancelled.
    public func quit() async throws(POP3Error) -> Bool {
        defer { abort() }
        do throws(POP3Error) {
            return try await during(.quit) { () async throws(WireFailure) in
                try await wire.perform("QUIT").kind == .ok
            }
        } catch {
            if error.code == .cancelled { throw error }
            return false
        }
    }

    /// Drops the line without `QUIT`: nothing is deleted, and whatever is under way fails as cancelled. Callable from
    /// any thread.
    public func abort() {
        state.withLock { $0.isOver = true }
        wire.close()
    }

    /// The same, and waits until the socket is closed.
    public func close() async {
        state.withLock { $0.isOver = true }
        await wire.closed()
    }

    // MARK: - Errors

    private func during<Value>(
        _ step: POP3Error.Step, _ work: () async throws(WireFailure) -> Value
    ) async throws(POP3Error) -> Value {
        do throws(WireFailure) {
            return try await work()
        } catch {
            abort()
            throw POP3Error(error, of: server, at: step, state.withLock { $0.scrubber })
        }
    }
}

extension StatusLine {
    /// The line if it is `+OK`; otherwise throws the failure of a command that the session cannot do without.
    func accepted(_ command: String) throws(WireFailure) -> StatusLine {
        if kind == .ok { return self }
        if case .busy = Refusal(self, at: .proof) {
            throw WireFailure(code: .busy, message: "is busy", quoted: octets)
        }
        throw WireFailure(code: .refused, message: "refuses \(command)", quoted: octets)
    }
}
