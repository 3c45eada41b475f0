// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vocabulary

/// Work that logins leave for after their answer: at most one piece of each kind per account, and limited in all.
final class BackgroundWork: Sendable {
    enum Kind: Hashable, Sendable { case run, question, attempt }

    /// What there is one piece of at most.
    enum Key: Hashable, Sendable {
        case account(EmailAddress, Kind)
        case guess(Int64)
    }

    private typealias Job = (key: Key, body: @Sendable () async -> Void)

    /// Beyond this, a piece is dropped: the account's next login brings it again.
    private let capacity = 20_000
    private let open = Mutex<Set<Key>>([])
    private let jobs: AsyncStream<Job>
    private let continuation: AsyncStream<Job>.Continuation

    /// Whether nothing is under way or waiting.
    var isIdle: Bool { open.withLock { $0.isEmpty } }

    init() { (jobs, continuation) = AsyncStream.makeStream() }

    /// - Returns: whether it will be done; false if one of the kind is already there, if there is too much, or after
    ///   ``stop()``.
    @discardableResult
    func submit(_ account: EmailAddress, _ kind: Kind, _ body: @escaping @Sendable () async -> Void) -> Bool {
        submit(.account(account, kind), body)
    }

    /// The same, by what there is one piece of.
    @discardableResult
    func submit(_ key: Key, _ body: @escaping @Sendable () async -> Void) -> Bool {
        let isNew = open.withLock { $0.count < capacity && $0.insert(key).inserted }
        guard isNew else { return false }
        if case .terminated = continuation.yield((key, body)) {
            open.withLock { _ = $0.remove(key) }
            return false
        }
        return true
    }

    /// Runs until ``stop()``, which cancels what is under way; what waits is not begun.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask {
                    await job.body()
                    _ = self.open.withLock { $0.remove(job.key) }
                }
            }
            group.cancelAll()
        }
    }

    func stop() { continuation.finish() }
}
