// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import Statuses

/// What an answer about a password changes, case by case, and what keeps it from changing anything.
@Suite struct LoginEffectsTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private let ann: EmailAddress
    private let settings: MigrationSettings
    private let sealed = LoginEffects.Sealed([1])

    init() throws {
        ann = try EmailAddress("ann@example.com")
        settings = MigrationSettings(
            domain: try DomainName("example.com"), oldServer: OldServer(host: "192.0.2.1"), validDays: 30,
            hasKnownAccounts: false, autoCreateAccounts: true, syncPasswords: true, options: MoveOptions(),
            enabledAt: now, generation: 3, warnings: [])
    }

    private func account(_ change: (inout AccountRecord) -> Void = { _ in }) -> AccountRecord {
        var account = AccountRecord(address: ann, passwordHash: "{CRYPT}own", createdAt: now)
        account.id = 7
        change(&account)
        return account
    }

    private func effects(
        _ outcome: LoginEffects.Outcome, asked: AccountRecord?, then facts: AccountFacts, via: TriggerOrigin = .imap
    ) -> AccountEffects? {
        LoginEffects(outcome, via: via, at: now, asked: asked, address: ann, generation: 3).effects(on: facts)
    }

    private func effects(_ outcome: LoginEffects.Outcome, on account: AccountRecord) -> AccountEffects? {
        effects(outcome, asked: account, then: AccountFacts(row: account, settings: settings))
    }

    // MARK: What changes

    @Test func aPasswordThatIsTakenOverBecomesTheAccountsOwnAndItsMoveBegins() throws {
        let effects = try #require(self.effects(.takenOver(hash: "{CRYPT}old", sealed), on: account()))
        let row = try #require(effects.account)
        #expect(row.passwordHash == "{CRYPT}old")
        #expect(row.handover == .unchanged)
        #expect(row.revision == 2)
        #expect(row.outcome == .inProgress)
        #expect(row.sealed == [1])
        #expect(row.pending == PendingRun(kind: .first, due: now))
        #expect((row.startedAt, row.startedBy, row.lastTriggeredAt) == (now, .imap, now))
        #expect(effects.events.map(\.kind) == [.handedOver, .triggered])
    }

    @Test func aPasswordThatIsTheAccountsOwnAlreadyKeepsItsHash() {
        let row = effects(.takenOver(hash: nil, sealed), on: account())?.account
        #expect(row?.passwordHash == "{CRYPT}own")
        #expect(row?.handover == .unchanged)
    }

    @Test func anAccountComesIntoBeingWithTheOldServersWord() throws {
        let nobody = AccountFacts(row: nil, settings: settings)
        let born = try #require(effects(.takenOver(hash: "{CRYPT}old", sealed), asked: nil, then: nobody))
        #expect(born.account?.id == 0)
        #expect(born.account?.address == ann)
        #expect(born.account?.handover == .unchanged)
        #expect(born.events.map(\.kind) == [.created, .handedOver, .triggered])
        // Not where somebody was quicker, or there was one before, or nobody wants it.
        let there = AccountFacts(row: account(), settings: settings)
        #expect(effects(.takenOver(hash: "x", sealed), asked: nil, then: there) == nil)
        let deleted = AccountFacts(row: account { $0.deletedAt = now }, settings: settings)
        #expect(effects(.takenOver(hash: "x", sealed), asked: nil, then: deleted) == nil)
        var strict = settings
        strict.autoCreateAccounts = false
        let unwanted = AccountFacts(row: nil, settings: strict)
        #expect(effects(.takenOver(hash: "x", sealed), asked: nil, then: unwanted) == nil)
    }

    @Test func whoKeepsHisOwnPasswordMovesWithTheOldOne() throws {
        let changed = account { $0.handover = .changedHere }
        let effects = try #require(self.effects(.started(sealed), on: changed))
        #expect(effects.account?.passwordHash == "{CRYPT}own")
        #expect(effects.account?.handover == .changedHere)
        #expect(effects.account?.revision == 1)
        #expect(effects.account?.outcome == .inProgress)
        #expect(effects.events.map(\.kind) == [.triggered])
    }

    @Test func theSamePasswordIsKeptAsItWasSealed() {
        let again = LoginEffects.Sealed([1], equal: [9])
        #expect(effects(.started(again), on: account { $0.sealed = [9] })?.account?.sealed == [9])
        #expect(effects(.started(again), on: account { $0.sealed = [8] })?.account?.sealed == [1])
        #expect(effects(.started(again), on: account())?.account?.sealed == [1])
    }

    @Test func whatIsMissingIsForgottenAndFetchedAgain() throws {
        let row = LedgerRow(uniqueID: 1, occurrence: 0, content: 1, octets: 100, source: 7)
        let before = account { ($0.moved, $0.movedOctets) = (5, 450) }
        let effects = try #require(self.effects(.repaired(sealed, missing: [row], of: 5), on: before))
        #expect(effects.account?.moved == 4)
        #expect(effects.account?.movedOctets == 350)
        #expect(effects.account?.outcome == .inProgress)
        #expect(effects.forgotten == [row])
        // Something has been moved since.
        let since = AccountFacts(row: account { $0.moved = 6 }, settings: settings)
        #expect(self.effects(.repaired(sealed, missing: [row], of: 5), asked: before, then: since) == nil)
    }

    @Test(arguments: [
        (nil, LoginEffects.RunState.none, PendingRun.Kind.incremental, 1),
        (PendingRun.Kind.first, .running, .first, 0),
        (.retry, .waiting, .retry, 0),
        (.followUp, .waiting, .incremental, 0),
        (.followUp, .running, .repeated, 0),
        (.incremental, .waiting, .incremental, 0),
        (.incremental, .running, .repeated, 0),
        (.repeated, .running, .repeated, 0),
    ])
    func aFurtherLoginAsksForMore(
        before: PendingRun.Kind?, run: LoginEffects.RunState, after: PendingRun.Kind, events: Int
    ) throws {
        let later = now.adding(seconds: 99)
        let row = account { row in
            row.handover = .unchanged
            if let before { row.keep([9], for: PendingRun(kind: before, due: later)) }
        }
        let effects = try #require(self.effects(.askedForMore(sealed, run), on: row))
        #expect(effects.account?.pending?.kind == after)
        #expect(effects.account?.lastTriggeredAt == now)
        #expect(effects.account?.outcome == row.outcome)
        #expect(effects.account?.sealed == (before == nil ? [1] : [9]))
        #expect(effects.events.count == events)
        if before == .retry || before == .followUp { #expect(effects.account?.pending?.due == now) }
    }

    @Test func whatIsShownIsRememberedFirstAndTakenBackWhereItWasNot() {
        let mark = PasswordMark(revision: 1, generation: 3)
        #expect(effects(.willBeShown, on: account())?.account?.shown == mark)
        #expect(effects(.wasNotShown, on: account { $0.shown = mark })?.account?.shown == nil)
        let other = PasswordMark(revision: 1, generation: 2)
        #expect(effects(.wasNotShown, on: account { $0.shown = other })?.account?.shown == other)
    }

    @Test func aRejectionIsToldAndTheAccountsOwnIsNotAskedAboutAgain() throws {
        let told = try #require(effects(.rejected("no", remembers: false), on: account()))
        #expect(told.account?.rejected == nil)
        #expect(told.events.map(\.kind) == [.passwordRejected])
        #expect(told.events.first?.detail == "no")
        let kept = effects(.rejected("no", remembers: true), on: account())
        #expect(kept?.account?.rejected == PasswordMark(revision: 1, generation: 3))
        #expect(kept?.account?.passwordHash == "{CRYPT}own")
        // Of nobody, nothing is told.
        let nobody = AccountFacts(row: nil, settings: settings)
        #expect(effects(.rejected("no", remembers: false), asked: nil, then: nobody) == nil)
    }

    @Test func noSuchUserIsNeverBelievedOfOneWhoHasMoved() {
        #expect(effects(.noSuchUser("who?"), on: account())?.account?.nonMigrating == .reply)
        let moved = effects(.noSuchUser("who?"), on: account { $0.startedAt = now })
        #expect(moved?.account?.nonMigrating == nil && moved?.events.isEmpty == true)
        #expect(effects(.noSuchUser("who?"), on: account { $0.nonMigrating = .reply })?.events.isEmpty == true)
    }

    @Test func aFailureIsToldOnceInTenMinutesAndNeverOfOneWhoMoves() {
        let failure = LoginEffects.Outcome.failed(.oldServerUnreachable, "gone")
        #expect(effects(failure, on: account())?.account?.outcome == .failed)
        let moving = effects(failure, on: account { $0.beginMoving() })
        #expect(moving?.account?.outcome == .inProgress && moving?.events.isEmpty == true)
        func failed(_ reason: Reason, before seconds: Double) -> AccountRecord {
            account { $0.fail(with: reason, "gone", at: now.adding(seconds: -seconds)) }
        }
        func events(_ account: AccountRecord) -> Int? { effects(failure, on: account)?.events.count }
        #expect(events(failed(.oldServerUnreachable, before: 599)) == 0)
        #expect(events(failed(.oldServerUnreachable, before: 600)) == 1)
        #expect(events(failed(.oldServerProtocol, before: 1)) == 1)
        let postponed = effects(.postponed(.mailboxInUse, "busy"), on: account())
        #expect(postponed?.account?.outcome == .notStarted)
        #expect(postponed?.account?.error == nil)
    }

    // MARK: The latest attempt

    private func attempt(_ outcome: LoginEffects.Outcome, on account: AccountRecord) -> PasswordAttempt? {
        effects(outcome, on: account)?.account?.lastAttempt
    }

    @Test func everyAnswerIsAnAttempt() {
        func came(_ outcome: AttemptOutcome, _ reason: Reason? = nil) -> PasswordAttempt {
            PasswordAttempt(at: now, via: .imap, outcome: outcome, reason: reason)
        }
        let accepted: [LoginEffects.Outcome] = [
            .takenOver(hash: "x", sealed), .intended(hash: "x", replaced: nil, sealed), .started(sealed),
            .repaired(sealed, missing: [], of: 0),
        ]
        for outcome in accepted { #expect(attempt(outcome, on: account()) == came(.accepted), "\(outcome)") }
        #expect(attempt(.rejected("no", remembers: false), on: account()) == came(.rejected, .credentialsRejected))
        #expect(attempt(.noSuchUser("who?"), on: account()) == came(.noSuchUser))
        #expect(attempt(.postponed(.mailboxInUse, "x"), on: account()) == came(.unavailable, .mailboxInUse))
        #expect(attempt(.failed(.oldServerUntrusted, "x"), on: account()) == came(.unavailable, .oldServerUntrusted))
        #expect(effects(.notAsked(.unavailable, .overloaded), on: account())?.events.isEmpty == true)
        #expect(attempt(.notAsked(.unavailable, .overloaded), on: account()) == came(.unavailable, .overloaded))
        #expect(effects(.notAsked(.rejected, nil), asked: nil, then: AccountFacts(row: nil, settings: settings)) == nil)
    }

    @Test func whatIsNotAskedYetIsNoAttempt() {
        for outcome in [LoginEffects.Outcome.askedForMore(sealed, .none), .willBeShown] {
            #expect(effects(outcome, on: account()) != nil)
            #expect(attempt(outcome, on: account()) == nil)
        }
        #expect(effects(.askedForMore(sealed, .none), on: account())?.account?.lastTriggeredBy == .imap)
    }

    /// A mail program that polls a server which is down adds no event, but its attempt is the latest.
    @Test func anAttemptIsRememberedWhereNothingElseChanges() {
        let failed = account { $0.fail(with: .oldServerUnreachable, "x", at: now) }
        let again = effects(.failed(.oldServerUnreachable, "x"), on: failed)
        #expect(again?.events.isEmpty == true)
        #expect(again?.account?.lastAttempt?.reason == .oldServerUnreachable)
        #expect(again?.account?.error == failed.error)
    }

    @Test func aHandOverElsewhereIsSettledOnceByWhatStandsThere() throws {
        let intended = try #require(
            effects(.intended(hash: "{CRYPT}old", replaced: "x", sealed), on: account())?.account)
        #expect(
            intended.handingOver
                == IntendedHandOver(
                    hash: "{CRYPT}old", replaced: "x", sealed: [1], generation: 3, via: .imap))
        #expect(intended.sealed == nil)
        #expect(intended.handover == .never)
        let stands = try #require(effects(.settled(hash: "{CRYPT}old", .stands), on: intended))
        #expect(stands.account?.handover == .unchanged)
        #expect(stands.account?.sealed == [1])
        #expect(stands.account?.handingOver == nil)
        #expect(stands.events.map(\.kind) == [.handedOver, .triggered])
        let settled = try #require(stands.account)
        #expect(effects(.settled(hash: "{CRYPT}old", .stands), on: settled) == nil)
        #expect(effects(.settled(hash: "{CRYPT}other", .stands), on: intended) == nil)
        for other in [false, true] {
            // Another is there, or it was accepted under other settings.
            var facts = AccountFacts(row: intended, settings: settings)
            if other { facts.settings?.generation = 4 }
            let dropped = effects(.settled(hash: "{CRYPT}old", other ? .stands : .undone), asked: intended, then: facts)
            #expect(dropped?.account?.handingOver == nil)
            #expect(dropped?.account?.handover == .never)
            #expect(dropped?.account?.sealed == nil)
            #expect(dropped?.events.isEmpty == true)
        }
    }

    /// The mail moves all the same: the old server has taken the password.
    @Test func whoWasOvertakenByANewerPasswordKeepsIt() throws {
        let intended = try #require(
            effects(.intended(hash: "{CRYPT}old", replaced: "x", sealed), on: account())?.account)
        let overtaken = try #require(effects(.settled(hash: "{CRYPT}old", .overtaken), on: intended))
        #expect(overtaken.account?.handover == .changedHere && overtaken.account?.handingOver == nil)
        #expect(overtaken.account?.sealed == [1])
        #expect(overtaken.events.map(\.kind) == [.triggered])
    }

    // MARK: What comes too late

    enum Since: CaseIterable { case passwordChanged, deleted, madeAgain, resettled, ended, forgotten }

    private func facts(_ since: Since) -> AccountFacts {
        var (row, settings): (AccountRecord?, MigrationSettings?) = (account(), self.settings)
        switch since {
        case .passwordChanged: row?.changePassword(to: "{CRYPT}new")
        case .deleted: row?.delete(at: now)
        case .madeAgain: row?.id = 8
        case .resettled: settings?.generation = 4
        case .ended: settings?.expiresAt = now
        case .forgotten: settings = nil
        }
        return AccountFacts(row: row, settings: settings)
    }

    @Test(arguments: Since.allCases) func whatHasChangedSinceKeepsAnAnswerFromTakingEffect(_ since: Since) {
        let outcomes: [LoginEffects.Outcome] = [
            .takenOver(hash: "x", sealed), .takenOver(hash: nil, sealed), .started(sealed),
            .repaired(sealed, missing: [], of: 0), .askedForMore(sealed, .none), .willBeShown, .wasNotShown,
        ]
        for outcome in outcomes { #expect(effects(outcome, asked: account(), then: facts(since)) == nil, "\(outcome)") }
        // What the old server has said is told all the same, of the account that was asked about.
        let told = effects(.rejected("no", remembers: true), asked: account(), then: facts(since))
        #expect(told?.account?.rejected == nil)
        #expect(told?.events.count == 1)
        // So is that somebody tried, where the account is still the same.
        #expect((told?.account?.lastAttempt == nil) == [.deleted, .madeAgain].contains(since))
        guard since != .ended else { return }
        let unknown = effects(.noSuchUser("who?"), asked: account(), then: facts(since))
        #expect(unknown?.account?.nonMigrating == nil && unknown?.events.isEmpty ?? true)
        let failed = effects(.failed(.oldServerProtocol, "x"), asked: account(), then: facts(since))
        #expect(failed?.account?.error == nil && failed?.events.isEmpty ?? true)
    }
}
