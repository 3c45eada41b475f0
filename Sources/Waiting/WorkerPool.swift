// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A few threads of its own for work that blocks, or computes for long, to spare event loops and the threads of Swift's
/// cooperative pool.
///
/// First come, first served; work that can wait lets all other work go first. The number of threads, which start when
/// needed, is bounded. A thread that has been idle for a while ends, unless the pool keeps its threads; so a pool need
/// not be ended. When its last reference goes, queued jobs are still done, and idle threads end at once.
package final class WorkerPool: Sendable {
    /// Why a job that may be refused was not begun.
    package enum Refusal: Error { case full, ended }

    private let line: JobLine
    private let keepsThreads: Bool

    /// - Parameters:
    ///   - name: the threads' name, up to 15 octets.
    ///   - threads: how many jobs are done at once; at least 1.
    ///   - promptly: how many threads start as jobs arrive; the rest start one by one, while jobs wait for long.
    ///   - mostWaiting: how many refusable jobs that somebody waits for may be queued.
    ///   - keepsThreads: whether threads are kept until ``end()``, which must then be called.
    package init(
        _ name: String, threads: Int, promptly: Int = .max, mostWaiting: Int = .max, keepsThreads: Bool = false
    ) {
        line = JobLine(
            name: name, threads: max(1, threads), promptly: promptly, mostWaiting: mostWaiting,
            keepsThreads: keepsThreads)
        self.keepsThreads = keepsThreads
    }

    deinit {
        if keepsThreads, line.hasThreads, !line.isClosed { reportForgotten("a pool that keeps its threads") }
        // Nobody can submit anything any more, so nothing is refused.
        line.close()
    }

    /// Starts all threads now.
    /// - Returns: how many there are; 0 if the system cannot create any (TasksMax? memory?).
    package func start() -> Int { line.start() }

    /// Does a job, whatever happens to the pool.
    package func submit(_ job: @escaping @Sendable () -> Void) { line.append(job) }

    /// Runs `body` on one of the threads, and returns its answer. Cancellation does not reach it.
    package func run<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) async -> Answer {
        let answer = Latch<Answer>()
        submit { answer.settle(body()) }
        return await answer.wait()
    }

    /// The answer of `body`, or nil if it takes longer than `patience`: nobody waits for it then, but it goes on.
    package func run<Answer: Sendable>(
        within patience: Duration, _ body: @escaping @Sendable () -> Answer
    ) async -> Answer? {
        let answer = Latch<Answer?>()
        let alarm = Timekeeper.shared.call(after: patience) { answer.settle(nil) }
        submit {
            answer.settle(body())
            alarm.cancel()
        }
        return await answer.wait()
    }

    /// As ``run(within:_:)``; nil as well as soon as the task is cancelled. It is not begun once nobody waits for it.
    /// - Parameter longer: how much longer it is waited for, asked whenever the patience has ended; must not block.
    package func runUnlessCancelled<Answer: Sendable>(
        within patience: Duration, longer: @escaping @Sendable () -> Duration = { .zero },
        _ body: @escaping @Sendable () -> Answer
    ) async -> Answer? {
        let answer = Latch<Answer?>()
        @Sendable func wait(_ patience: Duration) {
            let alarm = Timekeeper.shared.call(after: patience) {
                let left = answer.isSettled ? .zero : longer()
                if left > .zero { wait(left) } else { answer.settle(nil) }
            }
            answer.whenSettled { _ in alarm.cancel() }
        }
        wait(patience)
        submit { if !answer.isSettled { answer.settle(body()) } }
        return await answer.waitUnlessCancelled() ?? nil
    }

    /// The answer of `body`, or nil if its turn does not come within `patience`: then it never comes.
    package func run<Answer: Sendable>(
        beginningWithin patience: Duration, _ body: @escaping @Sendable () -> Answer
    ) async -> Answer? {
        let answer = Latch<Answer?>()
        let turn = Latch<Void>()
        let alarm = Timekeeper.shared.call(after: patience) { if turn.settle(()) { answer.settle(nil) } }
        submit {
            guard turn.settle(()) else { return }
            alarm.cancel()
            answer.settle(body())
        }
        return await answer.wait()
    }

    /// The answer of `body`, unless it is refused, or the task is cancelled, before its turn.
    /// - Throws: `CancellationError`, ``Refusal``, or what `body` throws.
    package func attempt<Answer: Sendable>(
        _ urgency: Urgency = .somebodyWaits, _ body: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        let answer = Latch<Result<Answer, any Error>>()
        let jobs = try line.append(urgency, refuse: { answer.settle(.failure($0)) }) { _ in
            answer.settle(Result(catching: body))
        }
        return try await withTaskCancellationHandler {
            try await answer.wait().get()
        } onCancel: {
            line.withdraw(jobs)
        }
    }

    /// The answers of `body` for 0, 1, and so on, in order, each a job of its own. The first failure ends it.
    /// - Throws: as ``attempt(_:_:)``.
    package func attempt<Answer: Sendable>(
        _ urgency: Urgency, times count: Int, _ body: @escaping @Sendable (Int) throws -> Answer
    ) async throws -> [Answer] {
        guard count > 0 else { return [] }
        let answers = Answers<Answer>(count)
        let jobs = try line.append(urgency, count, refuse: { answers.fail($0) }) { place in
            // One has already failed; the others are about to leave the queue.
            guard !answers.all.isSettled else { return }
            do { answers.put(try body(place), at: place) } catch { answers.fail(error) }
        }
        answers.all.whenSettled { if case .failure = $0 { self.line.withdraw(jobs) } }
        return try await withTaskCancellationHandler {
            try await answers.all.wait().get()
        } onCancel: {
            answers.fail(CancellationError())
        }
    }

    /// Refuses all refusable jobs, queued or new, and waits until the threads have done the rest and ended.
    package func end() async {
        line.close()
        await line.ended.wait()
    }
}

/// Answers that come one by one, and are given out together.
private final class Answers<Answer: Sendable>: Sendable {
    let all = Latch<Result<[Answer], any Error>>()
    private let state: Mutex<(found: [Answer?], missing: Int)>

    init(_ count: Int) { state = Mutex((Array(repeating: nil, count: count), count)) }

    func put(_ answer: Answer, at place: Int) {
        let found = state.withLock { state -> [Answer?]? in
            state.found[place] = answer
            state.missing -= 1
            return state.missing == 0 ? state.found : nil
        }
        if let found { all.settle(.success(found.compactMap(\.self))) }
    }

    func fail(_ error: any Error) { all.settle(.failure(error)) }
}
