// SPDX-License-Identifier: Apache-2.0

import DequeModule
import MailSession
import NIOCore
public import Vocabulary

/// The outcome for the messages that were requested.
public struct RetrieveOutcome: Hashable, Sendable {
    /// How many the sink has completely.
    public var retrieved: Int
    /// Those the server refused to give.
    public var refused: [ListedMessage]
}

/// Decides which `RETR` is sent when: a bounded window of pipelined commands (RFC 2449 §6.8).
///
/// Answers to `RETR` carry no number. So each pipelined one is followed by a *marker*, a `UIDL n` or `LIST n`, whose
/// answer does: a message is complete, and known to be the requested one, once its marker has been answered correctly.
/// The window opens only when the first marker has been, in time.
public struct Retrieval: Sendable {
    /// How much may be on its way. The window grows by one message for each that arrives, which doubles it every round
    /// trip until the line is full; a limit in octets keeps small what a broken session throws away.
    struct Window: Hashable, Sendable {
        var messages = 64
        var mostMessages = 1024
        var octets = 4 << 20
    }

    /// How far ahead commands are sent.
    public enum Pace: Hashable, Sendable {
        /// One command, one answer.
        case oneByOne
        /// Pipelining works for short answers; this command (`UIDL` or `LIST`) proves it for `RETR`.
        case proving(marker: String)
        case pipelined(marker: String)

        var marker: String? {
            switch self {
            case .oneByOne: nil
            case .proving(let marker), .pipelined(let marker): marker
            }
        }

        public var isPipelined: Bool { if case .pipelined = self { true } else { false } }
    }

    enum Awaited: Hashable, Sendable {
        case message(ListedMessage)
        /// The answer that shows which message came before it.
        case marker(ListedMessage)
        /// The answer to a `NOOP`, which shows that a message does not go on after its terminator.
        case pause
    }

    private let messages: [ListedMessage]
    /// How many of them are requested, in the end.
    private var end: Int
    private let goesOn: @Sendable () -> Bool
    private var window: Window
    /// The pace at which it continues, and at which the next may begin.
    public private(set) var pace: Pace
    private var next = 0
    private var awaited = Deque<Awaited>()
    private var octetsAhead = 0
    public private(set) var outcome = RetrieveOutcome(retrieved: 0, refused: [])
    /// The message whose marker comes next, if the server has refused it.
    private var refusedBefore: ListedMessage?

    /// - Parameter goesOn: once it says no, nothing more is requested.
    init(
        _ messages: [ListedMessage], pace: Pace, window: Window = Window(),
        goesOn: @escaping @Sendable () -> Bool = { true }
    ) {
        self.messages = messages
        self.end = messages.count
        self.goesOn = goesOn
        self.pace = messages.count < 3 && !pace.isPipelined ? .oneByOne : pace
        self.window = window
    }

    var first: Awaited? { awaited.first }
    var isDone: Bool { awaited.isEmpty && next == end }
    /// Whether an answer that is missing could be another's.
    var isAhead: Bool { awaited.count > 1 || pace != .oneByOne }
    /// Whether commands have been sent after a `RETR` to a server that has not yet proved that it can take them.
    var isOnTrial: Bool { if case .proving = pace { true } else { false } }
    /// Whether the answer waited for now is the one that proves.
    var isProving: Bool { if isOnTrial, case .marker = awaited.first { true } else { false } }
    /// Whether the answer now waited for decides if the message before it is certain.
    var isConfirming: Bool {
        switch awaited.first {
        case .marker, .pause: true
        case .message, nil: false
        }
    }

    /// Appends the commands that may be sent now: none while half the window is still on its way, so that many share
    /// one write here and one read on the server.
    mutating func send(into octets: inout ByteBuffer) {
        if pace.isPipelined, awaited.count > window.messages || octetsAhead > window.octets / 2 { return }
        while next < end {
            let message = messages[next]
            let size = max(message.octets ?? 0, 0)
            switch pace {
            case .oneByOne, .proving:
                guard awaited.isEmpty else { return }
            case .pipelined:
                // Two of each: the message's and its marker's.
                guard awaited.isEmpty || (awaited.count < 2 * window.messages && octetsAhead + size <= window.octets)
                else { return }
            }
            guard goesOn() else {
                end = next
                return
            }
            octets.writeString("RETR \(message.number)\r\n")
            awaited.append(.message(message))
            octetsAhead += size
            next += 1
            if let marker = pace.marker {
                octets.writeString("\(marker) \(message.number)\r\n")
                awaited.append(.marker(message))
            }
        }
    }

    /// The expected message has reached its terminator.
    mutating func received() { answered() }

    /// … and is certain.
    mutating func retrieved() {
        outcome.retrieved += 1
        if pace.isPipelined, window.messages < window.mostMessages { window.messages += 1 }
    }

    mutating func refused(_ message: ListedMessage) {
        outcome.refused.append(message)
        answered()
        if isConfirming { refusedBefore = message }
    }

    /// Requests any answer before going on, because the message before it is shorter than it should be.
    mutating func pause(into octets: inout ByteBuffer) {
        octets.writeString("NOOP\r\n")
        awaited.append(.pause)
    }

    mutating func paused() { answered() }

    /// The marker's answer came; whether it is the right one.
    mutating func confirmed(by line: StatusLine, _ message: ListedMessage) -> Bool {
        answered()
        defer { refusedBefore = nil }
        // A refused message may have no number either.
        if line.kind == .error { return refusedBefore == message }
        guard line.kind == .ok, let answer = NumberedLine(line.octets), answer.number == message.number else {
            return false
        }
        if pace.marker == "UIDL", let id = message.uniqueID, !answer.rest.elementsEqual(id.octets) { return false }
        if case .proving(let marker) = pace { pace = .pipelined(marker: marker) }
        return true
    }

    private mutating func answered() {
        if case .message(let message) = awaited.popFirst() { octetsAhead -= max(message.octets ?? 0, 0) }
    }
}
