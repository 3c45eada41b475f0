// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Hardship {
    /// What came of it.
    struct Tally: CustomStringConvertible {
        var blows = 0
        var duringMove = 0
        var accounts = 0
        var messages = 0
        var flagged = 0
        var filed = 0
        var deleted = 0
        var backups = 0
        var restored = 0
        var absences = 0
        var jumps = 0
        var lost = 0
        var doubled = 0
        var damaged = 0
        var leftInTmp = 0
        var broken = 0

        var description: String {
            """
            \(blows) times, \(duringMove) of them during a move; \(accounts) accounts with \(messages) messages, \
            \(flagged) flagged, \(filed) filed and \(deleted) deleted meanwhile\(upheavals): \(lost) lost, \
            \(doubled) doubled, \(damaged) damaged, \(leftInTmp) left in tmp, \(broken) acknowledged and not so
            """
        }

        private var upheavals: String {
            guard backups + restored + absences + jumps > 0 else { return "" }
            return """
                , \(restored) times put back to one of \(backups) backups, \(absences) times without the mail store, \
                \(jumps) jumps of the clock
                """
        }
    }

    func account(for all: Range<Int>, _ tally: inout Tally) {
        tally.accounts = all.count
        tally.flagged = reader.flagged
        tally.filed = reader.filed
        tally.deleted = reader.deleted
        for number in all {
            let maildir = daemon.maildir(of: Self.address(number))
            let sent = Set(Self.mail(number, scale.messages).map { withLineFeeds($0.octets) })
            var here: [[UInt8]: Int] = [:]
            for message in reader.messages(in: maildir) { here[withoutUIDL(message).octets, default: 0] += 1 }
            let perhaps = Set(reader.mayComeAgain(in: maildir).map { withoutUIDL($0).octets })
            let lost = sent.count { here[$0] == nil && !perhaps.contains($0) }
            let doubled = here.reduce(0) { $0 + (sent.contains($1.key) ? $1.value - 1 : 0) }
            if lost + doubled > 0 { print("\(Self.address(number)): \(lost) lost, \(doubled) doubled") }
            tally.messages += sent.count
            tally.lost += lost
            tally.doubled += doubled
            tally.damaged += here.reduce(0) { $0 + (sent.contains($1.key) ? 0 : $1.value) }
            tally.leftInTmp += daemon.files(of: Self.address(number), in: "tmp").count
        }
        let broken = state.withLock { $0.broken }
        tally.broken = broken.count
        for line in broken { print(line) }
    }
}

extension Hardship.Tally {
    func expectNothingLost(_ seed: UInt64, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(lost == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(doubled == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(damaged == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(leftInTmp == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(broken == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(duringMove > 0, "no blow came during a move; seed \(seed)", sourceLocation: sourceLocation)
    }
}
