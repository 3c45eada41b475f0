// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import JSONRPC

@Suite struct InboundBudgetTests {
    private final class Client: Sendable {
        private struct State {
            var grant = InboundBudget.Grant()
            var woken = 0
        }

        private let state = Mutex(State())

        var held: Int { state.withLock { $0.grant.octets } }
        var woken: Int { state.withLock(\.woken) }

        func raise(_ budget: InboundBudget, to octets: Int) -> Bool {
            var grant = state.withLock(\.grant)
            defer { state.withLock { [grant] in $0.grant = grant } }
            return budget.raise(&grant, to: octets, of: ObjectIdentifier(self)) {
                self.state.withLock { $0.woken += 1 }
            }
        }

        func lower(_ budget: InboundBudget, to octets: Int) {
            var grant = state.withLock(\.grant)
            budget.lower(&grant, to: octets)
            state.withLock { [grant] in $0.grant = grant }
        }
    }

    @Test func oneOfManyThatHaveBegunCanAlwaysComplete() {
        let budget = InboundBudget(octets: 300, reserve: 100)
        let clients = (0..<4).map { _ in Client() }
        for client in clients { #expect(client.raise(budget, to: 50)) }
        // All of the general part is given out, and nobody's line is complete.
        #expect(clients[0].raise(budget, to: 100))
        #expect(!clients[1].raise(budget, to: 100))
        #expect(clients[0].raise(budget, to: 150))
        #expect(!clients[2].raise(budget, to: 100))
        #expect(budget.isSoughtAfter)
        clients[0].lower(budget, to: 0)
        #expect(clients[1].woken == 1)
        #expect(clients[1].raise(budget, to: 100))
        #expect(clients[2].raise(budget, to: 100))
    }

    @Test func memoryThatIsGivenBackIsAllThereAgain() {
        let budget = InboundBudget(octets: 200, reserve: 100)
        let clients = (0..<10).map { _ in Client() }
        for _ in 0..<1000 {
            for client in clients {
                _ = client.raise(budget, to: Int.random(in: 0...100))
                if Bool.random() { client.lower(budget, to: Int.random(in: 0...100)) }
            }
            #expect(clients.map(\.held).reduce(0, +) <= 200)
        }
        for client in clients { client.lower(budget, to: 0) }
        #expect(clients[0].raise(budget, to: 100))
        #expect(clients[1].raise(budget, to: 100))
        #expect(!clients[2].raise(budget, to: 1))
    }

    @Test func aWaitingClientThatLeavesPassesItsTurnOn() {
        let budget = InboundBudget(octets: 20, reserve: 10)
        let clients = (0..<4).map { _ in Client() }
        #expect(clients[0].raise(budget, to: 10))
        #expect(clients[1].raise(budget, to: 10))
        #expect(!clients[2].raise(budget, to: 10))
        #expect(!clients[3].raise(budget, to: 10))
        clients[0].lower(budget, to: 0)
        #expect(clients[2].woken == 1)
        budget.withdraw(ObjectIdentifier(clients[2]))
        #expect(clients[3].woken == 1)
    }
}
