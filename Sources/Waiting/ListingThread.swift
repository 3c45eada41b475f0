// SPDX-License-Identifier: Apache-2.0

/// Where long listings are taken apart and compared: one at a time, on a thread of their own, so that nothing else waits
/// for them and their intermediate results are there once.
public enum ListingThread {
    /// Fewer messages are not worth the way there and back.
    private static let many = 20_000

    private static let pool = WorkerPool("listings", threads: 1)

    /// Runs `work` on a listing of so many messages. Does not heed cancellation.
    public static func run<Value: Sendable>(
        of messages: Int, _ work: @escaping @Sendable () -> Value
    ) async -> Value {
        messages >= many ? await pool.run(work) : work()
    }
}
