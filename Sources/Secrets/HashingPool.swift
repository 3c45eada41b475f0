// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Waiting

/// Threads of its own for `crypt(3)`, as many as there are cores: hashing takes tens of milliseconds, and must hold
/// up neither an event loop nor the cooperative pool.
///
/// Logins go first, in order; bulk work proceeds password by password when no login waits. So a login waits for at most
/// one hash in progress, whatever else is going on. The threads exist until ``shutdown()``.
public final class HashingPool: Sendable {
    /// A person waits for a login; nobody for bulk work.
    public enum Priority: Sendable { case login, bulk }

    private let workers: WorkerPool
    private let waitingLogins: Int
    private let decoyHash: PasswordHash
    /// How long the last wrong password took, without the queue, by kind of hash.
    private let mismatches = Mutex<[String: Duration]>([:])

    /// - Parameters:
    ///   - threads: nil: as many as there are cores.
    ///   - waitingLogins: how many logins may wait; at two cores and yescrypt, 256 take about 2 s.
    ///   - decoyScheme: the scheme of most existing hashes, for ``decoy(_:)``.
    /// - Throws: ``SecretsError`` (`hashingFailed`) when the system gives no thread.
    public init(
        threads: Int? = nil, waitingLogins: Int = 256, decoyScheme: PasswordScheme = .yescrypt
    ) throws(SecretsError) {
        decoyHash = try decoyScheme.makeDecoy()
        self.waitingLogins = waitingLogins
        workers = WorkerPool(
            "hashes", threads: threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)), mostWaiting: waitingLogins,
            keepsThreads: true)
        guard workers.start() > 0 else {
            throw SecretsError(.hashingFailed, "no thread could be started for password hashes (TasksMax? memory?)")
        }
    }

    /// Whether `hash` is that of `password`.
    ///
    /// - Throws: ``SecretsError`` (`overloaded`, `stopped`, `hashingFailed`); `CancellationError` when the task is
    ///   cancelled before its turn comes.
    public func verify(_ password: Password, against hash: any StoredHash) async throws -> Bool {
        let (matches, duration) = try await done {
            let start = ContinuousClock.now
            return (try hash.matches(password), .now - start)
        }
        if !matches { remember(duration, of: hash.kind) }
        return matches
    }

    /// The longest time that a wrong password has lately taken against any kind of hash: a rejection that takes as long
    /// does not reveal which kind an account has, or whether it exists.
    public var slowestMismatch: Duration { mismatches.withLock { $0.values.max() } ?? .zero }

    private func remember(_ duration: Duration, of kind: String) {
        mismatches.withLock { mismatches in
            // Administrators import a handful of kinds; if rounds are random, the first ones will do.
            guard mismatches.count < 64 || mismatches[kind] != nil else { return }
            mismatches[kind] = duration
        }
    }

    /// Takes as long as a failing ``verify(_:against:)``, in the same queue: used for accounts that do not exist, so
    /// that timing does not reveal that.
    public func decoy(_ password: Password) async throws {
        _ = try await verify(password, against: decoyHash)
    }

    /// A new hash of `password`; throws as ``verify(_:against:)``, and `unacceptablePassword`.
    public func hash(
        _ password: Password, scheme: PasswordScheme, priority: Priority = .login
    ) async throws -> PasswordHash {
        switch priority {
        case .login: try await done { try scheme.make(password) }
        case .bulk: try await hash([Wanted(password)], scheme: scheme)[0]
        }
    }

    /// Whatever else takes as long as a hash, with a login's priority; throws as ``verify(_:against:)``.
    public func compute<Answer: Sendable>(_ work: @escaping @Sendable () throws -> Answer) async throws -> Answer {
        try await done(work)
    }

    /// A password to be hashed.
    public struct Wanted: Sendable {
        let password: Password
        let known: PasswordHash?

        /// - Parameter known: kept if it is a hash of the password.
        public init(_ password: Password, unless known: PasswordHash? = nil) {
            self.password = password
            self.known = known
        }

        func hash(_ scheme: PasswordScheme) throws(SecretsError) -> PasswordHash {
            // A hash that cannot be checked here must be replaced.
            if let known, (try? known.matches(password)) == true { return known }
            return try scheme.make(password)
        }
    }

    /// Hashes of `passwords`, in order, at low priority. The first failure ends it.
    public func hash(_ passwords: [Wanted], scheme: PasswordScheme) async throws -> [PasswordHash] {
        do {
            return try await workers.attempt(.canWait, times: passwords.count) { try passwords[$0].hash(scheme) }
        } catch let refusal as WorkerPool.Refusal {
            throw said(refusal)
        }
    }

    /// Runs `work` when its turn comes, with a login's priority.
    private func done<Answer: Sendable>(_ work: @escaping @Sendable () throws -> Answer) async throws -> Answer {
        do {
            return try await workers.attempt(.somebodyWaits, work)
        } catch let refusal as WorkerPool.Refusal {
            throw said(refusal)
        }
    }

    private func said(_ refusal: WorkerPool.Refusal) -> SecretsError {
        switch refusal {
        case .full: SecretsError(.overloaded, "\(waitingLogins) password checks are waiting already; try again")
        case .ended: SecretsError(.stopped, "the daemon is stopping; try again in a moment")
        }
    }

    /// Ends the threads after their current hashes; waiting and new requests get `stopped`.
    public func shutdown() async {
        await workers.end()
    }
}
