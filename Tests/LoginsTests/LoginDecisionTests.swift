// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import Logins

/// The contract's table, up to the old server's answer.
@Suite struct LoginDecisionTests {
    enum State: CaseIterable { case unknown, deleted, never, shown, unchanged, rejectedSince, changedHere }

    static func facts(
        _ state: State, window: WindowState? = .active, excluded: Bool = false, known: Bool? = nil,
        sync: Bool = true, autoCreate: Bool = false
    ) throws -> LoginFacts {
        let now = Timestamp(milliseconds: 1_000_000)
        var settings = MigrationSettings(
            domain: try DomainName("example.com"), oldServer: OldServer(host: "192.0.2.1"), validDays: 30,
            hasKnownAccounts: known != nil, autoCreateAccounts: autoCreate, syncPasswords: sync,
            options: MoveOptions(), enabledAt: now, generation: 3, warnings: [])
        switch window {
        case .expired: settings.expiresAt = now
        case .disabled: settings.disabledAt = now
        case .active, nil: break
        }
        var account: AccountRecord? = AccountRecord(
            address: try EmailAddress("ann@example.com"), passwordHash: "{CRYPT}x", createdAt: now)
        let mark = PasswordMark(revision: 1, generation: 3)
        switch state {
        case .unknown, .deleted: account = nil
        case .never: break
        case .shown: account?.shown = mark
        case .unchanged: account?.handover = .unchanged
        case .rejectedSince:
            account?.handover = .unchanged
            account?.rejected = mark
        case .changedHere: account?.handover = .changedHere
        }
        return LoginFacts(
            account: account, wasDeleted: state == .deleted, settings: window == nil ? nil : settings,
            isKnown: known ?? false, isExcluded: excluded, now: now)
    }

    @Test(arguments: [
        (State.unchanged, true, LoginDecision.acceptAndRun),
        (.rejectedSince, true, .accept),
        (.changedHere, true, .accept),
        (.never, true, .acceptAndAsk),
        (.shown, true, .accept),
        (.never, false, .ask),
        (.shown, false, .ask),
        (.unchanged, false, .reject),
        (.rejectedSince, false, .reject),
        (.changedHere, false, .reject),
        (.unknown, false, .reject),
        (.deleted, false, .reject),
    ])
    func anOpenWindowFollowsTheTable(_ state: State, matches: Bool, decision: LoginDecision) throws {
        #expect(LoginDecision(try Self.facts(state), matches: matches) == decision)
    }

    @Test(arguments: State.allCases, [WindowState.expired, .disabled, nil])
    func outsideTheWindowTheLocalPasswordAloneDecides(_ state: State, window: WindowState?) throws {
        let facts = try Self.facts(state, window: window, autoCreate: true)
        #expect(LoginDecision(facts, matches: true) == .accept)
        #expect(LoginDecision(facts, matches: false) == .reject)
    }

    @Test(arguments: State.allCases)
    func anExcludedAccountIsDecidedHereAlone(_ state: State) throws {
        let facts = try Self.facts(state, excluded: true, autoCreate: true)
        #expect(LoginDecision(facts, matches: true) == .accept)
        #expect(LoginDecision(facts, matches: false) == .reject)
    }

    @Test(arguments: State.allCases)
    func anAccountThatIsNotOnTheListIsDecidedHereAlone(_ state: State) throws {
        let facts = try Self.facts(state, known: false, autoCreate: true)
        #expect(LoginDecision(facts, matches: true) == .accept)
        #expect(LoginDecision(facts, matches: false) == .reject)
    }

    @Test func anAccountOnTheListMoves() throws {
        #expect(LoginDecision(try Self.facts(.never, known: true), matches: false) == .ask)
    }

    @Test(arguments: State.allCases)
    func withoutPasswordSyncNoPasswordLeaves(_ state: State) throws {
        let facts = try Self.facts(state, sync: false, autoCreate: true)
        #expect(LoginDecision(facts, matches: true) == .accept)
        #expect(LoginDecision(facts, matches: false) == .reject)
    }

    @Test func anUnknownAddressIsAskedForWhereAccountsAreCreatedByLogins() throws {
        #expect(LoginDecision(try Self.facts(.unknown, autoCreate: true), matches: false) == .askAndCreate)
        #expect(LoginDecision(try Self.facts(.deleted, autoCreate: true), matches: false) == .reject)
        #expect(LoginDecision(try Self.facts(.never, autoCreate: true), matches: false) == .ask)
    }

    @Test func newSettingsAreANewOccasion() throws {
        var facts = try Self.facts(.shown)
        facts.settings?.generation = 4
        #expect(LoginDecision(facts, matches: true) == .acceptAndAsk)
    }
}
