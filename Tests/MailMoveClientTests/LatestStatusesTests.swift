// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

@testable import MailMoveClient

@Suite struct LatestStatusesTests {
    private func status(_ account: String, _ moved: Int) throws -> JSONView {
        try JSONDocument(Array(#"{"account":"\#(account)","moved":\#(moved)}"#.utf8)).root
    }

    @Test func theNewestStateOfAnAccountWinsInTheOrderOfTheFirst() async throws {
        let statuses = LatestStatuses()
        statuses.put(try status("a", 1))
        statuses.put(try status("b", 1))
        statuses.put(try status("a", 2))
        #expect(await statuses.next()?["moved"]?.integer == 2)
        #expect(await statuses.next()?["account"]?.string == "b")
        statuses.put(try status("a", 3))
        #expect(await statuses.next()?["moved"]?.integer == 3)
    }

    @Test func itIsFullOnceSoManyAccountsWait() async throws {
        let statuses = LatestStatuses(capacity: 2)
        statuses.put(try status("a", 1))
        statuses.put(try status("a", 2))
        #expect(!statuses.isFull)
        statuses.put(try status("b", 1))
        #expect(statuses.isFull)
        _ = await statuses.next()
        #expect(!statuses.isFull)
    }

    @Test func whatCameBeforeTheEndIsStillTold() async throws {
        let statuses = LatestStatuses()
        statuses.put(try status("a", 1))
        statuses.finish()
        #expect(await statuses.next() != nil)
        #expect(await statuses.next() == nil)
    }

    @Test func aThousandAccountsComeInOrder() async throws {
        let statuses = LatestStatuses()
        for number in 0..<3000 { statuses.put(try status("u\(number)", 1)) }
        for number in 0..<3000 { #expect(await statuses.next()?["account"]?.string == "u\(number)") }
    }
}
