// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GRDBSQLite
import RecordForms
import Vocabulary

/// The columns of a statement's current row.
///
/// Read directly from SQLite: GRDB's rows cost more than the query itself, above all for their column names.
struct Columns: RowColumns {
    private let statement: SQLiteStatement
    private var next: CInt = 0

    fileprivate init(of statement: SQLiteStatement) { self.statement = statement }

    /// The index of the next column, if it is of this type (a fundamental datatype of SQLite); nil where it is NULL.
    private mutating func optionalPlace(_ kind: CInt) throws -> CInt? {
        let place = next
        next += 1
        switch sqlite3_column_type(statement, place) {
        case kind: return place
        case SQLITE_NULL: return nil
        default: throw damage()
        }
    }

    func damage() -> Damage { Damage(detail: "a row's column \(next) holds what it cannot hold") }

    private func text(_ column: CInt) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    mutating func any() throws -> DatabaseValue {
        switch sqlite3_column_type(statement, next) {
        case SQLITE_TEXT: column(try optionalText())
        case SQLITE_BLOB: column(try optionalOctets())
        default: column(try optionalInteger())
        }
    }

    mutating func optionalInteger() throws -> Int64? {
        try optionalPlace(SQLITE_INTEGER).map { sqlite3_column_int64(statement, $0) }
    }

    mutating func optionalText() throws -> String? { try optionalPlace(SQLITE_TEXT).map(text) }

    mutating func optionalOctets() throws -> [UInt8]? {
        guard let column = try optionalPlace(SQLITE_BLOB) else { return nil }
        let count = Int(sqlite3_column_bytes(statement, column))
        return Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, column), count: count))
    }
}

extension Database {
    /// Every row, read by `read`.
    func all<Element>(
        _ sql: String, _ arguments: StatementArguments = [], _ read: (inout Columns) throws -> Element
    ) throws -> [Element] {
        var elements: [Element] = []
        try step(sql, arguments) { columns in
            elements.append(try read(&columns))
            return true
        }
        return elements
    }

    /// Every row that can be read; `damaged` is called for every other one, and may throw to end the query.
    func sound<Element>(
        _ sql: String, _ arguments: StatementArguments = [], damaged: (Damage) throws -> Void,
        _ read: (inout Columns) throws -> Element
    ) throws -> [Element] {
        try all(sql, arguments) { columns -> Element? in
            do {
                return try read(&columns)
            } catch let damage as Damage {
                try damaged(damage)
                return nil
            }
        }.compactMap(\.self)
    }

    /// The first row; nil where there is none.
    func first<Element>(
        _ sql: String, _ arguments: StatementArguments = [], _ read: (inout Columns) throws -> Element
    ) throws -> Element? {
        var element: Element?
        try step(sql, arguments) { columns in
            element = try read(&columns)
            return false
        }
        return element
    }

    /// Calls `visit` with each row for as long as it returns true.
    private func step(
        _ sql: String, _ arguments: StatementArguments, _ visit: (inout Columns) throws -> Bool
    ) throws {
        let prepared = try cachedStatement(sql: sql)
        try prepared.setArguments(arguments)
        let statement = prepared.sqliteStatement
        defer { sqlite3_reset(statement) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                var columns = Columns(of: statement)
                guard try visit(&columns) else { return }
            case SQLITE_DONE: return
            case let code: throw failure(code, sql)
            }
        }
    }

    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
