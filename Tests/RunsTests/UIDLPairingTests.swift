// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@testable import Runs

@Suite struct UIDLPairingTests {
    private func listed(_ sizes: [Int?]) -> [ListedMessage] {
        sizes.enumerated().map { ListedMessage(number: $0 + 1, octets: $1, uniqueID: nil) }
    }

    private func numbers(_ pairs: [UIDLPairing.Pair]) -> [[Int]] { pairs.map { [$0.message.number, $0.pop3.number] } }

    @Test func equalListsArePairedByOrderAndEqualNeighboursConfirmed() {
        let all = listed([10, 20, 30, 30, 40])
        let pairing = UIDLPairing(all, all) { _ in true }
        #expect(numbers(pairing.certain) == [[1, 1], [2, 2], [5, 5]])
        #expect(numbers(pairing.doubtful) == [[3, 3], [4, 4]])
        #expect(pairing.messages.isEmpty && pairing.others.isEmpty)
    }

    @Test func whatOneSideAloneHasIsInTheMiddle() {
        // The second is new by IMAP, and POP3 has one that IMAP has not.
        let pairing = UIDLPairing(listed([10, 99, 20, 30]), listed([10, 20, 77, 30])) { _ in true }
        #expect(numbers(pairing.certain) == [[1, 1], [4, 4]])
        #expect(pairing.messages.map(\.number) == [2, 3] && pairing.others.map(\.number) == [2, 3])
        let longer = UIDLPairing(listed([10, 20]), listed([10, 20, 30])) { _ in true }
        #expect(numbers(longer.certain) == [[1, 1], [2, 2]] && longer.others.map(\.number) == [3])
        let none = UIDLPairing([], listed([1])) { _ in true }
        #expect(none.certain.isEmpty && none.others.count == 1)
    }

    @Test func onlyWhatIsWantedIsAskedFor() {
        let all = listed([10, 10, 20, 5])
        let pairing = UIDLPairing(all, all) { $0.number > 1 && $0.number < 4 }
        #expect(numbers(pairing.certain) == [[3, 3]] && numbers(pairing.doubtful) == [[2, 2]])
    }

    @Test func headersTellWhatOrderDoesNot() {
        let (mine, theirs) = (listed([1, 1, 1, 1, 1]), listed([1, 1, 1, 1, 1]))
        let doubtful: [(pair: UIDLPairing.Pair, headers: (UInt64?, UInt64?))] = [
            ((mine[0], theirs[0]), (7, 7)), ((mine[1], theirs[1]), (8, 9)), ((mine[2], theirs[2]), (nil, 8)),
        ]
        let pairs = UIDLPairing.paired(
            doubtful: doubtful, messages: [(mine[3], 9), (mine[4], 5)], others: [(theirs[3], 5), (theirs[4], 5)])
        #expect(Set(numbers(pairs)) == [[1, 1], [2, 3], [4, 2]], "one of two equal headers tells nothing")
    }

    @Test func twinsInTheirPlacesArePaired() {
        let all = listed([1, 1, 1])
        let doubtful = all.map { (pair: ($0, $0), headers: (UInt64(4) as UInt64?, UInt64(4) as UInt64?)) }
        #expect(UIDLPairing.paired(doubtful: doubtful, messages: [], others: []).count == 3)
    }
}
