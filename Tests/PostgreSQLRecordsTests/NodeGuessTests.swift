// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Records
import Support
import Testing
import Vocabulary

@testable import PostgreSQLRecords

/// Wrong passwords, over several nodes.
@Suite(.enabled(if: PostgreSQLServer.isAvailable), .timeLimit(.minutes(5))) struct NodeGuessTests {
    @Test func guessesAreCountedOverAllNodes() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                @Sendable func claim(_ number: Int, account: String = "ann@example.org") -> GuessClaim {
                    GuessClaim(
                        account: account, network: "192.0.2.1", mostOfAccount: 5, mostOfNetwork: 7, window: 600,
                        digest: [UInt8(number)])
                }
                let granted = try await withThrowingTaskGroup(of: GuessGrant.self) { group in
                    for number in 0..<20 { group.addTask { try await nodes[number % 2].grant(claim(number)) } }
                    return try await group.reduce(into: [GuessGrant.Number]()) { all, grant in
                        if case .granted(let number?, _) = grant { all.append(number) }
                    }
                }
                #expect(granted.count == 5)
                // One was right.
                try await nodes[1].settle(granted[0], counted: nil, shown: nil)
                for number in granted.dropFirst() {
                    try await nodes[0].settle(
                        number, counted: CountedGuess(network: "192.0.2.1"),
                        shown: ShownGuess(generation: 1, verdict: "wrong"))
                }
                let last = try await nodes[1].grant(claim(20))
                guard case .granted = last else {
                    Issue.record("four were wrong, and five may be")
                    return
                }
                guard case .tooMany(let seconds) = try await nodes[0].grant(claim(21)) else {
                    Issue.record("one too many was granted")
                    return
                }
                #expect((590...600).contains(seconds))
                _ = try await nodes[0].grant(claim(22, account: "bob@example.org"))
                _ = try await nodes[1].grant(claim(23, account: "bob@example.org"))
                guard case .tooMany = try await nodes[1].grant(claim(24, account: "bob@example.org")) else {
                    Issue.record("the network has had its seven")
                    return
                }
                // They outlive a restart.
                let restored = try await nodes[1].restoreFailures(at: 1_000_000, since: 400_000)
                #expect(restored.map(\.account) == Array(repeating: "ann@example.org", count: 4))
                #expect(restored.allSatisfy { $0.uptime > 900_000 && $0.uptime <= 1_000_000 })
            }
        }
    }

    @Test func theSameWrongPasswordCountsOnceAndItsShowingsAreKnownToAll() async throws {
        try await SharedDatabase.with { database in
            try await database.nodes("a", "b") { nodes in
                let claim = GuessClaim(
                    account: "ann@example.org", network: nil, mostOfAccount: 2, mostOfNetwork: 7, window: 600,
                    digest: [1, 2, 3])
                let said = ShownGuess(generation: 4, verdict: "wrong")
                for number in 0..<4 {
                    guard case .granted(let guess?, let earlier) = try await nodes[number % 2].grant(claim) else {
                        Issue.record("it counts once")
                        return
                    }
                    #expect(earlier.count == number)
                    #expect(earlier.map(\.counts) == (0..<number).map { $0 == 0 })
                    #expect(earlier.allSatisfy { $0.shown == said && $0.seconds < 60 })
                    let counted = number == 0 ? CountedGuess(network: nil) : nil
                    try await nodes[number % 2].settle(guess, counted: counted, shown: said)
                }
                // What was never judged is not known.
                var other = claim
                other.digest = [4]
                guard case .granted(let guess?, let earlier) = try await nodes[0].grant(other) else {
                    Issue.record("it is the second")
                    return
                }
                #expect(earlier.isEmpty)
                try await nodes[0].settle(guess, counted: nil, shown: nil)
                let row = try await database.server.sql(
                    "SELECT count(*), count(*) FILTER (WHERE counts) FROM attempt", in: database.name)
                #expect(row == ["4\t1"])
            }
        }
    }
}
