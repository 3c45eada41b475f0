// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vocabulary

/// Passes messages on, and knows how far the fetch has come.
final class FetchTrace: MessageSink {
    private struct State {
        /// Behind the last message that has come, or was refused.
        var position: Int
        var current: ListedMessage?
        var work = 0
    }

    private let sink: any MessageSink
    let messages: [ListedMessage]
    private let onRefusal: @Sendable (ListedMessage, String) -> Void
    private let state = Mutex(State(position: 0))

    /// What a message costs besides its octets, in octets.
    private static let ofMessage = 2048

    init(
        _ sink: any MessageSink, of messages: [ListedMessage],
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) {
        self.sink = sink
        self.messages = messages
        self.onRefusal = onRefusal
    }

    /// What has not come yet.
    var rest: ArraySlice<ListedMessage> { messages[state.withLock { $0.position }...] }

    var isAtStart: Bool { state.withLock { $0.position } == 0 }

    /// How much has been done: octets, and something for each message.
    var work: Int { state.withLock { $0.work } }

    /// The same of messages that are to come, as they were listed.
    static func work(of messages: some Sequence<ListedMessage>) -> Int {
        messages.lazy.map { ofMessage.addingSaturated(max(0, $0.octets ?? 0)) }.reduce(0) { $0.addingSaturated($1) }
    }

    /// All up to there has come, was refused, or is gone.
    func passed(to position: Int) { state.withLock { $0.position = max($0.position, position) } }

    func refused(_ message: ListedMessage, _ words: String) {
        onRefusal(message, words)
        state.withLock { pass(message, &$0) }
    }

    private func pass(_ message: ListedMessage, _ state: inout State) {
        // They come in order; those between are gone over there.
        guard let place = messages[state.position...].firstIndex(where: { $0.number == message.number }) else { return }
        state.position = place + 1
        state.work += Self.ofMessage
    }

    // MARK: MessageSink

    var isFull: Bool { sink.isFull }

    func whenReady(_ resume: @escaping @Sendable () -> Void) { sink.whenReady(resume) }

    func begin(_ message: ListedMessage) {
        state.withLock { $0.current = message }
        sink.begin(message)
    }

    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        var taken = 0
        sink.append(upTo: count) { room in
            taken = fill(room)
            return taken
        }
        state.withLock { $0.work += taken }
    }

    func end() {
        sink.end()
        state.withLock { state in
            if let message = state.current { pass(message, &state) }
            state.current = nil
        }
    }

    func flush() { sink.flush() }

    func abandon() {
        state.withLock { $0.current = nil }
        sink.abandon()
    }
}
