// SPDX-License-Identifier: Apache-2.0

import Accounts
import Ground
import Secrets
import Statuses
import Support
import Synchronization
import Testing
import Vocabulary

/// An old server that makes trouble for its master user.
@Suite(.timeLimit(.minutes(15))) struct MasterTroubleTests {
    private static let accounts = (1...12).map { NewPlatform.address("user\($0)@example.com") }
    private static let domain = NewPlatform.ann.domain

    private func run(
        limits: MoveLimits = NewPlatform.quick, accounts: [EmailAddress] = accounts,
        _ body: (NewPlatform, MemorySource) async throws -> Void
    ) async throws {
        let source = MemorySource(password: "master", inbox: [.init(id: "1", text: "Subject: one\n\nbody\n")])
        try await NewPlatform.run(from: source, into: try MemoryStore(), limits: limits) { platform in
            try await platform.enable(port: 1, accounts: accounts) { request in
                request.oldServer = OldServer(
                    .imap, host: "127.0.0.1", port: 1, security: .none,
                    master: OldServer.Master(user: "boss", form: .behind))
            }
            try await body(platform, source)
        }
    }

    @Test func aMailboxThatIsInUseDoesNotStopTheOthers() async throws {
        try await run { platform, source in
            source.state.withLock { $0.misdeeds[.login] = [.isBusy, .isBusy] }
            let outcome = try await platform.move.masters.move(Self.domain, password: Password("master"))
            #expect(outcome.queued == 12 && outcome.rejected.isEmpty)
            for account in Self.accounts {
                #expect(try await platform.until(account) { $0.status == .completed }.moved == 1)
            }
        }
    }

    @Test func whereNoMailboxCanBeEnteredTheReasonIsTold() async throws {
        try await run { platform, source in
            source.state.withLock { $0.misdeeds[.login] = [.isBusy, .isBusy, .isBusy] }
            await #expect(throws: MoveError.self) {
                _ = try await platform.move.masters.move(Self.domain, password: Password("master"))
            }
            #expect(source.state.withLock { $0.shown }.count == 3)
            for reason in [Reason.oldServerThrottled, .secureAuthenticationUnavailable] {
                source.state.withLock { state in
                    state.answer =
                        reason == .oldServerThrottled
                        ? .busy(reason, "slow down", seconds: 60) : .failed(reason, "no TLS", isForGood: false)
                }
                let error = await #expect(throws: MoveError.self) {
                    _ = try await platform.move.masters.move(Self.domain, password: Password("master"))
                }
                #expect(error?.reason == reason)
            }
            let status = try await platform.status(of: Self.accounts[0])
            #expect(status.status == .notStarted)
        }
    }

    @Test func aPasswordThatIsNoLongerTheMastersIsTriedThriceForAllAccounts() async throws {
        var limits = NewPlatform.quick
        limits.connectionsPerOldServer = 1
        try await run(limits: limits) { platform, source in
            source.state.withLock { state in
                state.before = { step in
                    // The first login is the check.
                    guard step == .farewell else { return }
                    source.state.withLock { $0.password = "another" }
                }
            }
            _ = try await platform.move.masters.move(Self.domain, password: Password("master"))
            for account in Self.accounts {
                let failed = try await platform.until(account) { $0.status == .failed }
                #expect(failed.error?.reason == .masterRejected)
                #expect(try await platform.row(of: account)?.sealed == nil)
            }
            #expect(source.state.withLock { $0.shown }.count == 1 + 3)
            // The right one is taken again.
            _ = try await platform.move.masters.move(Self.domain, password: Password("another"))
            for account in Self.accounts {
                #expect(try await platform.until(account) { $0.status == .completed }.moved == 1)
            }
        }
    }
}
