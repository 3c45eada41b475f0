// SPDX-License-Identifier: Apache-2.0

import Synchronization
public import Vocabulary

/// Keeps what it is given, and may be told to be full.
public final class MemorySink: MessageSink {
    public struct Message: Equatable, Sendable {
        public var message: ListedMessage
        public var octets: [UInt8]
        public var isWhole = false
    }

    private struct State {
        var messages: [Message] = []
        var abandoned = 0
        var isFull = false
        var resume: (@Sendable () -> Void)?
        var bytesSinceFull = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: octets after which it says that it is full.
    public init(limit: Int = .max) { self.limit = limit }

    public func begin(_ message: ListedMessage) {
        state.withLock { $0.messages.append(Message(message: message, octets: [])) }
    }

    public func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        let octets = [UInt8](unsafeUninitializedCapacity: max(count, 1024)) { room, count in
            count = fill(UnsafeMutableRawBufferPointer(room))
        }
        state.withLock { state in
            state.messages[state.messages.count - 1].octets += octets
            state.bytesSinceFull += octets.count
            if state.bytesSinceFull >= limit { state.isFull = true }
        }
    }

    public func end() { state.withLock { $0.messages[$0.messages.count - 1].isWhole = true } }

    public func flush() {}

    public func abandon() {
        state.withLock { state in
            state.messages.removeLast()
            state.abandoned += 1
        }
    }

    public var isFull: Bool { state.withLock { $0.isFull } }

    public func whenReady(_ resume: @escaping @Sendable () -> Void) { state.withLock { $0.resume = resume } }

    /// There is room again.
    public func drain() {
        let resume = state.withLock { state in
            state.isFull = false
            state.bytesSinceFull = 0
            defer { state.resume = nil }
            return state.resume
        }
        resume?()
    }

    public var messages: [Message] { state.withLock { $0.messages } }
    public var whole: [[UInt8]] { messages.filter(\.isWhole).map(\.octets) }
    public var abandoned: Int { state.withLock { $0.abandoned } }
    public var received: Int { messages.reduce(0) { $0 + $1.octets.count } }
    public var isWaiting: Bool { state.withLock { $0.resume != nil } }
}
