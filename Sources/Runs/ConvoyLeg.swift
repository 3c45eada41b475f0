// SPDX-License-Identifier: Apache-2.0

import MailSource
import Synchronization
import Vocabulary
import Waiting

/// A part of a fetch over several sessions: each takes the next messages in turn, and what they bring goes on in order.
struct ConvoyLeg: Sendable {
    /// The places of sessions that are of no use any more, and why.
    typealias Lost = [Int: String]

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
        /// Nothing is handed out any more, whatever becomes of the reason.
        var hasEnded = false
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
    func run() async throws(SourceError) -> Lost {
        let state = Shared(State(rest: trace.rest))
        let (chunks, handedOut) = AsyncStream<Chunk>.makeStream()
        // The first session has the first chunk: what another has left out may be gone, or refused.
        let first = next(for: 0, state, handedOut)
        return try await withTaskGroup(of: Void.self) { group -> Result<Lost, SourceError> in
            for lane in sessions.indices {
                group.addTask {
                    var chunk = lane == 0 ? first : next(for: lane, state, handedOut)
                    while let current = chunk {
                        await fetch(current, state)
                        guard await current.hasPassed.waitUnlessCancelled() != nil else { break }
                        chunk = next(for: lane, state, handedOut)
                    }
                    // None is handed out after one was asked for in vain.
                    handedOut.finish()
                }
            }
            return await pass(chunks, state)
        }.get()
    }

    private func next(
        for lane: Int, _ state: Shared<State>, _ handedOut: AsyncStream<Chunk>.Continuation
    ) -> Chunk? {
        let goesOn = !isOver() && options.goesOn()
        return state.change { state -> Chunk? in
            guard goesOn, !state.hasEnded, !state.isBroken, !state.rest.isEmpty else {
                state.hasEnded = true
                return nil
            }
            var work = 0
            let messages = state.rest.prefix { message in
                defer { work = work.addingSaturated(FetchTrace.work(of: CollectionOfOne(message))) }
                return work < ofChunk
            }
            state.rest = state.rest[messages.endIndex...]
            let backlog = Backlog(
                limit: min(options.windowOctets, Self.mostAhead), expected: lane == 0 ? nil : messages)
            let chunk = Chunk(lane: lane, messages: messages, backlog: backlog)
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
    private func pass(
        _ chunks: AsyncStream<Chunk>, _ state: Shared<State>
    ) async -> Result<Lost, SourceError> {
        var lost: Lost = [:]
        var failure: SourceError?
        for await chunk in chunks {
            guard !state.value.isBroken else {
                chunk.backlog.discard()
                chunk.hasPassed.settle(())
                continue
            }
            await chunk.backlog.flow(into: trace) { [trace] in trace.refused($0, $1) }
            let outcome = await chunk.outcome.waitUnlessCancelled() ?? .failure(Self.cancelled)
            if case .failure(let error) = outcome, chunk.lane == 0 || error.code == .cancelled { failure = error }
            if isWhole(chunk, outcome) {
                trace.passed(to: chunk.messages.endIndex)
            } else {
                if chunk.lane > 0 { lost[chunk.lane] = fault(of: chunk, outcome) }
                state.change { $0.isBroken = true }
            }
            chunk.hasPassed.settle(())
        }
        if failure == nil, Task.isCancelled { failure = Self.cancelled }
        return failure.map { .failure($0) } ?? .success(lost)
    }

    private static let cancelled = SourceError(code: .cancelled, step: .fetch, detail: "nobody wants it any more")

    /// Why a chunk is not whole; nil where no more was asked for, which is no fault of the session's.
    private func fault(of chunk: Chunk, _ outcome: Result<Void, SourceError>) -> String? {
        switch outcome {
        case .failure(let error): error.description
        case .success: chunk.backlog.isSealed ? "it left messages out, or sent them in another order" : nil
        }
    }

    private func isWhole(_ chunk: Chunk, _ outcome: Result<Void, SourceError>) -> Bool {
        guard case .success = outcome else { return false }
        let settled = chunk.backlog.settled
        guard chunk.lane == 0 else { return settled == chunk.messages.count }
        // The first session passes over what is gone.
        guard !options.goesOn(), settled < chunk.messages.count else { return true }
        let vanished = sessions[0].vanished
        return settled + chunk.messages.count { vanished.contains($0.number) } >= chunk.messages.count
    }
}

/// What several tasks share.
private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }

    func change<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result { state.withLock { body(&$0) } }
}
