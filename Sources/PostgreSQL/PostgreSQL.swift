// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL
import Glibc

/// PostgreSQL by libpq, which is loaded where it is configured: a plain installation needs none.
///
/// 1. ``PostgreSQL/init()`` loads the library, and ``PostgreSQL/place(of:)`` reads a URL.
/// 2. ``PostgreSQL/connect(_:)`` opens a connection, which belongs to one thread at a time and blocks it.
/// 3. A statement goes with its parameters: prepared, where ``PostgreSQLConnection/lookForPooler(within:)`` has found none,
///    for behind a pooler in transaction mode the next statement may meet another session. What is not answered in time
///    counts as lost.
/// 4. What went wrong is a ``PostgreSQLFailure``.
package struct PostgreSQL: @unchecked Sendable {
    // Proof: only pointers to functions, set once; libpq is safe from any thread as long as none shares a connection.
    typealias Text = UnsafePointer<CChar>

    let connectFunction: @convention(c) (UnsafePointer<Text?>, UnsafePointer<Text?>, CInt) -> OpaquePointer?
    let status: @convention(c) (OpaquePointer) -> ConnStatusType
    let transactionStatus: @convention(c) (OpaquePointer) -> PGTransactionStatusType
    let errorMessage: @convention(c) (OpaquePointer) -> Text
    let finish: @convention(c) (OpaquePointer) -> Void
    let socket: @convention(c) (OpaquePointer) -> CInt
    let sendQuery: @convention(c) (OpaquePointer, Text) -> CInt
    let sendParameters:
        @convention(c) (
            OpaquePointer, Text, CInt, UnsafePointer<CUnsignedInt>?, UnsafePointer<Text?>, UnsafePointer<CInt>?,
            UnsafePointer<CInt>?, CInt
        ) -> CInt
    let sendPrepare: @convention(c) (OpaquePointer, Text, Text, CInt, UnsafePointer<CUnsignedInt>?) -> CInt
    let sendPrepared:
        @convention(c) (
            OpaquePointer, Text, CInt, UnsafePointer<Text?>, UnsafePointer<CInt>?, UnsafePointer<CInt>?, CInt
        ) -> CInt
    let backendProcess: @convention(c) (OpaquePointer) -> CInt
    let setNonblocking: @convention(c) (OpaquePointer, CInt) -> CInt
    let flush: @convention(c) (OpaquePointer) -> CInt
    let consumeInput: @convention(c) (OpaquePointer) -> CInt
    let isBusy: @convention(c) (OpaquePointer) -> CInt
    let nextResult: @convention(c) (OpaquePointer) -> OpaquePointer?
    let resultStatus: @convention(c) (OpaquePointer) -> ExecStatusType
    let errorField: @convention(c) (OpaquePointer, CInt) -> Text?
    let rows: @convention(c) (OpaquePointer) -> CInt
    let columns: @convention(c) (OpaquePointer) -> CInt
    let name: @convention(c) (OpaquePointer, CInt) -> Text?
    let type: @convention(c) (OpaquePointer, CInt) -> CUnsignedInt
    let value: @convention(c) (OpaquePointer, CInt, CInt) -> Text
    let length: @convention(c) (OpaquePointer, CInt, CInt) -> CInt
    let isNull: @convention(c) (OpaquePointer, CInt, CInt) -> CInt
    let changed: @convention(c) (OpaquePointer) -> Text
    let clear: @convention(c) (OpaquePointer) -> Void
    let silence: @convention(c) (OpaquePointer, NoticeProcessor, UnsafeMutableRawPointer?) -> NoticeProcessor?
    let parse:
        @convention(c) (Text, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> UnsafeMutablePointer<
            PQconninfoOption
        >?
    let freeOptions: @convention(c) (UnsafeMutablePointer<PQconninfoOption>) -> Void
    let freeMemory: @convention(c) (UnsafeMutableRawPointer) -> Void

    typealias NoticeProcessor = @convention(c) (UnsafeMutableRawPointer?, Text?) -> Void

    /// - Throws: where the library is not installed.
    package init() throws(PostgreSQLFailure) {
        guard let library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL) else {
            throw PostgreSQLFailure("libpq.so.5 cannot be loaded; install it: apt-get install libpq5")
        }
        func find<Function>(_ name: String) throws(PostgreSQLFailure) -> Function {
            guard let symbol = dlsym(library, name) else { throw PostgreSQLFailure("libpq.so.5 has no \(name)") }
            return unsafeBitCast(symbol, to: Function.self)
        }
        connectFunction = try find("PQconnectdbParams")
        status = try find("PQstatus")
        transactionStatus = try find("PQtransactionStatus")
        errorMessage = try find("PQerrorMessage")
        finish = try find("PQfinish")
        socket = try find("PQsocket")
        sendQuery = try find("PQsendQuery")
        sendParameters = try find("PQsendQueryParams")
        sendPrepare = try find("PQsendPrepare")
        sendPrepared = try find("PQsendQueryPrepared")
        backendProcess = try find("PQbackendPID")
        setNonblocking = try find("PQsetnonblocking")
        flush = try find("PQflush")
        consumeInput = try find("PQconsumeInput")
        isBusy = try find("PQisBusy")
        nextResult = try find("PQgetResult")
        resultStatus = try find("PQresultStatus")
        errorField = try find("PQresultErrorField")
        rows = try find("PQntuples")
        columns = try find("PQnfields")
        name = try find("PQfname")
        type = try find("PQftype")
        value = try find("PQgetvalue")
        length = try find("PQgetlength")
        isNull = try find("PQgetisnull")
        changed = try find("PQcmdTuples")
        clear = try find("PQclear")
        silence = try find("PQsetNoticeProcessor")
        parse = try find("PQconninfoParse")
        freeOptions = try find("PQconninfoFree")
        freeMemory = try find("PQfreemem")
    }
}

/// Why the database did not do it.
package struct PostgreSQLFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it says, or libpq: one line.
    package var description: String
    /// SQLSTATE, five characters; empty where the database did not say it.
    package var state: String
    /// Whether the connection is of no more use.
    package var isLost: Bool

    package init(_ description: String, state: String = "", isLost: Bool = false) {
        self.description = description
        self.state = state
        self.isLost = isLost
    }

    /// An error's first line.
    static func line(_ text: UnsafePointer<CChar>) -> String {
        String(String(cString: text).split(separator: "\n").first ?? "it gives no reason")
    }
}
