// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vocabulary

/// Keeps what it is given, and may be told to be full.
final class MemorySink: MessageSink {
    struct Message: Equatable {
        var message: ListedMessage
        var octets: [UInt8]
        var isWhole = false
    }

    private struct State {
        var messages: [Message] = []
        var abandoned = 0
        var isFull = false
        var resume: (@Sendable () -> Void)?
        var bytesSinceFull = 0
        var longestAppend = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: octets after which it says that it is full.
    init(limit: Int = .max) { self.limit = limit }

    func begin(_ message: ListedMessage) {
        state.withLock { $0.messages.append(Message(message: message, octets: [])) }
    }

    func append(_ octets: UnsafeRawBufferPointer) {
        state.withLock { state in
            state.messages[state.messages.count - 1].octets += octets
            state.bytesSinceFull += octets.count
            state.longestAppend = max(state.longestAppend, octets.count)
            if state.bytesSinceFull >= limit { state.isFull = true }
        }
    }

    func end() { state.withLock { $0.messages[$0.messages.count - 1].isWhole = true } }

    func flush() {}

    func abandon() {
        state.withLock { state in
            state.messages.removeLast()
            state.abandoned += 1
        }
    }

    var isFull: Bool { state.withLock { $0.isFull } }

    func whenReady(_ resume: @escaping @Sendable () -> Void) { state.withLock { $0.resume = resume } }

    /// There is room again.
    func drain() {
        let resume = state.withLock { state in
            state.isFull = false
            state.bytesSinceFull = 0
            defer { state.resume = nil }
            return state.resume
        }
        resume?()
    }

    var messages: [Message] { state.withLock { $0.messages } }
    var whole: [[UInt8]] { messages.filter(\.isWhole).map(\.octets) }
    var abandoned: Int { state.withLock { $0.abandoned } }
    var received: Int { messages.reduce(0) { $0 + $1.octets.count } }
    var isWaiting: Bool { state.withLock { $0.resume != nil } }
}
