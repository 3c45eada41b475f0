// SPDX-License-Identifier: Apache-2.0

import CMariaDB
import DirectoryConnections
import Glibc
import Secrets

/// MariaDB and MySQL, by libmariadb, with prepared statements.
struct MySQLBackend: SQLBackend {
    /// Where it is.
    struct Place: Hashable, Sendable {
        var user: String
        /// Empty for a socket.
        var host = ""
        var port = 0
        var socket: String?
        var database: String
        var tls = TLS()
    }

    /// How a connection by TCP is encrypted, as MySQL's own programs call it.
    struct TLS: Hashable, Sendable {
        enum Mode: String, CaseIterable, Sendable {
            case disabled
            /// Where the server offers it.
            case preferred
            case required
            /// … and its certificate is signed by who is trusted.
            case verifyAuthority = "verify-ca"
            /// … and names the host.
            case verifyIdentity = "verify-identity"
        }

        var mode = Mode.preferred
        /// Files in PEM; who is trusted is the system's where there is none.
        var authorities: String?
        var certificate: String?
        var key: String?
    }

    /// The functions that are used.
    fileprivate struct Library: Sendable {
        typealias Connection = UnsafeMutablePointer<MYSQL>
        typealias Statement = UnsafeMutablePointer<MYSQL_STMT>
        typealias Text = UnsafePointer<CChar>

        let begin: @convention(c) (Connection?) -> Connection?
        let option: @convention(c) (Connection, mysql_option, UnsafeRawPointer?) -> CInt
        let connect:
            @convention(c) (Connection, Text?, Text?, Text?, Text?, CUnsignedInt, Text?, CUnsignedLong) -> Connection?
        let cipher: @convention(c) (Connection) -> Text?
        let error: @convention(c) (Connection) -> Text
        let close: @convention(c) (Connection) -> Void
        let query: @convention(c) (Connection, Text, CUnsignedLong) -> CInt
        let statement: @convention(c) (Connection) -> Statement?
        let prepare: @convention(c) (Statement, Text, CUnsignedLong) -> CInt
        let parameters: @convention(c) (Statement) -> CUnsignedLong
        let bind: @convention(c) (Statement, UnsafeMutablePointer<MYSQL_BIND>) -> CChar
        let execute: @convention(c) (Statement) -> CInt
        let metadata: @convention(c) (Statement) -> UnsafeMutablePointer<MYSQL_RES>?
        let fieldCount: @convention(c) (UnsafeMutablePointer<MYSQL_RES>) -> CUnsignedInt
        let fields: @convention(c) (UnsafeMutablePointer<MYSQL_RES>) -> UnsafeMutablePointer<MYSQL_FIELD>?
        let freeResult: @convention(c) (UnsafeMutablePointer<MYSQL_RES>) -> Void
        let bindResult: @convention(c) (Statement, UnsafeMutablePointer<MYSQL_BIND>) -> CChar
        let fetch: @convention(c) (Statement) -> CInt
        let changed: @convention(c) (Statement) -> CUnsignedLongLong
        let statementError: @convention(c) (Statement) -> Text
        let statementNumber: @convention(c) (Statement) -> CUnsignedInt
        let closeStatement: @convention(c) (Statement) -> CChar

        init() throws(SQLFailure) {
            let library = try DynamicLibrary("libmariadb.so.3", package: "libmariadb3")
            func find<Function>(_ name: String) throws(SQLFailure) -> Function {
                try library.function(name, as: Function.self)
            }
            begin = try find("mysql_init")
            option = try find("mysql_options")
            connect = try find("mysql_real_connect")
            cipher = try find("mysql_get_ssl_cipher")
            error = try find("mysql_error")
            close = try find("mysql_close")
            query = try find("mysql_real_query")
            statement = try find("mysql_stmt_init")
            prepare = try find("mysql_stmt_prepare")
            parameters = try find("mysql_stmt_param_count")
            bind = try find("mysql_stmt_bind_param")
            execute = try find("mysql_stmt_execute")
            metadata = try find("mysql_stmt_result_metadata")
            fieldCount = try find("mysql_num_fields")
            fields = try find("mysql_fetch_fields")
            freeResult = try find("mysql_free_result")
            bindResult = try find("mysql_stmt_bind_result")
            fetch = try find("mysql_stmt_fetch")
            changed = try find("mysql_stmt_affected_rows")
            statementError = try find("mysql_stmt_error")
            statementNumber = try find("mysql_stmt_errno")
            closeStatement = try find("mysql_stmt_close")
        }
    }

    let subject: String
    private let place: Place
    private let password: Password?
    private let seconds: Int
    private let library: Library

    /// - Parameter seconds: what connecting, and each answer, may take.
    init(_ place: Place, subject: String, password: Password?, seconds: Int) throws(SQLFailure) {
        self.place = place
        self.subject = subject
        self.password = password
        self.seconds = max(2, seconds)
        library = try Library()
    }

    func connect() throws(SQLFailure) -> any SQLConnection {
        guard let connection = library.begin(nil) else {
            throw SQLFailure("\(subject): libmariadb is out of memory", isLost: true)
        }
        var timeout = CUnsignedInt(seconds)
        for option in [MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT] {
            _ = library.option(connection, option, &timeout)
        }
        _ = "utf8mb4".withCString { library.option(connection, MYSQL_SET_CHARSET_NAME, $0) }
        if place.socket == nil { encrypt(connection) }
        let text = password.map { $0.withOctets { String(decoding: $0, as: UTF8.self) } }
        // Rows that were found count, also where their values were the same before.
        let connected = library.connect(
            connection, place.socket == nil ? place.host : nil, place.user, text, place.database,
            CUnsignedInt(place.port), place.socket, CUnsignedLong(CLIENT_FOUND_ROWS))
        guard connected != nil else {
            defer { library.close(connection) }
            throw SQLFailure("\(subject): \(String(cString: library.error(connection)))", isLost: true)
        }
        // The library takes a server without TLS for good enough.
        let mayBePlain = place.socket != nil || place.tls.mode == .disabled || place.tls.mode == .preferred
        guard mayBePlain || library.cipher(connection) != nil else {
            library.close(connection)
            throw SQLFailure("\(subject): it speaks no TLS, which ssl-mode wants", isLost: true)
        }
        return MySQLConnection(connection, library, subject)
    }

    private func encrypt(_ connection: Library.Connection) {
        let tls = place.tls
        var isOn = my_bool(tls.mode == .disabled ? 0 : 1)
        _ = library.option(connection, MYSQL_OPT_SSL_ENFORCE, &isOn)
        guard tls.mode != .disabled else { return }
        for (option, file) in [
            (MYSQL_OPT_SSL_CA, tls.authorities), (MYSQL_OPT_SSL_CERT, tls.certificate), (MYSQL_OPT_SSL_KEY, tls.key),
        ] {
            file?.withCString { _ = library.option(connection, option, $0) }
        }
        var isVerified = my_bool(tls.mode == .verifyIdentity ? 1 : 0)
        _ = library.option(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &isVerified)
    }
}

private final class MySQLConnection: SQLConnection {
    /// A column's octets; hashes and names are shorter.
    private static let longest = 8192

    private let connection: UnsafeMutablePointer<MYSQL>
    private let library: MySQLBackend.Library
    private let subject: String
    private(set) var isUsable = true

    init(_ connection: UnsafeMutablePointer<MYSQL>, _ library: MySQLBackend.Library, _ subject: String) {
        self.connection = connection
        self.library = library
        self.subject = subject
    }

    deinit { library.close(connection) }

    func run(
        _ statement: NamedStatement, _ arguments: [String: SQLArgument], mostRows: Int
    ) throws(SQLFailure) -> SQLResult {
        guard let prepared = library.statement(connection) else { throw lost() }
        defer { _ = library.closeStatement(prepared) }
        // What is compared with a binary string is compared octet by octet.
        let (text, names) = statement.positional { name in
            if case .octets? = arguments[name] { "BINARY ?" } else { "?" }
        }
        try check(prepared, text.withCString { library.prepare(prepared, $0, CUnsignedLong(strlen($0))) } == 0)
        guard library.parameters(prepared) == names.count else {
            throw SQLFailure(
                "\(subject): the statement has \(library.parameters(prepared)) parameters, not \(names.count)")
        }
        try execute(prepared, names.map { arguments[$0] ?? .null })
        guard let metadata = library.metadata(prepared) else {
            return SQLResult(changed: Int(clamping: library.changed(prepared)))
        }
        defer { library.freeResult(metadata) }
        return SQLResult(rows: try read(prepared, names: columns(metadata), mostRows))
    }

    func ping() throws(SQLFailure) { try command("DO 1") }

    /// Tables of MyISAM and Aria know no transactions.
    func takesBack(_ statement: NamedStatement) throws(SQLFailure) -> Bool {
        guard let table = statement.table else { return false }
        let engines = try run(Self.engine, ["address": .text(table)], mostRows: 1).rows
        return engines.first?["engine"] == "InnoDB"
    }

    private static let engine = NamedStatement.own(
        """
        SELECT engine AS engine FROM information_schema.tables \
        WHERE table_schema = DATABASE() AND table_name = :address
        """)

    func rolledBack<Result>(_ body: () throws(SQLFailure) -> Result) throws(SQLFailure) -> Result {
        try command("START TRANSACTION")
        do throws(SQLFailure) {
            let result = try body()
            try command("ROLLBACK")
            return result
        } catch {
            if isUsable { try? command("ROLLBACK") }
            throw error
        }
    }

    private func command(_ text: String) throws(SQLFailure) {
        guard library.query(connection, text, CUnsignedLong(text.utf8.count)) == 0 else { throw lost() }
    }

    private func execute(
        _ prepared: UnsafeMutablePointer<MYSQL_STMT>, _ arguments: [SQLArgument]
    ) throws(SQLFailure) {
        let texts = arguments.map { argument in argument.string.flatMap { strdup($0) } }
        defer { for text in texts { free(text) } }
        var binds = texts.map { text in
            var bind = MYSQL_BIND()
            guard let text else {
                bind.buffer_type = MYSQL_TYPE_NULL
                return bind
            }
            bind.buffer = UnsafeMutableRawPointer(text)
            bind.buffer_length = CUnsignedLong(strlen(text))
            bind.length_value = bind.buffer_length
            bind.buffer_type = MYSQL_TYPE_STRING
            return bind
        }
        let isDone = binds.isEmpty || library.bind(prepared, &binds) == 0
        try check(prepared, isDone)
        try check(prepared, library.execute(prepared) == 0)
    }

    private func columns(_ metadata: UnsafeMutablePointer<MYSQL_RES>) -> [String] {
        guard let fields = library.fields(metadata) else { return [] }
        return (0..<Int(library.fieldCount(metadata))).map { index in
            fields[index].name.map { String(cString: $0).lowercased() } ?? ""
        }
    }

    private func read(
        _ prepared: UnsafeMutablePointer<MYSQL_STMT>, names: [String], _ mostRows: Int
    ) throws(SQLFailure) -> [[String: String?]] {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: names.count * Self.longest, alignment: 16)
        defer { memory.deallocate() }
        let lengths = UnsafeMutablePointer<CUnsignedLong>.allocate(capacity: names.count)
        let nulls = UnsafeMutablePointer<my_bool>.allocate(capacity: names.count)
        lengths.initialize(repeating: 0, count: names.count)
        nulls.initialize(repeating: 0, count: names.count)
        defer {
            lengths.deallocate()
            nulls.deallocate()
        }
        var binds = names.indices.map { index in
            var bind = MYSQL_BIND()
            bind.buffer_type = MYSQL_TYPE_STRING
            bind.buffer = memory + index * Self.longest
            bind.buffer_length = CUnsignedLong(Self.longest)
            bind.length = lengths + index
            bind.is_null = nulls + index
            return bind
        }
        let isBound = library.bindResult(prepared, &binds) == 0
        try check(prepared, isBound)
        var rows: [[String: String?]] = []
        while true {
            let answer = library.fetch(prepared)
            if answer == CInt(MYSQL_NO_DATA) { return rows }
            guard answer == 0 || answer == CInt(MYSQL_DATA_TRUNCATED) else {
                try check(prepared, false)
                return rows
            }
            // What is not kept is read all the same, so that the connection can be used again.
            guard rows.count < mostRows else { continue }
            var row: [String: String?] = [:]
            for (index, name) in names.enumerated() {
                let count = min(Int(lengths[index]), Self.longest)
                let octets = UnsafeRawBufferPointer(start: memory + index * Self.longest, count: count)
                row[name] = .some(nulls[index] != 0 ? nil : String(decoding: octets, as: UTF8.self))
            }
            rows.append(row)
        }
    }

    private func check(_ prepared: UnsafeMutablePointer<MYSQL_STMT>, _ isDone: Bool) throws(SQLFailure) {
        guard !isDone else { return }
        let number = library.statementNumber(prepared)
        let text = String(cString: library.statementError(prepared))
        // 2000 and up: the client's own, of which the connection does not come back.
        if number == 0 || (2000..<3000).contains(number) { isUsable = false }
        throw SQLFailure("\(subject): \(text)", isLost: !isUsable, isDuplicate: number == 1062)
    }

    private func lost() -> SQLFailure {
        isUsable = false
        return SQLFailure("\(subject): \(String(cString: library.error(connection)))", isLost: true)
    }
}
