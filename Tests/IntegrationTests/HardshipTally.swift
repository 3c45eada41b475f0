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
        /// Ends after which another node has taken over what was going on.
        var takeOvers = 0
        var lost = 0
        /// Deleted by the reader and here again, as an event has said: they were being delivered when the daemon ended,
        /// over a day ago by its clock.
        var announced = 0
        var doubled = 0
        var damaged = 0
        var leftInTmp = 0
        var broken = 0

        var description: String {
            """
            \(blows) times, \(duringMove) of them during a move\(nodes); \(accounts) accounts with \(messages) messages, \
            \(flagged) flagged, \(filed) filed and \(deleted) deleted meanwhile\(upheavals): \(lost) lost, \
            \(doubled) doubled, \(damaged) damaged, \(leftInTmp) left in tmp, \(broken) acknowledged and not so
            """
        }

        private var nodes: String { takeOvers > 0 ? ", \(takeOvers) with a take-over by another node" : "" }

        private var upheavals: String {
            guard backups + restored + absences + jumps > 0 else {
                return announced == 0 ? "" : ", \(announced) filed or deleted ones here again as announced"
            }
            return """
                , \(restored) times put back to one of \(backups) backups, \(absences) times without the mail store, \
                \(jumps) jumps of the clock, \(announced) deleted ones here again as announced
                """
        }
    }

    func account(for all: Range<Int>, _ tally: inout Tally) async throws {
        tally.accounts = all.count
        tally.flagged = reader.flagged
        tally.filed = reader.filed
        tally.deleted = reader.deleted
        let deletions = reader.deletions
        let log = daemons.map(\.log).joined(separator: "\n").split(separator: "\n").filter {
            $0.contains("messages were being delivered when")
        }
        for number in all {
            let maildir = maildir(of: number)
            let sent = Set(Self.mail(number, scale.messages).map { withLineFeeds($0.octets) })
            let names = Dictionary(grouping: reader.messages(in: maildir)) { withoutUIDL($0.value).octets }
            let here = names.mapValues(\.count)
            let perhaps = Set(reader.mayComeAgain(in: maildir).map { withoutUIDL($0).octets })
            let lost = sent.count { here[$0] == nil && !perhaps.contains($0) }
            var (doubled, again) = (0, 0)
            for (octets, copies) in names where copies.count > 1 && sent.contains(octets) {
                let deleted = copies.count { deletions.contains($0.key) }
                again += min(deleted, copies.count - 1)
                doubled += max(0, copies.count - 1 - deleted)
            }
            // A kill comes between an event and its line in the log; a backup put back knows nothing of later events.
            let address = Self.address(number)
            let announced = min(again, max(log.announced(of: address), try await self.announced(of: address)))
            doubled += again - announced
            if lost + doubled > 0 {
                print("\(address): \(lost) lost, \(doubled) doubled")
                for copies in names.values where copies.count > 1 { print("doubled: \(copies.map(\.key))") }
            }
            tally.announced += announced
            tally.messages += sent.count
            tally.lost += lost
            tally.doubled += doubled
            tally.damaged += here.reduce(0) { $0 + (sent.contains($1.key) ? 0 : $1.value) }
            let tmp = maildir.appending(path: "tmp").path
            tally.leftInTmp += (try? FileManager.default.contentsOfDirectory(atPath: tmp))?.count ?? 0
        }
        tallyBroken(&tally)
    }

    private func tallyBroken(_ tally: inout Tally) {
        let broken = state.withLock { $0.broken }
        tally.broken = broken.count
        for line in broken { print(line) }
    }

    /// The same by IMAP. Messages that their user has filed or deleted while the daemon could not know whether they had
    /// arrived may be there again, as many as events have said.
    func account(for all: Range<Int>, on server: Server, _ tally: inout Tally) async throws {
        tally.accounts = all.count
        (tally.flagged, tally.filed, tally.deleted) = (
            server.reader.flagged, server.reader.filed, server.reader.deleted
        )
        for number in all {
            let address = Self.address(number)
            let sent = Set(Self.mail(number, scale.messages).map { withLineFeeds($0.octets) })
            let there = try server.reader.messages(of: address)
            let names = Dictionary(grouping: there) { withoutUIDL(withLineFeeds($0.value)).octets }
            let lost = sent.count { names[$0] == nil }
            var (doubled, again) = (0, 0)
            for (octets, copies) in names where copies.count > 1 && sent.contains(octets) {
                let left = copies.count { PlatformReader.hasLeft($0.key) }
                again += min(left, copies.count - 1)
                doubled += max(0, copies.count - 1 - left)
            }
            let announced = min(again, try await announced(of: address))
            doubled += again - announced
            if lost + doubled > 0 {
                print("\(address): \(lost) lost, \(doubled) doubled")
                for copies in names.values where copies.count > 1 { print("doubled: \(copies.map(\.key))") }
            }
            tally.announced += announced
            tally.messages += sent.count
            tally.lost += lost
            tally.doubled += doubled
            for (octets, copies) in names where !sent.contains(octets) {
                tally.damaged += copies.count
                print("\(address): \(copies.map(\.key)) is \(String(decoding: octets.prefix(200), as: UTF8.self))")
            }
        }
        tallyBroken(&tally)
    }

    /// How many messages events say may come again.
    private func announced(of address: String) async throws -> Int {
        let result = try await ask("listEvents", ["account": .string(address), "limit": 1000], admin: true)
        guard case .array(let events)? = result["events"] else { return 0 }
        return events.reduce(0) { sum, event in
            guard event["kind"] == "perhapsDoubled", case .string(let detail)? = event["detail"] else { return sum }
            return sum + (Int(detail.prefix(while: \.isNumber)) ?? 0)
        }
    }
}

extension [Substring] {
    /// How many messages these lines of a log say may come again to an account.
    fileprivate func announced(of account: String) -> Int {
        filter { $0.contains("account=\(account) ") }.reduce(0) { sum, line in
            let text = line.firstRange(of: "a second time: ").map { line[$0.upperBound...] } ?? ""
            return sum + (Int(text.prefix(while: \.isNumber)) ?? 0)
        }
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
