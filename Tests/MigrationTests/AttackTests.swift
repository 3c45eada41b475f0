// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import Records
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

@testable import Logins

/// Whoever guesses gets no further than the limits, and harms nobody else.
@Suite(.timeLimit(.minutes(15))) struct AttackTests {
    private static let new = NewPlatform.newPassword

    private func isTooMany(_ error: any Error) -> Bool {
        guard let error = error as? MoveError else { return false }
        return error.reason == .tooManyAttempts && (error.retryAfter ?? 0) > 0
    }

    @Test func ofTwoHundredGuessesAtOnceFiveReachTheOldServer() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            let (rejected, refused) = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            return try await platform.login("guess \(number)").decision == .reject
                        } catch  where self.isTooMany(error) {
                            return false
                        }
                    }
                }
                return try await group.reduce(into: (0, 0)) { $0 = ($0.0 + ($1 ? 1 : 0), $0.1 + ($1 ? 0 : 1)) }
            }
            #expect((rejected, refused) == (5, 195))
            #expect(Set(server.shown).count == 5)
            #expect(server.shown.count == 5)
            #expect(try await platform.login(Self.new).decision == .accept)
        }
    }

    @Test func guessesAreCountedOverARestart() async throws {
        let server = try OldMailServer(password: "old")
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let start = Timestamp.now
        try await NewPlatform.run(in: folder, startingAt: start) { platform in
            try await platform.enable(server)
            for number in 0..<5 { #expect(try await platform.login("wrong \(number)").decision == .reject) }
        }
        try await NewPlatform.run(in: folder, startingAt: start.adding(seconds: 60)) { platform in
            await #expect { _ = try await platform.login("old") } throws: { isTooMany($0) }
            let result = try await platform.login(Self.new)
            #expect(result.decision == .accept)
            platform.advance(seconds: 601)
            #expect(try await platform.login("old").decision == .accept)
        }
        #expect(server.shown.filter { $0.hasPrefix("wrong") }.count == 5)
    }

    @Test func countedGuessesDoNotPileUpInTheDatabase() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for round in 0..<4 {
                for number in 0..<5 { _ = try await platform.login("wrong \(round) \(number)") }
                platform.advance(seconds: 1300)
            }
            let all = try await platform.records.read { try $0.failures() }
            #expect(all.count <= 10)
        }
    }

    @Test func aNetworkIsCountedAsOneAndATrustedGatewayNotAtAll() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.failuresPerAddress = 4
        limits.trustedAddresses = ["192.0.2.25"]
        try await NewPlatform.run(limits: limits) { platform in
            let users = (0..<24).map { NewPlatform.address("user\($0)@example.com") }
            try await platform.enable(server, accounts: users)
            for number in 0..<4 {
                _ = try await platform.login("wrong", as: users[number], from: "2001:db8:0:1::\(number)")
            }
            await #expect {
                _ = try await platform.login("wrong", as: users[4], from: "2001:db8:0:1:ffff::9")
            } throws: {
                isTooMany($0)
            }
            #expect(try await platform.login("wrong", as: users[4], from: "2001:db8:0:2::1").decision == .reject)
            for number in 5..<20 {
                let result = try await platform.login("wrong", as: users[number], from: "::ffff:192.0.2.25")
                #expect(result.decision == .reject)
            }
            // The right password of the new platform opens from anywhere.
            #expect(
                try await platform.login(Self.new, as: users[20], from: "2001:db8:0:1::7").decision == .accept)
        }
    }

    @Test func aPhoneThatRepeatsAMistypedPasswordAllNightLocksNobodyOut() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.failuresPerAddress = 3
        try await NewPlatform.run(limits: limits) { platform in
            let bob = NewPlatform.address("bob@example.com")
            try await platform.enable(server, accounts: [NewPlatform.ann, bob])
            // Three hours, every five minutes.
            for _ in 0..<36 {
                #expect(try await platform.login("odl", from: "192.0.2.1").decision == .reject)
                platform.advance(seconds: 300)
            }
            #expect(server.shown.count < 20)
            #expect(try await platform.login("old", from: "192.0.2.1").decision == .accept)
            #expect(try await platform.login("old", as: bob, from: "192.0.2.1").decision == .accept)
        }
    }

    @Test func aServerThatNeverJudgesIsStillShownNoMoreThanTheAllowedGuesses() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.login = .hangUp }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            var refused = 0
            for number in 0..<12 {
                do {
                    #expect(try await platform.login("guess \(number)", from: "192.0.2.1").decision == .unavailable)
                } catch  where isTooMany(error) {
                    refused += 1
                }
            }
            #expect(server.shown.count == 5)
            #expect(refused == 7)
            #expect(try await platform.login(Self.new).decision == .accept)
        }
    }

    @Test func aServerThatDoesNotJudgeLocksNobodyOutWhoKnowsThePassword() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.login = .hangUp }
        var limits = NewPlatform.quick
        limits.failuresPerAddress = 2
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server)
            for _ in 0..<8 {
                #expect(try await platform.login("old", from: "192.0.2.1").decision == .unavailable)
                platform.advance(seconds: 150)
            }
            server.state.withLock { $0.login = .judge }
            #expect(try await platform.login("old", from: "192.0.2.1").decision == .accept)
        }
    }

    @Test func backgroundQuestionsNeverCount() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.failuresPerAccount = 1
        limits.failuresPerAddress = 1
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server)
            _ = try await platform.login(Self.new, from: "192.0.2.1")
            try await platform.settle()
            #expect(server.shown == [Self.new])
            #expect(try await platform.login("old", from: "192.0.2.1").decision == .accept)
        }
    }

    @Test func anUnknownAccountIsRejectedAsSlowlyAsOneThatTheOldServerRejects() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { state in
            state.before = { if $0.hasPrefix("PASS") { Thread.sleep(forTimeInterval: 0.6) } }
        }
        try await NewPlatform.run { platform in
            let bob = NewPlatform.address("bob@example.com")
            try await platform.enable(server, accounts: [NewPlatform.ann, bob])
            func seconds(_ account: EmailAddress, _ password: String) async throws -> Double {
                let start = ContinuousClock.now
                #expect(try await platform.login(password, as: account).decision == .reject)
                return (.now - start) / .seconds(1)
            }
            #expect(try await seconds(NewPlatform.ann, "w1") >= 0.6)
            for number in 0..<3 {
                let nobody = NewPlatform.address("nobody\(number)@example.com")
                #expect(try await seconds(nobody, "w2") >= 0.6)
            }
            // So is one whose old password is dead.
            try await platform.move.accounts.setPassword(bob, password: Password("changed-Pass-1"), passwordHash: nil)
            #expect(try await seconds(bob, "w3") >= 0.6)
            // An acceptance that comes at once makes no rejection quicker.
            server.state.withLock { $0.before = nil }
            let carol = NewPlatform.address("carol@example.com")
            try await platform.enable(server, accounts: [carol])
            #expect(try await platform.login("old", as: carol).decision == .accept)
            #expect(try await seconds(NewPlatform.address("nobody9@example.com"), "w4") >= 0.6)
        }
    }

    /// Whoever is on a list, on none, or has no account: one text, one duration, and no more tries than anybody.
    @Test func noListCanBeReadFromOutside() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { state in
            state.before = { if $0.hasPrefix("PASS") { Thread.sleep(forTimeInterval: 0.3) } }
        }
        try await NewPlatform.run { platform in
            let names = ["known", "excluded", "missing", "both"]
            let accounts = names.map { NewPlatform.address("\($0)@example.com") }
            try await platform.enable(server, accounts: accounts) {
                $0.knownAccounts = [accounts[0], accounts[3], NewPlatform.address("planned@example.com")]
                $0.excludedAccounts = [accounts[1], accounts[3]]
            }
            _ = try await platform.login("wrong", as: accounts[0])
            var texts: Set<String> = []
            let all = accounts + ["nobody", "planned"].map { NewPlatform.address("\($0)@example.com") }
            for account in all {
                for number in 0..<7 {
                    let start = ContinuousClock.now
                    do {
                        let result = try await platform.login("guess \(number)", as: account)
                        #expect(result.decision == .reject)
                        #expect(.now - start >= .milliseconds(300), "\(account)")
                        texts.insert(result.message.en)
                    } catch  where isTooMany(error) {
                        #expect(number >= (account == accounts[0] ? 4 : 5), "\(account)")
                    }
                }
            }
            #expect(texts == [Reason.credentialsRejected.text.en])
            #expect(Set(server.shown).count == 5)
        }
    }

    @Test func afterARestartAnUnknownAccountIsRejectedAsSlowlyAsBefore() async throws {
        let server = try OldMailServer(password: "old")
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        server.state.withLock { state in
            state.before = { if $0.hasPrefix("PASS") { Thread.sleep(forTimeInterval: 0.6) } }
        }
        try await NewPlatform.run(in: folder) { platform in
            try await platform.enable(server)
            #expect(try await platform.login("wrong").decision == .reject)
        }
        try await NewPlatform.run(in: folder) { platform in
            let start = ContinuousClock.now
            let result = try await platform.login("wrong", as: NewPlatform.address("nobody@example.com"))
            #expect(result.decision == .reject)
            #expect(.now - start >= .milliseconds(600))
        }
    }

    /// Each password that the old server is shown under a name that is nobody's counts for the client's network.
    @Test(
        arguments: [
            { "2001:db8:0:1::\($0 + 1)" }, { "[2001:db8:0:1:ffff::\($0 + 1)]:\($0 + 1000)" },
            { "192.0.2.1:\($0 + 1000)" },
            { "no address \($0)" }, { _ in nil },
        ] as [@Sendable (Int) -> String?])
    func whoeverGuessesUnderNewNamesIsOneClient(_ address: @Sendable (Int) -> String?) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        for words in ["-ERR no such user here", "-ERR [AUTH] no", "-ERR account is locked out"] {
            server.state.withLock { $0.login = .say(words) }
            var limits = NewPlatform.quick
            limits.failuresPerAddress = 8
            let before = server.shown.count
            try await NewPlatform.run(limits: limits) { platform in
                try await platform.enable(server, accounts: []) { $0.autoCreateAccounts = true }
                for number in 0..<20 {
                    for _ in 0..<2 {
                        let nobody = NewPlatform.address("nobody\(number)@example.com")
                        _ = try? await platform.login("guess", as: nobody, from: address(number))
                    }
                }
            }
            #expect(server.shown.count - before == 8, "\(words)")
        }
    }

    @Test func aPasswordThatIsNeitherTakenNorRejectedIsShownFiveTimesAtMost() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        for words in [
            "-ERR account is locked out", "-ERR [SYS/TEMP] later", "-ERR [IN-USE] locked", "-ERR whatever", "HELLO",
        ] {
            server.state.withLock { $0.login = .say(words) }
            let before = server.shown.count
            try await NewPlatform.run { platform in
                try await platform.enable(server)
                for second in 0..<500 {
                    if second % 2 == 0 {
                        _ = try? await platform.login("same")
                    } else {
                        _ = try? await platform.trigger("same")
                    }
                    platform.advance(seconds: 1)
                }
            }
            #expect((1...5).contains(server.shown.count - before), "\(words): \(server.shown.count - before)")
        }
    }

    @Test(arguments: [-86_400.0, 86_400])
    func aClockThatIsSetDuringARestartNeitherFreesNorLocksForLonger(offset: Double) async throws {
        let server = try OldMailServer(password: "old")
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let start = Timestamp.now
        try await NewPlatform.run(in: folder, startingAt: start) { platform in
            try await platform.enable(server, days: 100)
            for number in 0..<5 { _ = try await platform.login("wrong \(number)") }
        }
        try await NewPlatform.run(in: folder, startingAt: start.adding(seconds: offset)) { platform in
            await #expect { _ = try await platform.login("old") } throws: { isTooMany($0) }
            platform.setClock(by: -offset)
            await #expect { _ = try await platform.login("old") } throws: { isTooMany($0) }
            platform.advance(seconds: 601)
            let result = try await platform.login("old")
            #expect(result.decision == .accept)
        }
    }

    @Test func withoutAnOldServerEveryWrongPasswordTakesAsLongAsTheSlowestKindOfHash() async throws {
        try await NewPlatform.run { platform in
            // A tenth of a second and more, and about a millisecond.
            let hashes = ["$6$rounds=500000$saltsaltsalt$", "$1$saltsalt$"]
            let accounts = ["slow@example.com", "quick@example.com"]
            for (address, setting) in zip(accounts, hashes) {
                let length = setting.hasPrefix("$6") ? 86 : 22
                let row = AccountRow(
                    address: address, password: nil, passwordHash: setting + String(repeating: ".", count: length),
                    displayName: nil, quotaOctets: nil)
                _ = try await platform.move.accounts.create([row], onExisting: .fail)
            }
            func duration(_ account: String) async throws -> Duration {
                let start = ContinuousClock.now
                let result = try await platform.login("wrong", as: NewPlatform.address(account))
                #expect(result.decision == .reject)
                return .now - start
            }
            _ = try await duration(accounts[0])
            let slowest = min(platform.pool.slowestMismatch, LoginDesk.longestPad)
            #expect(slowest > .milliseconds(20))
            #expect(try await duration(accounts[1]) >= slowest)
            #expect(try await duration("nobody@example.com") >= slowest)
        }
    }

    @Test func anotherSpellingOfAnUnknownAddressIsAskedAfresh() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        // The old server tells Bob from bob.
        let named = Mutex("")
        server.state.withLock {
            $0.before = { line in if line.hasPrefix("USER ") { named.withLock { $0 = line } } }
            $0.answer = { line in
                line.hasPrefix("PASS ") && named.withLock { $0 } == "USER Bob@example.com"
                    ? "-ERR [AUTH] wrong\r\n" : nil
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.autoCreateAccounts = true }
            for _ in 0..<2 {
                let other = try await platform.login("old", as: NewPlatform.address("Bob@example.com"))
                #expect(other.decision == .reject)
            }
            #expect(server.shown.count == 1)
            #expect(try await platform.login("old", as: NewPlatform.address("bob@example.com")).decision == .accept)
        }
    }

    @Test func aPasswordThatNobodyCouldHaveAsksNobody() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.autoCreateAccounts = true }
            let long = String(repeating: "x", count: 512)
            for password in ["", "a\nb", "a\rb", "a\0b", "old\r\nDELE 1", long] {
                #expect(try await platform.login(password).decision == .reject)
                #expect(
                    try await platform.login(password, as: NewPlatform.address("no@example.com")).decision == .reject)
            }
            #expect(server.connections == 0)
            #expect(try await platform.login(String(repeating: "x", count: 511)).decision == .reject)
            #expect(server.shown == [String(repeating: "x", count: 511)])
        }
    }
}
