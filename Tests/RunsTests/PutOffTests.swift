// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import Runs

/// How long a run can have been put off: after a restart under a clock that was set meanwhile, it waits no longer.
@Suite struct PutOffTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)

    @Test func whatALoginAsksForIsDueAtOnce() {
        for kind in [PendingRun.Kind.first, .incremental, .repeated] {
            #expect(PendingRun(kind: kind, due: now).longestWait == 0)
        }
    }

    @Test func whatWasPutOffWaitsAsLongAsWasSaidThen() {
        var run = PendingRun(kind: .first, due: now, failures: 4, failingSince: now.adding(seconds: -5000))
        run.putOff(by: 120, from: now)
        #expect((run.due, run.longestWait) == (now.adding(seconds: 120), 120))
        run.becomeDue(at: now.adding(seconds: -86_400))
        #expect((run.due, run.longestWait) == (now.adding(seconds: -86_400), 0))
    }

    @Test func whatHasBegunIsDueAtOnceThough() {
        var run = PendingRun(kind: .first, due: now, failures: 2, failingSince: now)
        run.putOff(by: 120, from: now)
        run.begin()
        #expect((run.failures, run.longestWait) == (2, 0))
    }

    @Test func nobodyWaitsForOverAnHourExceptForLateMail() {
        for kind in [PendingRun.Kind.first, .incremental, .repeated, .retry] {
            #expect(PendingRun(kind: kind, due: now, wait: 86_400).longestWait == 3600)
            #expect(PendingRun(kind: kind, due: now, wait: nil).longestWait == 3600)
        }
        #expect(PendingRun(kind: .followUp, due: now, wait: 86_400).longestWait == 86_400)
    }
}
