// SPDX-License-Identifier: Apache-2.0

import DequeModule
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
/// Answers to `RETR` carry no number. So the first is sent with a `UIDL n` or `LIST n` behind it, whose answer does: only
/// when that comes, rightly and in time, has the server been seen not to lose what is sent behind a `RETR`, and the window
/// opens.
struct Retrieval: Sendable {
    struct Window: Hashable, Sendable {
        var messages = 64
        var octets = 4 << 20
    }

    enum Pace: Hashable, Sendable {
        /// One command, one answer.
        case oneByOne
        /// Pipelining holds for short answers; it is shown for `RETR` with this command (`UIDL` or `LIST`).
        case proving(marker: String)
        case pipelined
    }

    enum Awaited: Hashable, Sendable {
        case message(ListedMessage)
        /// The answer that proves, about this message.
        case marker(Int)
    }

    private let messages: [ListedMessage]
    private let window: Window
    private(set) var pace: Pace
    private var next = 0
    private var awaited = Deque<Awaited>()
    private var octetsAhead = 0
    private(set) var outcome = RetrieveOutcome(retrieved: 0, refused: [])

    init(_ messages: [ListedMessage], pace: Pace, window: Window = Window()) {
        self.messages = messages
        self.pace = messages.count < 3 && pace != .pipelined ? .oneByOne : pace
        self.window = window
    }

    var first: Awaited? { awaited.first }
    var isDone: Bool { awaited.isEmpty && next == messages.count }
    /// Whether an answer that is missing could be another's.
    var isAhead: Bool { awaited.count > 1 || pace != .oneByOne }
    /// Whether commands have been sent behind a `RETR` to a server that has not shown yet that it bears them.
    var isOnTrial: Bool { if case .proving = pace { true } else { false } }
    /// Whether the answer waited for now is the one that proves.
    var isProving: Bool { if case .marker = awaited.first { true } else { false } }

    /// Appends the commands that may be sent now.
    mutating func send(into octets: inout ByteBuffer) {
        while next < messages.count {
            let message = messages[next]
            let size = max(message.octets ?? 0, 0)
            switch pace {
            case .oneByOne, .proving:
                guard awaited.isEmpty else { return }
            case .pipelined:
                guard awaited.isEmpty || (awaited.count < window.messages && octetsAhead + size <= window.octets)
                else { return }
            }
            octets.writeString("RETR \(message.number)\r\n")
            awaited.append(.message(message))
            octetsAhead += size
            next += 1
            if case .proving(let marker) = pace {
                octets.writeString("\(marker) \(message.number)\r\n")
                awaited.append(.marker(message.number))
            }
        }
    }

    mutating func retrieved() {
        outcome.retrieved += 1
        answered()
    }

    mutating func refused(_ message: ListedMessage) {
        outcome.refused.append(message)
        answered()
    }

    /// The marker's answer came; whether it is the right one.
    mutating func proved(by line: StatusLine, number: Int) -> Bool {
        answered()
        guard line.kind == .ok, NumberedLine(line.octets)?.number == number else { return false }
        pace = .pipelined
        return true
    }

    private mutating func answered() {
        if case .message(let message) = awaited.popFirst() { octetsAhead -= max(message.octets ?? 0, 0) }
    }
}
