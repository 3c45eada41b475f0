// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

@Suite struct AccountTests {
    private func full() -> AccountRecord {
        var account = newAccount("Ann.Lee@example.org")
        account.displayName = "Ann Lee 李"
        account.quotaOctets = 5_000_000_000
        account.deletedAt = morning.adding(seconds: 1)
        account.handover = .changedHere
        account.revision = 7
        account.shown = PasswordMark(revision: 6, generation: 2)
        account.rejected = PasswordMark(revision: 5, generation: 1)
        account.outcome = .failed
        account.nonMigrating = .reply
        account.startedAt = morning.adding(seconds: 2)
        account.startedBy = .pop3
        account.lastTriggeredAt = morning.adding(seconds: 3)
        account.lastTriggeredBy = .webmail
        account.lastAttempt = PasswordAttempt(
            at: morning.adding(seconds: 9), via: .smtp, outcome: .unavailable, reason: .oldServerUnreachable)
        account.isPaused = true
        account.finishedAt = morning.adding(seconds: 4)
        account.moved = 1
        account.movedOctets = 2
        account.remaining = 3
        account.remainingOctets = 4
        account.runs = 5
        account.error = RunFailure(
            reason: .messagesRefused, detail: "message 3: -ERR no", at: morning.adding(seconds: 5))
        account.sealed = [0, 1, 255]
        account.pending = PendingRun(
            kind: .retry, due: morning.adding(seconds: 6), wait: 3.5, failures: 2,
            failingSince: morning.adding(seconds: 7),
            followUpUntil: morning.adding(seconds: 8))
        return account
    }

    @Test func anAccountComesBackAsItWasPutIn() async throws {
        try await withRecords { records in
            let put = full()
            let inserted = try await records.write { try $0.insert(put) }
            var expected = put
            expected.id = inserted.id
            #expect(inserted == expected)
            #expect(try await records.read { try $0.account(put.address) } == expected)
            #expect(try await records.read { try $0.account(id: inserted.id) } == expected)
            #expect(try await records.read { try $0.account(id: inserted.id + 1) } == nil)
            #expect(try await records.read { try $0.account(address("bob@example.org")) } == nil)
            #expect(try await records.read { try $0.account(address("bob@nowhere.example")) } == nil)

            var plain = newAccount("ann.lee@EXAMPLE.org")
            plain.id = inserted.id
            let replacement = plain
            let updated = try await records.write { try $0.update(replacement) }
            let read = try await records.read { try $0.account(put.address) }
            #expect(read == updated)
            plain.version = 2
            #expect(updated == plain)
            #expect(read?.address.givenLocalPart == "ann.lee")
        }
    }

    /// Columns that stay are not written: any set of them may be the one that changes.
    @Test func everyChangeIsWritten() async throws {
        try await withRecords { records in
            let (full, plain) = (full(), newAccount("ann.lee@example.org"))
            let id = try await records.write { try $0.insert(plain).id }
            var random = Numbers(seed: 11)
            var version: Int64 = 1
            for _ in 0..<200 {
                var account = plain
                account.id = id
                if random.next(2) == 0 { account.deletedAt = full.deletedAt }
                if random.next(2) == 0 { account.outcome = full.outcome }
                if random.next(2) == 0 { account.nonMigrating = full.nonMigrating }
                if random.next(2) == 0 { account.startedAt = full.startedAt }
                if random.next(2) == 0 { account.lastTriggeredAt = full.lastTriggeredAt }
                if random.next(2) == 0 { account.remaining = full.remaining }
                if random.next(2) == 0 { account.sealed = full.sealed }
                if random.next(2) == 0 { account.moved = full.moved }
                if random.next(2) == 0 { account.displayName = full.displayName }
                account.version = version
                let put = account
                var updated = try await records.write { try $0.update(put) }
                #expect(try await records.read { try $0.account(id: id) } == updated)
                version = updated.version
                updated.version = put.version
                #expect(updated == put)
            }
            #expect(try await records.sql("PRAGMA integrity_check") == "ok")
        }
    }

    @Test func theSpellingGivenIsKept() async throws {
        try await withRecords { records in
            let spellings = [
                "Ann@example.org", "bob@example.org", "Carol@Example.ORG", "dan@EXAMPLE.org", "Ünal@münchen.example",
                "e\u{301}va@example.org",
            ]
            for text in spellings {
                _ = try await records.write { try $0.insert(newAccount(text)) }
                let read = try await records.read { try $0.account(address(text.lowercased())) }
                #expect(read?.address.asGiven.utf8.elementsEqual(address(text).asGiven.utf8) == true)
            }
            // Equal to Swift, other octets: the same account.
            #expect(try await records.read { try $0.account(address("\u{e9}va@example.org")) } != nil)
        }
    }

    @Test func anAddressHasOneRow() async throws {
        try await withRecords { records in
            let first = try await records.write { try $0.insert(newAccount("ann@example.org")) }
            await #expect { try await records.write { try $0.insert(newAccount("ANN@example.org")) } } throws: {
                ($0 as? RecordsError)?.code == .conflict
            }
            var other = first
            other.address = address("bob@example.org")
            let renamed = other
            await #expect { try await records.write { try $0.update(renamed) } } throws: {
                ($0 as? RecordsError)?.code == .conflict
            }
            other = first
            other.id = 99
            let nobody = other
            await #expect { try await records.write { try $0.update(nobody) } } throws: {
                ($0 as? RecordsError)?.code == .conflict
            }
        }
    }

    @Test func aDomainsAccountsAreListedByAddressWithoutTheDeleted() async throws {
        try await withRecords { records in
            try await records.write { writer in
                for name in ["c", "a", "b", "d", "a.x"] { _ = try writer.insert(newAccount("\(name)@example.org")) }
                var deleted = newAccount("b2@example.org")
                deleted.deletedAt = morning
                _ = try writer.insert(deleted)
                _ = try writer.insert(newAccount("b@example.com"))
            }
            func names(_ after: String?, _ limit: Int) async throws -> [String] {
                try await records.read {
                    try $0.accounts(of: example, search: nil, after: after.map { address($0) }, limit: limit)
                }.accounts.map(\.address.localPart)
            }
            // `.` sorts before `@`: the whole address decides.
            #expect(try await names(nil, 3) == ["a.x", "a", "b"])
            #expect(try await names("b@example.org", 3) == ["c", "d"])
            #expect(try await names("b2@example.org", 1) == ["b"])
            #expect(
                try await records.read {
                    try $0.accounts(of: domain("none.example"), search: nil, after: nil, limit: 9)
                }.accounts == [])
        }
    }

    @Test(arguments: [
        ("ANN", ["ann"]), ("%", ["per%cent"]), ("_", ["under_score"]), ("élan", ["eve"]), ("ÉLAN", ["eve"]),
        ("李", ["li"]), ("example", ["ann", "eve", "li", "per%cent", "under_score"]), ("\\", []), ("' OR 1", []),
        ("иван", ["ann"]),
    ])
    func aSearchFindsPartsInAnyCaseAndNoPatterns(_ search: String, _ found: [String]) async throws {
        try await withRecords { records in
            try await records.write { writer in
                for (name, display) in [
                    ("ann", "ИВАН"), ("eve", "e\u{301}lan Vital"), ("li", "李小龙"), ("per%cent", nil),
                    ("under_score", nil),
                ] {
                    var account = newAccount("\(name)@example.org")
                    account.displayName = display
                    _ = try writer.insert(account)
                }
            }
            let accounts = try await records.read {
                try $0.accounts(of: example, search: search, after: nil, limit: 10)
            }.accounts
            #expect(accounts.map(\.address.localPart) == found)
            let page = try await records.read { try $0.log(LogQuery(domain: example, search: search)) }
            #expect(page.entries.map(\.address.localPart) == found)
            #expect(page.total == Int64(found.count))
        }
    }

    @Test func aRestartFindsSealedPasswordsAndRunsInProgress() async throws {
        try await withRecords { records in
            let ids = try await records.write { writer in
                var sealed = newAccount("sealed@example.org")
                sealed.sealed = [1]
                sealed.pending = PendingRun(kind: .first, due: morning)
                var deleted = newAccount("deleted@example.com")
                deleted.sealed = [2]
                deleted.outcome = .inProgress
                deleted.deletedAt = morning
                var moving = newAccount("moving@example.org")
                moving.outcome = .inProgress
                var not = newAccount("not@example.org")
                not.outcome = .inProgress
                not.nonMigrating = .excluded
                return try [sealed, deleted, moving, not].map { try writer.insert($0).id }
            }
            #expect(try await records.read { try $0.accountsWithSealedPassword() }.map(\.id) == [ids[0], ids[1]])
            #expect(try await records.read { try $0.accountsInProgress() }.map(\.id) == [ids[2]])
            #expect(try await records.read { try $0.accountsInProgress(of: example) }.map(\.id) == [ids[2]])
            #expect(try await records.read { try $0.accountsInProgress(of: domain("example.com")) } == [])
            #expect(try await records.write { try $0.eraseSealedPasswords(of: example) } == [ids[0]])
            #expect(try await records.write { try $0.eraseSealedPasswords(of: domain("no.example")) } == [])
            #expect(try await records.read { try $0.accountsWithSealedPassword() }.map(\.id) == [ids[1]])
            let erased = try await records.read { try $0.account(id: ids[0]) }
            #expect(erased?.sealed == nil && erased?.pending == nil)
        }
    }

    @Test func aRowThatIsNoAccountIsDamageAndNeverATrap() async throws {
        for column in ["address = 'x@@y z'", "handover = 'perhaps'", "outcome = 9", "startedBy = 'telnet'"] {
            try await withRecords { records in
                let id = try await records.write { try $0.insert(newAccount("ann@example.org")).id }
                // STRICT refuses other types; wrong values remain.
                try await records.sql("UPDATE account SET \(column) RETURNING 'done'")
                await #expect {
                    _ = try await records.read { try $0.account(id: id) }
                } throws: {
                    ($0 as? RecordsError)?.code == .corrupt
                }
            }
        }
    }

    /// Whoever asks for it is told; lists go without it.
    @Test func aDamagedRowSpoilsNoOther() async throws {
        let told = Shared<[String]>([])
        var options = Options()
        options.onDamage = { error in told.value.withLock { $0.append(error.detail) } }
        try await withRecords(options: options) { records in
            let rows = try await records.write { writer in
                try ["ann", "bob"].map { name in
                    var account = newAccount("\(name)@example.org")
                    account.outcome = .inProgress
                    account.sealed = [1]
                    account.pending = PendingRun(kind: .first, due: morning)
                    return try writer.insert(account)
                }
            }
            try await records.write { writer in
                try writer.put(settings(), known: nil, excluded: nil)
                try writer.put(settings("example.com"), known: nil, excluded: nil)
            }
            try await records.sql("UPDATE account SET handover = 'perhaps' WHERE id = \(rows[0].id) RETURNING ''")
            try await records.sql(
                "UPDATE settings SET value = '{' WHERE domain = (SELECT id FROM domain WHERE name = 'example.com') "
                    + "RETURNING ''")
            let first = try await records.accounts(of: example, search: nil, after: nil, limit: 1)
            #expect(first.accounts.isEmpty)
            let second = try await records.accounts(of: example, search: nil, after: first.next, limit: 1)
            #expect(second.accounts == [rows[1]])
            #expect(second.next == nil)
            #expect(try await records.accounts([.id(rows[0].id), .id(rows[1].id)]) == [rows[1]])
            let outcomes = try await records.changeEach([.id(rows[0].id), .id(rows[1].id)]) { place, facts in
                (AccountEffects(facts.account), place)
            }
            #expect((try? outcomes[0].get()) == nil)
            #expect(try outcomes[1].get().verdict == 1)
            let bob = try #require(try await records.account(id: rows[1].id))
            #expect(bob.version == rows[1].version + 1)
            let unfinished = try await records.unfinishedAccounts()
            #expect(unfinished.sealed == [bob])
            #expect(unfinished.moving == [bob])
            #expect(try await records.accounts(of: example, search: nil, after: nil, limit: 9).accounts == [bob])
            #expect(try await records.log(LogQuery(domain: example))?.page.entries == [bob])
            #expect(try await records.allSettings() == [settings()])
            await #expect { try await records.account(rows[0].address) } throws: {
                ($0 as? RecordsError)?.code == .corrupt
            }
            await #expect { try await records.settings(of: domain("example.com")) } throws: {
                ($0 as? RecordsError)?.code == .corrupt
            }
            #expect(told.value.withLock { $0.count } == 2)
        }
    }
}
