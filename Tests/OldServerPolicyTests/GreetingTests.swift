// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// Connections that are closed before a greeting, while others are being opened.
@Suite struct GreetingTests {
    /// Courier closes those beyond its limit at once, and takes a moment to greet the others.
    @Test func whatIsClosedBeforeOthersAreGreetedWaitsForWhatBecomesOfThem() {
        var desk = Desk()
        let logins = desk.logins(1...4)
        #expect(desk.turn() == logins.map { .open($0) })
        #expect(desk.refuse(logins[2]) == .waits)
        #expect(desk.refuse(logins[3]) == .waits)
        let late = desk.login(5)
        #expect(desk.turn() == [])
        desk.show(logins[0], logins[1])
        // Now it is clear that they were too many, or that some were.
        #expect(desk.turn() == [.open(logins[2]), .open(logins[3])])
        #expect(desk.refuse(logins[2]) == .waits)
        #expect(desk.refuse(logins[3]) == .waits)
        #expect(desk.turn() == [])
        #expect(desk.facts.limit?.connections == 2)
        desk.policy.rejected(logins[0], now: desk.now)
        desk.policy.closed(logins[0], now: desk.now)
        #expect(desk.turn() == [.open(logins[2])])
        _ = late
    }

    @Test func whereNoneOfThemIsGreetedItIsAnOutage() {
        var desk = Desk()
        let logins = desk.logins(1...4)
        _ = desk.turn()
        for login in logins[..<3] { #expect(desk.refuse(login) == .waits) }
        #expect(desk.turn() == [])
        #expect(desk.refuse(logins[3]) == .isOutage)
        #expect(desk.facts.reach == .lost(since: desk.now))
        // The others are not asked before it is clear what becomes of one of them.
        #expect(desk.turn() == [.open(logins[0])])
    }
}
