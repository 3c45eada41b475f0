// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vocabulary
import Waiting

/// What one of several sessions brings before its turn has come, in memory up to a bound; after that it passes through.
///
/// Only the session that has listed the mailbox is believed that a message is refused, or gone: what another brings ends
/// before the first that it leaves out.
final class Backlog: MessageSink {
    fileprivate enum Item: Sendable {
        case begin(ListedMessage)
        case octets([UInt8])
        case end
        case abandon
        case refused(ListedMessage, String)
    }

    /// Where everything goes once its turn has come.
    fileprivate struct Target: Sendable {
        var sink: any MessageSink
        var onRefusal: @Sendable (ListedMessage, String) -> Void

        func take(_ item: Item) {
            switch item {
            case .begin(let message): sink.begin(message)
            case .octets(let octets): octets.withUnsafeBytes { sink.append($0) }
            case .end: sink.end()
            case .abandon: sink.abandon()
            case .refused(let message, let words): onRefusal(message, words)
            }
        }
    }

    fileprivate struct State {
        var items: [Item] = []
        var octets = 0
        var target: Target?
        var isDiscarding = false
        /// What is left of ``expected``; nil where the session may leave some out.
        var expected: ArraySlice<ListedMessage>?
        var isSealed = false
        var settled = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let limit: Int
    private let state: Mutex<State>
    private let finished = Latch<Void>()

    /// - Parameters:
    ///   - limit: octets beyond which the reader is to pause.
    ///   - expected: messages none of which may be left out.
    init(limit: Int, expected: ArraySlice<ListedMessage>? = nil) {
        self.limit = limit
        state = Mutex(State(expected: expected))
    }

    /// Whether some was left out of what was expected: what came behind that has not gone on.
    var isSealed: Bool { state.withLock { $0.isSealed } }

    /// How many messages have come whole, or were refused.
    var settled: Int { state.withLock { $0.settled } }

    // MARK: The reader's side

    var isFull: Bool {
        let (target, isFull) = state.withLock { ($0.target, !$0.isDiscarding && $0.octets >= limit) }
        return target?.sink.isFull ?? isFull
    }

    func whenReady(_ resume: @escaping @Sendable () -> Void) {
        let (target, waits) = state.withLock { state in
            let waits = state.target == nil && !state.isDiscarding && state.octets >= limit
            if waits { state.waiting.append(resume) }
            return (state.target, waits)
        }
        if let target { target.sink.whenReady(resume) } else if !waits { resume() }
    }

    func begin(_ message: ListedMessage) { put(.begin(message)) }

    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        let target = state.withLock { state -> Target? in
            if let target = state.target, !state.isSealed { return target }
            let octets = [UInt8](unsafeUninitializedCapacity: max(count, Self.leastRoom)) { room, filled in
                filled = fill(UnsafeMutableRawBufferPointer(room))
            }
            guard !state.isDiscarding, !state.isSealed, !octets.isEmpty else { return nil }
            state.octets += octets.count
            state.items.append(.octets(octets))
            return nil
        }
        target?.sink.append(upTo: count, fill)
    }

    /// As a `MessageSink` promises it.
    private static let leastRoom = 1024

    func end() { put(.end) }

    func abandon() { put(.abandon) }

    func flush() { state.withLock { $0.target }?.sink.flush() }

    func refused(_ message: ListedMessage, _ words: String) { put(.refused(message, words)) }

    private func put(_ item: Item) {
        let target = state.withLock { state -> Target? in
            guard state.takes(item) else { return nil }
            if state.target == nil, !state.isDiscarding { state.items.append(item) }
            return state.target
        }
        target?.take(item)
    }

    /// Nothing follows.
    func finish() { finished.settle(()) }

    // MARK: The other side

    /// Its turn has come: what it holds, and whatever follows, goes to `sink`. Returns after ``finish()``; earlier when
    /// cancelled.
    func flow(into sink: any MessageSink, onRefusal: @escaping @Sendable (ListedMessage, String) -> Void) async {
        let target = Target(sink: sink, onRefusal: onRefusal)
        while let items = next(target) {
            for item in items {
                if sink.isFull, await !sink.isReady() { return discard() }
                target.take(item)
            }
        }
        sink.flush()
        await finished.waitUnlessCancelled()
    }

    /// What it holds; nil where that is nothing: from then on it passes through.
    private func next(_ target: Target) -> [Item]? {
        let (items, waiting) = state.withLock { state in
            defer {
                state.items = []
                state.octets = 0
                state.waiting = []
            }
            if state.items.isEmpty { state.target = target }
            return (state.items, state.waiting)
        }
        for resume in waiting { if items.isEmpty { target.sink.whenReady(resume) } else { resume() } }
        return items.isEmpty ? nil : items
    }

    /// Nobody wants it: what it holds is forgotten, and whatever follows.
    func discard() {
        let waiting = state.withLock { state in
            state.isDiscarding = true
            (state.items, state.octets) = ([], 0)
            defer { state.waiting = [] }
            return state.waiting
        }
        for resume in waiting { resume() }
    }
}

extension Backlog.State {
    /// Whether it goes on: not what comes behind a message that was left out.
    fileprivate mutating func takes(_ item: Backlog.Item) -> Bool {
        guard !isSealed else { return false }
        switch item {
        case .begin(let message):
            if let expected { isSealed = expected.first?.number != message.number }
        case .refused:
            if expected != nil { isSealed = true } else { settled += 1 }
        case .end:
            settled += 1
            expected = expected?.dropFirst()
        case .octets, .abandon: break
        }
        return !isSealed
    }
}

extension MessageSink {
    /// Waits until it is not full; false when cancelled.
    fileprivate func isReady() async -> Bool {
        let ready = Latch<Void>()
        whenReady { ready.settle(()) }
        return await ready.waitUnlessCancelled() != nil
    }
}
