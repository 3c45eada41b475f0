// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Testing
import Vocabulary

@testable import Runs

/// What the end of a run is to its account, where something has changed meanwhile.
@Suite struct RunEffectsTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private let before: AccountRecord
    private let settings: MigrationSettings

    init() throws {
        var account = AccountRecord(
            address: try EmailAddress("ann@example.com"), passwordHash: "{CRYPT}x", createdAt: now)
        account.id = 7
        account.outcome = .inProgress
        account.sealed = [1]
        account.pending = PendingRun(kind: .first, due: now)
        account.remaining = 3
        before = account
        settings = MigrationSettings(
            domain: try DomainName("example.com"), oldServer: OldServer(host: "192.0.2.1"), validDays: 30,
            hasKnownAccounts: false, autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(),
            enabledAt: now, generation: 3, warnings: [])
    }

    private func effects(
        _ end: RunEnd, account change: (inout AccountRecord) -> Void = { _ in },
        settings changeSettings: (inout MigrationSettings) -> Void = { _ in }, asked: PasswordAttempt? = nil
    ) -> AccountEffects {
        var (row, current) = (before, settings)
        change(&row)
        changeSettings(&current)
        return RunEffects(
            end: end, before: before, ranUnder: settings, further: nil, asked: asked, source: 5, limits: MoveLimits(),
            clock: RunClock(now: now, uptime: .now, spans: Spans())
        ).effects(on: AccountFacts(row: row, settings: current))
    }

    @Test func theRunHasEndedWhateverBecomesOfTheRest() {
        #expect(effects(.completed).endsRun)
        #expect(effects(.completed) { $0.deletedAt = now }.endsRun)
        #expect(effects(.stopped(.deleted)).endsRun)
    }

    @Test func whatGetsOnIsNotFailing() throws {
        for end in [
            RunEnd.postponed(.oldServerThrottled, "no more", seconds: 60), .failed(.oldServerUnreachable, "gone"),
        ] {
            for brought in [true, false] {
                let row = effects(end) { row in
                    row.pending?.failures = 40
                    row.pending?.failingSince = now.adding(seconds: -86_500)
                    if brought { row.moved += 1 }
                }.account
                #expect((row?.pending?.failingSince == now) == brought && (row?.sealed != nil) == brought)
            }
        }
    }

    @Test func whatWaitsForOthersOfOursIsNotFailing() throws {
        let since = now.adding(seconds: -86_500)
        let row = effects(.queued("as many as may are moving", seconds: 60)) { $0.pending?.failingSince = since }
            .account
        #expect(row?.pending?.due == now.adding(seconds: 60) && row?.pending?.failures == 0 && row?.sealed != nil)
        #expect(row?.outcome == .inProgress)
        // Nobody keeps its password any longer.
        let ended = effects(.queued("as many as may are moving", seconds: 60)) { $0.sealed = nil }
        #expect(ended.account?.outcome == .failed)
    }

    @Test func aRunsLoginIsAnAttemptUnlessALoginHasAskedSince() {
        func attempt(_ seconds: Double, _ outcome: AttemptOutcome) -> PasswordAttempt {
            PasswordAttempt(at: now.adding(seconds: seconds), via: .imap, outcome: outcome)
        }
        let asked = attempt(-10, .accepted)
        for (seconds, isLater) in [(-20.0, false), (-5, true), (3600, false)] {
            let known = attempt(seconds, .rejected)
            let after = effects(.completed, account: { $0.lastAttempt = known }, asked: asked).account?.lastAttempt
            #expect(after == (isLater ? known : asked), "\(seconds)")
        }
        #expect(effects(.completed, account: { $0.lastAttempt = asked }).account?.lastAttempt == asked)
    }

    @Test func aCompletedRunCompletesItsAccount() {
        let effects = effects(.completed)
        #expect(effects.account?.outcome == .completed)
        #expect(effects.account?.remaining == 0)
        #expect(effects.events.map(\.kind) == [.completed])
    }

    @Test func aFailureThatPassesKeepsThePasswordForAnotherTry() {
        let effects = effects(.failed(.oldServerUnreachable, "gone"))
        #expect(effects.account?.outcome == .failed)
        #expect(effects.account?.pending?.kind == .retry)
        #expect(effects.account?.sealed == [1])
    }

    @Test func whatAnotherPasswordHasBegunCounts() {
        #expect(effects(.rejected("no")) { $0.sealed = [2] }.account == nil)
        #expect(effects(.completed) { $0.sealed = [2] }.account == nil)
    }

    @Test func anAccountThatWasMadeAgainIsAnother() {
        #expect(effects(.completed) { $0.createdAt = now.adding(seconds: 1) }.account == nil)
    }

    @Test func anotherOldServersWordCountsNoMore() {
        let other: (inout MigrationSettings) -> Void = { $0.oldServer.host = "192.0.2.2" }
        #expect(effects(.failed(.oldServerUnreachable, "gone"), settings: other).account == nil)
        #expect(effects(.rejected("no"), settings: other).account == nil)
    }

    @Test func whoWasTakenOutWhileItRanKeepsNothing() {
        let stopped = effects(.failed(.oldServerUnreachable, "gone")) { row in
            row.sealed = nil
            row.pending = nil
        }
        #expect(stopped.account?.pending == nil)
        #expect(stopped.account?.sealed == nil)
        let ended = effects(.failed(.oldServerUnreachable, "gone"), settings: { $0.disabledAt = now })
        #expect(ended.account?.sealed == nil)
    }

    @Test func aRunThatBeginsAnewUnderOtherSettingsSaysNothing() {
        #expect(effects(.stopped(.resettled)).account == nil)
        let disabled = effects(.stopped(.resettled)) { row in
            row.sealed = nil
            row.pending = nil
        }
        #expect(disabled.account?.outcome == .failed)
        #expect(disabled.account?.error?.reason == .migrationNotEnabled)
        let excluded = effects(.stopped(.resettled)) { row in
            row.sealed = nil
            row.pending = nil
            row.nonMigrating = .excluded
        }
        #expect(excluded.account?.error?.reason == .nonMigratingAccount)
    }

    // MARK: Paused accounts

    @Test func aPausedRunLeavesItsAccountAsItIs() {
        let effects = effects(.stopped(.paused)) { $0.isPaused = true }
        #expect(effects.endsRun)
        #expect(effects.account == nil && effects.events.isEmpty)
        // Unless the password was erased while the run was ending.
        let disabled = self.effects(.stopped(.paused)) { $0.eraseSealedPassword() }
        #expect(disabled.account?.error?.reason == .migrationNotEnabled)
    }

    private func givenUp(
        _ run: PendingRun, outcome: MigrationStatus = .failed, expired: Bool = false
    ) -> (account: AccountRecord, event: EventRecord??) {
        var (row, current) = (before, settings)
        row.isPaused = true
        row.outcome = outcome
        row.pending = run
        if expired { current.expiresAt = now }
        let clock = RunClock(now: now, uptime: .now, spans: Spans())
        let event = row.giveUpWhilePaused(current, MoveLimits(), clock)
        return (row, event)
    }

    @Test func aPauseGivesUpWhatARunWouldHaveGivenUp() {
        func retry(since hours: Double) -> PendingRun {
            PendingRun(kind: .retry, due: now, failures: 1, failingSince: now.adding(seconds: -hours * 3600))
        }
        #expect(givenUp(retry(since: 23)).event == nil)
        #expect(givenUp(retry(since: 25)).account.sealed == nil)
        func followUp(until seconds: Double) -> PendingRun {
            PendingRun(kind: .followUp, due: now, followUpUntil: now.adding(seconds: seconds))
        }
        #expect(givenUp(followUp(until: 60), outcome: .completed).account.sealed != nil)
        let over = givenUp(followUp(until: 0), outcome: .completed)
        #expect(over.account.sealed == nil && over.account.outcome == .completed)
        for kind in [PendingRun.Kind.first, .incremental, .repeated] {
            #expect(givenUp(PendingRun(kind: kind, due: now), outcome: .completed).event == nil, "\(kind)")
        }
    }

    @Test func afterTheWindowOnlyWhatHasBegunInItIsFinished() {
        let retried = givenUp(PendingRun(kind: .retry, due: now, failures: 1), expired: true)
        #expect(retried.account.sealed == nil)
        #expect(retried.event??.kind == .stopped)
        let late = givenUp(PendingRun(kind: .incremental, due: now), outcome: .completed, expired: true)
        #expect(late.account.sealed == nil)
        #expect(givenUp(PendingRun(kind: .first, due: now), outcome: .inProgress, expired: true).event == nil)
        #expect(givenUp(PendingRun(kind: .incremental, due: now), outcome: .inProgress, expired: true).event == nil)
    }
}
