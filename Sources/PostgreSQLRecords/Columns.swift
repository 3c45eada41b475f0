// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Vocabulary

/// The columns of an answer's row.
struct Columns: RowColumns {
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

    func damage() -> Damage { Damage(detail: "a row's column \(next) holds what it cannot hold") }

    mutating func optionalInteger() throws -> Int64? {
        guard let place = place() else { return nil }
        guard let number = rows.integer(row, place) else { throw damage() }
        return number
    }

    mutating func optionalText() throws -> String? { place().map { rows.text(row, $0) } }

    mutating func optionalOctets() throws -> [UInt8]? { place().map { Array(rows.octets(row, $0)) } }
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
