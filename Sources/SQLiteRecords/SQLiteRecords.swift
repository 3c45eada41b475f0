// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
public import Records

/// The records in one SQLite file: for one machine, up to a million accounts and a hundred million messages.
///
/// 1. `open` checks the file, brings its schema up to date (Migrations.swift) and starts the threads.
/// 2. `write` hands its body to the one writer (Writer.swift), which takes all that wait into one transaction.
/// 3. `read` hands its body to one of a few readers (Readers.swift), each of which answers many in one snapshot.
/// 4. A body sees the database through a `Session`, which ends with the body. Its methods are in Session+*.swift.
public final class SQLiteRecords: Records, Sendable {
    private let writer: Writer
    private let readers: Readers

    /// Opens the database, which is made where there is none, readable by its owner alone.
    /// - Parameters:
    ///   - path: an absolute path; its folder must be there.
    ///   - onEvents: is told of events once they are durable; on the writer's thread, so it must not wait.
    /// - Throws: `.unavailable` (also where another daemon has it open), `.corrupt` or `.newer`, with what to do.
    public static func open(
        path: String, onEvents: @escaping @Sendable ([EventRecord]) -> Void = { _ in }
    ) async throws(RecordsError) -> SQLiteRecords {
        var options = Options()
        options.onEvents = onEvents
        return try await open(path: path, options: options)
    }

    static func open(path: String, options: Options) async throws(RecordsError) -> SQLiteRecords {
        let opened: Swift.Result<SQLiteRecords, RecordsError> = await withCheckedContinuation { continuation in
            Thread.start("records-open") {
                do throws(RecordsError) {
                    continuation.resume(returning: .success(try SQLiteRecords(path: path, options: options)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try opened.get()
    }

    /// Blocks.
    private init(path: String, options: Options) throws(RecordsError) {
        let file = DatabaseFile(path: path, options: options)
        let lock = try DatabaseLock(of: file, waiting: options.busySeconds)
        do throws(RecordsError) {
            if lock.hasSeenDatabase, file.isMissingOrEmpty { throw file.lost }
            let database = try file.openWriter()
            lock.sawDatabase()
            var connections: [DatabaseQueue] = []
            for _ in 0..<options.readers { connections.append(try file.openReader()) }
            writer = Writer(database: database, file: file, lock: lock)
            readers = Readers(connections: connections, file: file)
        } catch {
            lock.release()
            throw error
        }
    }

    deinit {
        readers.stop()
        writer.stop()
    }

    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsReader) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            readers.put(
                Readers.Request(
                    run: { session in continuation.resume(with: Swift.Result { try body(session) }) },
                    refuse: { continuation.resume(throwing: $0) }))
        }
    }

    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (any RecordsWriter) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            writer.put(
                Writer.Request(
                    run: { session in
                        do {
                            let result = try body(session)
                            return Writer.Outcome(error: nil) { failure in
                                if let failure {
                                    continuation.resume(throwing: failure)
                                } else {
                                    continuation.resume(returning: result)
                                }
                            }
                        } catch {
                            return Writer.Outcome(error: error) { _ in continuation.resume(throwing: error) }
                        }
                    },
                    refuse: { continuation.resume(throwing: $0) }))
        }
    }

    /// Proves that a reader answers, and that the writer can begin and end a transaction. After a change that failed,
    /// only one that is made proves anything: a full disk lets the rest through.
    public func check() async throws {
        _ = try await read { _ = try $0.value("check") }
        let isFailing = writer.isFailing
        _ = try await write { records in
            if isFailing { try records.set("check", to: []) } else { _ = try records.value("check") }
        }
    }

    public func close() async {
        await readers.close()
        await writer.close()  // last, so that it can empty the write-ahead log
    }
}
