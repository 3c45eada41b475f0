// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import Statuses

/// Nobody is told of a state after a later one, and what is remembered for that stays small.
@Suite struct ToldVersionsTests {
    private func row(_ id: Int64, _ version: Int64) throws -> AccountRecord {
        var row = AccountRecord(
            address: try EmailAddress("ann@example.com"), passwordHash: "x", createdAt: Timestamp(milliseconds: 0))
        (row.id, row.version) = (id, version)
        return row
    }

    @Test func anOlderStateIsNotTold() throws {
        var told = ToldVersions()
        #expect(told.takes(try row(1, 5)))
        #expect(!told.takes(try row(1, 4)))
        #expect(told.takes(try row(1, 5)))
        #expect(told.takes(try row(2, 1)))
        #expect(told.takes(try row(1, 6)))
    }

    @Test func manyAccountsLaterItStillHolds() throws {
        var told = ToldVersions()
        #expect(told.takes(try row(0, 9)))
        for id in 1..<15_000 { #expect(told.takes(try row(Int64(id), 1))) }
        #expect(!told.takes(try row(0, 8)))
    }
}
