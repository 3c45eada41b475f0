// SPDX-License-Identifier: Apache-2.0

import Records
import Support
import Testing
import Vocabulary

/// What becomes of an intention when a commit fails, or its answer is lost, or somebody else was first.
@Suite struct FaultTests {
    private let sample: Sample
    private let records = MemoryRecords()

    init() throws { sample = try Sample() }

    private func isUnavailable(_ error: any Error) -> Bool { (error as? RecordsError)?.code == .unavailable }

    @Test func whatIsRefusedIsNotThere() async throws {
        records.fail(.refused)
        await #expect(performing: { try await records.create(sample.account(sample.ann)) }, throws: isUnavailable)
        #expect(try await records.account(sample.ann) == nil)
        try await records.create(sample.account(sample.ann))
    }

    /// Whoever repeats it finds that it is done: nothing is moved twice.
    @Test func whatIsRepeatedAfterALostAnswerMovesNothingTwice() async throws {
        let ann = try await records.create(sample.account(sample.ann))
        let intent = try await records.record(
            moved: [], intended: [IntendedBatch(sample.intent(ann.id, [1]))], at: sample.now
        ).intents[
            0]
        let batch = MovedBatch(intent: intent, account: ann.id, rows: [sample.row(1)], octets: 9, listedOctets: 9)
        records.fail(.answerLost)
        await #expect(
            performing: { try await records.record(moved: [batch], intended: [], at: sample.now) },
            throws: isUnavailable)
        #expect(try await records.account(id: ann.id)?.moved == 1)
        await #expect(
            performing: { try await records.record(moved: [batch], intended: [], at: sample.now) }, throws: isConflict)
        #expect(try await records.account(id: ann.id)?.moved == 1)
        #expect(try await records.intents(of: nil).isEmpty)
    }

    /// The second decision is made on what the rival has left, and counts alone.
    @Test func whoIsOvertakenDecidesAgain() async throws {
        let ann = try await records.create(sample.account(sample.ann))
        records.fail(
            .overtaken { records in
                guard var row = try records.account(id: ann.id) else { return }
                row.passwordHash = "{CRYPT}other"
                row.revision += 1
                try records.update(row)
            })
        let changed = try await records.change(.id(ann.id)) { facts in
            guard var row = facts.account, row.revision == ann.revision else { return nil }
            row.handover = .unchanged
            return AccountEffects(row)
        }
        #expect(changed == nil)
        let after = try await records.account(id: ann.id)
        #expect(after?.handover == .never)
        #expect(after?.passwordHash == "{CRYPT}other")
    }
}
