// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
public import Records
import Synchronization
import Waiting

/// The records in one SQLite file: for one machine, up to a million accounts and a hundred million messages.
///
/// 1. `open` checks the file, brings its schema up to date (Migrations.swift) and starts the threads.
/// 2. `write` hands its body to the one writer (Writer.swift), which runs all waiting bodies in one transaction.
/// 3. `read` hands its body to one of a few readers (Readers.swift), each of which answers many in one snapshot.
/// 4. A body sees the database through a `Session`, which ends with the body. Its methods are in Session+*.swift.
public final class SQLiteRecords: TransactionalRecords, Sendable {
    /// Where requests go.
    private struct Desk: Sendable {
        let writer: Writer
        let readers: Readers

        init(_ file: DatabaseFile) {
            writer = Writer(file: file)
            readers = Readers(file: file, threads: file.options.readers)
        }

        func start(_ connections: Connections) {
            readers.start(connections.readers)
            writer.start(connections.writer, isFailing: connections.confinement != nil)
        }

        func refuse(_ error: RecordsError) {
            readers.refuse(error)
            writer.refuse(error)
        }

        /// - Parameter ended: called when the connection that writes is closed.
        func stop(_ ended: @escaping @Sendable () -> Void) {
            readers.stop()
            writer.stop(ended)
        }

        /// The writer is closed last, so that it can empty the write-ahead log.
        func close() async {
            await readers.close()
            await writer.close()
        }
    }

    private struct State: Sendable {
        var desk: Desk
        var confinement: RecordsError?
        var isReopening = false
        var isClosed = false
    }

    private let file: DatabaseFile
    private let lock: DatabaseLock
    private let state: Mutex<State>

    private var desk: Desk { state.withLock { $0.desk } }

    /// Why the database was opened without an index file, as on a full disk; nil if it is open as usual.
    var confinement: RecordsError? { state.withLock { $0.confinement } }

    /// Opens the database, creating it if there is none, readable by its owner only.
    /// - Parameters:
    ///   - path: an absolute path; its directory must exist.
    ///   - onEvents: called with events once they are durable; on the writer's thread, so it must not wait.
    ///   - onDamage: called once for each row that cannot be read and is passed over; it must not wait either.
    /// - Throws: `.unavailable` (also if another daemon has it open), `.corrupt` or `.newer`, with what to do.
    public static func open(
        path: String, onEvents: @escaping @Sendable ([EventRecord]) -> Void = { _ in },
        onDamage: @escaping @Sendable (RecordsError) -> Void = { _ in }
    ) async throws(RecordsError) -> SQLiteRecords {
        var options = Options()
        options.onEvents = onEvents
        options.onDamage = onDamage
        return try await open(path: path, options: options)
    }

    static func open(path: String, options: Options) async throws(RecordsError) -> SQLiteRecords {
        try await onThread { () throws(RecordsError) in try SQLiteRecords(path: path, options: options) }
    }

    /// Blocks.
    private init(path: String, options: Options) throws(RecordsError) {
        let file = DatabaseFile(path: path, options: options)
        let lock = try DatabaseLock(of: file, waiting: options.busySeconds)
        do throws(RecordsError) {
            if lock.hasSeenDatabase, file.isMissingOrEmpty { throw file.lost }
            let connections = try Connections(file)
            lock.sawDatabase()
            let desk = Desk(file)
            desk.start(connections)
            state = Mutex(State(desk: desk, confinement: connections.confinement))
        } catch {
            lock.release()
            throw error
        }
        self.file = file
        self.lock = lock
    }

    deinit {
        let (desk, isClosed) = state.withLock { ($0.desk, $0.isClosed) }
        guard !isClosed else { return }
        reportForgotten("the database")
        desk.stop { [lock] in lock.release() }
    }

    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsReader) throws -> Result
    ) async throws -> Result {
        let answer = Latch<Swift.Result<Result, any Error>>()
        desk.readers.put(
            Readers.Request(
                run: { session in answer.settle(Swift.Result { try body(session) }) },
                refuse: { answer.settle(.failure($0)) }))
        return try await answer.wait().get()
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
        let answer = Latch<Swift.Result<Result, any Error>>()
        desk.writer.put(
            Writer.Request(
                run: { session in
                    do {
                        let result = try body(session)
                        return Writer.Outcome(error: nil) { failure in
                            answer.settle(failure.map { .failure($0) } ?? .success(result))
                        }
                    } catch {
                        return Writer.Outcome(error: error) { _ in answer.settle(.failure(error)) }
                    }
                },
                refuse: { answer.settle(.failure($0)) }, isDurable: isDurable))
        return try await answer.wait().get()
    }

    /// Proves that a reader answers, and that the writer can begin and end a transaction. After a failed change, only a
    /// successful one proves anything, because a full disk still allows the rest. If the disk was full at the opening
    /// and has room again, the database is reopened as usual.
    public func check() async throws {
        _ = try await read { _ = try $0.value("check") }
        if desk.writer.isFailing || file.isFull {
            // The log may have room for a page or two, yet not for what a login changes.
            try await write { try $0.set("check", to: Array(repeating: 0, count: 65536)) }
            try await write { try $0.set("check", to: []) }
        } else {
            try await write { _ = try $0.value("check") }
        }
        if confinement != nil, !file.isFull { await reopen() }
    }

    public func close() async {
        while true {
            let desk = state.withLock { state -> Desk? in
                if state.isReopening { return nil }
                state.isClosed = true
                return state.desk
            }
            if let desk {
                await desk.close()
                break
            }
            // Even when cancelled: a connection being opened must be closed as well.
            try? await pause(for: .milliseconds(20))
        }
        lock.release()
    }

    /// Requests made meanwhile wait.
    private func reopen() async {
        let next = Desk(file)
        let last = state.withLock { state -> Desk? in
            guard !state.isReopening, !state.isClosed else { return nil }
            state.isReopening = true
            defer { state.desk = next }
            return state.desk
        }
        guard let last else { return }
        await last.close()
        while true {
            do throws(RecordsError) {
                let connections = try await Self.connect(file)
                next.start(connections)
                state.withLock { $0.confinement = connections.confinement }
                break
            } catch {
                next.refuse(error)
                // When cancelled, one more attempt follows at once.
                try? await pause(for: .seconds(1))
            }
        }
        state.withLock { $0.isReopening = false }
    }

    private static func connect(_ file: DatabaseFile) async throws(RecordsError) -> Connections {
        try await onThread { () throws(RecordsError) in try Connections(file) }
    }

    /// SQLite blocks from the opening on, which is allowed neither on the cooperative pool nor on an event loop.
    private static func onThread<Value: Sendable>(
        _ open: @escaping @Sendable () throws(RecordsError) -> Value
    ) async throws(RecordsError) -> Value {
        let opened = Latch<Swift.Result<Value, RecordsError>>()
        NamedThread.startInTime("records-open") {
            do throws(RecordsError) {
                opened.settle(.success(try open()))
            } catch {
                opened.settle(.failure(error))
            }
        }
        return try await opened.wait().get()
    }
}
