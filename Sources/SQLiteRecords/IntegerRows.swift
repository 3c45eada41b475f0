// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite
import RecordForms

/// Rows of integers by the hundred thousand, without GRDB's arguments and rows, which cost ten times as much as
/// SQLite's own work on a ledger row.
extension Database {
    /// Runs `sql` for each of `elements`; `bind` is called for its parameters, in their order.
    func run<Element>(
        _ sql: String, each elements: [Element], _ parameters: (Element, _ bind: (Int64) -> Void) throws -> Void
    ) throws {
        let statement = try cachedStatement(sql: sql).sqliteStatement
        defer { sqlite3_reset(statement) }
        for element in elements {
            sqlite3_reset(statement)
            var index: CInt = 0
            var code = SQLITE_OK
            try parameters(element) { value in
                index += 1
                let bound = sqlite3_bind_int64(statement, index, value)
                if bound != SQLITE_OK { code = bound }
            }
            if code == SQLITE_OK { code = sqlite3_step(statement) }
            guard code == SQLITE_DONE else { throw failure(code, sql) }
        }
    }

    /// Every row of `sql`, which must select only integers, read by `read`.
    func integers<Element>(
        _ sql: String, _ arguments: [Int64], _ read: (borrowing IntegerRow) throws -> Element
    ) throws -> [Element] {
        let statement = try cachedStatement(sql: sql).sqliteStatement
        sqlite3_reset(statement)
        defer { sqlite3_reset(statement) }
        for (index, argument) in arguments.enumerated() {
            let code = sqlite3_bind_int64(statement, CInt(index + 1), argument)
            guard code == SQLITE_OK else { throw failure(code, sql) }
        }
        let row = IntegerRow(statement: statement)
        var elements: [Element] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                try row.check()
                elements.append(try read(row))
            case SQLITE_DONE: return elements
            case let code: throw failure(code, sql)
            }
        }
    }

    /// The error that SQLite has just reported for a statement.
    func failure(_ code: CInt, _ sql: String) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: lastErrorMessage, sql: sql)
    }
}

/// The columns of a statement's current row.
struct IntegerRow: ~Copyable {
    fileprivate let statement: SQLiteStatement

    /// A value of another type is damage.
    fileprivate func check() throws {
        for column in 0..<sqlite3_column_count(statement) {
            guard sqlite3_column_type(statement, column) == SQLITE_INTEGER else {
                throw Damage(detail: "column \(column + 1) of a row holds what it cannot hold")
            }
        }
    }

    subscript(column: CInt) -> Int64 { sqlite3_column_int64(statement, column) }
}
