// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import Secrets

/// PostgreSQL, by libpq. Statements go with their parameters, unprepared, so that a pooler in transaction mode may stand
/// between.
struct PostgreSQLBackend: SQLBackend {
    let subject: String
    private let place: PostgreSQLPlace
    private let seconds: Int
    private let library: PostgreSQL

    /// - Parameters:
    ///   - url: as libpq takes it.
    ///   - seconds: what connecting, and each statement, may take.
    init(url: String, subject: String, password: Password?, seconds: Int) throws(SQLFailure) {
        let seconds = max(2, seconds)
        self.subject = subject
        self.seconds = seconds
        do throws(PostgreSQLFailure) {
            library = try PostgreSQL()
            var place = try library.place(of: url)
            place.set("connect_timeout", "\(seconds)")
            place.set("tcp_user_timeout", "\(seconds * 1000)")
            place.set("application_name", "mailmove")
            place.set("client_encoding", "UTF8")
            place.set("options", "-c statement_timeout=\(seconds * 1000) -c lock_timeout=\(seconds * 1000)")
            if let password {
                place.set("password", password.withOctets { String(decoding: $0, as: UTF8.self) })
            }
            self.place = place
        } catch {
            throw SQLFailure("\(subject): \(error)")
        }
    }

    func connect() throws(SQLFailure) -> any SQLConnection {
        do throws(PostgreSQLFailure) {
            return PostgreSQLAccounts(try library.connect(place), subject, seconds: seconds)
        } catch {
            throw SQLFailure("\(subject): \(error)", isLost: true)
        }
    }
}

private final class PostgreSQLAccounts: SQLConnection {
    private let connection: PostgreSQLConnection
    private let subject: String
    /// The database gives up first.
    private let seconds: Double

    var isUsable: Bool { connection.isUsable }

    init(_ connection: PostgreSQLConnection, _ subject: String, seconds: Int) {
        self.connection = connection
        self.subject = subject
        self.seconds = Double(seconds) + 1
    }

    func run(
        _ statement: NamedStatement, _ arguments: [String: SQLArgument], mostRows: Int
    ) throws(SQLFailure) -> SQLResult {
        let (text, names) = statement.numbered
        return try execute(text, names.map { arguments[$0]?.string ?? nil }, mostRows)
    }

    func rolledBack<Result>(_ body: () throws(SQLFailure) -> Result) throws(SQLFailure) -> Result {
        _ = try execute("BEGIN", [], 0)
        do throws(SQLFailure) {
            let result = try body()
            _ = try execute("ROLLBACK", [], 0)
            return result
        } catch {
            if isUsable { _ = try? execute("ROLLBACK", [], 0) }
            throw error
        }
    }

    private func execute(_ text: String, _ values: [String?], _ mostRows: Int) throws(SQLFailure) -> SQLResult {
        do throws(PostgreSQLFailure) {
            let rows = try connection.run(
                text, values.map { $0.map { .text($0) } ?? .null }, isBinary: false, within: seconds)
            return read(rows, mostRows)
        } catch {
            // 23505: unique_violation
            throw SQLFailure("\(subject): \(error)", isLost: error.isLost, isDuplicate: error.state == "23505")
        }
    }

    private func read(_ rows: PostgreSQLRows, _ mostRows: Int) -> SQLResult {
        let names = rows.names.map { $0.lowercased() }
        let values = (0..<min(rows.count, mostRows)).map { row in
            var values: [String: String?] = [:]
            for (column, name) in names.enumerated() {
                values[name] = .some(rows.isNull(row, column) ? nil : rows.text(row, column))
            }
            return values
        }
        return SQLResult(rows: values, changed: rows.changed)
    }
}
