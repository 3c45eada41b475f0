// SPDX-License-Identifier: Apache-2.0

import MailSource
import Synchronization
import Vocabulary
import Waiting

/// A part of a fetch over several sessions: each takes the next messages in turn, and what they bring goes on in order.
struct ConvoyLeg: Sendable {
    /// What came of it.
    struct End: Sendable {
        /// Sessions that can be used no more, the first aside.
        var lost: Set<Int> = []
        /// Numbers of messages that are gone over there.
        var vanished: Set<Int> = []
    }

    /// A few messages of one folder after the other, which one session asks for.
    private struct Chunk: Sendable {
        var lane: Int
        var messages: ArraySlice<ListedMessage>
        var backlog: Backlog
        let outcome = Latch<Result<Void, SourceError>>()
        /// Its messages have gone on: its session may take the next chunk.
        let hasPassed = Latch<Void>()
    }

    private struct State {
        var rest: ArraySlice<ListedMessage>
        /// What comes later is fetched anew.
        var isBroken = false
    }

    /// Octets of a session that wait for their turn in memory; more wait in its socket.
    private static let mostAhead = 1 << 20

    /// The first is the one without which nothing goes on.
    let sessions: [any MailboxSession]
    let trace: FetchTrace
    let options: FetchOptions
    /// How much of `FetchTrace/work` a chunk has.
    let ofChunk: Int
    /// Whether no more chunks are handed out.
    let isOver: @Sendable () -> Bool

    /// - Throws: the first session's error, once all before it has gone on.
    func run() async throws(SourceError) -> End {
        let state = Shared(State(rest: trace.rest))
        let (chunks, handedOut) = AsyncStream<Chunk>.makeStream()
        return try await withTaskGroup(of: Void.self) { group -> Result<End, SourceError> in
            for lane in sessions.indices {
                group.addTask {
                    while let chunk = next(for: lane, state, handedOut) {
                        await fetch(chunk, state)
                        guard await chunk.hasPassed.waitUnlessCancelled() != nil else { break }
                    }
                    // Whoever finds none first ends it: all that are handed out are in it.
                    handedOut.finish()
                }
            }
            return await pass(chunks, state)
        }.get()
    }

    private func next(
        for lane: Int, _ state: Shared<State>, _ handedOut: AsyncStream<Chunk>.Continuation
    ) -> Chunk? {
        guard !isOver(), options.goesOn() else { return nil }
        return state.change { state -> Chunk? in
            guard !state.isBroken, !state.rest.isEmpty else { return nil }
            var work = 0
            let messages = state.rest.prefix { message in
                defer { work = work.addingSaturated(FetchTrace.work(of: CollectionOfOne(message))) }
                return work < ofChunk
            }
            state.rest = state.rest[messages.endIndex...]
            let chunk = Chunk(
                lane: lane, messages: messages, backlog: Backlog(limit: min(options.windowOctets, Self.mostAhead)))
            handedOut.yield(chunk)
            return chunk
        }
    }

    private func fetch(_ chunk: Chunk, _ state: Shared<State>) async {
        let (backlog, goesOn) = (chunk.backlog, options.goesOn)
        var options = options
        options.goesOn = { goesOn() && !state.value.isBroken }
        let outcome: Result<Void, SourceError>
        do throws(SourceError) {
            try await sessions[chunk.lane].fetch(Array(chunk.messages), into: backlog, options) {
                backlog.refused($0, $1)
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        backlog.finish()
        chunk.outcome.settle(outcome)
    }

    /// Lets chunks go on in order, until one is not whole: those behind it are fetched anew.
    private func pass(_ chunks: AsyncStream<Chunk>, _ state: Shared<State>) async -> Result<End, SourceError> {
        var end = End()
        var failure: SourceError?
        for await chunk in chunks {
            guard !state.value.isBroken else {
                chunk.backlog.discard()
                chunk.hasPassed.settle(())
                continue
            }
            await chunk.backlog.flow(into: trace) { [trace] in trace.refused($0, $1) }
            let isWhole: Bool
            switch await chunk.outcome.waitUnlessCancelled() {
            case .success:
                let vanished = sessions[chunk.lane].vanished
                let gone = vanished.isEmpty ? [] : chunk.messages.map(\.number).filter(vanished.contains)
                end.vanished.formUnion(gone)
                isWhole = options.goesOn() || chunk.backlog.settled + gone.count >= chunk.messages.count
            case .failure(let error):
                isWhole = false
                if chunk.lane == 0 || error.code == .cancelled { failure = error } else { end.lost.insert(chunk.lane) }
            case nil: isWhole = false
            }
            if isWhole { trace.passed(to: chunk.messages.endIndex) } else { state.change { $0.isBroken = true } }
            chunk.hasPassed.settle(())
        }
        return failure.map { .failure($0) } ?? .success(end)
    }
}

/// What several tasks share.
private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }

    func change<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result { state.withLock { body(&$0) } }
}
