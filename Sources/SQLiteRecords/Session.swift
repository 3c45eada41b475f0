// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import RecordForms
import Records
import Vocabulary

/// The database as one body sees it: on one thread, until the body ends. Reading and writing are in extensions, one
/// file per theme.
final class Session: RecordsWriter {
    private let database: Database
    let file: DatabaseFile
    private let thread = pthread_self()
    private var isOver = false
    /// Events that the body has appended.
    var appended: [EventRecord] = []

    init(database: Database, file: DatabaseFile) {
        self.database = database
        self.file = file
    }

    func end() { isOver = true }

    /// Runs `body`, turning SQLite's errors into `RecordsError`.
    func ask<Result>(_ body: (Database) throws -> Result) throws -> Result {
        guard pthread_equal(thread, pthread_self()) != 0, !isOver else { throw file.outOfTurn }
        // If a full disk has rolled everything back, a body that continues must not change anything outside a
        // transaction.
        guard database.isInsideTransaction else { throw file.rolledBack }
        do {
            return try body(database)
        } catch let error as DatabaseError {
            throw file.error(error)
        } catch let damage as Damage {
            throw file.corrupt(damage.detail)
        }
    }

    /// The id of a domain; nil if nothing was ever recorded about it.
    func id(of domain: DomainName, in db: Database) throws -> Int64? {
        try db.first("SELECT id FROM domain WHERE name = ?", [domain.name]) { try $0.integer() }
    }

    /// The id of a domain, which is added if new.
    func added(_ domain: DomainName, in db: Database) throws -> Int64 {
        if let id = try id(of: domain, in: db) { return id }
        try db.run("INSERT INTO domain (name) VALUES (?)", [domain.name])
        return db.lastInsertedRowID
    }
}
