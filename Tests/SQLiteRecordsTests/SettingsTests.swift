// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

@Suite struct SettingsTests {
    @Test func settingsComeBackAsTheyWerePut() async throws {
        try await withRecords { records in
            #expect(try await records.read { try $0.settings(of: example) } == nil)
            var first = settings()
            first.options.followUp = MoveOptions.FollowUp(hours: 3)
            first.disabledAt = morning.adding(seconds: 5)
            let put = first
            try await records.write { try $0.put(put, known: nil, excluded: nil) }
            #expect(try await records.read { try $0.settings(of: example) } == put)
            let second = settings(generation: 2)
            try await records.write { try $0.put(second, known: nil, excluded: nil) }
            try await records.write { try $0.put(settings("a.example"), known: nil, excluded: nil) }
            #expect(try await records.read { try $0.allSettings() } == [settings("a.example"), second])
        }
    }

    @Test func whatIsReadIsWhatIsRecordedInTheCallersOwnState() async throws {
        struct GivenUp: Error {}
        func warnings(_ records: SQLiteRecords) async throws -> [UInt8]? {
            try await records.read { try $0.settings(of: example)?.warnings.first }.map { Array($0.utf8) }
        }
        try await withRecords { records in
            // Equal to Swift, and other octets.
            for text in ["caf\u{E9}", "cafe\u{301}"] {
                var given = settings()
                given.warnings = [text]
                let put = given
                try await records.write { try $0.put(put, known: nil, excluded: nil) }
                #expect(try await warnings(records) == Array(text.utf8))
            }
            await #expect(throws: GivenUp.self) {
                try await records.write { records in
                    try records.put(settings(generation: 9), known: nil, excluded: nil)
                    #expect(try records.settings(of: example)?.generation == 9)
                    throw GivenUp()
                }
            }
            #expect(try await warnings(records) == Array("cafe\u{301}".utf8))
        }
    }

    @Test func settingsOfNoDomainAreRefused() async throws {
        try await withRecords { records in
            var broken = settings()
            broken.domain = "no domain"
            let put = broken
            await #expect {
                try await records.write { try $0.put(put, known: nil, excluded: nil) }
            } throws: {
                ($0 as? RecordsError)?.code == .conflict
            }
        }
    }

    @Test func listsAreReplacedOnlyWhereTheyAreGiven() async throws {
        try await withRecords { records in
            let (ann, bob) = (address("Ann@example.org"), address("bob@example.org"))
            try await records.write { try $0.put(settings(), known: [bob, ann, ann], excluded: [bob]) }
            try await records.write { try $0.put(settings(), known: nil, excluded: []) }
            let known = try await records.read { try $0.knownAccounts(of: example) }
            #expect(known == [ann, bob])
            #expect(known.first?.givenLocalPart == "Ann")
            #expect(try await records.read { try $0.excludedAccounts(of: example) } == [])
            #expect(try await records.read { try $0.listing(of: address("ANN@example.org")) } == (true, false))
            #expect(try await records.read { try $0.listing(of: address("eve@example.org")) } == (false, false))
            #expect(try await records.read { try $0.listing(of: address("ann@example.com")) } == (false, false))
            try await records.write { try $0.put(settings(), known: [], excluded: [ann]) }
            #expect(try await records.read { try $0.listing(of: ann) } == (false, true))
        }
    }

    @Test func reclassifyFollowsTheListsAndRevokesReplies() async throws {
        try await withRecords { records in
            try await records.write { writer in
                for name in ["excluded", "known", "stranger", "gone"] {
                    var account = newAccount("\(name)@example.org")
                    account.nonMigrating = .reply
                    account.deletedAt = name == "gone" ? morning : nil
                    _ = try writer.insert(account)
                }
                try writer.reclassify(domain("none.example"), keepsReplies: false)
                try writer.put(
                    settings(hasKnownAccounts: true), known: [address("Known@example.org")],
                    excluded: [address("excluded@example.org")])
                try writer.reclassify(example, keepsReplies: false)
            }
            func evidence() async throws -> [AccountRecord.NonMigratingEvidence?] {
                try await records.read { reader in
                    try (1...4).map { try reader.account(id: $0)?.nonMigrating }
                }
            }
            #expect(try await evidence() == [.excluded, nil, .notKnown, .reply])
            #expect(try await records.read { try $0.totals(of: example).counts[.nonMigrating] } == 2)
            try await records.write { writer in
                try writer.put(settings(hasKnownAccounts: false), known: nil, excluded: [])
                try writer.reclassify(example, keepsReplies: false)
            }
            #expect(try await evidence() == [nil, nil, nil, .reply])
            #expect(try await records.read { try $0.totals(of: example).counts[.notStarted] } == 3)
        }
    }

    @Test func whatARepliedUserIsMayStay() async throws {
        try await withRecords { records in
            let evidence = try await records.write { writer in
                for name in ["excluded", "known", "free"] {
                    var account = newAccount("\(name)@example.org")
                    account.nonMigrating = name == "free" ? nil : .reply
                    _ = try writer.insert(account)
                }
                try writer.put(settings(), known: nil, excluded: [address("excluded@example.org")])
                try writer.reclassify(example, keepsReplies: true)
                return try (1...3).map { try writer.account(id: $0)?.nonMigrating }
            }
            #expect(evidence == [.excluded, .reply, nil])
        }
    }

    @Test func aHundredThousandKnownAccountsAreOnePut() async throws {
        try await withRecords { records in
            let list = (0..<100_000).map { address("user\($0)@example.org") }
            try await records.write { try $0.put(settings(hasKnownAccounts: true), known: list, excluded: nil) }
            #expect(try await records.read { try $0.knownAccounts(of: example).count } == 100_000)
            #expect(try await records.read { try $0.listing(of: address("user99999@example.org")).known })
        }
    }
}
