// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Logins
import Records
import Secrets
import Synchronization
import Testing
import Vocabulary

/// Things that happen to an account at the same time.
@Suite(.timeLimit(.minutes(15))) struct RaceTests {
    private static let new = NewPlatform.newPassword

    /// Does `deed` once, while the old server thinks about a password.
    private func meanwhile(_ server: OldMailServer, _ deed: @escaping @Sendable () async throws -> Void) {
        let isDone = Mutex(false)
        server.state.withLock { state in
            state.before = { line in
                let isFirst = isDone.withLock { done in
                    defer { if line.hasPrefix("PASS") { done = true } }
                    return !done && line.hasPrefix("PASS")
                }
                guard isFirst else { return }
                let finished = DispatchSemaphore(value: 0)
                Task {
                    do { try await deed() } catch { Issue.record(error) }
                    finished.signal()
                }
                finished.wait()
            }
        }
    }

    /// A mail program opens its connections all at once.
    @Test func loginsAtOnceWithTheOldPasswordAskTheOldServerOnce() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        var limits = NewPlatform.quick
        limits.secondsBetweenRuns = 60
        try await NewPlatform.run(limits: limits) { platform in
            try await platform.enable(server)
            let replaced = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let result = try await platform.login("old")
                        #expect(result.decision == .accept)
                        return result.passwordReplaced
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(replaced == 1)
            _ = try await platform.until { $0.status == .completed }
            #expect(server.shown.count == 2, "the question, whose session the run goes on in, and the one after that")
        }
    }

    /// What came after the run's listing would else wait for the login after this one.
    @Test func aLoginWhileARunEndsIsFollowedByAnotherRun() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            #expect(try await platform.login("old").decision == .accept)
            _ = try await platform.until { $0.status == .completed }
            try await platform.settle()
            let quits = server.state.withLock { state in
                state.holdsAt = "QUIT"
                return state.lines.count { $0 == "QUIT" }
            }
            #expect(try await platform.login("old").decision == .accept)
            while server.state.withLock({ $0.lines.count { $0 == "QUIT" } }) == quits {
                try await Task.sleep(for: .milliseconds(5))
            }
            server.state.withLock { $0.messages.append(("late", OldMailServer.message(7))) }
            #expect(try await platform.login("old").decision == .accept)
            while !platform.move.logins.isIdle { try await Task.sleep(for: .milliseconds(5)) }
            server.state.withLock { $0.holdsAt = nil }
            #expect(try await platform.until { $0.moved == 4 }.moved == 4)
            try await platform.settle()
            #expect(try await platform.row()?.sealed == nil, "nothing is kept for longer than that run")
        }
    }

    @Test func aPasswordThatTheUserSetsWhileTheOldServerThinksStays() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            meanwhile(server) {
                try await platform.move.accounts.setPassword(
                    NewPlatform.ann, password: Password("changed-Pass-1"), passwordHash: nil)
            }
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.login("changed-Pass-1").decision == .accept)
            let row = try #require(try await platform.row())
            #expect(row.handover == .changedHere && row.startedAt == nil && row.sealed == nil)
        }
    }

    @Test func anAccountThatIsDeletedWhileTheOldServerThinksStaysDeleted() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server) { $0.autoCreateAccounts = true }
            meanwhile(server) { _ = try await platform.move.accounts.delete([NewPlatform.ann]) }
            #expect(try await platform.login("old").decision == .reject)
            #expect(try await platform.row()?.deletedAt != nil)
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func anAccountThatIsMadeAgainMeanwhileIsDecidedAfresh() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            meanwhile(server) {
                _ = try await platform.move.accounts.delete([NewPlatform.ann])
                _ = try await platform.enable(server)
            }
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(try await platform.login(Self.new).decision == .reject)
        }
    }

    @Test func settingsThatChangeMeanwhileAreAskedUnderAgain() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            meanwhile(server) { _ = try await platform.enable(server) }
            #expect(try await platform.login("old").decision == .accept)
            #expect(server.shown.count >= 2)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
        }
    }

    @Test func twoLoginsWithDifferentPasswordsAtOnceAreEachDecidedRight() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let result = try await platform.login("old")
                        #expect(result.decision == .accept)
                    }
                    group.addTask {
                        let result = try await platform.login("wrong")
                        #expect(result.decision == .reject)
                    }
                }
                // The new password is right until the old one has taken its place.
                group.addTask { _ = try await platform.login(Self.new) }
                try await group.waitForAll()
            }
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            try await platform.settle()
            #expect(try await platform.events().filter { $0.kind == .handedOver }.count == 1)
            #expect(try await platform.login(Self.new).decision == .reject)
            #expect(platform.delivered().count == 3)
        }
    }

    @Test func theStatusIsTheLatestHoweverManyLoginsComeWithItsEnd() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            for _ in 0..<5 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 { group.addTask { _ = try await platform.login("old") } }
                    try await group.waitForAll()
                }
                try await platform.settle()
                let row = try #require(try await platform.row())
                #expect(try await platform.status().status == row.status)
                #expect(row.status == .completed)
            }
        }
    }

    @Test func aDaemonThatStopsInTheMiddleOfALoginLeavesNoHalfHandOver() async throws {
        let server = try OldMailServer(password: "old")
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let key = SealKey.random()
        let login = Mutex<Task<LoginResult, any Error>?>(nil)
        try await NewPlatform.run(in: folder, sealKey: key) { platform in
            try await platform.enable(server)
            let isAsked = Mutex(false)
            server.state.withLock { state in
                state.before = { if $0.hasPrefix("PASS") { isAsked.withLock { $0 = true } } }
                state.holdsAt = "PASS old"
            }
            let task = Task { try await platform.login("old") }
            login.withLock { $0 = task }
            for _ in 0..<3000 where !isAsked.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(20)) }
            platform.move.stop()
            task.cancel()
        }
        _ = await login.withLock { $0 }?.result
        server.state.withLock { state in
            state.holdsAt = nil
            state.before = nil
        }
        try await NewPlatform.run(in: folder, sealKey: key) { platform in
            let row = try #require(try await platform.row())
            #expect(row.handover == .never && row.startedAt == nil && row.sealed == nil)
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
        }
    }
}
