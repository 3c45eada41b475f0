// SPDX-License-Identifier: Apache-2.0

/// The queue from which the threads of a ``WorkerPool`` take jobs, and the threads' loop.
///
/// Whoever takes a job out of the queue, with the lock held, either does it (a thread) or refuses it. Unchecked,
/// because all variables are touched only with the condition's lock held.
final class JobLine: @unchecked Sendable {
    private struct Job: Sendable {
        /// nil if the job must be done whatever happens.
        var refuse: (@Sendable (any Error) -> Void)?
        var work: @Sendable () -> Void
    }

    /// Settled when the line is closed and empty, and the last thread has ended.
    let ended = Latch<Void>()

    private let name: String
    private let mostThreads: Int
    private let promptThreads: Int
    private let mostWaiting: Int
    private let keepsThreads: Bool
    private let condition = Condition()
    private var line = UrgencyLine<Job>()
    private var numbers: UInt64 = 0
    private var isClosing = false
    private var threads = 0
    /// Threads that wait for a job.
    private var idle = 0
    /// Whether a check for the need of another thread is already scheduled.
    private var isGrowing = false

    init(name: String, threads: Int, promptly: Int, mostWaiting: Int, keepsThreads: Bool) {
        self.name = name
        mostThreads = threads
        promptThreads = promptly
        self.mostWaiting = mostWaiting
        self.keepsThreads = keepsThreads
    }

    // MARK: - For those who have work

    var isClosed: Bool { condition.withLock { isClosing } }
    var hasThreads: Bool { condition.withLock { threads > 0 } }

    func append(_ work: @escaping @Sendable () -> Void) {
        condition.withLock { append(Job(refuse: nil, work: work), .somebodyWaits) }
    }

    /// - Parameters:
    ///   - count: how many jobs, at least one; each is given its place among them.
    ///   - refuse: instead of each job.
    /// - Returns: the jobs' numbers, for ``withdraw(_:)``.
    func append(
        _ urgency: Urgency, _ count: Int = 1, refuse: @escaping @Sendable (any Error) -> Void,
        _ work: @escaping @Sendable (Int) -> Void
    ) throws(WorkerPool.Refusal) -> ClosedRange<UInt64> {
        let outcome = condition.withLock { () -> Result<ClosedRange<UInt64>, WorkerPool.Refusal> in
            if isClosing { return .failure(.ended) }
            if urgency == .somebodyWaits, line.urgentCount + count > mostWaiting { return .failure(.full) }
            let first = numbers + 1
            for place in 0..<count { append(Job(refuse: refuse) { work(place) }, urgency) }
            return .success(first...numbers)
        }
        return try outcome.get()
    }

    /// Removes those of the jobs that have not been begun.
    func withdraw(_ numbers: ClosedRange<UInt64>) {
        for job in condition.withLock({ line.remove(numbers) }) { job.refuse?(CancellationError()) }
    }

    func start() -> Int {
        condition.withLock {
            while threads < mostThreads, startThread() {}
            return threads
        }
    }

    func close() {
        let refused = condition.withLock { () -> [Job] in
            isClosing = true
            let refused = line.removeAll { $0.refuse != nil }
            condition.wakeAll()
            settleEnd()
            return refused
        }
        for job in refused { job.refuse?(WorkerPool.Refusal.ended) }
    }

    // MARK: - With the lock held

    private func append(_ job: Job, _ urgency: Urgency) {
        numbers += 1
        line.append(job, number: numbers, urgency)
        if wantsThread, threads >= promptThreads || !startThread() { growLater() }
        condition.wakeOne()
    }

    private func startThread() -> Bool {
        // The thread holds the queue, not the pool.
        guard NamedThread.start(name, { self.serve() }) else { return false }
        threads += 1
        return true
    }

    private var wantsThread: Bool { line.count > idle && threads < mostThreads }

    /// For jobs held up by those before them, and if the system cannot create a thread at present.
    private func growLater() {
        guard !isGrowing else { return }
        isGrowing = true
        Timekeeper.shared.call(after: NamedThread.patience) {
            self.condition.withLock {
                self.isGrowing = false
                guard self.wantsThread else { return }
                _ = self.startThread()
                if self.wantsThread { self.growLater() }
            }
        }
    }

    private func settleEnd() {
        if isClosing, threads == 0, line.isEmpty { ended.settle(()) }
    }

    // MARK: - On the threads

    private static let secondsOfRest = 10

    private func serve() {
        while let job = next() { job.work() }
    }

    /// Waits for the next job; nil if the thread must end, and then counts as ended.
    private func next() -> Job? {
        condition.withLock {
            while true {
                if let job = line.removeFirst() { return job }
                if isClosing { break }
                idle += 1
                let isInTime = rest()
                idle -= 1
                if !isInTime, line.isEmpty, !isClosing { break }
            }
            threads -= 1
            settleEnd()
            return nil
        }
    }

    /// - Returns: false when nothing has come for long.
    private func rest() -> Bool {
        guard !keepsThreads else {
            condition.wait()
            return true
        }
        return condition.wait(seconds: Self.secondsOfRest)
    }
}
