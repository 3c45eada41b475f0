// SPDX-License-Identifier: Apache-2.0

package import PostgreSQL
package import RecordForms
import Records

/// Fills a database's tables from another one's, as they are. It blocks, and belongs to one thread at a time.
package final class TableWriter {
    private let server: Server
    private let connection: PostgreSQLConnection
    /// While its value is there, the database is being filled, and no node may use it.
    package static let marker = "being-copied"
    private static let patience = 3600.0

    /// Connects, and makes the tables where there are none.
    /// - Throws: `RecordsError`: where it cannot be reached, or is not empty and not a copy that was begun.
    package init(_ library: PostgreSQL, _ place: PostgreSQLPlace) throws {
        let server = Server(library, place, onDamage: { _ in })
        self.server = server
        do {
            connection = try library.connect(server.place)
            try Schema(server, connection).bringUpToDate()
        } catch {
            throw server.error(error)
        }
        if try rows("SELECT 1 FROM kept WHERE name = $1", [.text(Self.marker)]).isEmpty {
            let isUsed = try rows(
                """
                SELECT 1 WHERE EXISTS (SELECT 1 FROM domain) OR EXISTS (SELECT 1 FROM kept)
                    OR EXISTS (SELECT 1 FROM node)
                """)
            guard isUsed.isEmpty else {
                throw RecordsError(
                    code: .conflict,
                    detail: "The database \(place.subject) is not empty; make another one (createdb), and name that.")
            }
            try run("INSERT INTO kept (name, value) VALUES ($1, ''::bytea)", [.text(Self.marker)])
        }
    }

    /// For people.
    package var subject: String { server.place.subject }

    package func rows(_ sql: String, _ values: [Cell] = []) throws -> [[Cell]] {
        let rows = try attempt { try connection.run(sql, values.map(\.value), within: Self.patience) }
        return (0..<rows.count).map { row in rows.cells(row) }
    }

    package func run(_ sql: String, _ values: [Cell] = []) throws {
        _ = try attempt { try connection.run(sql, values.map(\.value), within: Self.patience) }
    }

    /// One transaction.
    package func transaction(_ body: () throws -> Void) throws {
        _ = try attempt { try connection.run(script: "BEGIN", within: Self.patience) }
        do {
            try body()
            _ = try attempt { try connection.run(script: "COMMIT", within: Self.patience) }
        } catch {
            if connection.isUsable { _ = try? connection.run(script: "ROLLBACK", within: Self.patience) }
            throw error
        }
    }

    /// Adds or replaces rows.
    package func put(_ rows: [[Cell]], into table: String, columns: [(name: String, type: String)], key: [String])
        throws
    {
        guard !rows.isEmpty else { return }
        let arrays = columns.indices.map { column in Cell.array(rows.lazy.map { $0[column] }) }
        let changed = columns.map(\.name).filter { !key.contains($0) }
        let update =
            changed.isEmpty
            ? "NOTHING" : "UPDATE SET " + changed.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        let types = columns.enumerated().map { "$\($0 + 1)::\($1.type)[]" }.joined(separator: ", ")
        _ = try attempt {
            try connection.run(
                """
                INSERT INTO \(table) (\(columns.map(\.name).joined(separator: ", "))) SELECT * FROM unnest(\(types))
                ON CONFLICT (\(key.joined(separator: ", "))) DO \(update)
                """, arrays, within: Self.patience)
        }
    }

    /// Every identity goes on behind the highest that is there.
    package func continueIdentities(of tables: [String]) throws {
        for table in tables {
            try run(
                "SELECT setval(pg_get_serial_sequence('\(table)', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM \(table)))"
            )
        }
    }

    /// It is whole: nodes may use it.
    package func finish() throws { try run("DELETE FROM kept WHERE name = $1", [.text(Self.marker)]) }

    private func attempt<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw server.error(error)
        }
    }
}

extension Cell {
    var value: PostgreSQLValue {
        switch self {
        case .null: .null
        case .integer(let number): .integer(number)
        case .text(let text): .text(text)
        case .octets(let octets): .octets(octets)
        }
    }

    /// An array's text, as PostgreSQL reads it.
    fileprivate static func array(_ cells: some Sequence<Cell>) -> PostgreSQLValue {
        let texts = cells.map { cell in
            switch cell {
            case .null: "NULL"
            case .integer(let number): String(number)
            case .text(let text):
                "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
            case .octets(let octets):
                "\"\\\\x" + octets.lazy.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
            }
        }
        return .text("{" + texts.joined(separator: ",") + "}")
    }
}

extension PostgreSQLRows {
    /// Columns are whole numbers, texts, or octets, by their types.
    fileprivate func cells(_ row: Int) -> [Cell] {
        (0..<columnCount).map { column in
            if isNull(row, column) { return .null }
            switch type(column) {
            case 20, 21, 23: return integer(row, column).map { .integer($0) } ?? .null
            case 17: return .octets(Array(octets(row, column)))
            default: return .text(text(row, column))
            }
        }
    }
}
