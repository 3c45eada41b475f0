// SPDX-License-Identifier: Apache-2.0

import MailSource
import Records
import Secrets
import Testing
import Vocabulary

@testable import Runs

@Suite struct RunProgressTests {
    private func listed(_ number: Int, _ id: String? = nil, octets: Int? = 100) -> ListedMessage {
        ListedMessage(number: number, octets: octets, uniqueID: id.map { UniqueID(octets: Array($0.utf8)) })
    }

    private func settled(_ message: ListedMessage, header: UInt64? = nil) -> RunProgress.Settled {
        let row = LedgerRow(uniqueID: nil, occurrence: 0, content: 1, octets: 100, source: 1)
        return RunProgress.Settled(message: message, row: row, header: header)
    }

    private let hungUp = SourceError(code: .closed, step: .fetch, detail: "hung up")

    // MARK: Further sessions

    @Test func sessionsFollowUntilOneFindsNothingNewOrLessThanTheOneBefore() {
        func sessions(finding numbers: [Int]) -> Int {
            var further = FurtherSessions()
            return numbers.prefix { further.ended(finding: $0) }.count + 1
        }
        #expect(sessions(finding: [0]) == 1)
        #expect(sessions(finding: [1000, 0]) == 2)
        #expect(sessions(finding: [1000, 1]) == 2)
        #expect(sessions(finding: [25, 25, 20, 9]) == 3)
        #expect(sessions(finding: [25, 25, 25, 0]) == 4)
        #expect(sessions(finding: Array(repeating: 1, count: 500)) == 100)
        // What was found before a restart is not known; what was found before a pause is.
        var restarted = FurtherSessions(sessions: 3)
        let goesOn = restarted.ended(finding: 2)
        #expect(goesOn)
        var paused = FurtherSessions(sessions: 3, found: 25)
        let goesOnAfterThat = paused.ended(finding: 2)
        #expect(!goesOnAfterThat)
        var late = FurtherSessions(sessions: 99, found: 25)
        let goesOnForEver = late.ended(finding: 25)
        #expect(!goesOnForEver)
    }

    @Test func lateMailMakesNoServerOfParts() {
        var further = FurtherSessions()
        for found in [100, 2] { _ = further.ended(finding: found) }
        #expect(!further.areParts)
        var parts = FurtherSessions()
        for found in [100, 100] { _ = parts.ended(finding: found) }
        #expect(parts.areParts)
    }

    // MARK: What outlives a session

    @Test func whatHasBeenSettledInItsPlaceComesLast() {
        var progress = RunProgress()
        let listing = (1...5).map { listed($0) }
        #expect(progress.order(listing) == listing)
        for message in listing.prefix(2) { progress.settled(settled(message), isNamed: false) }
        #expect(progress.order(listing).map(\.number) == [3, 4, 5, 1, 2])
    }

    @Test func oneOfTwoEqualHeadersTellsNothing() {
        var progress = RunProgress()
        for (number, header) in [(1, 7), (2, 8), (3, 8), (4, 9)] as [(Int, UInt64)] {
            progress.settled(settled(listed(number), header: header), isNamed: false)
        }
        progress.settled(settled(listed(5, "a"), header: 10), isNamed: true)
        progress.settled(settled(listed(6)), isNamed: false)
        let listing = [listed(1), listed(2), listed(3), listed(4, octets: 99), listed(5, "a"), listed(6), listed(7)]
        #expect(progress.recognisable(in: listing).map(\.message.number) == [1])
    }

    @Test func theSameMailBroughtAgainIsNoProgress() {
        var progress = RunProgress()
        progress.begin(leavingOut: 0)
        progress.recognised(3, here: 3)
        #expect(progress.count == 3)
        progress.recognised(3, here: 3)
        #expect(progress.count == 3)
        progress.begin(leavingOut: 2)
        progress.recognised(2, here: 2)
        #expect(progress.count == 4)
    }

    @Test func whatIsRefusedIsFoundOnce() {
        var progress = RunProgress()
        for id in [1, 2, nil, 1] as [Int64?] { progress.refused(id) }
        #expect(progress.found == 2)
        #expect(progress.untold(["x", "y"]) == ["x", "y"])
        #expect(progress.untold(["y", "z"]) == ["z"])
    }

    // MARK: Messages at which sessions end

    @Test func afterTheSecondTimeAMessageIsLeftBehind() {
        var unreadable = UnreadableMessages()
        let message = listed(4)
        #expect(unreadable.add(message, 4, hungUp, isCertain: false, hasBrought: true) == .suspected)
        #expect(unreadable.isSuspicious)
        #expect(unreadable.reason(message, 4) == nil)
        // Others were asked for at the time.
        #expect(unreadable.add(message, 4, hungUp, isCertain: false, hasBrought: true) == .suspected)
        #expect(unreadable.add(message, 4, hungUp, isCertain: true, hasBrought: true) == .leftBehind(isProgress: true))
        #expect(unreadable.reason(listed(3), 4) == "hung up")
        #expect(unreadable.reason(listed(4, octets: 7), 5) == nil)
    }

    @Test func aServerWhoseNamesChangeIsTakenAtItsPlaces() {
        var unreadable = UnreadableMessages()
        _ = unreadable.add(listed(4), 1, hungUp, isCertain: true, hasBrought: true)
        #expect(unreadable.add(listed(4), 2, hungUp, isCertain: true, hasBrought: true) != .suspected)
        #expect(unreadable.reason(listed(4), 3) != nil)
        #expect(unreadable.reason(listed(4, octets: 7), 3) == nil)
    }

    @Test func aServerThatServesNobodyAnyMoreIsNotFollowedMessageByMessage() {
        var unreadable = UnreadableMessages()
        func leave(_ number: Int, hasBrought: Bool) -> UnreadableMessages.Verdict {
            _ = unreadable.add(listed(number), nil, hungUp, isCertain: true, hasBrought: hasBrought)
            return unreadable.add(listed(number), nil, hungUp, isCertain: true, hasBrought: hasBrought)
        }
        #expect(leave(1, hasBrought: false) == .leftBehind(isProgress: false))
        #expect(unreadable.start == 0.5)
        for number in 2...5 { #expect(leave(number, hasBrought: true) == .leftBehind(isProgress: true)) }
        #expect(leave(6, hasBrought: true) == .leftBehind(isProgress: false))
        // One has arrived behind them: it is these messages.
        unreadable.arrived()
        #expect(unreadable.start == 0)
        #expect(leave(7, hasBrought: true) == .leftBehind(isProgress: true))
    }

    // MARK: Headers

    @Test func aHeaderIsKnownAgainWhateverTheServerWritesIntoIt() throws {
        let hash = try KeyedHash(key: Array(repeating: 3, count: 32))
        func of(_ text: String) -> UInt64 { HeaderHashes.hash(of: Array(text.utf8), hash) }
        let header = of("Subject: a\nFrom: b\n\nbody\n")
        #expect(of("Subject: a\nFrom: b\n\n") == header)
        #expect(of("Subject: a\nFrom: b\n") == header)
        #expect(of("Subject: a\nStatus: RO\nX-UIDL: 1\n 2\nFrom: b\n\nother\n") == header)
        #expect(of("Subject: a\nFrom: c\n\nbody\n") != header)
        #expect(of("\nbody") == of("\nother"))
    }
}
