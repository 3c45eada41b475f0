// SPDX-License-Identifier: Apache-2.0

import Glibc
import PostgreSQL
import RecordForms
import Records
import Vocabulary

/// A transaction as one body sees it: on one thread, until the body ends. Reading and writing are in extensions, one
/// file per theme.
///
/// A reader sees one snapshot. A writer sees what is committed when it looks, and holds what it decides on until it
/// ends: first the domain (shared by all who change accounts, alone for who changes settings), then the account's row.
/// So nobody decides on what another is changing, and waiting, not repeating, settles who is first.
final class Session: RecordsWriter {
    let server: Server
    private let connection: PostgreSQLConnection
    let isWriter: Bool
    /// Sums are added to in rows of this slot.
    let slot: Int
    private let thread = pthread_self()
    private var isOver = false
    /// Events that the body has appended.
    var appended: [EventRecord] = []
    private(set) var hasChanged = false
    /// Domains that this transaction holds, by id; true where alone.
    private var held: [Int64: Bool] = [:]
    /// Accounts' domains, which never change.
    private var domains: [AccountRecord.ID: Int64] = [:]
    private var patience: Double
    /// Addresses that had no row when the body asked.
    var unknown: Set<String> = []

    init(_ connection: PostgreSQLConnection, of server: Server, slot: Int?) {
        self.connection = connection
        self.server = server
        self.isWriter = slot != nil
        self.slot = slot ?? 0
        patience = server.patience
    }

    func end() { isOver = true }

    /// Runs `body`, turning damage into `RecordsError`.
    func ask<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let damage as Damage {
            throw server.corrupt(damage.detail)
        }
    }

    private func execute(_ sql: String, _ values: [PostgreSQLValue]) throws -> PostgreSQLRows {
        guard pthread_equal(thread, pthread_self()) != 0, !isOver else { throw server.outOfTurn }
        return try connection.run(sql, values, within: patience)
    }

    /// What follows looks at a whole domain, and may take long.
    func takeTime() throws {
        guard patience < Server.longPatience else { return }
        _ = try execute("SET LOCAL statement_timeout = 0", [])
        patience = Server.longPatience
    }

    /// Every row, read by `read`.
    func all<Element>(
        _ sql: String, _ values: [PostgreSQLValue] = [], _ read: (inout Columns) throws -> Element
    ) throws -> [Element] {
        let rows = try execute(sql, values)
        return try (0..<rows.count).map { row in
            var columns = Columns(rows, row)
            return try read(&columns)
        }
    }

    /// Every row that can be read; those that cannot are reported.
    func sound<Element>(
        _ sql: String, _ values: [PostgreSQLValue] = [], _ read: (inout Columns) throws -> Element
    ) throws -> [Element] {
        try all(sql, values) { columns -> Element? in
            do {
                return try read(&columns)
            } catch let damage as Damage {
                server.pass(over: damage)
                return nil
            }
        }.compactMap(\.self)
    }

    /// The first row; nil where there is none.
    func first<Element>(
        _ sql: String, _ values: [PostgreSQLValue] = [], _ read: (inout Columns) throws -> Element
    ) throws -> Element? {
        let rows = try execute(sql, values)
        guard rows.count > 0 else { return nil }
        var columns = Columns(rows, 0)
        return try read(&columns)
    }

    /// Changes something.
    /// - Returns: how many rows.
    @discardableResult
    func run(_ sql: String, _ values: [PostgreSQLValue] = []) throws -> Int {
        hasChanged = true
        return try execute(sql, values).changed
    }

    /// Changes something, and reads what the statement returns.
    func changing<Element>(
        _ sql: String, _ values: [PostgreSQLValue] = [], _ read: (inout Columns) throws -> Element
    ) throws -> [Element] {
        hasChanged = true
        return try all(sql, values, read)
    }

    // MARK: What is held

    /// The id of a domain; nil if nothing was ever recorded about it. A writer holds it from now on.
    func id(of domain: DomainName) throws -> Int64? {
        let id = try first("SELECT id FROM domain WHERE name = $1", [.text(domain.name)]) { try $0.integer() }
        if let id { try hold(id) }
        return id
    }

    /// The id of a domain, which is added if new.
    func added(_ domain: DomainName) throws -> Int64 {
        if let id = try id(of: domain) { return id }
        _ = try run("INSERT INTO domain (name) VALUES ($1) ON CONFLICT DO NOTHING", [.text(domain.name)])
        guard let id = try id(of: domain) else { throw server.overtaken }
        return id
    }

    /// Until the transaction ends, nobody else changes the settings of a domain, or, if it is held alone, its accounts.
    func hold(_ domain: Int64, alone: Bool = false) throws {
        guard isWriter else { return }
        if let isAlone = held[domain], isAlone || !alone { return }
        _ = try execute(
            "SELECT 1 FROM pg_advisory_xact_lock\(alone ? "" : "_shared")($1::bigint)", [.integer(Lock.domain + domain)]
        )
        held[domain] = alone
    }

    func lock(_ domain: DomainName) throws {
        guard isWriter else { return }
        let id = try first("SELECT id FROM domain WHERE name = $1", [.text(domain.name)]) { try $0.integer() }
        if let id { try hold(id, alone: true) }
    }

    /// Holds the domain of an account.
    /// - Returns: false where there is no such account.
    @discardableResult
    func hold(domainOf account: AccountRecord.ID) throws -> Bool {
        if let domain = domains[account] {
            try hold(domain)
            return true
        }
        let domain = try first("SELECT domain FROM account WHERE id = $1", [.integer(account)]) { try $0.integer() }
        guard let domain else { return false }
        domains[account] = domain
        try hold(domain)
        return true
    }

    /// Holds one of the things that a node has for all.
    func hold(only lock: Int64) throws {
        guard isWriter else { return }
        _ = try execute("SELECT 1 FROM pg_advisory_xact_lock($1::bigint)", [.integer(lock)])
    }

    /// Where what is read may be changed, it is held.
    var forUpdate: String { isWriter ? "FOR NO KEY UPDATE" : "" }
}

/// Advisory locks of a transaction (PostgreSQL 15, 13.3.5); "mmov" in the upper half, so that no other program of the same
/// database has the same by accident.
enum Lock {
    private static let ours: Int64 = 0x6D6D_6F76 << 32
    static let schema = ours
    /// Who joins.
    static let nodes = ours + 2
    /// A domain's id is added.
    static let domain = ours + 1000

    /// A value that the program keeps.
    static func kept(_ name: String) -> Int64 { hash("kept", name) }
    /// How many runs go on at an old server.
    static func server(_ name: String) -> Int64 { hash("server", name) }
    static func guesses(of account: String) -> Int64 { hash("account", account) }
    static func guesses(from network: String) -> Int64 { hash("network", network) }

    /// FNV-1a, the same on every node. Two things that have the same wait for each other, no more.
    private static func hash(_ kind: String, _ name: String) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for octet in "mailmove \(kind) \(name)".utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }
}
