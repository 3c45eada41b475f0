// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization
import Vocabulary

/// How long something has lasted whose beginning an account's record holds: repeated failure, the search for late mail.
///
/// The beginning is kept by the wall clock, since it outlives a restart. While this process lives, the time elapsed is
/// counted by the monotonic clock, so that setting the wall clock neither ends a run early nor keeps it for ever.
final class Spans: Sendable {
    enum Kind: Hashable, Sendable { case failing, followUp }

    private struct Key: Hashable {
        var account: AccountRecord.ID
        var kind: Kind
    }

    private struct Span {
        var since: Timestamp
        var start: ContinuousClock.Instant
    }

    private let spans = Mutex<[Key: Span]>([:])

    /// - Parameter longest: what began before this process can have lasted this many seconds at most.
    /// - Returns: seconds.
    func elapsed(
        _ kind: Kind, of account: AccountRecord.ID, since: Timestamp, now: Timestamp, uptime: ContinuousClock.Instant,
        longest: Double
    ) -> Double {
        spans.withLock { spans in
            let key = Key(account: account, kind: kind)
            if let span = spans[key], span.since == since { return (uptime - span.start) / .seconds(1) }
            let elapsed = max(0, min(longest, now.seconds(since: since)))
            spans[key] = Span(since: since, start: uptime - .seconds(elapsed))
            return elapsed
        }
    }

    func forget(_ account: AccountRecord.ID) {
        spans.withLock { spans in
            spans[Key(account: account, kind: .failing)] = nil
            spans[Key(account: account, kind: .followUp)] = nil
        }
    }
}

/// The moment by which a run's end is judged, by both clocks.
struct RunClock {
    var now: Timestamp
    var uptime: ContinuousClock.Instant
    var spans: Spans

    func elapsed(_ kind: Spans.Kind, of account: AccountRecord.ID, since: Timestamp, longest: Double) -> Double {
        spans.elapsed(kind, of: account, since: since, now: now, uptime: uptime, longest: longest)
    }
}
