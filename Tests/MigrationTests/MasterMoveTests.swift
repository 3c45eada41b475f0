// SPDX-License-Identifier: Apache-2.0

import Accounts
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// Mail that moves by the old server's master user, before anyone logs in.
@Suite(.timeLimit(.minutes(15))) struct MasterMoveTests {
    private static let bob = NewPlatform.address("bob@example.com")

    private func run(
        _ body: (NewPlatform, MemorySource) async throws -> Void
    ) async throws {
        let source = MemorySource(
            password: "master", inbox: (1...5).map { .init(id: "\($0)", text: "Subject: \($0)\n\nbody\n") })
        try await NewPlatform.run(from: source, into: try MemoryStore()) { platform in
            try await platform.enable(port: 1, accounts: [NewPlatform.ann, Self.bob]) { request in
                request.oldServer = OldServer(
                    .imap, host: "127.0.0.1", port: 1, security: .none,
                    master: OldServer.Master(user: "boss", form: .behind))
            }
            try await body(platform, source)
        }
    }

    @Test func mailMovesAndNothingIsHandedOver() async throws {
        try await run { platform, source in
            let outcome = try await platform.move.masters.move(NewPlatform.ann.domain, password: Password("master"))
            #expect(outcome.queued == 2 && outcome.rejected.isEmpty)
            for account in [NewPlatform.ann, Self.bob] {
                let status = try await platform.until(account) { $0.status == .completed }
                #expect((status.moved, status.startedBy) == (5, .admin))
                try await platform.rest()
                let row = try #require(try await platform.row(of: account))
                #expect(row.handover == .never && row.sealed == nil && row.lastAttempt == nil && row.rejected == nil)
            }
            // A login hands over as ever, and nothing comes twice.
            source.state.withLock { $0.password = "old" }
            #expect(try await platform.login("old").decision == .accept)
            #expect(try await platform.until { $0.status == .completed && $0.runs > 1 }.moved == 5)
        }
    }

    @Test func aWrongPasswordIsTriedThriceAtMost() async throws {
        try await run { platform, source in
            let more = (1...5).map { NewPlatform.address("user\($0)@example.com") }
            try await platform.enable(port: 1, accounts: more) { request in
                request.oldServer.mailProtocol = .imap
                request.oldServer.master = OldServer.Master(user: "boss", form: .before)
            }
            let error = await #expect(throws: MoveError.self) {
                _ = try await platform.move.masters.move(NewPlatform.ann.domain, password: Password("guess"))
            }
            #expect(error?.reason == .masterRejected && error?.detail.contains("guess") == false)
            #expect(source.state.withLock { $0.shown }.count == 3)
            #expect(try await platform.status().status == .notStarted)
        }
    }

    @Test func whoCannotMoveIsToldAndTheOthersMove() async throws {
        try await run { platform, _ in
            let nobody = NewPlatform.address("nobody@example.com")
            let outcome = try await platform.move.masters.move([NewPlatform.ann, nobody], password: Password("master"))
            #expect(outcome.queued == 1 && outcome.rejected.map(\.address) == [nobody])
            #expect(outcome.rejected.map(\.reason) == [.accountNotFound])
            #expect(try await platform.until { $0.status == .completed }.moved == 5)
        }
    }

    /// A domain that does not move stops no other; alone, it is the answer.
    @Test func aDomainThatDoesNotMoveStopsNoOther() async throws {
        try await run { platform, _ in
            let eve = NewPlatform.address("eve@elsewhere.example")
            try await platform.enable(port: 1, accounts: [NewPlatform.ann, eve]) { request in
                request.oldServer.mailProtocol = .imap
                request.oldServer.master = OldServer.Master(user: "boss", form: .behind)
            }
            let outcome = try await platform.move.masters.move([NewPlatform.ann, eve], password: Password("master"))
            #expect(outcome.queued == 1 && outcome.rejected.map(\.address) == [eve])
            #expect(outcome.rejected.map(\.reason) == [.migrationNotEnabled])
            let error = await #expect(throws: MoveError.self) {
                _ = try await platform.move.masters.move([eve], password: Password("master"))
            }
            #expect(error?.reason == .migrationNotEnabled)
        }
    }

    @Test func aMasterUserWhomTheServerNoLongerKnowsEndsTheMove() async throws {
        try await run { platform, source in
            source.state.withLock { $0.misdeeds[.listing] = [.hangsUp] }
            let logins = Mutex(0)
            source.state.withLock { state in
                state.before = { step in
                    guard step == .login else { return }
                    let isSecond = logins.withLock { count in
                        count += 1
                        return count == 2
                    }
                    if isSecond { source.state.withLock { $0.password = "another" } }
                }
            }
            _ = try await platform.move.masters.move([NewPlatform.ann], password: Password("master"))
            let failed = try await platform.until { $0.status == .failed }
            #expect(failed.error?.reason == .masterRejected)
            #expect(try await platform.row()?.sealed == nil)
        }
    }

    @Test func withoutAMasterUserThereIsNothingToMoveBy() async throws {
        try await run { platform, _ in
            try await platform.enable(port: 1)
            let error = await #expect(throws: InvalidParameter.self) {
                _ = try await platform.move.masters.move(NewPlatform.ann.domain, password: Password("master"))
            }
            #expect(error?.parameter == "masterPassword")
        }
    }
}
