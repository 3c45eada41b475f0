// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
package import RecordForms
package import Records

/// Reads a database's tables as they are, also while a daemon uses it; changes nothing. It belongs to one thread at a time.
package final class TableReader {
    private let file: DatabaseFile
    private let database: DatabaseQueue

    /// - Throws: `RecordsError` where it cannot be read, or was not brought up to date by this version.
    package init(path: String) throws(RecordsError) {
        file = DatabaseFile(path: path, options: Options())
        if file.isMissingOrEmpty { throw file.unavailable("is not there") }
        database = try file.openReader()
        let isCurrent: Bool
        do {
            isCurrent = try database.read { try Migrations.all.hasCompletedMigrations($0) }
        } catch {
            throw file.error(error)
        }
        guard isCurrent else {
            throw file.unavailable(
                "is used by another version of mailmoved; install this one there, start it once, and try again")
        }
    }

    package func rows(_ sql: String, _ arguments: [Cell] = []) throws(RecordsError) -> [[Cell]] {
        do {
            return try database.read { db in
                let values = StatementArguments(arguments.map(\.databaseValue))
                return try Row.fetchAll(db, sql: sql, arguments: values).map { row in
                    row.databaseValues.map(Cell.init)
                }
            }
        } catch {
            throw file.error(error)
        }
    }
}

/// Sees to it that no daemon uses a database while this is kept.
package final class ExclusiveUse {
    private let lock: DatabaseLock

    /// - Returns: nil where a daemon uses it.
    /// - Throws: `RecordsError` where nobody can say.
    package init?(path: String) throws(RecordsError) {
        do throws(RecordsError) {
            lock = try DatabaseLock(of: DatabaseFile(path: path, options: Options()), waiting: 0)
        } catch {
            guard error.errno == EWOULDBLOCK else { throw error }
            return nil
        }
    }

    deinit { lock.release() }
}

extension Cell {
    var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .octets(let octets): Data(octets).databaseValue
        }
    }

    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .integer(Int64(exactly: number.rounded()) ?? .max)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .octets(Array(data))
        }
    }
}
