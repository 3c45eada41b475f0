// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Foundation
import Secrets
import Support
import Testing
import Vocabulary

@testable import LDAPDirectory

/// A platform's accounts in a real OpenLDAP.
@Suite(.enabled(if: LDAPServer.isAvailable), .timeLimit(.minutes(15))) struct LDAPDirectoryTests {
    private let ann: EmailAddress
    private let domain: DomainName

    init() throws {
        ann = try EmailAddress("ann@example.com")
        domain = try DomainName("example.com")
    }

    private func settings(
        _ server: LDAPServer, _ change: (inout LDAPSettings) -> Void = { _ in }
    ) -> LDAPSettings {
        var settings = LDAPSettings(
            url: server.url, bindDN: LDAPServer.bindDN, password: Password(LDAPServer.password), base: LDAPServer.base,
            seconds: 5)
        change(&settings)
        return settings
    }

    private func withServer(tls: Bool = false, _ body: (LDAPServer) async throws -> Void) async throws {
        let server = try await LDAPServer(tls: tls)
        defer { server.stop() }
        try await body(server)
    }

    @Test func whatAnAccountIsLikeIsRead() async throws {
        try await withServer { (server) async throws in
            try await server.add("ann@example.com", ["{A}1"], name: "安 Ann")
            try await server.add("sso@example.com", ["{A}1"], type: "external")
            try await server.add("off@example.com", ["{A}1"], type: "inactive")
            let directory = try LDAPDirectory(
                settings(server) {
                    $0.filter = "(&(mail=%u)(!(employeeType=inactive)))"
                    $0.externalFilter = "(employeeType=external)"
                })
            let entry = try await directory.lookup(ann, recorded: nil)
            #expect(entry == DirectoryEntry(hash: "{A}1", displayName: "安 Ann"))
            #expect(try await directory.lookup(EmailAddress("sso@example.com"), recorded: nil)?.isExternal == true)
            #expect(try await directory.lookup(EmailAddress("off@example.com"), recorded: nil) == nil)
            #expect(!directory.decidesLogins && !directory.canCreate && !directory.comparesPasswords)
            try await directory.connect()
        }
    }

    /// Who asks a server that hangs hears of it long before the time for an answer is over.
    @Test func aServerThatHangsIsNotWaitedFor() async throws {
        try await withServer { (server) async throws in
            try await server.add("ann@example.com", ["{A}1"])
            let directory = try LDAPDirectory(settings(server) { $0.seconds = 120 })
            #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
            server.hang(true)
            let start = ContinuousClock.now
            await #expect(throws: DirectoryError.self) { try await directory.lookup(ann, recorded: nil) }
            #expect(.now - start < .seconds(60))
            server.hang(false)
            var found: DirectoryEntry?
            for _ in 0..<100 where found == nil { found = try? await directory.lookup(ann, recorded: nil) }
            #expect(found?.hash == "{A}1")
        }
    }

    /// Of several values one is replaced, and the others stay what they are: other secrets of the account.
    @Test func oneOfSeveralPasswordsIsReplacedAndTheOthersStay() async throws {
        try await withServer { (server) async throws in
            try await server.add("ann@example.com", ["{A}1", "{APP}2"])
            let directory = try LDAPDirectory(settings(server))
            #expect(Set(try await directory.others(of: ann)) == ["{A}1", "{APP}2"])
            #expect(try await directory.replace(ann, with: "{A}9", ifStill: "{A}1") == .replaced)
            #expect(Set(try await server.hashes(of: "ann@example.com")) == ["{APP}2", "{A}9"])
            // Whichever comes first, the one that was written is the account's own.
            let written = DirectoryEntry(hash: "{A}9")
            #expect(try await directory.lookup(ann, recorded: written)?.hash == "{A}9")
        }
    }

    @Test func nothingOfAnAddressIsPartOfAFilter() async throws {
        try await withServer { (server) async throws in
            try await server.add("ann@example.com", ["{A}1"])
            let directory = try LDAPDirectory(settings(server))
            for local in ["*", "a*", "ann)(uid=*", "\\2a", "x)(|(mail=*"] {
                guard let address = try? EmailAddress("\(local)@example.com") else { continue }
                #expect(try await directory.lookup(address, recorded: nil) == nil, "\(local)")
                #expect(try await directory.replace(address, with: "{B}", ifStill: "{A}1") == .absent)
            }
            #expect(try await server.hashes(of: "ann@example.com") == ["{A}1"])
        }
        #expect(LDAPFilter.escaped("a*(b)\\c\u{0}ü") == #"a\2a\28b\29\5cc\00\c3\bc"#)
        #expect(LDAPFilter("(&(uid=%n)(o=%d)(x=100%%))", ann).text == "(&(uid=ann)(o=example.com)(x=100%))")
    }

    @Test func aListOfOverAPageIsReadAsAWhole() async throws {
        try await withServer { (server) async throws in
            let entries = (0..<1200).map { number in
                """
                dn: uid=p\(number),\(LDAPServer.base)
                objectClass: inetOrgPerson
                uid: p\(number)
                cn: P
                sn: P
                mail: p\(number)@example.com
                """
            }
            try await server.add(entries.joined(separator: "\n\n"))
            // The root's, whom no limit binds.
            let directory = try LDAPDirectory(
                settings(server) {
                    $0.bindDN = "cn=root,\(LDAPServer.base)"
                    $0.password = Password("root")
                })
            #expect(try await directory.list(domain, after: nil, limit: .max).count == 1200)
            #expect(try await directory.list(try DomainName("example.org"), after: nil, limit: 9).isEmpty)
        }
    }

    @Test func aReplacementIsTriedAndNothingChanges() async throws {
        try await withServer { (server) async throws in
            try await server.add("ann@example.com", ["{A}1"])
            let directory = try LDAPDirectory(settings(server))
            #expect(try await directory.tryReplacement(of: ann, standing: "{A}1", by: "{A}2") == .soundSoFar)
            #expect(try await server.hashes(of: "ann@example.com") == ["{A}1"])
            // Who may not change passwords is told so.
            try await server.add(
                """
                dn: cn=reader,\(LDAPServer.base)
                objectClass: person
                cn: reader
                sn: reader
                userPassword: read-Only-1
                """)
            let reader = try LDAPDirectory(
                settings(server) {
                    $0.bindDN = "cn=reader,\(LDAPServer.base)"
                    $0.password = Password("read-Only-1")
                })
            let error = await #expect(throws: DirectoryError.self) {
                try await reader.tryReplacement(of: ann, standing: "{A}1", by: "{A}2")
            }
            #expect(error?.detail.contains("userPassword cannot be changed") == true)
            #expect(error?.detail.contains("{A}1") == false)
        }
    }

    @Test func aServerThatGoesAndComesBackIsAnErrorMeanwhile() async throws {
        try await withServer { (server) async throws in
            try await server.add("ann@example.com", ["{A}1"])
            let directory = try LDAPDirectory(settings(server))
            #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
            server.stop()
            let error = await #expect(throws: DirectoryError.self) { try await directory.lookup(ann, recorded: nil) }
            #expect(error?.detail.contains(LDAPServer.password) == false)
            try await server.start()
            #expect(try await directory.lookup(ann, recorded: nil)?.hash == "{A}1")
        }
    }

    @Test func aWrongPasswordNamesWhereItIsSet() async throws {
        try await withServer { (server) async throws in
            let directory = try LDAPDirectory(settings(server) { $0.password = Password("wrong") })
            let error = await #expect(throws: DirectoryError.self) { try await directory.connect() }
            #expect(error?.detail.contains("accounts-password") == true)
        }
    }

    @Test(.enabled(if: getuid() == 0)) func theKernelSaysWhoAsksOnAUnixSocket() async throws {
        try await withServer { (server) async throws in
            try await server.add("ann@example.com", ["{A}1"])
            let directory = try LDAPDirectory(
                settings(server) {
                    $0.url = server.localURL
                    $0.bindDN = nil
                    $0.password = nil
                })
            #expect(try await directory.replace(ann, with: "{A}2", ifStill: "{A}1") == .replaced)
        }
    }

    /// A certificate that nobody has signed is not trusted, and nothing is said in the clear.
    @Test func startTLSTrustsNobodyUnknown() async throws {
        try await withServer(tls: true) { (server) async throws in
            let directory = try LDAPDirectory(settings(server) { $0.startsTLS = true })
            let error = await #expect(throws: DirectoryError.self) { try await directory.connect() }
            #expect(error?.detail.contains("StartTLS fails") == true)
        }
    }

    @Test func settingsThatMakeNoSenseAreRefused() {
        let noPassword = LDAPSettings(url: "ldap://127.0.0.1", bindDN: "cn=x", base: "dc=x")
        #expect(throws: DirectoryError.self) { try LDAPDirectory(noPassword) }
        let nobody = LDAPSettings(url: "ldap://127.0.0.1", base: "dc=x")
        #expect(throws: DirectoryError.self) { try LDAPDirectory(nobody) }
    }

    @Test func timesAreReadAsServersWriteThem() {
        #expect(Timestamp(generalizedTime: "20261130140500Z") == Timestamp("2026-11-30T14:05:00Z"))
        #expect(Timestamp(generalizedTime: "20261130140500.123Z") == Timestamp("2026-11-30T14:05:00Z"))
        #expect(Timestamp(generalizedTime: "yesterday") == nil)
    }
}
