// SPDX-License-Identifier: Apache-2.0

import MailStore
import Synchronization
import Vocabulary

/// Passes what a run receives on to the store, with a gate: while it is closed, nothing more is requested from the old
/// server, and what it has already sent waits in the socket.
final class IntakeGate: MessageSink {
    private struct State {
        var isClosed = false
        var waiting: [@Sendable () -> Void] = []
    }

    private let writer: any MailboxWriter
    private let state = Mutex(State())

    init(_ writer: any MailboxWriter) { self.writer = writer }

    func close() { state.withLock { $0.isClosed = true } }

    func open() {
        let waiting = state.withLock { state in
            state.isClosed = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for resume in waiting { writer.whenReady(resume) }
    }

    // MARK: MessageSink

    var isFull: Bool { state.withLock(\.isClosed) || writer.isFull }

    func whenReady(_ resume: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if state.isClosed { state.waiting.append(resume) }
            return state.isClosed
        }
        if !isClosed { writer.whenReady(resume) }
    }

    func begin(_ message: ListedMessage) { writer.begin(message) }
    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) { writer.append(upTo: count, fill) }
    func end() { writer.end() }
    func flush() { writer.flush() }
    func abandon() { writer.abandon() }
}
