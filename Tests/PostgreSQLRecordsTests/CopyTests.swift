// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostgreSQL
import Records
import RecordsCopy
import SQLiteRecords
import Support
import Testing
import Vocabulary

@testable import PostgreSQLRecords

/// What one node's SQLite holds goes along into a database that nodes share.
@Suite(.enabled(if: PostgreSQLServer.isAvailable)) struct CopyTests {
    private func withSource(_ body: (String, SQLiteRecords) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "/copy-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/mailmove.db"
        let records = try await SQLiteRecords.open(path: path)
        do {
            try await body(path, records)
        } catch {
            await records.close()
            throw error
        }
        await records.close()
    }

    private struct Ended: Error {}

    private func fill(_ records: any Records) async throws -> [AccountRecord] {
        let domain = try DomainName("example.org")
        let settings = MigrationSettings(
            domain: domain, oldServer: OldServer(host: "192.0.2.1"), validDays: 30, hasKnownAccounts: true,
            autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(), enabledAt: morning, generation: 1,
            warnings: ["\u{0} \"quoted\" \\ and 中文"])
        let known = try EmailAddress("Ann@example.org")
        _ = try await records.settle(domain) { _ in
            SettingsChange(settings, known: [known], excluded: [])
        } _: { account, _, _ in
            account
        }
        var rows: [AccountRecord] = []
        for number in 0..<1203 {
            var new = try account("User\(number)")
            new.displayName = number % 3 == 0 ? nil : "Ünser \"\(number)\" \\, {NULL}"
            if number % 5 == 0 {
                (new.sealed, new.pending) = ([0, 255, 92, 34], PendingRun(kind: .first, due: morning))
            }
            if number % 7 == 0 { new.deletedAt = morning }
            new.outcome = [.notStarted, .inProgress, .completed, .failed][number % 4]
            rows.append(new)
        }
        let new = rows
        rows = try await records.change(new.map { .address($0.address) }) { place, _ in
            (
                AccountEffects(
                    new[place], events: [EventRecord(at: morning, account: new[place].address, kind: .created)]), ()
            )
        }.compactMap(\.changed)
        for row in rows.prefix(20) {
            _ = try await records.change(.id(row.id)) { facts in
                var effects = AccountEffects(facts.row)
                effects.added = (0..<50).map { number in
                    LedgerRow(
                        uniqueID: number % 2 == 0 ? nil : Int64.min + number, occurrence: Int32(number),
                        content: -number &* 0x1234_5678_9ABC, octets: number, source: number % 3,
                        isShown: number % 7 == 0)
                }
                effects.mailbox = .marked("m\(row.id)")
                effects.runs = [row.id: 7]
                effects.folders = [
                    FolderRecord(source: 1, path: ["a", "b"], target: ["c"], specialUse: .sent, remaining: 3, moved: 2)
                ]
                effects.kept = ["key \(row.id)": [0, 1, 255]]
                return effects
            }
            let intent = Intent(
                account: row.id, recordedAt: morning, batch: [0, 92],
                rows: [
                    LedgerRow(uniqueID: 9, occurrence: 0, content: 99, octets: 1, source: 1)
                ], octets: [1])
            _ = try await records.record(moved: [], intended: [IntendedBatch(intent)], at: morning)
        }
        return rows
    }

    private func copy(_ path: String, to database: SharedDatabase) throws -> RecordsCopy.Summary {
        let library = try PostgreSQL()
        return try RecordsCopy(path: path, to: try library.place(of: database.url), library) { _ in }.run()
    }

    @Test func everythingGoesAlong() async throws {
        try await withSource { path, source in
            let rows = try await fill(source)
            let domain = try DomainName("example.org")
            let before = try await source.log(LogQuery(domain: domain, limit: 1000))
            let events = try await source.events(EventQuery(subject: .domain(domain), limit: 3000))
            let totals = try await source.totals(of: domain, running: []).totals
            let overview = try await source.overview(of: domain, running: [])
            let ledgers = try await source.ledger(of: rows[3].id)
            let intents = try await source.intents(of: nil)
            let folders = try await source.folders(of: rows[3].id)
            await source.close()
            try await SharedDatabase.with { database in
                let summary = try copy(path, to: database)
                #expect(summary.messages == 1000)
                try await database.nodes("a") { nodes in
                    let records = nodes[0]
                    #expect(
                        try await records.log(LogQuery(domain: domain, limit: 1000))?.page.entries
                            == before?.page.entries)
                    #expect(
                        try await records.events(EventQuery(subject: .domain(domain), limit: 3000))?.events
                            == events?.events)
                    #expect(try await records.totals(of: domain, running: []).totals == totals)
                    #expect(
                        try await records.overview(of: domain, running: [])?.knownAccounts == overview?.knownAccounts)
                    #expect(Set(try await records.ledger(of: rows[3].id)) == Set(ledgers))
                    #expect(try await records.intents(of: nil).map(\.id) == intents.map(\.id))
                    #expect(try await records.folders(of: rows[3].id) == folders)
                    #expect(try await records.kept("key \(rows[3].id)") == [0, 1, 255])
                    // What is added goes on behind what was there.
                    let new = try await records.create(try account("later"))
                    #expect(new.id > rows.map(\.id).max() ?? 0)
                }
                // Nodes use it: it is not filled a second time.
                #expect(performing: { _ = try copy(path, to: database) }, throws: { code($0) == .conflict })
            }
        }
    }

    @Test func aCopyThatWasInterruptedGoesOnWithWhatHasChangedSince() async throws {
        try await withSource { path, source in
            let rows = try await fill(source)
            try await SharedDatabase.with { database in
                // While the daemon runs it copies what there is, and waits; then it is ended.
                let library = try PostgreSQL()
                let place = try library.place(of: database.url)
                #expect(throws: Ended.self) {
                    _ = try RecordsCopy(path: path, to: place, library) { _ in throw Ended() }.run()
                }
                #expect(try await database.server.sql("SELECT count(*) FROM ledger", in: database.name) == ["1000"])
                // No node may use half of it.
                let records = try await database.open()
                await #expect(throws: JoinRefusal.self) { try await records.join(.test("a")) }
                await records.close()
                let gone = try await source.ledger(of: rows[2].id)
                _ = try await source.change(.id(rows[2].id)) { facts in
                    var effects = AccountEffects(facts.row)
                    effects.account?.displayName = "changed"
                    effects.forgotten = gone
                    return effects
                }
                await source.close()
                _ = try copy(path, to: database)
                try await database.nodes("a") { nodes in
                    let (changed, gone) = (
                        try await nodes[0].account(id: rows[2].id), try await nodes[0].ledger(of: rows[2].id)
                    )
                    let kept = try await nodes[0].ledger(of: rows[3].id)
                    #expect(changed?.displayName == "changed")
                    #expect(gone.isEmpty)
                    #expect(kept.count == 50)
                }
            }
        }
    }
}
