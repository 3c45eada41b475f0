// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

@Suite struct CounterTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func countersAlwaysEqualAScan(_ seed: UInt64) async throws {
        try await withRecords { records in
            let names = ["example.org", "example.com"]
            try await records.write { writer in
                for name in names { try writer.put(settings(name), known: nil, excluded: nil) }
            }
            for step in 0..<60 {
                do {
                    try await records.write { try change($0, seed: seed &* 1000 &+ UInt64(step), names: names) }
                } catch is Rejected {}
                for name in names {
                    let totals = try await records.read { try $0.totals(of: domain(name)) }
                    #expect(try await records.write { try scan($0, domain(name)) } == totals)
                }
            }
            #expect(try await records.sql("PRAGMA integrity_check") == "ok")
            #expect(try await records.sql("PRAGMA foreign_key_check") == nil)
        }
    }

    private struct Rejected: Error {}

    /// A transaction of random changes, which fails at its end every sixth time.
    private func change(_ writer: any RecordsWriter, seed: UInt64, names: [String]) throws {
        var random = Numbers(seed: seed)
        for _ in 0..<8 {
            let name = names[random.next(2)]
            let given = address("u\(random.next(12))@\(name)")
            switch random.next(10) {
            case 0: try writer.reclassify(domain(name), keepsReplies: random.next(2) == 0)
            case 1:
                let list = (0..<random.next(9)).map { address("u\($0)@\(name)") }
                let lists: (known: [EmailAddress]?, excluded: [EmailAddress]?) =
                    random.next(2) == 0 ? (list, nil) : (nil, list)
                try writer.put(
                    settings(name, hasKnownAccounts: random.next(2) == 0), known: lists.known, excluded: lists.excluded)
            case 2 where random.next(3) == 0: try writer.forget(domain(name))
            case 3: _ = try writer.eraseSealedPasswords(of: domain(name))
            default:
                var account = try writer.account(given) ?? writer.insert(newAccount(given.description))
                account.outcome = [.notStarted, .inProgress, .completed, .failed][random.next(4)]
                account.nonMigrating = [nil, nil, .reply][random.next(3)]
                account.deletedAt = random.next(5) == 0 ? morning : nil
                account.moved = Int64(random.next(100))
                account.movedOctets = Int64(random.next(100_000))
                account.remaining = Int64(random.next(100))
                account.remainingOctets = Int64(random.next(100_000))
                account.runs = Int64(random.next(3))
                account.isPaused = random.next(4) == 0
                account.pending = random.next(2) == 0 ? nil : PendingRun(kind: .retry, due: morning)
                let reasons: [Reason?] = [nil, .messagesRefused, .oldServerUnreachable]
                account.error = reasons[random.next(3)].map { RunFailure(reason: $0, detail: "", at: morning) }
                let outcomes: [AttemptOutcome?] = [nil, .accepted, .rejected, .unavailable, .noSuchUser]
                account.lastAttempt = outcomes[random.next(5)].map {
                    PasswordAttempt(at: morning, via: .imap, outcome: $0)
                }
                try writer.update(account)
            }
        }
        if random.next(6) == 0 { throw Rejected() }
    }

    private func scan(_ writer: any RecordsWriter, _ domain: DomainName) throws -> DomainTotals {
        var totals = DomainTotals()
        for status in MigrationStatus.allCases {
            totals.counts[status] = 0
            totals.attention[status] = 0
        }
        for id in 1...100 as ClosedRange<Int64> {
            guard let account = try writer.account(id: id), account.deletedAt == nil,
                account.address.domain == domain
            else { continue }
            totals.counts[account.status, default: 0] += 1
            totals.moved += account.moved
            totals.movedOctets += account.movedOctets
            totals.remaining += account.remaining
            totals.remainingOctets += account.remainingOctets
            if account.runs == 0, account.status != .nonMigrating { totals.unlisted += 1 }
            if account.needsAttention { totals.attention[account.status, default: 0] += 1 }
            if account.isPaused { totals.paused += 1 }
            if account.status == .inProgress, !account.isPaused {
                totals.underWay.accounts += 1
                totals.underWay.messages += account.remaining
                totals.underWay.octets += account.remainingOctets
            }
        }
        return totals
    }
}
