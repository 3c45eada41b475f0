// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL

/// What a statement gave.
package final class PostgreSQLRows {
    private let result: OpaquePointer
    private let library: PostgreSQL
    package let count: Int

    init(_ result: OpaquePointer, _ library: PostgreSQL) {
        self.result = result
        self.library = library
        count = Int(library.rows(result))
    }

    deinit { library.clear(result) }

    package var columnCount: Int { Int(library.columns(result)) }

    /// A column's type, as pg_type numbers it: 20, 21 and 23 are whole numbers, 17 octets.
    package func type(_ column: Int) -> UInt32 { library.type(result, CInt(column)) }

    /// Rows that it has changed.
    package var changed: Int { Int(String(cString: library.changed(result))) ?? 0 }

    /// In lower case, unless they are quoted.
    package var names: [String] {
        (0..<library.columns(result)).map { column in library.name(result, column).map { String(cString: $0) } ?? "" }
    }

    package func isNull(_ row: Int, _ column: Int) -> Bool { library.isNull(result, CInt(row), CInt(column)) != 0 }

    /// The octets of a value, as long as this lives; none where it is NULL.
    package func octets(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: library.value(result, CInt(row), CInt(column)),
            count: Int(library.length(result, CInt(row), CInt(column))))
    }

    package func text(_ row: Int, _ column: Int) -> String { String(decoding: octets(row, column), as: UTF8.self) }

    /// A whole number of two, four or eight octets, as it comes in binary; nil where it is none.
    package func integer(_ row: Int, _ column: Int) -> Int64? {
        let octets = octets(row, column)
        return switch octets.count {
        case 8: Int64(bigEndian: octets.loadUnaligned(as: Int64.self))
        case 4: Int64(Int32(bigEndian: octets.loadUnaligned(as: Int32.self)))
        case 2: Int64(Int16(bigEndian: octets.loadUnaligned(as: Int16.self)))
        default: nil
        }
    }
}
