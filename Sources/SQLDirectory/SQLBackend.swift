// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import DirectoryConnections

/// What a parameter stands for. Octets are compared octet by octet, whatever a column's collation says.
enum SQLArgument: Hashable, Sendable {
    case text(String)
    case octets(String)
    case null

    var string: String? {
        switch self {
        case .text(let value), .octets(let value): value
        case .null: nil
        }
    }
}

/// What a statement gave.
struct SQLResult: Hashable, Sendable {
    /// By column name, in lower case; nil is NULL.
    var rows: [[String: String?]] = []
    /// Rows that it found to change.
    var changed = 0
}

/// A connection to a database of accounts. It belongs to one thread at a time, which waits for it.
protocol SQLConnection: AnyObject {
    /// Whether it can be used for another statement.
    var isUsable: Bool { get }

    /// Runs one statement; at most `mostRows` rows are kept.
    func run(_ statement: NamedStatement, _ arguments: [String: SQLArgument], mostRows: Int) throws(SQLFailure)
        -> SQLResult

    /// Runs statements of which nothing stays.
    func rolledBack<Result>(_ body: () throws(SQLFailure) -> Result) throws(SQLFailure) -> Result

    /// Whether the database answers.
    func ping() throws(SQLFailure)

    /// Whether what this statement changes can be taken back.
    func takesBack(_ statement: NamedStatement) throws(SQLFailure) -> Bool
}

extension SQLConnection {
    func takesBack(_ statement: NamedStatement) throws(SQLFailure) -> Bool { true }
}

typealias SQLFailure = ConnectionFailure

/// A kind of database.
protocol SQLBackend: Sendable {
    /// Where it is, for people; no password.
    var subject: String { get }

    /// Connects; blocks until then, for the backend's own time limit at most.
    func connect() throws(SQLFailure) -> any SQLConnection
}
