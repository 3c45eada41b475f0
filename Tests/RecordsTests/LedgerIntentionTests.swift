// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

/// What all records promise of mail on its way, runs, events and values.
@Suite struct LedgerIntentionTests {
    private let sample: Sample

    init() throws { sample = try Sample() }

    @Test(arguments: RecordsKind.allCases)
    func anEpochMovesWhatWasIntendedAndIntendsTheNext(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let ann = try await records.create(
                sample.account(sample.ann) { ($0.remaining, $0.remainingOctets) = (3, 250) })
            let first = try await records.record(
                moved: [],
                intended: [
                    IntendedBatch(sample.intent(ann.id, [1, 2]), run: (mark: 5, last: 2), marker: "m"),
                    IntendedBatch(sample.intent(ann.id, [3])),
                ], at: sample.now)
            #expect(first.accounts.isEmpty)
            #expect(Set(first.intents).count == 2)
            #expect(try await records.intents(of: ann.id).map(\.id) == first.intents)
            #expect(try await records.ledger(of: ann.id).isEmpty)
            let facts = try await records.mailbox(of: ann.id, keeping: ["x"])
            #expect(facts?.mailbox == MarkedMailbox(marker: "m"))
            #expect(facts?.runs == [5: 2])
            #expect(facts?.hasIntents == true)
            #expect(facts?.isAnyMarked == false)
            #expect(facts?.kept.isEmpty == true)

            let second = try await records.record(
                moved: [
                    MovedBatch(
                        intent: first.intents[0], account: ann.id, rows: [sample.row(1), sample.row(2)], octets: 180,
                        listedOctets: 300)
                ], intended: [], at: sample.now)
            #expect(second.intents.isEmpty)
            let after = try #require(second.accounts.first)
            #expect(after == (try await records.account(id: ann.id)))
            #expect((after.moved, after.movedOctets, after.remaining) == (2, 180, 1))
            // The server had said less than it had.
            #expect(after.remainingOctets == 0)
            #expect(after.version > ann.version)
            #expect(Set(try await records.ledger(of: ann.id)) == [sample.row(1), sample.row(2)])
            #expect(try await records.intents(of: nil).map(\.id) == [first.intents[1]])
            #expect(try await records.hasMarkedMailboxes())
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func anEpochThatContradictsTheLedgerChangesNothing(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let ann = try await records.create(sample.account(sample.ann))
            let intent = try await records.record(
                moved: [], intended: [IntendedBatch(sample.intent(ann.id, [1]))], at: sample.now
            )
            .intents[0]
            let batch = MovedBatch(
                intent: intent, account: ann.id, rows: [sample.row(1)], octets: 9, listedOctets: 9)
            let moved = try await records.record(moved: [batch], intended: [], at: sample.now)
            await #expect(
                performing: {
                    try await records.record(
                        moved: [batch], intended: [IntendedBatch(self.sample.intent(ann.id, [2]))], at: self.sample.now)
                }, throws: isConflict)
            #expect(try await records.account(id: ann.id) == moved.accounts.first)
            #expect(try await records.intents(of: ann.id).isEmpty)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func interruptedDeliveriesEndWithWhatHasArrived(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let ann = try await records.create(sample.account(sample.ann) { $0.remaining = 4 })
            let intents = try await records.record(
                moved: [],
                intended: [IntendedBatch(sample.intent(ann.id, [1, 2])), IntendedBatch(sample.intent(ann.id, [3]))],
                at: sample.now
            ).intents
            let rows = try await records.end(
                [
                    EndedDeliveries(
                        account: ann.id,
                        deliveries: [
                            MovedBatch(
                                intent: intents[0], account: ann.id, rows: [sample.row(2)], octets: 90,
                                listedOctets: 100),
                            MovedBatch(intent: intents[1], account: ann.id, rows: [], octets: 0, listedOctets: 0),
                        ], event: sample.event(.perhapsDoubled))
                ], at: sample.now)
            #expect(rows.map(\.moved) == [1])
            #expect(rows.map(\.remaining) == [3])
            #expect(try await records.intents(of: nil).isEmpty)
            #expect(try await records.ledger(of: ann.id) == [sample.row(2)])
            let events = try await records.events(EventQuery(subject: .account(sample.ann)))?.events ?? []
            #expect(events.map(\.kind) == [.perhapsDoubled])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func aLedgerIsChangedOnAllThatIsKnownOfIt(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            #expect(try await records.change(ledgerOf: 99) { _ in (nil, ()) } == nil)
            let ann = try await records.create(sample.account(sample.ann))
            _ = try await records.record(
                moved: [], intended: [IntendedBatch(sample.intent(ann.id, [7]))], at: sample.now)
            let rows = [sample.row(1), sample.row(2)]
            let outcome = try await records.change(ledgerOf: ann.id) { facts in
                #expect(facts.ledger.isEmpty)
                #expect(facts.intents.count == 1)
                var effects = AccountEffects(facts.account)
                effects.account?.moved = 2
                effects.added = rows
                effects.runs = [9: 4]
                effects.kept = ["k": [1]]
                return (effects, "whole")
            }
            #expect(outcome?.verdict == "whole")
            #expect(outcome?.changed?.moved == 2)
            #expect(Set(try await records.ledger(of: ann.id)) == Set(rows))
            #expect(try await records.mailbox(of: ann.id, keeping: ["k"])?.kept == ["k": [1]])
            _ = try await records.change(ledgerOf: ann.id) { facts in
                var effects = AccountEffects()
                effects.forgotten = facts.ledger.filter { $0.content == 1 }
                return (effects, ())
            }
            #expect(try await records.ledger(of: ann.id) == [rows[1]])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func aRunUnderWhichTheProcessDiesTwiceIsNamed(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let ann = try await records.create(sample.account(sample.ann))
            let bob = try await records.create(sample.account(sample.bob))
            for expected in [[], [RunDeaths(account: ann.id, deaths: 2, isCertain: true)]] {
                try await records.beginRun(of: ann.id, isSuspect: true, anew: false)
                try await records.beginRun(of: bob.id, isSuspect: false, anew: false)
                #expect(try await records.chargeRuns() == expected)
            }
            try await records.beginRun(of: ann.id, isSuspect: false, anew: true)
            try await records.suspendRuns(of: ann.id)
            #expect(try await records.chargeRuns() == [])
            _ = try await records.change(.id(bob.id)) { _ in
                var effects = AccountEffects()
                effects.endsRun = true
                return effects
            }
            #expect(try await records.chargeRuns() == [])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatRepeatsIsOneEventThatIsCounted(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            try await records.create(sample.account(sample.ann))
            let query = EventQuery(subject: .account(sample.ann))
            try await records.append([sample.event(.postponed, detail: "later"), sample.event(.created)])
            var again = sample.event(.postponed, detail: "much later")
            again.at = sample.now.adding(seconds: 60)
            try await records.append([again])
            let events = try await records.events(query)?.events ?? []
            #expect(events.map(\.kind) == [.created, .postponed])
            #expect(events.map(\.count) == [1, 2])
            #expect(events.last?.since == sample.now)
            #expect(events.last?.at == again.at)
            var idle = sample.event(.completed)
            idle.isIdle = true
            try await records.append([idle])
            try await records.removeIdleEvents(before: sample.now.adding(seconds: 1))
            #expect(try await records.events(query)?.events.map(\.kind) == [.created, .postponed])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func guessesOfAnEarlierLifeOfTheMachineCountFromItsStart(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            func guess(_ uptime: Int64) -> GuessFailure {
                GuessFailure(uptime: uptime, account: "ann@example.org", remoteAddress: nil)
            }
            for uptime in [5, 40, 9000] { try await records.count(guess(Int64(uptime)), forgettingBefore: nil) }
            try await records.count(guess(50), forgettingBefore: 20)
            #expect(try await records.restoreFailures(at: 60, since: 0).map(\.uptime) == [0, 40, 50])
            #expect(try await records.restoreFailures(at: 60, since: 45).map(\.uptime) == [50])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func aValueThatIsThereStays(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            #expect(try await records.kept("key", orElse: [1]) == [1])
            #expect(try await records.kept("key", orElse: [2]) == [1])
            try await records.keep(["key": [3], "other": []])
            #expect(try await records.kept("key") == [3])
            #expect(try await records.kept("other") == [])
            try await records.check()
            await records.close()
            await #expect(
                performing: { try await records.kept("key") },
                throws: {
                    ($0 as? RecordsError)?.code == .closed
                })
        }
    }
}
