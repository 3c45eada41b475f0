// SPDX-License-Identifier: Apache-2.0

import DequeModule
public import NIOCore
public import Secrets

/// A connection to an IMAP server as a value: commands and octets in, octets and answers out.
///
/// Its owner calls ``nextOutput()`` until there is none, after each command and after each event, and feeds what
/// arrives to ``receive(_:)`` until that needs more.
public struct ProtocolMachine: Sendable {
    private enum State: Sendable {
        case awaitsGreeting
        case ready
        /// STARTTLS was answered; whatever comes now was not sent by who will hold the key.
        case awaitsHandshake
        /// The answer to LOGOUT has come.
        case loggedOut
        case failed(IMAPError)
    }

    private struct Pending: Sendable {
        let id: CommandID
        let command: Command
        /// Whether it is sent only after all earlier commands are answered, and nothing is sent until it is answered.
        let standsAlone: Bool
    }

    /// The command whose parts are not all sent.
    private struct Sending: Sendable {
        let id: CommandID
        var parts: Deque<CommandEncoder.Part>
        /// Whether the server has to ask for the next.
        var isWaiting: Bool { parts.first == .wait }
    }

    private var state = State.awaitsGreeting
    private var framing: Framing
    private let limits: Limits
    private let tagPrefix: String
    private var commands: UInt64 = 0
    /// Not begun to be sent.
    private var queue = Deque<Pending>()
    /// Begun to be sent, and not answered.
    private var unanswered = Deque<Pending>()
    private var sending: Sending?
    private var exchange: Exchange?
    private var hasNewCapabilities = false

    /// Whether TLS has begun.
    public private(set) var isEncrypted: Bool
    /// What the server can do, by its last word on it; nil after TLS has begun or a login, until it says so again.
    public private(set) var capabilities: Capabilities?
    /// What it said when it began to hang up.
    public private(set) var farewell: Condition?

    /// - Parameters:
    ///   - isEncrypted: whether TLS began before the first octet.
    ///   - tagPrefix: what all tags begin with; random unless a test needs to know it.
    public init(isEncrypted: Bool, limits: Limits = Limits(), tagPrefix: String? = nil) {
        self.isEncrypted = isEncrypted
        self.limits = limits
        self.tagPrefix = tagPrefix ?? Tags.randomPrefix()
        framing = Framing(limits: limits)
    }

    /// How many commands wait for their answer, sent or not.
    public var pending: Int { queue.count + unanswered.count }
    /// Whether the text of a message is coming.
    public var isWithinBody: Bool { framing.isWithinBody }

    // MARK: - Commands

    /// Puts a command at the end of the queue.
    /// - Parameter isAhead: whether a folder may be opened ahead of earlier answers, and commands be sent ahead of that. A
    ///   server executes them in their order (RFC 3501 §5.5); but its owner must know by the answers, in theirs, whether
    ///   what comes is of that folder.
    public mutating func begin(_ command: Command, isAhead: Bool = false) throws(IMAPError) -> CommandID {
        switch state {
        case .failed(let error): throw error
        case .loggedOut: throw IMAPError(.closed, "has ended the session")
        case .awaitsGreeting, .ready, .awaitsHandshake: break
        }
        try command.check()
        if case .startTLS = command, isEncrypted {
            throw IMAPError(.unsendable, "cannot be sent STARTTLS within TLS")
        }
        commands += 1
        let id = CommandID(number: commands)
        queue.append(
            Pending(id: id, command: command, standsAlone: command.standsAlone && !(isAhead && command.isExamine)))
        return id
    }

    /// What may be sent now.
    public mutating func nextOutput() -> Output? {
        guard case .ready = state else { return nil }
        if sending == nil, let answer = exchange?.takeUnsent() { return answer }
        if sending == nil { beginSending() }
        // In place: an APPEND of many messages has many parts.
        guard let id = sending?.id, sending?.isWaiting == false, let part = sending?.parts.popFirst() else {
            return nil
        }
        if sending?.parts.isEmpty == true { sending = nil }
        switch part {
        case .wait: return nil
        case .octets(let octets, let isSecret): return .octets(octets, isSecret: isSecret)
        case .message(let index, let count): return .message(id, index: index, octets: count)
        }
    }

    private mutating func beginSending() {
        guard exchange == nil, let next = queue.first else { return }
        if unanswered.contains(where: \.standsAlone) || next.standsAlone && !unanswered.isEmpty {
            return
        }
        queue.removeFirst()
        unanswered.append(next)
        let takesFirst = capabilities?.initialResponse ?? false
        if case .authenticate(_, let first) = next.command {
            exchange = Exchange(id: next.id, first: takesFirst ? nil : first)
        }
        if next.command.isLogin { hasNewCapabilities = false }
        sending = Sending(
            id: next.id,
            parts: Deque(
                CommandEncoder.parts(
                    of: next.command, tag: tag(of: next.id), literals: capabilities?.literals ?? .whenAskedFor,
                    takesFirst: takesFirst)))
    }

    private func tag(of id: CommandID) -> String { "\(tagPrefix)\(id.number)" }

    /// The client's answer to a challenge, before Base64. Whether the server may say OK after it is the mechanism's to know.
    public mutating func answerChallenge(_ octets: Password) { exchange?.answer(octets) }

    /// RFC 3501 §6.2.2: `*`, which the server answers with BAD.
    public mutating func cancelAuthentication() { exchange?.cancel() }

    /// The handshake is done: what was said before it may be anybody's word, and is forgotten.
    public mutating func tlsBegan() {
        guard case .awaitsHandshake = state else { return }
        state = .ready
        isEncrypted = true
        capabilities = nil
    }

    // MARK: - Octets

    /// Takes octets from `input`, up to the next thing that happens.
    public mutating func receive(_ input: inout ByteBuffer) -> Event {
        switch state {
        case .failed(let error):
            input.clear()
            return .failed(error)
        case .awaitsHandshake:
            guard input.readableBytes > 0 else { return .needsInput }
            return fail(Self.injected, &input)
        case .loggedOut:
            input.clear()
            return .needsInput
        case .awaitsGreeting, .ready: break
        }
        while true {
            do throws(IMAPError) {
                switch framing.next(&input) {
                case .needsInput: return .needsInput
                case .failed(let error): throw error
                case .bodyBegins(let frame, _):
                    guard case .ready = state, unanswered.contains(where: \.command.asksForText) else {
                        throw .violation("sends a message that nobody asked for", quoting: frame.octets)
                    }
                    return .bodyBegan(try Response.begun(frame, limits))
                case .body(let slice): return .body(slice)
                case .bodyEnds: return .bodyEnded
                case .response(let frame):
                    if let event = try received(frame, isLast: input.readableBytes == 0) { return event }
                }
            } catch {
                return fail(error, &input)
            }
        }
    }

    /// RFC 2595 §4; CVE-2011-0411
    private static let injected = IMAPError(
        .untrusted, "sent plain text behind its answer to STARTTLS, as somebody on the way would; nothing was sent")

    private mutating func fail(_ error: IMAPError, _ input: inout ByteBuffer) -> Event {
        state = .failed(error)
        forgetUnsent()
        input.clear()
        return .failed(error)
    }

    /// Zeroes what is secret and will not be sent.
    private mutating func forgetUnsent() {
        Self.wipe(sending?.parts ?? [])
        exchange?.wipe()
        (sending, exchange, queue) = (nil, nil, [])
    }

    private static func wipe(_ parts: some Sequence<CommandEncoder.Part>) {
        for case .octets(let octets, isSecret: true) in parts { octets.wipe() }
    }

    /// No more octets will come. nil where that ends the session as it should; else commands that are not answered have
    /// no answer, whatever has come for them.
    public mutating func closed() -> IMAPError? {
        switch state {
        case .loggedOut: return nil
        case .failed(let error): return error
        case .awaitsGreeting, .ready, .awaitsHandshake: break
        }
        // Many hang up between the farewell and their answer to LOGOUT.
        if farewell != nil, case .logout? = unanswered.last?.command, !framing.isWithinResponse {
            state = .loggedOut
            return nil
        }
        forgetUnsent()
        let message =
            framing.isWithinBody
            ? "closed the connection in the middle of a message"
            : framing.isWithinResponse ? "closed the connection in the middle of a line" : "closed the connection"
        var error = IMAPError(.closed, message, quoting: farewell?.text ?? [])
        error.farewell = farewell
        state = .failed(error)
        return error
    }

    // MARK: - Responses

    private mutating func received(_ frame: Frame, isLast: Bool) throws(IMAPError) -> Event? {
        if case .awaitsGreeting = state { return try greeted(frame) }
        switch frame.octets.first {
        case UInt8(ascii: "*"): return try untagged(frame)
        case UInt8(ascii: "+"): return try asked(frame)
        case nil: return nil  // Some send an empty line behind a response.
        default: return try tagged(frame, isLast: isLast)
        }
    }

    /// RFC 3501 §7.1
    private mutating func greeted(_ frame: Frame) throws(IMAPError) -> Event {
        guard case .condition(let condition)? = try? Response(frame, limits) else {
            throw .violation("does not greet as an IMAP server", quoting: frame.octets)
        }
        switch condition.kind {
        case .ok:
            state = .ready
            learn(from: condition)
        case .bye:
            farewell = condition
            state = .failed(IMAPError(.closed, "greets with a farewell", quoting: condition.text))
        case .preauthenticated where !isEncrypted:
            // An attacker could send it in the server's place, to prevent STARTTLS.
            throw IMAPError(.untrusted, "says before TLS that somebody is logged in; nothing was sent")
        case .preauthenticated, .no, .bad:
            throw .violation("does not greet as an IMAP server that asks who is there", quoting: frame.octets)
        }
        return .greeted(condition)
    }

    private mutating func untagged(_ frame: Frame) throws(IMAPError) -> Event {
        let response = try Response(frame, limits)
        switch response {
        case .capabilities(let capabilities): learn(capabilities)
        case .condition(let condition):
            if condition.kind == .preauthenticated {
                throw .violation("greets in the middle of a session", quoting: frame.octets)
            }
            learn(from: condition)
            if condition.kind == .bye { farewell = condition }
        case .fetched(let fetched) where fetched.bodies.contains { $0.content != .absent }:
            guard unanswered.contains(where: \.command.asksForText) else {
                throw .violation("sends a message that nobody asked for", quoting: frame.octets)
            }
        default: break
        }
        return .response(response)
    }

    private mutating func learn(from condition: Condition) {
        if case .capabilities(let capabilities)? = condition.code { learn(capabilities) }
    }

    private mutating func learn(_ capabilities: Capabilities) {
        self.capabilities = capabilities
        hasNewCapabilities = true
    }

    /// RFC 3501 §7.5
    private mutating func asked(_ frame: Frame) throws(IMAPError) -> Event? {
        if sending?.isWaiting == true {
            sending?.parts.removeFirst()
            return .wanted
        }
        guard sending == nil, let id = exchange?.id else {
            throw .violation("asks for more of a command that is whole", quoting: frame.octets)
        }
        return try exchange?.asked(frame).map { .challenge(id, $0) } ?? .wanted
    }

    private mutating func tagged(_ frame: Frame, isLast: Bool) throws(IMAPError) -> Event {
        var reader = Reader(frame, limits)
        guard let word = try? reader.atom(), let index = unanswered.firstIndex(where: { isTag(word, of: $0.id) }) else {
            throw .violation("answers what was never asked", quoting: frame.octets)
        }
        guard let condition = Condition(&reader), condition.kind != .bye, condition.kind != .preauthenticated else {
            throw .violation("answers neither OK nor NO nor BAD", quoting: frame.octets)
        }
        let pending = unanswered[index]
        try endSending(of: pending, condition, frame)
        unanswered.remove(at: index)
        learn(from: condition)
        switch pending.command {
        case .startTLS where condition.kind == .ok:
            guard isLast else { throw Self.injected }
            state = .awaitsHandshake
            capabilities = nil
            return .tlsIsDue(pending.id)
        case .logout where condition.kind == .ok: state = .loggedOut
        case .login, .authenticate:
            // RFC 3501 §6.2.3: many say more to those they know.
            if condition.kind == .ok, !hasNewCapabilities { capabilities = nil }
        default: break
        }
        return .completed(pending.id, condition)
    }

    private func isTag(_ word: ArraySlice<UInt8>, of id: CommandID) -> Bool { word.elementsEqual(tag(of: id).utf8) }

    /// What is not sent of a command that is answered already: nothing, where the server was to ask for it first. What was
    /// announced without asking is sent (RFC 7888 §4).
    private mutating func endSending(
        of pending: Pending, _ condition: Condition, _ frame: Frame
    ) throws(IMAPError) {
        if let exchange, exchange.id == pending.id {
            guard condition.kind != .ok || exchange.isSettled else {
                throw .violation("accepts a login before it has been shown anything", quoting: frame.octets)
            }
            exchange.wipe()
            self.exchange = nil
        }
        guard let current = sending, current.id == pending.id else { return }
        guard condition.kind != .ok else { throw .violation("accepts half a command", quoting: frame.octets) }
        let announced = current.parts.prefix { $0 != .wait }
        Self.wipe(current.parts.dropFirst(announced.count))
        sending?.parts = Deque(announced)
        if sending?.parts.isEmpty == true { sending = nil }
    }
}

extension Command {
    fileprivate var isExamine: Bool { if case .examine = self { true } else { false } }

    fileprivate var isLogin: Bool {
        switch self {
        case .login, .authenticate: true
        default: false
        }
    }
}
