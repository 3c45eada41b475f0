// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GRDBSQLite
import RecordForms
import Vocabulary

/// The columns of a statement's current row, read in the order in which the query names them. A value of an unexpected
/// type is damage, never a trap.
///
/// Read directly from SQLite: GRDB's rows cost more than the query itself, above all for their column names.
struct Columns {
    private let statement: SQLiteStatement
    private var next: CInt = 0

    fileprivate init(of statement: SQLiteStatement) { self.statement = statement }

    /// The index of the next column, if it is of this type (a fundamental datatype of SQLite).
    private mutating func place(_ kind: CInt) throws -> CInt {
        guard let place = try optionalPlace(kind) else { throw damage() }
        return place
    }

    /// The same; nil where it is NULL.
    private mutating func optionalPlace(_ kind: CInt) throws -> CInt? {
        defer { next += 1 }
        switch sqlite3_column_type(statement, next) {
        case kind: return next
        case SQLITE_NULL: return nil
        default: throw damage()
        }
    }

    private func damage() -> Damage { Damage(detail: "a row's column \(next) holds what it cannot hold") }

    private func text(_ column: CInt) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    mutating func any() throws -> DatabaseValue {
        switch sqlite3_column_type(statement, next) {
        case SQLITE_TEXT: try text().databaseValue
        case SQLITE_BLOB: column(try optionalOctets())
        default: column(try optionalInteger())
        }
    }

    mutating func integer() throws -> Int64 { sqlite3_column_int64(statement, try place(SQLITE_INTEGER)) }

    mutating func optionalInteger() throws -> Int64? {
        try optionalPlace(SQLITE_INTEGER).map { sqlite3_column_int64(statement, $0) }
    }

    mutating func text() throws -> String { text(try place(SQLITE_TEXT)) }

    mutating func optionalText() throws -> String? { try optionalPlace(SQLITE_TEXT).map(text) }

    mutating func octets() throws -> [UInt8] {
        guard let value = try optionalOctets() else { throw damage() }
        return value
    }

    mutating func optionalOctets() throws -> [UInt8]? {
        guard let column = try optionalPlace(SQLITE_BLOB) else { return nil }
        let count = Int(sqlite3_column_bytes(statement, column))
        return Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, column), count: count))
    }

    mutating func time() throws -> Timestamp { Timestamp(milliseconds: try integer()) }

    mutating func optionalTime() throws -> Timestamp? {
        try optionalInteger().map { Timestamp(milliseconds: $0) }
    }

    mutating func word<Word: RawRepresentable<String>>(_: Word.Type = Word.self) throws -> Word {
        guard let word = try Word(rawValue: text()) else { throw damage() }
        return word
    }

    mutating func optionalWord<Word: RawRepresentable<String>>(_: Word.Type = Word.self) throws -> Word? {
        guard let text = try optionalText() else { return nil }
        guard let word = Word(rawValue: text) else { throw damage() }
        return word
    }

    /// As ``address()``; nil if the key is empty.
    mutating func optionalAddress() throws -> EmailAddress? {
        guard sqlite3_column_bytes(statement, next) == 0 else { return try address() }
        next += 2
        return nil
    }

    /// Reads two columns: the key, and what was given in another spelling, the local part or the whole address.
    mutating func address() throws -> EmailAddress {
        let key = try text()
        let given = try optionalText()
        return try EmailAddress(kept: key, given: given)
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
