// SPDX-License-Identifier: Apache-2.0

import Foundation
import Ground
import Records
import Synchronization
import Testing
import Vocabulary

@testable import Migration
@testable import Notices

/// Who is told of a migration's news, on a platform whose clock the test moves.
@Suite struct NoticeTests {
    /// Takes news, or does not.
    private final class Listener: Sendable {
        private struct Away: Error {}

        private let state = Mutex<(heard: [Notice], refused: Int, isAway: Bool)>(([], 0, false))

        var heard: [Notice.Kind] { state.withLock { $0.heard.map(\.event) } }
        var last: Notice? { state.withLock { $0.heard.last } }
        var refused: Int { state.withLock { $0.refused } }

        func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

        var courier: MailMove.Courier {
            { octets, address in
                guard address == .socket(path: "/run/alerts") else { throw Away() }
                let notice = try JSONDecoder().decode(Notice.self, from: Data(octets))
                let isAway = self.state.withLock { state in
                    if state.isAway { state.refused += 1 } else { state.heard.append(notice) }
                    return state.isAway
                }
                if isAway { throw Away() }
            }
        }
    }

    private static var limits: MoveLimits {
        var limits = NewPlatform.quick
        limits.noticeAddress = .socket(path: "/run/alerts")
        return limits
    }

    private func wait(on platform: NewPlatform? = nil, until isSo: () -> Bool) async throws {
        for _ in 0..<3000 where !isSo() {
            platform?.move.notices.wake()
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(isSo())
    }

    private func domainEvents(_ platform: NewPlatform) async throws -> [EventRecord.Kind] {
        let query = EventQuery(subject: .domain(NewPlatform.ann.domain), limit: 1000)
        return try await platform.records.read { try $0.events(query).events }.filter { $0.account == nil }.map(\.kind)
    }

    @Test func theEndOfAWindowIsToldOnceWithWhoHasNotCome() async throws {
        let listener = Listener()
        let folder = "/var/tmp/mailmove-notices-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var now = Timestamp.now
        try await NewPlatform.run(
            in: folder, limits: Self.limits, telling: listener.courier, startingAt: now
        ) { platform in
            try await platform.enable(port: 1)
            platform.advance(hours: 26 * 24)
            platform.advance(hours: 25)
            try await wait(on: platform) { listener.heard == [.windowEnding] }
            #expect(listener.last?.notStarted == Notice.Waiting(accounts: 1, first: ["ann@example.com"]))
            now = platform.now
        }
        // As after a restart.
        try await NewPlatform.run(
            in: folder, limits: Self.limits, telling: listener.courier, startingAt: now
        ) { platform in
            platform.advance(hours: 72)
            try await wait(on: platform) { listener.heard.count >= 2 }
            #expect(listener.heard == [.windowEnding, .windowEnded])
            #expect(listener.last?.leftToDo.en == "0 completed, 1 not started")
            #expect(try await domainEvents(platform) == [.enabled, .windowEnding, .windowEnded])
        }
    }

    @Test func whatNobodyTookIsToldAfterARestart() async throws {
        let listener = Listener()
        listener.setAway(true)
        let folder = "/var/tmp/mailmove-notices-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var now = Timestamp.now
        try await NewPlatform.run(
            in: folder, limits: Self.limits, telling: listener.courier, startingAt: now
        ) { platform in
            try await platform.enable(port: 1)
            _ = try await platform.move.settings.disable(NewPlatform.ann.domain)
            try await wait(on: platform) { listener.refused >= 2 }
            now = platform.now
        }
        #expect(listener.heard.isEmpty)
        listener.setAway(false)
        try await NewPlatform.run(
            in: folder, limits: Self.limits, telling: listener.courier, startingAt: now
        ) { platform in
            try await wait(on: platform) { listener.heard == [.windowEnded] }
            #expect(try await domainEvents(platform) == [.enabled, .disabled, .windowEnded])
            // It is there, and is not kept any longer.
            for _ in 0..<3000 {
                let kept = try await platform.records.kept("notices/example.com") ?? []
                if try JSONDecoder().decode(DomainNotices.self, from: Data(kept)).pending.isEmpty { break }
                platform.move.notices.wake()
                try await Task.sleep(for: .milliseconds(20))
            }
            let kept = try await platform.records.kept("notices/example.com") ?? []
            #expect(try JSONDecoder().decode(DomainNotices.self, from: Data(kept)).pending.isEmpty)
        }
        #expect(listener.heard == [.windowEnded])
    }

    @Test func withoutATargetTheEventIsThereAllTheSame() async throws {
        try await NewPlatform.run { platform in
            try await platform.enable(port: 1)
            _ = try await platform.move.settings.disable(NewPlatform.ann.domain)
            for _ in 0..<3000 {
                platform.move.notices.wake()
                if try await domainEvents(platform).contains(.windowEnded) { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await domainEvents(platform) == [.enabled, .disabled, .windowEnded])
        }
    }
}
