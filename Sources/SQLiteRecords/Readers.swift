// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Records
import Waiting

/// A few threads with a connection each, which read the last committed state while the writer writes (WAL).
///
/// Waiting requests share a reader's turn, one snapshot for up to 256 of them: waking a thread and opening a snapshot
/// cost more than most queries.
final class Readers: Sendable {
    struct Request: Sendable {
        /// Runs the body and answers the caller.
        let run: @Sendable (Session) -> Void
        /// Answers instead of `run`.
        let refuse: @Sendable (RecordsError) -> Void
    }

    private let file: DatabaseFile
    private let inbox = Inbox<Request>()
    private let ending: Ending
    private let threads: Int

    /// - Parameter threads: how many connections it is started with.
    init(file: DatabaseFile, threads: Int) {
        self.file = file
        self.threads = threads
        ending = Ending(threads: threads)
    }

    /// Requests made before this wait until then.
    func start(_ connections: [DatabaseQueue]) {
        for connection in connections {
            NamedThread.startInTime("records-reader") { [file, inbox, ending, threads] in
                // Waiting requests are spread over the readers, so that a slow query holds up few others.
                while let requests = inbox.take({ min(256, ($0 + threads - 1) / threads) }) {
                    Self.answer(requests, from: connection, file: file)
                }
                file.close(connection)
                ending.threadEnded()
            }
        }
    }

    /// Answers waiting requests: there is no database at present.
    func refuse(_ error: RecordsError) {
        for request in inbox.takeWaiting() { request.refuse(error) }
    }

    func put(_ request: Request) {
        if !inbox.put(request) { request.refuse(file.closed) }
    }

    func stop() { inbox.close() }

    func close() async {
        inbox.close()
        await ending.wait()
    }

    private static func answer(_ requests: [Request], from connection: DatabaseQueue, file: DatabaseFile) {
        connection.inDatabase { db in
            do {
                if db.isInsideTransaction { try db.run("ROLLBACK") }
                try db.run("BEGIN")
            } catch {
                for request in requests { request.refuse(file.error(error)) }
                return
            }
            for request in requests {
                let session = Session(database: db, file: file)
                request.run(session)
                session.end()
            }
            // If the snapshot fails to end now, it is ended before the next turn.
            try? db.run("COMMIT")
        }
    }
}
