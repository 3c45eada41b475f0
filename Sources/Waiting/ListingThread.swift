// SPDX-License-Identifier: Apache-2.0

/// Parses and compares long listings, one at a time, on a thread of their own: nothing else waits for them, and their
/// intermediate results are in memory only once.
public enum ListingThread {
    /// With fewer messages, a thread switch is not worth it.
    private static let many = 20_000

    private static let pool = WorkerPool("listings", threads: 1)

    /// Runs `work` on a listing of this many messages. Ignores cancellation.
    public static func run<Value: Sendable>(
        of messages: Int, _ work: @escaping @Sendable () -> Value
    ) async -> Value {
        messages >= many ? await pool.run(work) : work()
    }
}
