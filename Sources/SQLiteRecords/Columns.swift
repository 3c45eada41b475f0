// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Vocabulary

/// A row's columns, read in the order in which the query names them. A value of another kind than expected is damage,
/// never a trap.
struct Columns {
    private let row: Row
    private var next = 0

    init(_ row: Row) { self.row = row }

    mutating func any() -> DatabaseValue {
        defer { next += 1 }
        return row[next]
    }

    private mutating func value() -> DatabaseValue.Storage { any().storage }

    private func damage() -> Damage { Damage(detail: "column \(next) of a row holds what it cannot hold") }

    mutating func integer() throws -> Int64 {
        guard case .int64(let value) = value() else { throw damage() }
        return value
    }

    mutating func optionalInteger() throws -> Int64? {
        switch value() {
        case .int64(let value): return value
        case .null: return nil
        default: throw damage()
        }
    }

    mutating func text() throws -> String {
        guard case .string(let value) = value() else { throw damage() }
        return value
    }

    mutating func optionalText() throws -> String? {
        switch value() {
        case .string(let value): return value
        case .null: return nil
        default: throw damage()
        }
    }

    mutating func octets() throws -> [UInt8] {
        guard let value = try optionalOctets() else { throw damage() }
        return value
    }

    mutating func optionalOctets() throws -> [UInt8]? {
        switch value() {
        case .blob(let value): return [UInt8](value)
        case .null: return nil
        default: throw damage()
        }
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

    /// Two columns: the key, and what of it was given in another spelling: the local part, or the whole address.
    mutating func address() throws -> EmailAddress {
        let key = try text()
        let given = try optionalText()
        do {
            guard let given, let at = key.lastIndex(of: "@") else { return try EmailAddress(key) }
            if given.contains("@") { return try EmailAddress(given) }
            return try EmailAddress(given + key[at...])
        } catch {
            throw Damage(detail: "\(key) is no address: \(error)")
        }
    }
}

extension EmailAddress {
    /// What rows are found by: two addresses that are equal have the same. Unlike `description` it is the same octets
    /// for `é` in one character and in two, which are equal to Swift and differ to SQLite.
    var key: String { description.canonical }

    /// The address as it was given, or its local part alone, where the key does not tell.
    var givenWhereNotKey: String? {
        if givenDomain != domain.name { return asGiven }
        let isKey = givenLocalPart.utf8.elementsEqual(key.utf8.prefix(while: { $0 != UInt8(ascii: "@") }))
        return isKey ? nil : givenLocalPart
    }
}

extension String {
    fileprivate var canonical: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
    }

    /// As a search compares texts: without regard to case, in any script.
    var folded: String { lowercased().canonical }
}

extension MigrationStatus {
    /// The code in `outcome` and `status`, in the order in which the log sorts them.
    var code: Int64 {
        switch self {
        case .notStarted: 0
        case .inProgress: 1
        case .completed: 2
        case .failed: 3
        case .nonMigrating: 4
        }
    }

    init(code: Int64) throws {
        guard let status = Self.allCases.first(where: { $0.code == code }) else {
            throw Damage(detail: "there is no status \(code)")
        }
        self = status
    }
}

extension Database {
    /// Every row, read by `read`.
    func all<Element>(
        _ sql: String, _ arguments: StatementArguments = [], _ read: (inout Columns) throws -> Element
    ) throws -> [Element] {
        let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        var elements: [Element] = []
        while let row = try rows.next() {
            var columns = Columns(row)
            elements.append(try read(&columns))
        }
        return elements
    }

    /// The first row; nil where there is none.
    func first<Element>(
        _ sql: String, _ arguments: StatementArguments = [], _ read: (inout Columns) throws -> Element
    ) throws -> Element? {
        let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        guard let row = try rows.next() else { return nil }
        var columns = Columns(row)
        return try read(&columns)
    }

    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
