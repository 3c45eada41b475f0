// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Glibc
public import MailSession
public import NIOCore
public import Vocabulary

/// The client's side of POP3 (RFC 1939, 2449, 5034) as a value: work and octets in, commands and answers out. It has no
/// socket, no clock and no password.
///
/// It does one piece of work at a time: a ``Batch`` or a ``Retrieval``. Anything that arrives in between is a
/// violation.
public struct ProtocolMachine {
    /// What to do next. After any but `needsInput`, ask again with the rest of the input.
    public enum Event {
        case needsInput
        /// The batch is answered.
        case answered([Answer])
        /// Send this; the retrieval goes on.
        case send(ByteBuffer)
        /// The server refuses to give this message; ``goOn()`` comes next.
        case refused(ListedMessage, StatusLine)
        /// The retrieval has ended; the next may begin at this pace.
        case retrieved(RetrieveOutcome, Retrieval.Pace)
        /// The line is no longer usable.
        case failed(WireFailure)
    }

    private enum Work {
        case none
        case batch(expected: Deque<Batch.Expectation>, answers: [Answer])
        case retrieval(Retrieval)
    }

    private enum Reading {
        case statusLine
        case lines(StatusLine, Batch.LineLimit)
        case message(ReceivedMessage)
    }

    /// The message being received.
    private struct ReceivedMessage {
        let listed: Int?
        var octets = 0

        var hasNoEnd: Bool {
            let (generous, overflow) = max(0, listed ?? 0).multipliedReportingOverflow(by: 8)
            return octets > min(longestMessage, max(longestUnlistedMessage, overflow ? longestMessage : generous))
        }

        /// Whether it is shorter than `LIST` has said, counting each line's end as two octets.
        func isShort(lines: Int) -> Bool { octets + lines < listed ?? 0 }
    }

    /// RFC 2449 §4 allows 512 octets; servers that explain themselves send more.
    static let longestStatusLine = 8 << 10

    /// Beyond this many octets, or eight times the size in `LIST`, whichever is more, a message counts as endless.
    static let longestUnlistedMessage = 64 << 20
    /// … and beyond this in any case.
    static let longestMessage = 4 << 30

    private var work = Work.none
    private var reading = Reading.statusLine
    /// Decodes the current multi-line answer. It is kept in place because it is large.
    private var decoder = MessageDecoder(lineEnd: .crlf)
    /// The lines of a list so far.
    private var collected = ByteBuffer()
    private var partialLine: [UInt8] = []
    /// How the server ends its lines, by the last status line.
    private var lineEnd = MessageDecoder.LineEnd.crlf
    /// Whether the sink has a complete message that is not yet known to be the requested one.
    private var isUncertain = false
    /// How many status lines have been received; a change is progress.
    public private(set) var statusLines = 0

    public init() {}

    /// Whether there is no work, so that new work may begin.
    public var isIdle: Bool { if case .none = work { true } else { false } }

    /// Whether a line has begun and not ended.
    public var isInLine: Bool { !partialLine.isEmpty }

    /// Whether a multi-line answer is being received: then every octet is progress.
    public var isInBody: Bool { if case .statusLine = reading { false } else { true } }

    /// Whether the sink has begun a message that has not ended.
    public var isInMessage: Bool { if case .message = reading { true } else { isUncertain } }

    /// Whether the answer waited for is the one that proves pipelining.
    public var isProving: Bool { if case .retrieval(let retrieval) = work { retrieval.isProving } else { false } }

    /// Begins a batch; its octets are the caller's to send.
    public mutating func begin(_ batch: Batch) {
        work = .batch(expected: Deque(batch.expectations), answers: [])
    }

    /// Begins a retrieval. Returns what to send; empty if there is nothing to do, and then there is no work.
    public mutating func begin(_ retrieval: Retrieval) -> ByteBuffer {
        var (retrieval, octets) = (retrieval, ByteBuffer())
        retrieval.send(into: &octets)
        work = octets.readableBytes == 0 ? .none : .retrieval(retrieval)
        return octets
    }

    /// Takes octets from `input`. Messages go to `sink` as they come.
    public mutating func receive(_ input: inout ByteBuffer, into sink: (any MessageSink)?) -> Event {
        while input.readableBytes > 0 {
            switch reading {
            case .statusLine:
                guard let line = readLine(&input) else {
                    guard partialLine.count <= Self.longestStatusLine else {
                        return .failed(
                            .violation(
                                "sends a line of over \(Self.longestStatusLine) octets",
                                quoting: partialLine))
                    }
                    return .needsInput
                }
                if let event = received(line, into: sink) { return event }
            case .lines(let line, let limit):
                let isWhole = decoder.decode(&input, into: &collected)
                guard decoder.lineCount <= limit.lines, collected.readableBytes <= limit.octets else {
                    return .failed(
                        .violation("sends a list without end: over \(min(decoder.lineCount, limit.lines)) lines"))
                }
                if isWhole {
                    reading = .statusLine
                    let body = collected
                    collected = ByteBuffer()
                    if let event = answered(Answer(line: line, body: body)) { return event }
                }
            case .message(var message):
                let (octets, isWhole) = decode(&input, into: sink)
                message.octets += octets
                if isWhole {
                    reading = .statusLine
                    isUncertain = true
                    let isShort = message.isShort(lines: decoder.lineCount)
                    if let event = messageReceived(isShort: isShort, isFollowed: input.readableBytes > 0, sink) {
                        return event
                    }
                } else {
                    reading = .message(message)
                    if message.hasNoEnd {
                        return .failed(.violation("sends a message without end: over \(message.octets) octets"))
                    }
                }
            }
        }
        return .needsInput
    }

    /// No more octets will come: what that means for the work in hand.
    public func closed() -> WireFailure {
        let what =
            switch reading {
            case .message: "closed the connection in the middle of a message"
            case .lines: "closed the connection in the middle of a list"
            case .statusLine: "closed the connection"
            }
        // A server that hangs up because of a command after RETR would do so each time.
        let isProving = if case .retrieval(let retrieval) = work { retrieval.isOnTrial } else { false }
        return WireFailure(
            code: isProving ? .pipeliningBroken : .closed, message: what, quoted: partialLine)
    }

    /// No octets came for too long: what that means for the work in hand.
    public func timedOut() -> WireFailure {
        if case .retrieval(let retrieval) = work, retrieval.isAhead, !isInBody {
            return WireFailure(code: .pipeliningBroken, message: "does not answer commands that are sent ahead")
        }
        return WireFailure(code: .timedOut, message: "does not answer")
    }

    // MARK: - Status lines

    /// A line without its end, or nil if that has not arrived.
    private mutating func readLine(_ input: inout ByteBuffer) -> [UInt8]? {
        let length = input.withUnsafeReadableBytes { octets -> Int? in
            guard let base = octets.baseAddress, let found = memchr(base, CInt(UInt8(ascii: "\n")), octets.count)
            else { return nil }
            return base.distance(to: UnsafeRawPointer(found))
        }
        guard let length else {
            partialLine += input.readBytes(length: input.readableBytes) ?? []
            return nil
        }
        partialLine += input.readBytes(length: length) ?? []
        input.moveReaderIndex(forwardBy: 1)
        guard partialLine.count <= Self.longestStatusLine else { return nil }
        var line = partialLine
        partialLine = []
        lineEnd = line.last == UInt8(ascii: "\r") ? .crlf : .lf
        if lineEnd == .crlf { line.removeLast() }
        return line
    }

    private mutating func received(_ octets: [UInt8], into sink: (any MessageSink)?) -> Event? {
        let line = StatusLine(octets)
        statusLines += 1
        if case .retrieval = work { return retrievalReceived(line, quoting: octets, into: sink) }
        if case .none = work {
            // Some servers say goodbye before they close a session that was silent for too long.
            if let line, line.kind == .error {
                return .failed(WireFailure(code: .closed, message: "ended the session", quoted: line.octets))
            }
            return .failed(.violation("speaks out of turn", quoting: octets))
        }
        guard let line, let expectation else {
            return .failed(.violation("answers neither +OK nor -ERR", quoting: octets))
        }
        switch (line.kind, expectation) {
        case (.continuation, .status), (.continuation, .lines):
            return .failed(.violation("answers neither +OK nor -ERR", quoting: octets))
        case (.ok, .lines(let limit)):
            decoder.begin(lineEnd: .any)
            reading = .lines(line, limit)
            return nil
        case (.ok, _), (.error, _), (.continuation, .challenge):
            return answered(Answer(line: line, body: ByteBuffer()))
        }
    }

    private mutating func retrievalReceived(
        _ line: StatusLine?, quoting octets: [UInt8], into sink: (any MessageSink)?
    ) -> Event? {
        guard let line, line.kind != .continuation, let awaited = change({ $0.first }) ?? nil else {
            let failure = WireFailure.violation(
                change { $0.isConfirming } == true
                    ? "goes on behind the end of a message" : "answers RETR with neither +OK nor -ERR",
                quoting: octets)
            return .failed(change { $0.isAhead } == true ? failure.recoded(.pipeliningBroken) : failure)
        }
        switch awaited {
        case .message(let message):
            if line.kind == .ok {
                decoder.begin(lineEnd: lineEnd)
                reading = .message(ReceivedMessage(listed: message.octets))
                sink?.begin(message)
                return nil
            }
            change { $0.refused(message) }
            return .refused(message, line)
        case .marker(let message):
            guard change({ $0.confirmed(by: line, message) }) == true else {
                return .failed(
                    WireFailure(
                        code: .pipeliningBroken, message: "mixes up commands that are sent ahead", quoted: line.octets))
            }
            return certain(sink)
        case .pause:
            change { $0.paused() }
            return certain(sink)
        }
    }

    private var expectation: Batch.Expectation? {
        if case .batch(let expected, _) = work { expected.first } else { nil }
    }

    private mutating func answered(_ answer: Answer) -> Event? {
        guard case .batch(var expected, var answers) = work else { return nil }
        work = .none
        expected.removeFirst()
        answers.append(answer)
        guard expected.isEmpty else {
            work = .batch(expected: expected, answers: answers)
            return nil
        }
        return .answered(answers)
    }

    // MARK: - Messages

    /// Decodes into the sink's own memory, so that octets are copied only once between the socket's buffer and the
    /// disk's. One dynamic call per buffer.
    private mutating func decode(
        _ input: inout ByteBuffer, into sink: (any MessageSink)?
    ) -> (octets: Int, isWhole: Bool) {
        var decoded = (written: 0, isWhole: false)
        guard let sink else {
            var nowhere = ByteBuffer()
            decoded.isWhole = decoder.decode(&input, into: &nowhere)
            return (nowhere.readableBytes, decoded.isWhole)
        }
        sink.append(upTo: input.readableBytes + MessageDecoder.mostHeld) { room in
            decoded = decoder.decode(&input, into: room)
            return decoded.written
        }
        return (decoded.written, decoded.isWhole)
    }

    /// A terminator has arrived. Whether it was the message's own, and the message the requested one, is shown by what
    /// follows: the marker, if there is one; otherwise nothing has been requested ahead.
    private mutating func messageReceived(
        isShort: Bool, isFollowed: Bool, _ sink: (any MessageSink)?
    ) -> Event? {
        let state = change { retrieval in
            retrieval.received()
            return (isLast: retrieval.first == nil, isOnTrial: retrieval.isOnTrial)
        }
        guard let state else { return nil }
        if state.isLast {
            if isFollowed { return .failed(.violation("goes on behind the end of a message")) }
            // A server that does not stuff dots ends a message at its first lone dot, and then sends the rest.
            guard isShort else { return certain(sink) }
            var octets = ByteBuffer()
            change { $0.pause(into: &octets) }
            return .send(octets)
        }
        // The first message follows no other.
        if state.isOnTrial, !isShort { settle(sink) }
        return nil
    }

    /// Everything before this is settled.
    private mutating func certain(_ sink: (any MessageSink)?) -> Event? {
        if isUncertain { settle(sink) }
        return goOn()
    }

    private mutating func settle(_ sink: (any MessageSink)?) {
        isUncertain = false
        change { $0.retrieved() }
        sink?.end()
    }

    /// Sends what the window now allows, or ends the retrieval. Also after ``Event/refused(_:_:)``.
    public mutating func goOn() -> Event? {
        guard case .retrieval(var retrieval) = work else { return nil }
        work = .none
        var octets = ByteBuffer()
        retrieval.send(into: &octets)
        if retrieval.isDone { return .retrieved(retrieval.outcome, retrieval.pace) }
        work = .retrieval(retrieval)
        return octets.readableBytes > 0 ? .send(octets) : nil
    }

    /// Reads or changes the current retrieval in place, so that its queue, which is as long as the window, is never
    /// copied. nil if there is none.
    @discardableResult
    private mutating func change<Value>(_ body: (inout Retrieval) -> Value) -> Value? {
        guard case .retrieval(var retrieval) = work else { return nil }
        work = .none
        defer { work = .retrieval(retrieval) }
        return body(&retrieval)
    }
}

extension WireFailure {
    fileprivate func recoded(_ code: SessionFault) -> WireFailure {
        var failure = self
        failure.code = code
        return failure
    }
}
