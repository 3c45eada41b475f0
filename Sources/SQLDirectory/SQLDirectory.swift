// SPDX-License-Identifier: Apache-2.0

public import AccountDirectory
import DirectoryConnections
public import Secrets
public import Vocabulary

/// A platform's accounts in MariaDB, MySQL, PostgreSQL or SQLite.
///
/// 1. ``SQLSettings`` have the statements, which the administrator or a ``SQLPreset`` gives; parameters go by name
///    (``NamedStatement``), and nothing of an address ever becomes part of a statement.
/// 2. A `ConnectionPool` runs them on threads of its own.
/// 3. A backend for each kind of database; its library is loaded where it is configured.
public struct SQLDirectory: AccountDirectory {
    private let settings: SQLSettings
    private let pool: ConnectionPool<any SQLConnection>

    /// Does not connect yet.
    /// - Throws: `DirectoryError` where the database's library is not there.
    public init(_ settings: SQLSettings) throws(DirectoryError) {
        self.settings = settings
        do throws(SQLFailure) {
            let backend = try Self.backend(settings)
            pool = ConnectionPool(
                to: backend.subject, count: settings.connections, seconds: settings.seconds,
                isUsable: { $0.isUsable }
            ) { () throws(ConnectionFailure) in try backend.connect() }
        } catch {
            throw DirectoryError(error.description)
        }
    }

    private static func backend(_ settings: SQLSettings) throws(SQLFailure) -> any SQLBackend {
        let place: SQLSettings.Place
        do throws(SQLSettings.Fault) {
            place = try settings.place()
        } catch {
            throw SQLFailure(error.description)
        }
        switch place {
        case .mysql(let place):
            let subject =
                place.socket ?? HostAndPort(host: place.host, port: place.port == 0 ? 3306 : place.port).description
            return try MySQLBackend(
                place, subject: "MySQL at \(subject)", password: settings.password, seconds: settings.seconds)
        case .postgresql(let url):
            return try PostgreSQLBackend(url: url, password: settings.password, seconds: settings.seconds)
        case .sqlite(let path): return SQLiteBackend(path: path, seconds: settings.seconds)
        }
    }

    public var decidesLogins: Bool { false }

    public var canCreate: Bool { settings.create != nil }

    public func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry? {
        let asked = Timestamp.now
        guard let row = try await row(of: address) else { return nil }
        return DirectoryEntry(
            hash: row["password"] ?? nil, isActive: Self.isTrue(row["active"] ?? nil, else: true),
            isExternal: Self.isTrue(row["external"] ?? nil, else: false), displayName: row["name"] ?? nil,
            quotaOctets: Self.quota(row), changedAt: try Self.changedAt(row, asked: asked))
    }

    /// Octets; what is no positive number is no limit.
    private static func quota(_ row: [String: String?]) -> Int64? {
        (row["quota"] ?? nil).flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Where the database tells its own time, too (`now`), neither its clock nor its time zone has to be this machine's.
    private static func changedAt(
        _ row: [String: String?], asked: Timestamp
    ) throws(DirectoryError) -> Timestamp? {
        guard let changed = try time(row["changedat"] ?? nil), let now = try time(row["now"] ?? nil) else {
            return try time(row["changedat"] ?? nil)
        }
        return Timestamp(milliseconds: asked.milliseconds - (now.milliseconds - changed.milliseconds))
    }

    /// Seconds since 1970, RFC 3339, or as databases write times.
    private static func time(_ text: String?) throws(DirectoryError) -> Timestamp? {
        // MySQL's zero date is none.
        guard let text else { return nil }
        if text.isEmpty || text.hasPrefix("0000-00-00") { return nil }
        guard let time = Timestamp(databaseText: text) else {
            throw DirectoryError("accounts.sql.lookup gives a changedAt that is no time; give seconds since 1970")
        }
        return time
    }

    public func others(of address: EmailAddress) async throws(DirectoryError) -> [String] {
        guard let others = settings.others else { return [] }
        let rows = try await run(others, arguments(address), mostRows: Self.mostOthers).rows
        return rows.compactMap { row in row.values.compactMap { $0 }.first }
    }

    /// Each costs a hash.
    private static let mostOthers = 32

    public func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool {
        throw DirectoryError("the database has no hash of \(address), and compares no passwords itself")
    }

    public func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement {
        guard let found = try await row(of: address) else { return .absent }
        // What is read is compared here: a collation may find equal what is not.
        guard let expected, found["password"] == .some(expected) else { return .changed }
        var arguments = arguments(address)
        arguments["password"] = .text(hash)
        arguments["expected"] = .octets(expected)
        let changed = try await run(settings.replace, arguments).changed
        guard changed > 0 else { return .changed }
        return .replaced
    }

    public func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool {
        guard let create = settings.create else {
            throw DirectoryError("accounts.sql.create is not set: no account can be created")
        }
        if try await row(of: address) != nil { return false }
        var arguments = arguments(address)
        arguments["password"] = .text(hash)
        do throws(SQLFailure) {
            _ = try await ask(create, arguments, 1)
            return true
        } catch {
            if error.isDuplicate { return false }
            throw DirectoryError(error.description)
        }
    }

    public func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount] {
        guard let list = settings.list else { return [] }
        let rows = try await run(
            list, ["domain": .text(domain.name)], mostRows: Self.mostAccounts, outlastsSilence: true
        ).rows
        let accounts = rows.compactMap { row -> DirectoryAccount? in
            guard let text = (row["address"] ?? nil) ?? (row["localpart"] ?? nil).map({ "\($0)@\(domain)" }),
                let address = try? EmailAddress(text), address.domain == domain
            else { return nil }
            return DirectoryAccount(
                address: address, displayName: row["name"] ?? nil, quotaOctets: Self.quota(row))
        }
        // The statement is the administrator's, and has no order or limit of ours.
        let sorted = accounts.sorted { $0.address < $1.address }
        return Array(sorted.drop { account in cursor.map { account.address <= $0 } ?? false }.prefix(limit))
    }

    public func connect() async throws(DirectoryError) {
        do throws(SQLFailure) {
            try await pool.run(outlastsSilence: true) { connection throws(SQLFailure) in try connection.ping() }
        } catch {
            throw DirectoryError(error.description)
        }
    }

    public func tryReplacement(
        of address: EmailAddress, standing hash: String, by sample: String
    ) async throws(DirectoryError) -> ReplacementTrial {
        var arguments = arguments(address)
        arguments["password"] = .text(hash)
        let (replace, lookup, given) = (settings.replace, settings.lookup, arguments)
        do throws(SQLFailure) {
            return try await pool.run(outlastsSilence: true) { connection throws(SQLFailure) in
                try connection.rolledBack { () throws(SQLFailure) in
                    var arguments = given
                    // A hash that nobody has.
                    arguments["expected"] = .octets(hash + "?")
                    guard try connection.run(replace, arguments, mostRows: 1).changed == 0 else {
                        return .faulty(
                            "accounts.sql.replace does not compare :expected: it would overwrite newer passwords")
                    }
                    guard try connection.takesBack(replace) else { return .soundSoFar }
                    arguments["expected"] = .octets(hash)
                    let changed = try connection.run(replace, arguments, mostRows: 1).changed
                    guard changed == 1 else {
                        return .faulty(
                            "accounts.sql.replace changes \(changed) rows where :expected is right, instead of one")
                    }
                    arguments["password"] = .text(sample)
                    _ = try connection.run(replace, arguments, mostRows: 1)
                    let rows = try connection.run(lookup, given, mostRows: 8).rows
                    return rows.contains { $0["password"] == .some(sample) }
                        ? .sound
                        : .faulty(
                            "a hash of \(sample.utf8.count) octets does not come back as it was written: is the column too short?"
                        )
                }
            }
        } catch {
            throw DirectoryError(error.description)
        }
    }

    /// Of one domain.
    private static let mostAccounts = 1_000_000

    /// The account's row; of several, the one whose address is the same octet by octet.
    private func row(of address: EmailAddress) async throws(DirectoryError) -> [String: String?]? {
        let rows = try await run(settings.lookup, arguments(address), mostRows: 8).rows
        if settings.givesAddress, let row = rows.first, row["address"] == nil {
            throw DirectoryError("accounts.sql.lookup gives no column address, by which accounts are told apart")
        }
        return rows.first { row in
            guard let text = row["address"] ?? nil else { return !settings.givesAddress }
            return text == address.description || (try? EmailAddress(text)) == address
        }
    }

    /// Other addresses than this one may be equal to it by a collation; as octets they are not.
    private func arguments(_ address: EmailAddress) -> [String: SQLArgument] {
        let isCompared = settings.givesAddress
        return [
            "address": isCompared ? .text(address.description) : .octets(address.description),
            "localPart": isCompared ? .text(address.localPart) : .octets(address.localPart),
            "domain": .text(address.domain.name),
        ]
    }

    private func run(
        _ statement: NamedStatement, _ arguments: [String: SQLArgument], mostRows: Int = 8,
        outlastsSilence: Bool = false
    ) async throws(DirectoryError) -> SQLResult {
        do throws(SQLFailure) {
            return try await ask(statement, arguments, mostRows, outlastsSilence: outlastsSilence)
        } catch {
            throw DirectoryError(error.description)
        }
    }

    private func ask(
        _ statement: NamedStatement, _ arguments: [String: SQLArgument], _ mostRows: Int, outlastsSilence: Bool = false
    ) async throws(SQLFailure) -> SQLResult {
        try await pool.run(outlastsSilence: outlastsSilence) { connection throws(SQLFailure) in
            try connection.run(statement, arguments, mostRows: mostRows)
        }
    }

    /// `1`, `t`, `true`, `y`, `yes`, as databases write it.
    private static func isTrue(_ text: String?, else unknown: Bool) -> Bool {
        guard let text else { return unknown }
        return !["0", "f", "false", "n", "no", ""].contains(text.lowercased())
    }
}
