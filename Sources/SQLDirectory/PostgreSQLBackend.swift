// SPDX-License-Identifier: Apache-2.0

import DirectoryConnections
import PostgreSQL
import Secrets

/// PostgreSQL, by libpq. Statements go with their parameters, unprepared, so that a pooler in transaction mode may stand
/// between.
struct PostgreSQLBackend: SQLBackend {
    let subject: String
    private let library: PostgreSQL
    private let place: PostgreSQLPlace
    private let password: Password?
    private let seconds: Int

    /// - Parameters:
    ///   - url: as libpq takes it.
    ///   - seconds: what connecting, and each statement, may take.
    init(url: String, password: Password?, seconds: Int) throws(SQLFailure) {
        self.password = password
        self.seconds = max(2, seconds)
        do throws(PostgreSQLFailure) {
            library = try PostgreSQL()
            var place = try library.place(of: url)
            place.prefer("connect_timeout", "\(self.seconds)")
            place.prefer("tcp_user_timeout", "\(self.seconds * 1000)")
            place.prefer("application_name", "mailmove")
            place.set("client_encoding", "UTF8")
            self.place = place
            subject = "PostgreSQL, \(place.subject)"
        } catch {
            throw SQLFailure(error.description)
        }
    }

    func connect() throws(SQLFailure) -> any SQLConnection {
        var place = place
        if let password { place.set("password", password.withOctets { String(decoding: $0, as: UTF8.self) }) }
        do throws(PostgreSQLFailure) {
            return Line(try library.connect(place), subject, seconds: Double(seconds))
        } catch {
            throw SQLFailure("\(subject): \(error)", isLost: true)
        }
    }

    private final class Line: SQLConnection {
        private let connection: PostgreSQLConnection
        private let subject: String
        private let seconds: Double

        init(_ connection: PostgreSQLConnection, _ subject: String, seconds: Double) {
            self.connection = connection
            self.subject = subject
            self.seconds = seconds
        }

        var isUsable: Bool { connection.isUsable }

        func run(
            _ statement: NamedStatement, _ arguments: [String: SQLArgument], mostRows: Int
        ) throws(SQLFailure) -> SQLResult {
            let (text, names) = statement.numbered
            let values = names.map { (arguments[$0]?.string).map(PostgreSQLValue.text) ?? .null }
            let rows = try execute(text, values)
            // What gives no columns was no SELECT.
            guard rows.columnCount > 0 else { return SQLResult(changed: rows.changed) }
            let columns = rows.names.map { $0.lowercased() }
            return SQLResult(
                rows: (0..<min(rows.count, mostRows)).map { row in
                    var values: [String: String?] = [:]
                    for (column, name) in columns.enumerated() {
                        values[name] = .some(rows.isNull(row, column) ? nil : rows.text(row, column))
                    }
                    return values
                })
        }

        func ping() throws(SQLFailure) { _ = try execute("SELECT 1") }

        func rolledBack<Result>(_ body: () throws(SQLFailure) -> Result) throws(SQLFailure) -> Result {
            _ = try execute("BEGIN")
            do throws(SQLFailure) {
                let result = try body()
                _ = try execute("ROLLBACK")
                return result
            } catch {
                if isUsable { _ = try? execute("ROLLBACK") }
                throw error
            }
        }

        private func execute(_ text: String, _ values: [PostgreSQLValue] = []) throws(SQLFailure) -> PostgreSQLRows {
            do throws(PostgreSQLFailure) {
                return try connection.run(text, values, isBinary: false, within: seconds)
            } catch {
                // 23505: unique_violation
                throw SQLFailure(
                    "\(subject): \(error)", isLost: error.isLost, isDuplicate: error.state == "23505")
            }
        }
    }
}
