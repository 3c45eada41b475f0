// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL
import Glibc

/// A parameter of a statement. PostgreSQL infers its type from the statement.
package enum PostgreSQLValue: Hashable, Sendable {
    case null
    /// NUL, which no text of PostgreSQL's can hold, becomes U+FFFD.
    case text(String)
    case integer(Int64)
    case octets([UInt8])
}

/// A connection. It belongs to one thread at a time, which waits for it.
package final class PostgreSQLConnection {
    private let connection: OpaquePointer
    private let library: PostgreSQL
    /// Whether it can be used for another statement.
    package private(set) var isUsable = true
    /// Whether all statements meet the same session of the server: what is prepared or set there stays.
    package private(set) var isDirect = false
    /// Names of prepared statements.
    private var prepared: [String: String] = [:]
    /// So many are kept prepared; the server has them in memory, for each connection.
    private static let mostPrepared = 300

    init(_ connection: OpaquePointer, _ library: PostgreSQL) {
        self.connection = connection
        self.library = library
    }

    deinit { library.finish(connection) }

    /// Whether a transaction is open, failed or not.
    package var isInTransaction: Bool {
        switch library.transactionStatus(connection) {
        case PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE: true
        default: false
        }
    }

    /// Finds out whether a pooler stands between, which makes up the number that it gives for the server's process.
    package func lookForPooler(within seconds: Double) throws(PostgreSQLFailure) {
        let rows = try run("SELECT pg_backend_pid()", isBinary: false, within: seconds)
        isDirect = rows.count > 0 && rows.text(0, 0) == String(library.backendProcess(connection))
    }

    /// Runs one statement, prepared where that is possible.
    /// - Parameters:
    ///   - isBinary: whether values come as PostgreSQL has them in memory, else as text.
    ///   - seconds: after which the connection counts as lost.
    package func run(
        _ statement: String, _ values: [PostgreSQLValue] = [], isBinary: Bool = true, within seconds: Double
    ) throws(PostgreSQLFailure) -> PostgreSQLRows {
        let name = try prepare(statement, within: seconds)
        let sent = withParameters(values) { texts, lengths, formats in
            if let name {
                return library.sendPrepared(
                    connection, name, CInt(values.count), texts, lengths, formats, isBinary ? 1 : 0)
            }
            return library.sendParameters(
                connection, statement, CInt(values.count), nil, texts, lengths, formats, isBinary ? 1 : 0)
        }
        guard sent == 1 else { throw lost() }
        do throws(PostgreSQLFailure) {
            return try answer(within: seconds)
        } catch {
            // A statement that is not there any more, or that other tables have made another: the connection is left.
            if name != nil, Self.outdated.contains(error.state) { isUsable = false }
            throw error
        }
    }

    /// SQLSTATEs of prepared statements that are of no more use, or of a name that is taken.
    package static let outdated: Set<String> = ["26000", "42P05", "0A000"]

    /// - Returns: the statement's name; nil where it goes unprepared.
    private func prepare(_ statement: String, within seconds: Double) throws(PostgreSQLFailure) -> String? {
        guard isDirect else { return nil }
        if let name = prepared[statement] { return name }
        guard prepared.count < Self.mostPrepared else { return nil }
        let name = "s\(prepared.count)"
        guard library.sendPrepare(connection, name, statement, 0, nil) == 1 else { throw lost() }
        _ = try answer(within: seconds)
        prepared[statement] = name
        return name
    }

    /// Runs statements without parameters, one after the other, up to the first that fails; one round trip for all.
    /// - Returns: the last one's answer, in text.
    @discardableResult
    package func run(script: String, within seconds: Double) throws(PostgreSQLFailure) -> PostgreSQLRows {
        guard library.sendQuery(connection, script) == 1 else { throw lost() }
        return try answer(within: seconds)
    }

    private func answer(within seconds: Double) throws(PostgreSQLFailure) -> PostgreSQLRows {
        let end = Self.now + seconds
        var flushed = library.flush(connection)
        while flushed == 1 {
            // PostgreSQL may want to be read from before it reads on.
            try wait(for: Int16(POLLIN | POLLOUT), until: end)
            guard library.consumeInput(connection) == 1 else { throw lost() }
            flushed = library.flush(connection)
        }
        guard flushed == 0 else { throw lost() }
        var last: PostgreSQLRows?
        var failure: PostgreSQLFailure?
        while true {
            while library.isBusy(connection) == 1 {
                try wait(for: Int16(POLLIN), until: end)
                guard library.consumeInput(connection) == 1 else { throw lost() }
            }
            guard let result = library.nextResult(connection) else { break }
            switch library.resultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: last = PostgreSQLRows(result, library)
            default:
                failure = failure ?? self.failure(result)
                library.clear(result)
            }
        }
        guard library.status(connection) == CONNECTION_OK else { throw lost(failure) }
        if let failure { throw failure }
        guard let last else { throw lost() }
        return last
    }

    private func failure(_ result: OpaquePointer) -> PostgreSQLFailure {
        let state = library.errorField(result, CInt(UInt8(ascii: "C"))).map { String(cString: $0) }
        let message = library.errorField(result, CInt(UInt8(ascii: "M"))).map { PostgreSQLFailure.line($0) }
        return PostgreSQLFailure(
            message ?? PostgreSQLFailure.line(library.errorMessage(connection)), state: state ?? "")
    }

    /// - Parameter cause: what the database said last, as an administrator's shutdown.
    private func lost(_ cause: PostgreSQLFailure? = nil) -> PostgreSQLFailure {
        isUsable = false
        return PostgreSQLFailure(
            cause?.description ?? PostgreSQLFailure.line(library.errorMessage(connection)), state: cause?.state ?? "",
            isLost: true)
    }

    private func wait(for events: Int16, until end: Double) throws(PostgreSQLFailure) {
        while true {
            let left = end - Self.now
            guard left > 0 else {
                isUsable = false
                throw PostgreSQLFailure("it does not answer", isLost: true)
            }
            var descriptor = pollfd(fd: library.socket(connection), events: events, revents: 0)
            let ready = poll(&descriptor, 1, CInt(min(left * 1000, 60_000)) + 1)
            if ready > 0 { return }
            guard ready == 0 || errno == EINTR else { throw lost() }
        }
    }

    /// Seconds of the monotonic clock.
    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Calls `body` with the values as libpq takes them: octets as they are, all others as text.
private func withParameters<Result>(
    _ values: [PostgreSQLValue],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<CInt>, UnsafePointer<CInt>) -> Result
) -> Result {
    var memory: [UInt8] = []
    var starts: [Int?] = []
    var lengths: [CInt] = []
    var formats: [CInt] = []
    for value in values {
        starts.append(memory.count)
        var format: CInt = 0
        switch value {
        case .null: starts[starts.count - 1] = nil
        case .text(let text):
            if text.utf8.contains(0) {
                memory.append(contentsOf: text.replacing("\0", with: "\u{FFFD}").utf8)
            } else {
                memory.append(contentsOf: text.utf8)
            }
        case .integer(let number): memory.append(contentsOf: String(number).utf8)
        case .octets(let octets):
            memory.append(contentsOf: octets)
            format = 1
        }
        lengths.append(CInt(clamping: memory.count - (starts[starts.count - 1] ?? memory.count)))
        formats.append(format)
        memory.append(0)
    }
    // One entry more than there are values: no pointer to an empty array is needed.
    starts.append(nil)
    lengths.append(0)
    formats.append(0)
    return memory.withUnsafeBytes { octets in
        let texts = starts.map { start in
            start.flatMap { octets.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
        }
        return body(texts, lengths, formats)
    }
}
