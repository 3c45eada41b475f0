// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Testing
import Vocabulary

@testable import Runs

/// How long a run can have been put off: after a restart under a clock that was set meanwhile, it waits no longer.
@Suite struct PutOffTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private let settings: MigrationSettings

    init() throws {
        var options = MoveOptions()
        options.followUp = .init(hours: 24, everyMinutes: 20)
        settings = MigrationSettings(
            domain: try DomainName("example.com"), oldServer: OldServer(host: "192.0.2.1"), validDays: 30,
            hasKnownAccounts: false, autoCreateAccounts: false, syncPasswords: true, options: options,
            enabledAt: now, generation: 3, warnings: [])
    }

    private func longest(
        _ kind: PendingRun.Kind, due seconds: Double = 0, failures: Int = 0, since: Double? = nil,
        failedAt: Double? = nil, sessions: Int = 0
    ) -> Double {
        var run = PendingRun(
            kind: kind, due: now.adding(seconds: seconds), failures: failures,
            failingSince: since.map { now.adding(seconds: $0) })
        run.sessions = sessions
        return run.longestWait(settings, MoveLimits(), failedAt.map { now.adding(seconds: $0) })
    }

    @Test func whatALoginAsksForIsDueAtOnce() {
        for kind in [PendingRun.Kind.first, .incremental, .repeated] { #expect(longest(kind, due: 5000) == 0) }
    }

    @Test func whatFailedWaitsAsLongAsWasSaidWhenItFailed() {
        #expect(longest(.first, due: 30, failures: 1, since: -30) == 60)
        #expect(longest(.first, due: 90, failures: 4, since: -5000, failedAt: -30) == 120)
    }

    @Test func nobodyWaitsForOverAnHour() {
        #expect(longest(.first, due: 86_400, failures: 1, since: 0) == 3600)
        // Failed in the future: the clock has gone back, and says nothing.
        #expect(longest(.first, due: 0, failures: 1, since: 50) == 3600)
        #expect(longest(.first, due: 0, failures: 3) == 3600)
        #expect(longest(.repeated, due: 0, sessions: 2) == 3600)
    }

    @Test func triesAgainAndLateMailHaveTimesOfTheirOwn() {
        #expect(longest(.retry, due: 86_400, failures: 9) == MoveLimits().lastRetry)
        #expect(longest(.followUp, due: 86_400) == 1200)
    }
}
