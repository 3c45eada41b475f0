// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

/// What all records remember of how a migration has gone.
@Suite struct HistoryTests {
    private let sample: Sample

    init() throws { sample = try Sample() }

    /// Moves messages of these contents, 90 octets each.
    private func move(_ contents: [Int64], of account: AccountRecord, at now: Timestamp, in records: any Records)
        async throws
    {
        let intent = try await records.record(
            moved: [], intended: [IntendedBatch(sample.intent(account.id, contents))], at: now
        ).intents[0]
        let batch = MovedBatch(
            intent: intent, account: account.id, rows: contents.map { sample.row($0) },
            octets: Int64(contents.count) * 90, listedOctets: 0)
        _ = try await records.record(moved: [batch], intended: [], at: now)
    }

    private func enable(_ records: any Records) async throws {
        let settings = sample.settings()
        _ = try await records.settle(sample.domain) { _ in
            SettingsChange(settings, known: nil, excluded: nil)
        } _: { account, _, _ in
            account
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatIsMovedCountsForItsHour(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            #expect(try await records.history(of: sample.domain, largest: 3) == nil)
            try await enable(records)
            let ann = try await records.create(sample.account(sample.ann))
            let bob = try await records.create(sample.account(sample.bob))
            try await move([1, 2], of: ann, at: sample.now, in: records)
            try await move([3], of: bob, at: sample.now.adding(seconds: 1), in: records)
            try await move([4], of: ann, at: sample.now.adding(seconds: 7200), in: records)
            let history = try #require(try await records.history(of: sample.domain, largest: 3))
            #expect(
                history.hours == [
                    MovedInHour(hour: sample.now.hour, messages: 3, octets: 270),
                    MovedInHour(hour: sample.now.hour + 2, messages: 1, octets: 90),
                ])
            #expect(history.totals.moved == 4)
            #expect(
                history.largest == [
                    AccountSize(address: sample.ann, moved: 3, movedOctets: 270),
                    AccountSize(address: sample.bob, moved: 1, movedOctets: 90),
                ])
            #expect(try await records.history(of: sample.domain, largest: 1)?.largest.map(\.address) == [sample.ann])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatACrashInterruptedCountsWhenItIsFound(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            try await enable(records)
            let ann = try await records.create(sample.account(sample.ann))
            let intent = try await records.record(
                moved: [], intended: [IntendedBatch(sample.intent(ann.id, [1, 2]))], at: sample.now
            ).intents[0]
            let batch = MovedBatch(
                intent: intent, account: ann.id, rows: [sample.row(1)], octets: 90, listedOctets: 0)
            _ = try await records.end(
                [EndedDeliveries(account: ann.id, deliveries: [batch], event: nil)],
                at: sample.now.adding(seconds: 3600))
            let hours = try await records.history(of: sample.domain, largest: 0)?.hours
            #expect(hours == [MovedInHour(hour: sample.now.hour + 1, messages: 1, octets: 90)])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func failuresAreCountedByReason(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            try await enable(records)
            let reasons: [(String, Reason?)] = [
                ("a", .messagesRefused), ("b", .oldServerUnreachable), ("c", .messagesRefused), ("d", nil),
            ]
            for (name, reason) in reasons {
                let address = try EmailAddress("\(name)@\(sample.domain)")
                try await records.create(
                    sample.account(address) { account in
                        account.outcome = reason == nil ? .completed : .failed
                        account.error = reason.map { RunFailure(reason: $0, detail: "because", at: sample.now) }
                    })
            }
            let history = try await records.history(of: sample.domain, largest: 0)
            #expect(history?.failures == [.messagesRefused: 2, .oldServerUnreachable: 1])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func aForgottenDomainHasNoHistory(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            try await enable(records)
            let ann = try await records.create(sample.account(sample.ann))
            try await move([1], of: ann, at: sample.now, in: records)
            _ = try await records.forget(sample.domain) { _, _ in }
            try await enable(records)
            #expect(try await records.history(of: sample.domain, largest: 3)?.hours == [])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func onlySoManyHoursAreKept(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            guard let records = records as? any TransactionalRecords else { return }
            try await enable(records)
            let domain = sample.domain
            let last = MovedInHour.kept + 5
            try await records.write { writer in
                for hour in 1...last { try writer.add(MovedInHour(hour: hour, messages: 1, octets: 1), to: domain) }
            }
            let hours = try await records.history(of: domain, largest: 0)?.hours ?? []
            #expect(hours.count == Int(MovedInHour.kept))
            #expect(hours.first?.hour == 6)
            #expect(hours.last?.hour == last)
        }
    }
}
