// SPDX-License-Identifier: Apache-2.0

import Foundation
import Records
import SQLiteRecords
import Secrets
import Synchronization
import Testing
import Vocabulary

@testable import Runs
@testable import Statuses

/// What becomes of a move when time passes, the old server fails, the store fails, or the program ends.
@Suite(.timeLimit(.minutes(15))) struct RunTests {
    @Test func whenTheWindowExpiresTheLocalPasswordAloneDecides() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1)
            #expect(try await platform.status().window?.daysLeft == 1)
            platform.advance(hours: 25)
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.login(NewPlatform.newPassword).decision == .accept)
            try await platform.settle()
            #expect(server.shown.isEmpty)
            let status = try await platform.status()
            #expect(status.window?.state == .expired)
            #expect(status.portal == AccountStatus.Portal(visible: false, action: nil))
        }
    }

    @Test func aMoveThatIsRunningWhenTheWindowExpiresIsFinished() async throws {
        let server = try OldMailServer(password: "old", messages: 30)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server, days: 1)
            server.state.withLock { state in
                state.before = { if $0 == "RETR 10" { platform.advance(hours: 25) } }
            }
            #expect(try await platform.login("old").decision == .accept)
            let status = try await platform.until { $0.status == .completed }
            #expect(status.status == .completed)
            #expect(status.moved == 30)
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func disablingStopsAMoveAfterItsBatchAndErasesThePassword() async throws {
        let server = try OldMailServer(password: "old", messages: 200)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.state.withLock { $0.holdsAt = "RETR 90" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.moved > 0 }
            _ = try await platform.move.settings.disable(NewPlatform.ann.domain)
            #expect(try await platform.row()?.sealed == nil)
            try await platform.settle()
            let status = try await platform.status()
            #expect(status.status == .failed)
            #expect(status.error?.reason == .migrationNotEnabled)
            #expect(status.moved < 200)
            #expect(platform.delivered().count == Int(status.moved))
            server.state.withLock { $0.holdsAt = nil }
            try await platform.enable(server)
            _ = try await platform.login("old")
            let after = try await platform.until { $0.status == .completed }
            #expect(after.moved == 200)
            #expect(platform.delivered().count == 200)
        }
    }

    @Test func lateMailIsBroughtWithoutAnotherLoginUntilTheTimeIsOver() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.options.followUp = .init(hours: 2, everyMinutes: 30) }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            #expect(try await platform.row()?.pending?.kind == .followUp)
            server.state.withLock { $0.messages.append(("late", OldMailServer.message(40))) }
            platform.advance(seconds: 1801)
            #expect(try await platform.until { $0.moved == 4 && $0.status == .completed }.moved == 4)
            for _ in 0..<600 where try await platform.row()?.sealed != nil {
                platform.advance(seconds: 601)
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await platform.row()?.sealed == nil)
            #expect(try await platform.status().runs <= 5)
        }
    }

    @Test func aClockThatIsSetHoldsUpNoRun() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.secondsBetweenRuns = 2
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            platform.setClock(by: -86400)
            let runs = try await platform.status().runs
            _ = try await platform.login("old")
            for _ in 0..<200 where platform.move.scheduler.load.queued == 0 {
                try await Task.sleep(for: .milliseconds(20))
            }
            platform.advance(seconds: 3)
            #expect(try await platform.until { $0.runs > runs }.runs == runs + 1)
        }
    }

    @Test func aClockThatIsSetNeitherGivesARetryUpNorPutsItOff() async throws {
        let server = try OldMailServer(password: "old", messages: 2)
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            server.stop()
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .failed }
            for jump in [-86400, 2 * 86400] as [Double] {
                platform.setClock(by: jump)
                let before = try #require(try await platform.row()?.pending).failures
                for _ in 0..<600 where try await platform.row()?.pending?.failures ?? 0 <= before {
                    platform.advance(seconds: 60)
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(try #require(try await platform.row()?.pending).failures > before)
            }
        }
    }

    @Test func lateMailEndsWithARejectedPassword() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.options.followUp = .init(hours: 5, everyMinutes: 30) }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            server.state.withLock { $0.password = "other" }
            platform.advance(seconds: 1801)
            let status = try await platform.until { $0.portal.action == .trigger }
            #expect(status.portal.action == .trigger)
            #expect(status.status == .completed)
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func aFailedRunIsTriedAgainByItselfAndGivenUpAfterADay() async throws {
        let server = try OldMailServer(password: "old", messages: 2)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .completed }
            server.stop()
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect(failed.error?.reason == .oldServerUnreachable)
            #expect(failed.moved == 2)
            let first = try await platform.row()?.pending
            #expect(first?.kind == .retry)
            try server.start()
            server.state.withLock { $0.messages.append(("u9", OldMailServer.message(9))) }
            platform.advance(seconds: 3)
            #expect(try await platform.until { $0.moved == 3 && $0.status == .completed }.moved == 3)
            server.stop()
            _ = try await platform.login("old")
            _ = try await platform.until { $0.status == .failed }
            platform.advance(hours: 25)
            for _ in 0..<3000 where try await platform.row()?.sealed != nil {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func aServerThatHangsUpIsTriedFiveTimesEachAfterALongerPause() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let hangUps = Mutex<[ContinuousClock.Instant]>([])
        server.state.withLock { state in
            state.hangsUpAt = "STAT"
            state.before = { line in
                guard line == "STAT" || server.state.withLock({ $0.login == .hangUp && line.hasPrefix("PASS ") }) else {
                    return
                }
                // The run has begun in the session of the login; from now on nobody gets in.
                server.state.withLock { $0.login = .hangUp }
                hangUps.withLock { $0.append(.now) }
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            let failed = try await platform.until { $0.status == .failed }
            #expect(failed.error?.reason == .oldServerUnreachable)
            // The next run, 1 s later by the test's clock, does not come.
            let tries = hangUps.withLock { $0 }
            #expect(tries.count == 5)
            for (number, pair) in zip(tries, tries.dropFirst()).enumerated() {
                #expect(pair.1 - pair.0 >= .seconds(0.125 * Double(1 << number)), "pause \(number)")
            }
        }
    }

    /// Listing them costs memory, whether they are there or not.
    @Test func ofMailboxesThatClaimToBeHugeFourMoveAtOnce() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let most = LargeMailboxes.most
        let accounts = (0..<most + 2).map { NewPlatform.address("user\($0)@example.com") }
        var limits = NewPlatform.quick
        limits.readTimeout = 600
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server, accounts: accounts)
            let size = "\(LargeMailboxes.messages + 1)"
            server.state.withLock { state in
                state.answer = { $0 == "STAT" ? "+OK \(size) 1000\r\n" : nil }
                state.holdsAt = "UIDL"
            }
            func listings() -> Int { server.state.withLock { $0.lines.count { $0 == "UIDL" } } }
            for account in accounts.prefix(most) { _ = try await platform.trigger("old", as: account) }
            for _ in 0..<3000 where listings() < most { try await Task.sleep(for: .milliseconds(20)) }
            for account in accounts.suffix(2) {
                _ = try await platform.trigger("old", as: account)
                var events = try await platform.events(of: account)
                for _ in 0..<3000 where !events.contains(where: { $0.kind == .postponed }) {
                    try await Task.sleep(for: .milliseconds(20))
                    events = try await platform.events(of: account)
                }
                let postponed = events.first { $0.kind == .postponed }
                #expect(postponed?.reason == .mailboxInUse)
                #expect(postponed?.detail?.contains("over \(LargeMailboxes.messages) messages") == true)
                #expect(try await platform.row(of: account)?.sealed != nil)
            }
            #expect(listings() == most)
            // It comes to its senses.
            server.state.withLock { $0.answer = nil }
            server.stop()
            try server.start()
            for account in accounts.prefix(most) { _ = try await platform.until(account) { $0.status == .completed } }
            platform.advance(seconds: Double(LargeMailboxes.patience + 1))
            for account in accounts {
                #expect(try await platform.until(account) { $0.status == .completed }.moved == 3)
            }
        }
    }

    @Test func aLongRunGivesWayToAShortOneAndIsFinishedAllTheSame() async throws {
        let (long, short) = (try OldMailServer(password: "old", messages: 3000), try OldMailServer(password: "old"))
        defer {
            long.stop()
            short.stop()
        }
        try await NewPlatform.run { platform in
            let bob = try EmailAddress("bob@example.org")
            try await platform.enable(long)
            try await platform.enable(short, accounts: [bob]) { $0.domain = bob.domain }
            short.state.withLock { $0.holdsAt = "RETR 2" }
            _ = try await platform.login("old", as: bob)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 3000)
            short.state.withLock { $0.holdsAt = nil }
            #expect(try await platform.until(bob) { $0.status == .completed }.moved == 3)
        }
        let young = YoungRuns()
        #expect(young.pause(after: .seconds(1)) == 0)
        young.begins(1)
        #expect(young.pause(after: .milliseconds(10)) == 0.06)
        #expect(young.pause(after: .seconds(60)) == 1)
        young.leaves(1)
        #expect(young.pause(after: .seconds(60)) == 0)
        young.begins(2, at: .now - .seconds(11))
        #expect(young.pause(after: .seconds(60)) == 0)
    }

    @Test func refusedMessagesAreNamedAndTriedAgain() async throws {
        let server = try OldMailServer(password: "old", messages: 6)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.state.withLock { $0.refuses = [2, 5] }
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect(failed.error?.reason == .messagesRefused)
            #expect((failed.moved, failed.remaining, failed.total) == (4, 2, 6))
            let named = try await platform.events().filter { $0.kind == .messageRefused }.compactMap(\.detail)
            #expect(named.contains { $0.contains("u1") } && named.contains { $0.contains("u4") })
            server.state.withLock { $0.refuses = [] }
            platform.advance(seconds: 5)
            #expect(try await platform.until { $0.status == .completed }.moved == 6)
        }
    }

    @Test func afterARestartARunGoesOnWhereTheKeyIsTheSame() async throws {
        let (folder, server) = (Self.folder(), try OldMailServer(password: "old", messages: 300))
        defer {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let key = SealKey.random()
        server.state.withLock { $0.holdsAt = "RETR 200" }
        try await NewPlatform.run(in: folder, sealKey: key) { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.moved > 0 }.status == .inProgress)
        }
        server.state.withLock { $0.holdsAt = nil }
        try await NewPlatform.run(in: folder, sealKey: key) { platform in
            let status = try await platform.until { $0.status == .completed }
            #expect(status.moved == 300)
            #expect(platform.delivered().count == 300)
        }
    }

    @Test func aRunUnderWhichTheProcessHasDiedTwiceIsPutOffAndNamed() async throws {
        let (folder, server) = (Self.folder(), try OldMailServer(password: "old", messages: 3))
        defer {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let key = SealKey.random()
        server.state.withLock { $0.holdsAt = "RETR" }
        for death in 1...2 {
            try await NewPlatform.run(in: folder, sealKey: key) { platform in
                if death == 1 {
                    try await platform.enable(server)
                    _ = try await platform.login("old")
                }
                _ = try await platform.until { $0.remaining == 3 }
            }
            // As if it had not ended in order.
            let records = try await SQLiteRecords.open(path: "\(folder)/mailmove.db")
            let id = try #require(try await records.read { try $0.account(NewPlatform.ann) }).id
            try await records.write { try $0.beginRun(of: id, isSuspect: false) }
            await records.close()
        }
        server.state.withLock { $0.holdsAt = nil }
        try await NewPlatform.run(in: folder, sealKey: key) { platform in
            let status = try await platform.status()
            #expect((status.status, status.error?.reason, status.moved) == (.failed, .interrupted, 0))
            #expect(status.error?.detail.contains("died 2 times") == true)
            #expect(try await platform.events().last?.detail == status.error?.detail)
            #expect(platform.move.scheduler.load.moving == 0)
            platform.advance(seconds: 31)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
        }
        // It has come through, and is as good as any other.
        let records = try await SQLiteRecords.open(path: "\(folder)/mailmove.db")
        #expect(try await records.write { try $0.chargeRuns() } == [])
        await records.close()
    }

    @Test func afterARestartWithAnotherKeyARunShowsAsInterrupted() async throws {
        let (folder, server) = (Self.folder(), try OldMailServer(password: "old", messages: 300))
        defer {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        server.state.withLock { $0.holdsAt = "RETR 200" }
        try await NewPlatform.run(in: folder) { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            _ = try await platform.until { $0.moved > 0 }
        }
        server.state.withLock { $0.holdsAt = nil }
        try await NewPlatform.run(in: folder) { platform in
            let status = try await platform.status()
            #expect(status.status == .failed)
            #expect(status.error?.reason == .interrupted)
            #expect(status.error?.reason.isRetryable == true)
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 300)
            #expect(platform.delivered().count == 300)
        }
    }

    @Test func aStoreThatCannotTakeMailFailsTheRunAndOneThatCanAgainResumesIt() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            let domain = "\(platform.folder)/mail/example.com"
            #expect(FileManager.default.createFile(atPath: domain, contents: Data()))
            _ = try await platform.login("old")
            let failed = try await platform.until { $0.status == .failed }
            #expect(failed.error?.reason == .mailStoreUnavailable)
            #expect(failed.error?.detail.contains(domain) == true)
            try FileManager.default.removeItem(atPath: domain)
            platform.advance(seconds: 5)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(platform.delivered().count == 3)
        }
    }

    @Test func aDeletedAccountStopsMovingAndMovesNothingTwiceWhenItIsMadeAgain() async throws {
        let server = try OldMailServer(password: "old", messages: 100)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            server.state.withLock { $0.holdsAt = "RETR 90" }
            _ = try await platform.login("old")
            _ = try await platform.until { $0.moved > 0 }
            let outcome = try await platform.move.accounts.delete([NewPlatform.ann])
            #expect(outcome.deleted == 1)
            try await platform.settle()
            await #expect(throws: MoveError.self) { _ = try await platform.status() }
            let there = platform.delivered().count
            #expect(there < 100)
            server.state.withLock { $0.holdsAt = nil }
            try await platform.enable(server)
            #expect(try await platform.status().status == .notStarted)
            _ = try await platform.login("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 100)
            #expect(platform.delivered().count == 100)
        }
    }

    private static func folder() -> String { "/var/tmp/mailmove-migration-\(UUID().uuidString)" }
}
