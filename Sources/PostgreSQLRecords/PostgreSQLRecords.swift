// SPDX-License-Identifier: Apache-2.0

package import PostgreSQL
public import Records
import Synchronization
import Waiting

/// The records in a PostgreSQL database, which any number of nodes share.
///
/// 1. `open` loads libpq; the first connection brings the schema up to date (Migrations.swift). A database that cannot be
///    reached is no reason not to start: everything is `unavailable` until it can.
/// 2. `read` and `write` hand their bodies to a few threads, each of which waits for the database with a connection of
///    its own (Links.swift).
/// 3. A body runs in a transaction, as often as it takes for it to be made once (Transactions.swift).
/// 4. It sees the database through a `Session`, which ends with it. Its methods are in Session+*.swift.
///
/// A session's state is never relied on where a pooler in transaction mode stands between: statements go unprepared then,
/// and limits are a transaction's. Locks always are.
public final class PostgreSQLRecords: TransactionalRecords, Sendable {
    private let transactions: Transactions
    private let readers: WorkerPool
    private let writers: WorkerPool
    private let isClosed = Mutex(false)
    private let onEvents: @Sendable ([EventRecord]) -> Void
    var server: Server { transactions.links.server }
    var membership: Membership { server.membership }

    /// What a database is opened with.
    public struct Options: Sendable {
        /// How many transactions read, and how many change something, at the same time.
        public var readers = 6
        public var writers = 8
        /// Called with events once they are durable, on a thread that must not wait.
        public var onEvents: @Sendable ([EventRecord]) -> Void = { _ in }
        /// Called once for each row that cannot be read and is passed over; it must not wait either.
        public var onDamage: @Sendable (RecordsError) -> Void = { _ in }

        public init() {}
    }

    /// Opens the database, and makes its tables if there are none.
    /// - Throws: `.newer` or `.corrupt` where it is not as this version would have made it. It need not be there yet.
    package static func open(
        _ library: PostgreSQL, _ place: PostgreSQLPlace, options: Options = Options()
    ) async throws -> PostgreSQLRecords {
        let records = PostgreSQLRecords(library, place, options)
        do {
            try await records.check()
        } catch let error as RecordsError where error.code == .unavailable {
            // It is asked again each time.
        }
        return records
    }

    private init(_ library: PostgreSQL, _ place: PostgreSQLPlace, _ options: Options) {
        let server = Server(library, place, onDamage: options.onDamage)
        transactions = Transactions(links: Links(server, slots: options.writers))
        readers = WorkerPool("records-reader", threads: options.readers)
        writers = WorkerPool("records-writer", threads: options.writers)
        onEvents = options.onEvents
    }

    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsReader) throws -> Result
    ) async throws -> Result {
        try await run(on: readers) { try $0.read { try body($0) } }
    }

    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result {
        try await change(isDurable: true, body)
    }

    @discardableResult
    public func note<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result {
        try await change(isDurable: false, body)
    }

    private func change<Result: Sendable>(
        isDurable: Bool, _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result {
        let lease = Lease.current
        return try await run(on: writers) { [onEvents] in
            try $0.write(isDurable: isDurable, told: onEvents) { session in
                if let lease { try session.verify([lease]) }
                return try body(session)
            }
        }
    }

    private func run<Result: Sendable>(
        on pool: WorkerPool, _ body: @escaping @Sendable (Transactions) throws -> Result
    ) async throws -> Result {
        guard !isClosed.withLock({ $0 }) else { throw server.closed }
        let transactions = self.transactions
        // Where the database hangs, all threads wait for it; nobody waits for a thread for long.
        let result = await pool.run(beginningWithin: .seconds(server.patience)) {
            Swift.Result { try body(transactions) }
        }
        guard let result else { throw server.unavailable("does not answer") }
        return try result.get()
    }

    /// Proves that a transaction can be made that changes something.
    public func check() async throws {
        try await run(on: writers) { try $0.write(isDurable: false, told: { _ in }) { try $0.touch() } }
    }

    public func close() async {
        isClosed.withLock { $0 = true }
        await readers.end()
        await writers.end()
        transactions.links.dropIdle()
    }
}

extension Session {
    /// Changes nothing but the row of its slot.
    fileprivate func touch() throws { try run("SELECT 1") }
}
