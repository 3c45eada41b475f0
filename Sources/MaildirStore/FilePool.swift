// SPDX-License-Identifier: Apache-2.0

import MailStore
import Waiting

/// A few threads for calls that wait on a disk, so that no event loop and no thread of Swift's cooperative pool does.
///
/// First come, first served. The number of threads, which start when needed, is bounded; the queue is bounded by its
/// users (a writer has one job in flight, a caller of an async method too).
public final class FilePool: Sendable {
    let threads: Int
    private let pool: WorkerPool

    /// - Parameter threads: how many calls may wait at once; at least 1.
    public init(threads: Int = 8) {
        self.threads = max(1, threads)
        pool = WorkerPool("files", threads: self.threads)
    }

    /// Runs `job` on one of the threads.
    func submit(_ job: @escaping @Sendable () -> Void) { pool.submit(job) }

    /// Runs `body` on one of the threads, and returns its answer. Cancellation does not reach it.
    func run<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) async -> Answer { await pool.run(body) }

    /// As ``run(_:)``, for what may fail.
    func run<Answer: Sendable>(
        _ body: @escaping @Sendable () throws(FileError) -> Answer
    ) async throws(FileError) -> Answer {
        let result: Result<Answer, FileError> = await run { () -> Result<Answer, FileError> in
            do throws(FileError) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The answer of `body`, or nil if it takes longer than `patience`: then nobody waits for it, but it goes on, and
    /// ends whenever the file system answers again.
    func run<Answer: Sendable>(
        within patience: Duration, _ body: @escaping @Sendable () -> Answer
    ) async -> Answer? { await pool.run(within: patience, body) }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
