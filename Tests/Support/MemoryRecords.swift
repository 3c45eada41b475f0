// SPDX-License-Identifier: Apache-2.0

public import Records
import Synchronization
import Vocabulary

/// The records in memory, with faults where a test wants them. What it has recorded is gone with it.
public final class MemoryRecords: TransactionalRecords {
    /// What becomes of the next transaction.
    public enum Fault: Sendable {
        /// The disk is full: nothing is recorded.
        case refused
        /// It is recorded, and nobody is told.
        case answerLost
        /// Somebody else has changed what it was decided on: its body runs again, on what is recorded now.
        case overtaken(by: @Sendable (any RecordsWriter) throws -> Void)
    }

    private struct State: Sendable {
        var tables = MemoryTables()
        var faults: [Fault] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    public init() {}

    /// What becomes of the next transactions that change something, in this order.
    public func fail(_ faults: Fault...) { state.withLock { $0.faults += faults } }

    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsReader) throws -> Result
    ) async throws -> Result {
        let tables = try state.withLock { state in
            try Self.expectOpen(state)
            return state.tables
        }
        return try body(MemoryTransaction(tables))
    }

    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result {
        try state.withLock { state in
            try Self.expectOpen(state)
            switch state.faults.isEmpty ? nil : state.faults.removeFirst() {
            case nil: break
            case .refused?: throw RecordsError(code: .unavailable, detail: "the disk is full", errno: 28)
            case .answerLost?:
                _ = try Self.commit(body, to: &state.tables)
                throw RecordsError(code: .unavailable, detail: "the connection was lost while it was committed")
            case .overtaken(let rival)?:
                _ = try? body(MemoryTransaction(state.tables))
                try Self.commit(rival, to: &state.tables)
            }
            return try Self.commit(body, to: &state.tables)
        }
    }

    @discardableResult
    public func note<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result {
        try await write(body)
    }

    public func check() async throws { _ = try await read { _ in } }

    public func close() async { state.withLock { $0.isClosed = true } }

    private static func expectOpen(_ state: State) throws {
        guard !state.isClosed else { throw RecordsError(code: .closed, detail: "the records are closed") }
    }

    @discardableResult
    private static func commit<Result>(
        _ body: (any RecordsWriter) throws -> Result, to tables: inout MemoryTables
    ) throws -> Result {
        let transaction = MemoryTransaction(tables)
        let result = try body(transaction)
        tables = transaction.tables
        return result
    }
}

/// All that is recorded.
struct MemoryTables: Sendable {
    var accounts: [AccountRecord.ID: AccountRecord] = [:]
    var settings: [String: MigrationSettings] = [:]
    var known: [String: [EmailAddress: EmailAddress]] = [:]
    var excluded: [String: [EmailAddress: EmailAddress]] = [:]
    var ledger: [AccountRecord.ID: Set<LedgerRow>] = [:]
    var folders: [AccountRecord.ID: [Int64: FolderRecord]] = [:]
    var intents: [Intent] = []
    var moved: [String: [Int64: MovedInHour]] = [:]
    var mailboxes: [AccountRecord.ID: MarkedMailbox] = [:]
    var namedRuns: [AccountRecord.ID: [Int64: Int64]] = [:]
    var runs: [AccountRecord.ID: RunUnderWay] = [:]
    var events: [(id: Int64, event: EventRecord)] = []
    var failures: [GuessFailure] = []
    var kept: [String: [UInt8]] = [:]
    var lastID: Int64 = 0

    struct RunUnderWay: Sendable {
        /// 0 where it is to go on in the next process, 2 of a suspect.
        var going: Int
        var moved: Int64
        var deaths = 0
    }

    mutating func nextID() -> Int64 {
        lastID += 1
        return lastID
    }
}
