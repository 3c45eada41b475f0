// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// What waits for the threads of a ``HashingPool``, and the threads' loop.
///
/// A job is resumed exactly once: by the thread that has taken it out of the queue, or by whoever removes it from
/// there, each under the lock.
final class HashingQueue: Sendable {
    fileprivate struct Login {
        let id: Int
        let work: @Sendable () -> Void
        let drop: @Sendable (any Error) -> Void
    }

    fileprivate struct Bulk {
        let id: Int
        let passwords: [HashingPool.Wanted]
        let scheme: PasswordScheme
        var next = 0
        var hashes: [PasswordHash?]
        var missing: Int
        let continuation: CheckedContinuation<[PasswordHash], any Error>
    }

    fileprivate struct State {
        var lastID = 0
        var logins: [Login] = []
        /// The order of their arrival; each stays until its last hash is there.
        var bulks: [Bulk] = []
        var threads = 0
        var isClosed = false
        var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    }

    private enum Turn {
        case login(Login)
        case bulk(id: Int, index: Int, HashingPool.Wanted, PasswordScheme)
        case idle
        case end
    }

    private let waitingLogins: Int
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    init(waitingLogins: Int) { self.waitingLogins = waitingLogins }

    // MARK: Submitting

    func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws(SecretsError) -> Result
    ) async throws -> Result {
        let id = newID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
                let login = Login(
                    id: id, work: { continuation.resume(with: Swift.Result { try body() }) },
                    drop: { continuation.resume(throwing: $0) })
                if let refusal = enqueue(login) { return continuation.resume(throwing: refusal) }
                work.signal()
                // Cancelled before it was queued: the handler has found nothing to remove.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    func runBulk(_ passwords: [HashingPool.Wanted], scheme: PasswordScheme) async throws -> [PasswordHash] {
        guard !passwords.isEmpty else { return [] }
        let id = newID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let bulk = Bulk(
                    id: id, passwords: passwords, scheme: scheme,
                    hashes: Array(repeating: nil, count: passwords.count), missing: passwords.count,
                    continuation: continuation)
                let threads: Int? = state.withLock { state in
                    guard !state.isClosed else { return nil }
                    state.bulks.append(bulk)
                    return state.threads
                }
                guard let threads else { return continuation.resume(throwing: Self.stopped) }
                for _ in 0..<threads { work.signal() }
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func newID() -> Int {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    private func enqueue(_ login: Login) -> SecretsError? {
        state.withLock { state in
            guard !state.isClosed else { return Self.stopped }
            guard state.logins.count < waitingLogins else {
                return SecretsError(.overloaded, "\(waitingLogins) password checks are waiting already; try again")
            }
            state.logins.append(login)
            return nil
        }
    }

    /// Takes what has not been begun out of the queue.
    private func cancel(_ id: Int) {
        let drop: (@Sendable (any Error) -> Void)? = state.withLock { state in
            if let index = state.logins.firstIndex(where: { $0.id == id }) {
                return state.logins.remove(at: index).drop
            }
            if let bulk = state.removeBulk(id) { return { bulk.continuation.resume(throwing: $0) } }
            return nil
        }
        drop?(CancellationError())
    }

    // MARK: Threads

    /// How many could be started.
    func start(threads: Int) -> Int {
        for _ in 0..<threads {
            // Counted before it starts, so that it cannot end uncounted.
            state.withLock { $0.threads += 1 }
            var thread = pthread_t()
            let queue = Unmanaged.passRetained(self)
            let result = pthread_create(
                &thread, nil,
                { queue in
                    if let queue { Unmanaged<HashingQueue>.fromOpaque(queue).takeRetainedValue().serve() }
                    return nil
                }, queue.toOpaque())
            if result == 0 {
                pthread_detach(thread)
            } else {
                queue.release()
                state.withLock { $0.threads -= 1 }
            }
        }
        return state.withLock { $0.threads }
    }

    private func serve() {
        while true {
            switch nextTurn() {
            case .login(let login): login.work()
            case .bulk(let id, let index, let password, let scheme):
                finish(id, index, Result { () throws(SecretsError) in try password.hash(scheme) })
            case .idle: work.wait()
            case .end: return threadEnded()
            }
        }
    }

    private func nextTurn() -> Turn {
        state.withLock { state in
            if state.isClosed { return .end }
            if !state.logins.isEmpty { return .login(state.logins.removeFirst()) }
            guard let position = state.bulks.firstIndex(where: { $0.next < $0.passwords.count }) else { return .idle }
            let bulk = state.bulks[position]
            state.bulks[position].next += 1
            return .bulk(id: bulk.id, index: bulk.next, bulk.passwords[bulk.next], bulk.scheme)
        }
    }

    private func finish(_ id: Int, _ index: Int, _ result: Result<PasswordHash, SecretsError>) {
        let ended: Bulk? = state.withLock { state in
            // Gone when it was cancelled, or another of its passwords has failed.
            guard let position = state.bulks.firstIndex(where: { $0.id == id }) else { return nil }
            guard case .success(let hash) = result else { return state.bulks.remove(at: position) }
            state.bulks[position].hashes[index] = hash
            state.bulks[position].missing -= 1
            return state.bulks[position].missing == 0 ? state.bulks.remove(at: position) : nil
        }
        guard let ended else { return }
        ended.continuation.resume(
            with: result.map { _ in ended.hashes.compactMap(\.self) }.mapError { $0 as any Error })
    }

    // MARK: Ending

    private static let stopped = SecretsError(.stopped, "the daemon is stopping; try again in a moment")

    func close() {
        let (logins, bulks, threads) = state.withLock { state in
            state.isClosed = true
            defer {
                state.logins = []
                state.bulks = []
            }
            return (state.logins, state.bulks, state.threads)
        }
        for login in logins { login.drop(Self.stopped) }
        for bulk in bulks { bulk.continuation.resume(throwing: Self.stopped) }
        for _ in 0..<threads { work.signal() }
    }

    private func threadEnded() {
        let waiting = state.withLock { state in
            state.threads -= 1
            guard state.threads == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waitingForEnd = [] }
            return state.waitingForEnd
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns once the last thread has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if state.threads > 0 { state.waitingForEnd.append(continuation) }
                return state.threads == 0
            }
            if hasEnded { continuation.resume() }
        }
    }
}

extension HashingQueue.State {
    fileprivate mutating func removeBulk(_ id: Int) -> HashingQueue.Bulk? {
        bulks.firstIndex { $0.id == id }.map { bulks.remove(at: $0) }
    }
}
