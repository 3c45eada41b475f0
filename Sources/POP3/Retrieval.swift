// SPDX-License-Identifier: Apache-2.0

import DequeModule
import MailSession
import NIOCore
public import Vocabulary

/// What became of the messages that were asked for.
public struct RetrieveOutcome: Hashable, Sendable {
    /// How many the sink has whole.
    public var retrieved: Int
    /// Those the server would not give.
    public var refused: [ListedMessage]
}

/// Which `RETR` is sent when: a bounded window of commands ahead of their answers (RFC 2449 §6.8).
///
/// Answers to `RETR` carry no number. So each that is sent ahead has a *marker* behind it, a `UIDL n` or `LIST n`, whose
/// answer does: a message is whole, and known to be the one that was asked for, when its marker has come rightly. Only
/// when the first one has, and in time, does the window open.
public struct Retrieval: Sendable {
    /// What may be on its way. It opens by one message with each that comes, which doubles it every round trip, until
    /// the line is full; octets bound it at last, so that what a broken session throws away stays small.
    struct Window: Hashable, Sendable {
        var messages = 64
        var mostMessages = 1024
        var octets = 4 << 20
    }

    /// How far ahead of their answers commands are sent.
    public enum Pace: Hashable, Sendable {
        /// One command, one answer.
        case oneByOne
        /// Pipelining holds for short answers; it is shown for `RETR` with this command (`UIDL` or `LIST`).
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
        /// The answer to the `NOOP` that shows that a message did not go on behind its terminator.
        case pause
    }

    private let messages: [ListedMessage]
    private var window: Window
    /// The pace at which it goes on, and the next one may begin.
    public private(set) var pace: Pace
    private var next = 0
    private var awaited = Deque<Awaited>()
    private var octetsAhead = 0
    public private(set) var outcome = RetrieveOutcome(retrieved: 0, refused: [])
    /// The message whose marker comes next, where the server has refused it.
    private var refusedBefore: ListedMessage?

    init(_ messages: [ListedMessage], pace: Pace, window: Window = Window()) {
        self.messages = messages
        self.pace = messages.count < 3 && !pace.isPipelined ? .oneByOne : pace
        self.window = window
    }

    var first: Awaited? { awaited.first }
    var isDone: Bool { awaited.isEmpty && next == messages.count }
    /// Whether an answer that is missing could be another's.
    var isAhead: Bool { awaited.count > 1 || pace != .oneByOne }
    /// Whether commands have been sent behind a `RETR` to a server that has not shown yet that it bears them.
    var isOnTrial: Bool { if case .proving = pace { true } else { false } }
    /// Whether the answer waited for now is the one that proves.
    var isProving: Bool { if isOnTrial, case .marker = awaited.first { true } else { false } }
    /// Whether the answer waited for now tells whether the message before it is certain.
    var isConfirming: Bool {
        switch awaited.first {
        case .marker, .pause: true
        case .message, nil: false
        }
    }

    /// Appends the commands that may be sent now: none while half the window is still on its way, so that many share
    /// one write here and one read over there.
    mutating func send(into octets: inout ByteBuffer) {
        if pace.isPipelined, awaited.count > window.messages || octetsAhead > window.octets / 2 { return }
        while next < messages.count {
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

    /// The message waited for has its terminator.
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

    /// Asks for any answer before anything else, for the message before it is shorter than it should be.
    mutating func pause(into octets: inout ByteBuffer) {
        octets.writeString("NOOP\r\n")
        awaited.append(.pause)
    }

    mutating func paused() { answered() }

    /// The marker's answer came; whether it is the right one.
    mutating func confirmed(by line: StatusLine, _ message: ListedMessage) -> Bool {
        answered()
        defer { refusedBefore = nil }
        // A message that is not given may have no number either.
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
