// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Measures
import Records
import Synchronization
import Waiting

/// The one thread that changes the database.
///
/// It runs all waiting requests in one transaction, each in a savepoint of its own, commits once, and only then reports
/// their events and answers them (group commit: one sync of the disk for any number of callers). GRDB's asynchronous
/// writes are not used, because they roll back when their task is cancelled, which would take the whole group with
/// them.
final class Writer: Sendable {
    struct Request: Sendable {
        /// Runs the body, whatever it throws.
        let run: @Sendable (Session) -> Outcome
        /// Answers instead of `run`.
        let refuse: @Sendable (RecordsError) -> Void
        /// Whether it must survive a power cut.
        var isDurable = true
    }

    /// The outcome of a body, before it is durable.
    struct Outcome: Sendable {
        let error: (any Error)?
        /// Answers the caller with the body's own result, or with the error that kept it from becoming durable.
        let answer: @Sendable (RecordsError?) -> Void
    }

    private let file: DatabaseFile
    private let inbox = Inbox<Request>()
    private let ending = Ending(threads: 1)
    private let health = Health()
    private let farewell = Farewell()

    /// Whether the last attempted change failed.
    var isFailing: Bool { health.isFailing.withLock { $0 } }

    private final class Health: Sendable {
        let isFailing = Mutex(false)
    }

    private final class Farewell: Sendable {
        let ended = Mutex<(@Sendable () -> Void)?>(nil)

        func say() { ended.withLock { $0 }?() }
    }

    init(file: DatabaseFile) { self.file = file }

    /// Requests made before this wait until then.
    /// - Parameters:
    ///   - database: closed at the end.
    ///   - isFailing: whether changes are known to fail.
    func start(_ database: DatabaseQueue, isFailing: Bool) {
        health.isFailing.withLock { $0 = isFailing }
        // The thread keeps what it needs, not this object.
        NamedThread.startInTime("records-writer") { [file, inbox, ending, health, farewell] in
            let opened = file.identity
            var log = LogLength()
            while let requests = inbox.take({ $0 }) {
                let outcome = Self.commit(requests, to: database, file: file, opened: opened)
                if let outcome {
                    health.isFailing.withLock { $0 = outcome == .failed }
                    log.fit(to: file, database, hasFailed: outcome == .failed)
                }
            }
            file.close(database)
            farewell.say()
            ending.threadEnded()
        }
    }

    /// Answers waiting requests: there is no database at present.
    func refuse(_ error: RecordsError) {
        for request in inbox.takeWaiting() { request.refuse(error) }
    }

    func put(_ request: Request) {
        if !inbox.put(request) { request.refuse(file.closed) }
    }

    /// - Parameter ended: called when the connection is closed.
    func stop(_ ended: @escaping @Sendable () -> Void) {
        farewell.ended.withLock { $0 = ended }
        inbox.close()
    }

    /// Returns when everything requested before is durable and the connection is closed.
    func close() async {
        inbox.close()
        await ending.wait()
    }

    private enum Commit { case changed, failed }

    /// - Returns: nil if there was nothing to change.
    private static func commit(
        _ requests: [Request], to database: DatabaseQueue, file: DatabaseFile, opened: DatabaseFile.Identity?
    ) -> Commit? {
        var hasChanged = false
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(requests.count)
        var failure: RecordsError?
        var events: [EventRecord] = []
        let start = ContinuousClock.now
        database.writeWithoutTransaction { db in
            let before = db.totalChangesCount
            do {
                guard file.identity == opened else { throw file.replaced }
                try transact(requests, in: db, file: file, outcomes: &outcomes, events: &events)
            } catch {
                failure = file.error(error)
                // Rolls back unless SQLite already has; if this fails, the next group begins with it.
                try? rollBack(db)
            }
            hasChanged = db.totalChangesCount != before
        }
        if hasChanged { Measures.databaseCommits.record(.now - start) }
        if failure == nil, !events.isEmpty { file.options.onEvents(events) }
        for outcome in outcomes { outcome.answer(failure) }
        for request in requests.dropFirst(outcomes.count) { request.refuse(failure ?? file.closed) }
        return failure != nil ? .failed : hasChanged ? .changed : nil
    }

    private static func transact(
        _ requests: [Request], in db: Database, file: DatabaseFile, outcomes: inout [Outcome],
        events: inout [EventRecord]
    ) throws {
        try rollBack(db)
        // If false, the commit does not sync (https://sqlite.org/pragma.html#pragma_synchronous); the next durable
        // commit syncs the whole log.
        let isDurable = requests.contains(where: \.isDurable)
        try db.run(isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
        try db.run("BEGIN IMMEDIATE")
        for request in requests {
            try db.run("SAVEPOINT request")
            let session = Session(database: db, file: file)
            let outcome = request.run(session)
            session.end()
            outcomes.append(outcome)
            // A full disk or an I/O error may have rolled back everything (https://sqlite.org/lang_transaction.html).
            guard db.isInsideTransaction else { throw outcome.error ?? file.rolledBack }
            if outcome.error != nil {
                try db.run("ROLLBACK TO request")
            } else {
                events += session.appended
            }
            try db.run("RELEASE request")
        }
        try db.run("COMMIT")
    }

    private static func rollBack(_ db: Database) throws {
        if db.isInsideTransaction { try db.run("ROLLBACK") }
    }
}
