// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import MailStore
import Synchronization

/// A few threads for calls that wait on a disk, so that no event loop and no thread of Swift's cooperative pool does.
///
/// First come, first served. It bounds the threads, which are started when they are needed; what is queued is bounded
/// by those who submit (a writer has one job in flight, a caller of an async method one). The threads end when the pool
/// is gone and its queue is empty.
public final class FilePool: Sendable {
    let threads: Int
    private let queue: JobQueue

    /// - Parameter threads: how many calls may wait at once; at least 1.
    public init(threads: Int = 8) {
        self.threads = max(1, threads)
        queue = JobQueue(threads: self.threads)
    }

    deinit { queue.close() }

    /// Runs `job` on one of the threads.
    func submit(_ job: @escaping @Sendable () -> Void) { queue.add(job) }

    /// The answer of `body`, which runs on one of the threads. Cancellation does not reach it.
    func run<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) async -> Answer {
        await withCheckedContinuation { continuation in
            submit { continuation.resume(returning: body()) }
        }
    }

    /// As ``run(_:)``, for what may fail.
    func run<Answer: Sendable>(
        _ body: @escaping @Sendable () throws(FileError) -> Answer
    ) async throws(FileError) -> Answer {
        let result: Result<Answer, FileError> = await run { () -> Result<Answer, FileError> in
            do throws(FileError) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The answer of `body`, or nil when it takes longer than `patience`: nobody waits for it then, but it goes on, and
    /// may end whenever the file system answers again.
    func run<Answer: Sendable>(
        within patience: Duration, _ body: @escaping @Sendable () -> Answer
    ) async -> Answer? {
        await withCheckedContinuation { continuation in
            let waiter = Waiter(continuation)
            submit { waiter.resume(body()) }
            DispatchQueue.global().asyncAfter(deadline: .now() + patience.seconds) { waiter.resume(nil) }
        }
    }
}

/// Who waits for whatever comes first.
private final class Waiter<Answer: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Answer?, Never>?>

    init(_ continuation: CheckedContinuation<Answer?, Never>) { self.continuation = Mutex(continuation) }

    func resume(_ answer: Answer?) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: answer)
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// What the threads take their jobs from.
///
/// Unchecked: what varies is touched only with `mutex` held; the two pointers never change, and are freed when the last
/// thread has let go of the queue. `Mutex` of the standard library has no condition to wait for.
private final class JobQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let somethingToDo = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [@Sendable () -> Void] = []
    /// Jobs before it have been taken; the array is cut when they are half of it.
    private var head = 0
    private var isClosed = false
    private var threads = 0
    /// Threads that wait for a job.
    private var idle = 0
    private let most: Int

    init(threads: Int) {
        most = threads
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(somethingToDo, nil)
    }

    deinit {
        pthread_cond_destroy(somethingToDo)
        pthread_mutex_destroy(mutex)
        somethingToDo.deallocate()
        mutex.deallocate()
    }

    func add(_ job: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        jobs.append(job)
        if jobs.count - head > idle, threads < most, startThread() { threads += 1 }
        pthread_cond_signal(somethingToDo)
        pthread_mutex_unlock(mutex)
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(somethingToDo)
        pthread_mutex_unlock(mutex)
    }

    /// The next job, waited for; nil when the queue is closed and empty.
    private func next() -> (@Sendable () -> Void)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while head == jobs.count {
            if isClosed { return nil }
            idle += 1
            pthread_cond_wait(somethingToDo, mutex)
            idle -= 1
        }
        let job = jobs[head]
        jobs[head] = {}
        head += 1
        if head == jobs.count || head > 64 && head * 2 > jobs.count {
            jobs.removeFirst(head)
            head = 0
        }
        return job
    }

    /// Whether there is one more.
    private func startThread() -> Bool {
        // Signals are for the threads that expect them.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let queue = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let queue = Unmanaged<JobQueue>.fromOpaque(context).takeRetainedValue()
                while let job = queue.next() { job() }
                return nil
            }, queue.toOpaque())
        if result == 0 { pthread_detach(thread) } else { queue.release() }
        return result == 0
    }
}
