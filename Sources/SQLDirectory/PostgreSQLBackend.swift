// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL
import DirectoryConnections
import Glibc
import Secrets

/// PostgreSQL, by libpq. Statements go with their parameters, unprepared, so that a pooler in transaction mode may stand
/// between.
struct PostgreSQLBackend: SQLBackend {
    /// The functions that are used.
    fileprivate struct Library: Sendable {
        typealias Connection = OpaquePointer
        typealias Result = OpaquePointer
        typealias Text = UnsafePointer<CChar>

        let connect: @convention(c) (UnsafePointer<Text?>, UnsafePointer<Text?>, CInt) -> Connection?
        let status: @convention(c) (Connection) -> ConnStatusType
        let errorMessage: @convention(c) (Connection) -> Text
        let finish: @convention(c) (Connection) -> Void
        let send:
            @convention(c) (
                Connection, Text, CInt, UnsafePointer<CUnsignedInt>?, UnsafePointer<Text?>, UnsafePointer<CInt>?,
                UnsafePointer<CInt>?, CInt
            ) -> CInt
        let socket: @convention(c) (Connection) -> CInt
        let consume: @convention(c) (Connection) -> CInt
        let isBusy: @convention(c) (Connection) -> CInt
        let nextResult: @convention(c) (Connection) -> Result?
        let resultStatus: @convention(c) (Result) -> ExecStatusType
        let errorField: @convention(c) (Result, CInt) -> Text?
        let rows: @convention(c) (Result) -> CInt
        let columns: @convention(c) (Result) -> CInt
        let name: @convention(c) (Result, CInt) -> Text?
        let value: @convention(c) (Result, CInt, CInt) -> Text
        let isNull: @convention(c) (Result, CInt, CInt) -> CInt
        let changed: @convention(c) (Result) -> Text
        let clear: @convention(c) (Result) -> Void

        init() throws(SQLFailure) {
            let library = try DynamicLibrary("libpq.so.5", package: "libpq5")
            func find<Function>(_ name: String) throws(SQLFailure) -> Function {
                try library.function(name, as: Function.self)
            }
            connect = try find("PQconnectdbParams")
            status = try find("PQstatus")
            errorMessage = try find("PQerrorMessage")
            finish = try find("PQfinish")
            send = try find("PQsendQueryParams")
            socket = try find("PQsocket")
            consume = try find("PQconsumeInput")
            isBusy = try find("PQisBusy")
            nextResult = try find("PQgetResult")
            resultStatus = try find("PQresultStatus")
            errorField = try find("PQresultErrorField")
            rows = try find("PQntuples")
            columns = try find("PQnfields")
            name = try find("PQfname")
            value = try find("PQgetvalue")
            isNull = try find("PQgetisnull")
            changed = try find("PQcmdTuples")
            clear = try find("PQclear")
        }
    }

    let subject: String
    private let url: String
    private let password: Password?
    private let seconds: Int
    private let library: Library

    /// - Parameters:
    ///   - url: as libpq takes it.
    ///   - seconds: what connecting, and each statement, may take.
    init(url: String, subject: String, password: Password?, seconds: Int) throws(SQLFailure) {
        self.url = url
        self.subject = subject
        self.password = password
        self.seconds = max(2, seconds)
        library = try Library()
    }

    func connect() throws(SQLFailure) -> any SQLConnection {
        var settings = [
            ("dbname", url), ("connect_timeout", "\(seconds)"), ("tcp_user_timeout", "\(seconds * 1000)"),
            ("application_name", "mailmove"), ("client_encoding", "UTF8"),
            ("options", "-c statement_timeout=\(seconds * 1000) -c lock_timeout=\(seconds * 1000)"),
        ]
        if let password {
            settings.append(("password", password.withOctets { String(decoding: $0, as: UTF8.self) }))
        }
        let connection = withTexts(settings.map(\.0)) { names in
            withTexts(settings.map(\.1)) { values in library.connect(names, values, 1) }
        }
        guard let connection else { throw SQLFailure("\(subject): libpq is out of memory", isLost: true) }
        guard library.status(connection) == CONNECTION_OK else {
            defer { library.finish(connection) }
            throw SQLFailure("\(subject): \(Self.line(library.errorMessage(connection)))", isLost: true)
        }
        return PostgreSQLConnection(connection, library, subject, seconds: seconds)
    }

    /// An error's first line.
    fileprivate static func line(_ text: UnsafePointer<CChar>) -> String {
        String(String(cString: text).split(separator: "\n").first ?? "it gives no reason")
    }
}

/// Calls `body` with the texts as C strings, ended by NULL.
private func withTexts<Result>(
    _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let copies = texts.map { text in text.flatMap { strdup($0) } }
    defer { for copy in copies { free(copy) } }
    return body(copies.map { UnsafePointer($0) } + [nil])
}

private final class PostgreSQLConnection: SQLConnection {
    private let connection: OpaquePointer
    private let library: PostgreSQLBackend.Library
    private let subject: String
    private let seconds: Int
    private(set) var isUsable = true

    init(_ connection: OpaquePointer, _ library: PostgreSQLBackend.Library, _ subject: String, seconds: Int) {
        self.connection = connection
        self.library = library
        self.subject = subject
        self.seconds = seconds
    }

    deinit { library.finish(connection) }

    func run(
        _ statement: NamedStatement, _ arguments: [String: SQLArgument], mostRows: Int
    ) throws(SQLFailure) -> SQLResult {
        let (text, names) = statement.numbered
        return try execute(text, names.map { arguments[$0]?.string ?? nil }, mostRows)
    }

    func ping() throws(SQLFailure) { _ = try execute("SELECT 1", [], 1) }

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
        let isSent = withTexts(values) { texts in
            library.send(connection, text, CInt(values.count), nil, texts, nil, nil, 0) == 1
        }
        guard isSent else { throw lost() }
        let result = try answer()
        defer { library.clear(result) }
        switch library.resultStatus(result) {
        case PGRES_COMMAND_OK: return SQLResult(changed: Int(String(cString: library.changed(result))) ?? 0)
        case PGRES_TUPLES_OK: return read(result, mostRows)
        default:
            guard library.status(connection) == CONNECTION_OK else { throw lost() }
            // 23505: unique_violation
            let state = library.errorField(result, CInt(UInt8(ascii: "C"))).map { String(cString: $0) }
            let message = library.errorField(result, CInt(UInt8(ascii: "M"))).map { PostgreSQLBackend.line($0) }
            throw SQLFailure(
                "\(subject): \(message ?? "it gives no reason")", isDuplicate: state == "23505")
        }
    }

    /// A server that hangs would be waited for without end by PQexecParams: its own time limits hang with it.
    private func answer() throws(SQLFailure) -> OpaquePointer {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while library.isBusy(connection) != 0 {
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0 else {
                isUsable = false
                throw SQLFailure("\(subject) did not answer within \(seconds) s", isLost: true)
            }
            var readable = pollfd(fd: library.socket(connection), events: Int16(POLLIN), revents: 0)
            _ = poll(&readable, 1, CInt(left.rounded(.up)))
            if readable.revents != 0, library.consume(connection) == 0 { throw lost() }
        }
        guard let result = library.nextResult(connection) else { throw lost() }
        // One statement has one result; only when there is no more can the next be sent.
        while let more = library.nextResult(connection) { library.clear(more) }
        return result
    }

    private func lost() -> SQLFailure {
        isUsable = false
        return SQLFailure("\(subject): \(PostgreSQLBackend.line(library.errorMessage(connection)))", isLost: true)
    }

    private func read(_ result: OpaquePointer, _ mostRows: Int) -> SQLResult {
        let names = (0..<library.columns(result)).map { column in
            library.name(result, column).map { String(cString: $0).lowercased() } ?? ""
        }
        let rows = (0..<min(Int(library.rows(result)), mostRows)).map { row in
            var values: [String: String?] = [:]
            for (column, name) in names.enumerated() {
                let (row, column) = (CInt(row), CInt(column))
                values[name] = .some(
                    library.isNull(result, row, column) != 0 ? nil : String(cString: library.value(result, row, column))
                )
            }
            return values
        }
        return SQLResult(rows: rows, changed: 0)
    }
}
