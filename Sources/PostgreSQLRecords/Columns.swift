// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Vocabulary

/// The columns of a row, read in the order in which the statement names them. What is not of the expected type is damage,
/// never a trap.
struct Columns {
    private let rows: PostgreSQLRows
    private let row: Int
    private var next = 0

    init(_ rows: PostgreSQLRows, _ row: Int) {
        self.rows = rows
        self.row = row
    }

    /// The index of the next column; nil if it is NULL.
    private mutating func place() -> Int? {
        defer { next += 1 }
        return rows.isNull(row, next) ? nil : next
    }

    private func damage() -> Damage { Damage(detail: "a row's column \(next) holds what it cannot hold") }

    private func sound<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw damage() }
        return value
    }

    mutating func integer() throws -> Int64 { try sound(optionalInteger()) }

    mutating func optionalInteger() throws -> Int64? {
        guard let place = place() else { return nil }
        return try sound(rows.integer(row, place))
    }

    mutating func text() throws -> String { try sound(optionalText()) }

    mutating func optionalText() throws -> String? { place().map { rows.text(row, $0) } }

    mutating func octets() throws -> [UInt8] { try sound(optionalOctets()) }

    mutating func optionalOctets() throws -> [UInt8]? { place().map { Array(rows.octets(row, $0)) } }

    mutating func time() throws -> Timestamp { Timestamp(milliseconds: try integer()) }

    mutating func optionalTime() throws -> Timestamp? {
        try optionalInteger().map { Timestamp(milliseconds: $0) }
    }

    mutating func word<Word: RawRepresentable<String>>(_: Word.Type = Word.self) throws -> Word {
        try sound(Word(rawValue: text()))
    }

    mutating func optionalWord<Word: RawRepresentable<String>>(_: Word.Type = Word.self) throws -> Word? {
        guard let text = try optionalText() else { return nil }
        return try sound(Word(rawValue: text))
    }

    /// Reads two columns: the key, and what was given in another spelling.
    mutating func address() throws -> EmailAddress {
        let key = try text()
        return try EmailAddress(kept: key, given: try optionalText())
    }

    /// The same; nil if the key is empty.
    mutating func optionalAddress() throws -> EmailAddress? {
        let key = try text()
        let given = try optionalText()
        return key.isEmpty ? nil : try EmailAddress(kept: key, given: given)
    }
}

// Parameters, nil as NULL.
func column(_ text: String?) -> PostgreSQLValue { text.map { .text($0) } ?? .null }
func column(_ number: Int64?) -> PostgreSQLValue { number.map { .integer($0) } ?? .null }
func column(_ time: Timestamp?) -> PostgreSQLValue { time.map { .integer($0.milliseconds) } ?? .null }
func column(_ octets: [UInt8]?) -> PostgreSQLValue { octets.map { .octets($0) } ?? .null }

/// An array's text, as PostgreSQL reads it: `{1,2}`.
func column(_ numbers: some Sequence<Int64>) -> PostgreSQLValue {
    .text("{" + numbers.map { String($0) }.joined(separator: ",") + "}")
}

/// The same of texts: each in quotes, nil as NULL.
func column(_ texts: some Sequence<String?>) -> PostgreSQLValue {
    let quoted = texts.map { text in
        guard let text else { return "NULL" }
        return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    return .text("{" + quoted.joined(separator: ",") + "}")
}
