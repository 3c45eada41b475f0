// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import BuiltinDirectory
import CommandDirectory
import Foundation
import LDAPDirectory
import SQLDirectory
import Secrets
import Support
import Testing
import Vocabulary

/// Every conformer, with ann's account and bob's.
enum DirectoryKind: CaseIterable, Sendable {
    case builtin, memory, textFile, sqlite, postgresql, mariadb, ldap, command

    /// Where what it needs is installed.
    static var available: [DirectoryKind] {
        allCases.filter { kind in
            kind == .ldap ? LDAPServer.isAvailable : AccountsDatabase(rawValue: "\(kind)")?.isAvailable ?? true
        }
    }

    func with(_ body: (any AccountDirectory) async throws -> Void) async throws {
        let (ann, bob) = (try EmailAddress("ann@example.org"), try EmailAddress("bob@example.org"))
        switch self {
        case .builtin:
            let directory = BuiltinDirectory(records: MemoryRecords())
            for (address, hash) in [(ann, "{A}1"), (bob, "{B}1")] {
                #expect(try await directory.create(address, hash: hash))
            }
            try await body(directory)
        case .memory:
            try await body(MemoryDirectory([ann: DirectoryEntry(hash: "{A}1"), bob: DirectoryEntry(hash: "{B}1")]))
        case .textFile:
            let file = URL(filePath: NSTemporaryDirectory() + "/accounts-" + UUID().uuidString)
            try Data("\(ann):{A}1\n\(bob):{B}1\n".utf8).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            try await body(TextFileDirectory(file: file))
        case .ldap:
            let server = try await LDAPServer()
            defer { server.stop() }
            try await server.add("\(ann)", ["{A}1"])
            try await server.add("\(bob)", ["{B}1"])
            try await body(
                LDAPDirectory(
                    LDAPSettings(
                        url: server.url, bindDN: LDAPServer.bindDN, password: Password(LDAPServer.password),
                        base: LDAPServer.base)))
        case .command:
            let program = try await AccountsProgram()
            try program.write(["\(ann)": ["password": "{A}1"], "\(bob)": ["password": "{B}1"]])
            try await body(CommandDirectory(program: program.path, patience: .seconds(30)))
        case .sqlite, .postgresql, .mariadb:
            let table = "CREATE TABLE users (address VARCHAR(255) PRIMARY KEY, password VARCHAR(255))"
            let database = try #require(AccountsDatabase(rawValue: "\(self)"))
            try await database.with([table]) { url, password, sql, _ in
                _ = try await sql("INSERT INTO users VALUES ('\(ann)', '{A}1'), ('\(bob)', '{B}1')")
                try await body(
                    SQLDirectory(
                        SQLSettings(
                            url: url, lookup: "SELECT password FROM users WHERE address = :address",
                            replace: """
                                UPDATE users SET password = :password WHERE address = :address AND password = :expected
                                """,
                            list: "SELECT address FROM users WHERE address <> :domain",
                            create: "INSERT INTO users (address, password) VALUES (:address, :password)",
                            password: password)))
            }
        }
    }
}

/// What every directory promises.
@Suite struct DirectoryTests {
    private let ann: EmailAddress
    private let eve: EmailAddress
    private let domain: DomainName

    init() throws {
        ann = try EmailAddress("ann@example.org")
        eve = try EmailAddress("eve@example.org")
        domain = try DomainName("example.org")
    }

    @Test(arguments: DirectoryKind.available)
    func anAccountIsLookedUpAndNobodyIsNot(_ kind: DirectoryKind) async throws {
        try await kind.with { (directory) async throws in
            let entry = try await directory.lookup(ann, recorded: nil)
            #expect(entry?.hash == "{A}1")
            #expect(entry?.isActive == true)
            #expect(entry?.isExternal == false)
            #expect(try await directory.lookup(eve, recorded: nil) == nil)
        }
    }

    @Test(arguments: DirectoryKind.available)
    func aHashIsReplacedWhereItIsStillTheSameAndNowhereElse(_ kind: DirectoryKind) async throws {
        try await kind.with { (directory) async throws in
            #expect(try await directory.replace(ann, with: "{A}2", ifStill: "{A}0") == .changed)
            #expect(try await directory.replace(ann, with: "{A}2", ifStill: "{a}1") == .changed)
            #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
            #expect(try await directory.replace(ann, with: "{A}2", ifStill: "{A}1") == .replaced)
            #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}2")
            #expect(try await directory.replace(ann, with: "{A}3", ifStill: "{A}1") == .changed)
            #expect(try await directory.replace(eve, with: "{E}1", ifStill: nil) == .absent)
            await directory.flush(ann)
        }
    }

    @Test(arguments: DirectoryKind.available)
    func ofManyReplacementsAtOnceOneIsMade(_ kind: DirectoryKind) async throws {
        try await kind.with { (directory) async throws in
            let ann = ann
            let outcomes = try await withThrowingTaskGroup(of: Replacement.self) { group in
                for number in 0..<20 {
                    group.addTask { try await directory.replace(ann, with: "{N}\(number)", ifStill: "{A}1") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .replaced } == 1)
            #expect(outcomes.count { $0 == .changed } == 19)
        }
    }

    @Test(arguments: DirectoryKind.available)
    func accountsAreListedInPagesByAddress(_ kind: DirectoryKind) async throws {
        try await kind.with { (directory) async throws in
            let first = try await directory.list(domain, after: nil, limit: 1)
            #expect(first.map(\.address) == [ann])
            let rest = try await directory.list(domain, after: ann, limit: 9)
            #expect(rest.map(\.address.localPart) == ["bob"])
            #expect(try await directory.list(try DomainName("example.com"), after: nil, limit: 9).isEmpty)
        }
    }

    @Test(arguments: DirectoryKind.available)
    func whoIsThereIsNotMadeAgain(_ kind: DirectoryKind) async throws {
        try await kind.with { (directory) async throws in
            guard directory.canCreate else { return }
            #expect(try await !directory.create(ann, hash: "{A}9"))
            #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
            #expect(try await directory.create(eve, hash: "{E}1"))
            #expect(try await directory.lookup(eve, recorded: nil)?.hash == "{E}1")
        }
    }
}
