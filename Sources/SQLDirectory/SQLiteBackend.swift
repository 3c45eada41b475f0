// SPDX-License-Identifier: Apache-2.0

import DirectoryConnections
import GRDBSQLite
import Glibc

/// An SQLite file. Others write it, too, which is waited for.
struct SQLiteBackend: SQLBackend {
    let subject: String
    private let path: String
    private let seconds: Int

    init(path: String, seconds: Int) {
        self.path = path
        self.seconds = seconds
        subject = path
    }

    func connect() throws(SQLFailure) -> any SQLConnection {
        var database: OpaquePointer?
        // Never made: an account database that is missing has none.
        let status = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        guard status == SQLITE_OK, let database else {
            let reason = String(cString: sqlite3_errstr(status))
            sqlite3_close_v2(database)
            throw SQLFailure("\(path): \(reason)", isLost: true)
        }
        sqlite3_busy_timeout(database, CInt(seconds * 1000))
        return SQLiteConnection(database, path)
    }
}

private final class SQLiteConnection: SQLConnection {
    private let database: OpaquePointer
    private let path: String
    let isUsable = true

    init(_ database: OpaquePointer, _ path: String) {
        self.database = database
        self.path = path
    }

    deinit { sqlite3_close_v2(database) }

    func run(
        _ statement: NamedStatement, _ arguments: [String: SQLArgument], mostRows: Int
    ) throws(SQLFailure) -> SQLResult {
        var prepared: OpaquePointer?
        guard sqlite3_prepare_v2(database, statement.named, -1, &prepared, nil) == SQLITE_OK, let prepared else {
            throw failure()
        }
        defer { sqlite3_finalize(prepared) }
        for name in statement.names {
            let index = sqlite3_bind_parameter_index(prepared, ":\(name)")
            guard index > 0, let text = arguments[name]?.string else { continue }
            guard sqlite3_bind_text(prepared, index, text, -1, Self.copied) == SQLITE_OK else { throw failure() }
        }
        var result = SQLResult()
        while true {
            switch sqlite3_step(prepared) {
            case SQLITE_ROW: if result.rows.count < mostRows { result.rows.append(row(prepared)) }
            case SQLITE_DONE:
                result.changed = Int(sqlite3_changes(database))
                return result
            default: throw failure()
            }
        }
    }

    func ping() throws(SQLFailure) {
        guard sqlite3_exec(database, "SELECT count(*) FROM sqlite_master", nil, nil, nil) == SQLITE_OK else {
            throw failure()
        }
    }

    func rolledBack<Result>(_ body: () throws(SQLFailure) -> Result) throws(SQLFailure) -> Result {
        guard sqlite3_exec(database, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK else { throw failure() }
        defer { sqlite3_exec(database, "ROLLBACK", nil, nil, nil) }
        return try body()
    }

    private func row(_ prepared: OpaquePointer) -> [String: String?] {
        var values: [String: String?] = [:]
        for column in 0..<sqlite3_column_count(prepared) {
            let name = sqlite3_column_name(prepared, column).map { String(cString: $0).lowercased() } ?? ""
            values[name] = .some(sqlite3_column_text(prepared, column).map { String(cString: $0) })
        }
        return values
    }

    private func failure() -> SQLFailure {
        SQLFailure(
            "\(path): \(String(cString: sqlite3_errmsg(database)))",
            isDuplicate: sqlite3_extended_errcode(database) & 0xFF == SQLITE_CONSTRAINT)
    }

    /// SQLite takes a copy (SQLITE_TRANSIENT, which Swift does not import).
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}
