// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Waiting

/// Lets a lane's next epoch wait for more to come, where little is queued and little has been of late.
final class EpochRest: Sendable {
    private struct State: Sendable {
        var pace = EpochPace()
        /// What is queued.
        var size = Delivery.Size()
        var isClosed = false
        /// Ends the rest that is under way once so much is queued.
        var alarm: (rings: Alarm, at: Delivery.Size)?

        func isOver(at enough: Delivery.Size) -> Bool { isClosed || size.reaches(enough) }
    }

    private let state = Mutex(State())

    func queued(_ size: Delivery.Size) { change { $0.size += size } }

    func taken(_ sizes: some Sequence<Delivery.Size>) { change { for size in sizes { $0.size -= size } } }

    /// Nothing more will be queued.
    func close() { change { $0.isClosed = true } }

    private func change(_ body: (inout State) -> Void) {
        let alarm = state.withLock { state in
            body(&state)
            return state.alarm.flatMap { state.isOver(at: $0.at) ? $0.rings : nil }
        }
        alarm?.ring()
    }

    /// Returns when the next epoch may begin. For the one task that runs them.
    func wait() async {
        await sleep(until: EpochPace.large) { $0.rest(at: .now) }
        state.withLock { if !$0.isOver(at: EpochPace.large) { $0.pace.begins(at: .now) } }
    }

    /// Returns when something is queued, or when nothing of late matters any more.
    func waitForMore() async { await sleep(until: Delivery.Size(messages: 1, octets: 1)) { $0.rest(of: 1, at: .now) } }

    private func sleep(until enough: Delivery.Size, _ duration: (EpochPace) -> Duration) async {
        let alarm = Alarm()
        let rest = state.withLock { state in
            state.alarm = (alarm, enough)
            return state.isOver(at: enough) ? .zero : duration(state.pace)
        }
        if rest > .zero { await alarm.sleep(seconds: rest / .seconds(1)) }
        state.withLock { $0.alarm = nil }
    }
}

/// How soon the next epoch begins: a value, without a clock of its own.
///
/// An epoch costs a sync and a commit, however little it takes. From a slow old server messages trickle in, and each would
/// cost one. So after a few small epochs in a row the next one rests. A short move does not wait, nor does what is large.
struct EpochPace: Sendable {
    /// So much has no need to wait for more.
    static let large = Delivery.Size(messages: 64, octets: 1 << 20)
    /// Between small epochs, on average.
    static let interval = Duration.milliseconds(50)
    /// Small epochs that may follow each other at once.
    static let burst = 4

    /// When as many may follow each other again.
    private var rested: ContinuousClock.Instant?

    /// How long the next epoch, a small one, waits from `now` on.
    /// - Parameter burst: how many may have followed each other.
    func rest(of burst: Int = burst, at now: ContinuousClock.Instant) -> Duration {
        max(.zero, (rested ?? now) - Self.interval * (burst - 1) - now)
    }

    /// A small epoch begins.
    mutating func begins(at now: ContinuousClock.Instant) { rested = max(rested ?? now, now) + Self.interval }
}
