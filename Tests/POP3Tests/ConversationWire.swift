// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Synchronization
import Testing
import Vocabulary

@testable import POP3

/// A line to a server that says what is written in a ``Conversation``, whatever it is told; what differs from the writing
/// is recorded as an issue.
///
/// What the server sends reaches the machine as soon as all that the client says before it has been said.
final class ConversationWire: Wire {
    private struct State {
        var machine = ProtocolMachine()
        var turns: ArraySlice<(line: Int, turn: Conversation.Turn)>
        /// Lines of the client that the conversation has not come to.
        var sent: [[UInt8]] = []
        var failure: WireFailure?

        mutating func send(_ octets: ByteBuffer) {
            for line in octets.readableBytesView.split(separator: 10) { sent.append(Array(line.dropLast())) }
        }
    }

    private let name: String
    /// How many octets arrive in one piece.
    private let piece: Int
    private let state: Mutex<State>

    init(_ conversation: Conversation, piece: Int = .max) {
        name = conversation.description
        self.piece = piece
        state = Mutex(State(turns: conversation.turns[...]))
    }

    /// Whether everything has been said.
    var isOver: Bool { state.withLock { $0.turns.isEmpty } }

    /// The number of the line that comes next.
    var nextLine: Int? { state.withLock { $0.turns.first?.line } }

    func perform(_ batch: Batch) async throws(WireFailure) -> [Answer] {
        try state.withLock { state throws(WireFailure) in
            try ready(state)
            state.machine.begin(batch)
            state.send(batch.octets)
            var answers: [Answer] = []
            try play(&state, into: nil) { if case .answered(let all) = $0 { answers = all } }
            return answers
        }
    }

    func retrieve(
        _ retrieval: Retrieval, into sink: any MessageSink,
        onRefusal: @escaping @Sendable (ListedMessage, StatusLine) -> Void
    ) async throws(WireFailure) -> (RetrieveOutcome, Retrieval.Pace) {
        try state.withLock { state throws(WireFailure) in
            try ready(state)
            let octets = state.machine.begin(retrieval)
            guard octets.readableBytes > 0 else { return (retrieval.outcome, retrieval.pace) }
            state.send(octets)
            var result = (retrieval.outcome, retrieval.pace)
            do throws(WireFailure) {
                try play(&state, into: sink) { event in
                    if case .refused(let message, let line) = event { onRefusal(message, line) }
                    if case .retrieved(let outcome, let pace) = event { result = (outcome, pace) }
                }
            } catch {
                if state.machine.isInMessage { sink.abandon() }
                throw error
            }
            return result
        }
    }

    func startTLS() async throws(WireFailure) -> TLSFacts {
        try state.withLock { state throws(WireFailure) in
            guard state.failure == nil, case .handshake? = state.turns.first?.turn else {
                throw WireFailure(code: .untrusted, message: "sent plain text where TLS was to begin")
            }
            state.turns.removeFirst()
            do throws(WireFailure) { try play(&state, into: nil) { _ in } } catch {}  // as after every answer
            return TLSFacts(
                version: "TLSv1.3", cipher: nil, sha256: String(repeating: "0", count: 64), isVerified: true)
        }
    }

    func close() {
        state.withLock { state in
            if state.failure == nil { state.failure = .cancelled }
        }
    }

    func closed() async { close() }

    private func ready(_ state: State) throws(WireFailure) {
        if let failure = state.failure { throw failure }
    }

    /// Goes on until the machine has what it waits for, and what the server says unasked has been heard.
    private func play(
        _ state: inout State, into sink: (any MessageSink)?, _ take: (ProtocolMachine.Event) -> Void
    ) throws(WireFailure) {
        while true {
            switch state.turns.first?.turn {
            case .client(let expected)?:
                guard let line = state.sent.first else {
                    if state.machine.isIdle { return }
                    try fail(state.machine.timedOut(), &state)
                    return
                }
                state.sent.removeFirst()
                let number = state.turns.first?.line ?? 0
                #expect(
                    line == expected,
                    "\(name).txt:\(number): the client says “\(String(decoding: line, as: UTF8.self))”")
                state.turns.removeFirst()
            case .server(let octets)?:
                guard state.sent.isEmpty else { return try unexpected(&state) }
                // What a greeting or an answer brings with it is heard only when somebody listens.
                if state.machine.isIdle, state.machine.statusLines == 0 { return }
                let wasIdle = state.machine.isIdle
                state.turns.removeFirst()
                do throws(WireFailure) {
                    try hear(octets, &state, into: sink, take)
                } catch {
                    state.failure = error
                    if !wasIdle { throw error }
                    return
                }
            case .silence?:
                if state.machine.isIdle { return }
                guard state.sent.isEmpty else { return try unexpected(&state) }
                state.turns.removeFirst()
                try fail(state.machine.timedOut(), &state)
            case .handshake?:
                if state.machine.isIdle { return }
                try fail(state.machine.timedOut(), &state)
            case nil:
                if state.machine.isIdle { return }
                guard state.sent.isEmpty else { return try unexpected(&state) }
                try fail(state.machine.closed(), &state)
            }
        }
    }

    private func hear(
        _ octets: [UInt8], _ state: inout State, into sink: (any MessageSink)?, _ take: (ProtocolMachine.Event) -> Void
    ) throws(WireFailure) {
        var rest = octets[...]
        while !rest.isEmpty {
            var input = ByteBuffer(bytes: rest.prefix(piece))
            rest = rest.dropFirst(piece)
            while input.readableBytes > 0 {
                var event: ProtocolMachine.Event? = state.machine.receive(&input, into: sink)
                while let current = event {
                    event = nil
                    take(current)
                    switch current {
                    case .needsInput, .answered, .retrieved: break
                    case .send(let octets): state.send(octets)
                    case .refused: event = state.machine.goOn()
                    case .failed(let failure): throw failure
                    }
                }
            }
        }
    }

    private func unexpected(_ state: inout State) throws(WireFailure) {
        let line = state.sent.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        Issue.record("\(name).txt:\(state.turns.first?.line ?? 0): before this the client says “\(line)”")
        try fail(WireFailure(code: .closed, message: "has left the conversation"), &state)
    }

    private func fail(_ failure: WireFailure, _ state: inout State) throws(WireFailure) {
        state.failure = failure
        throw failure
    }
}
