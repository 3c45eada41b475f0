// SPDX-License-Identifier: Apache-2.0

import Glibc
import Ground
import Vocabulary

/// A moment by both clocks: the one that goes on evenly, and the one on the wall.
struct Moment: Hashable, Sendable {
    var uptime: ContinuousClock.Instant
    var wall: Timestamp

    func advanced(by seconds: Double) -> Moment {
        Moment(uptime: uptime.advanced(by: .seconds(seconds)), wall: wall.adding(seconds: seconds))
    }
}

extension Context {
    var moment: Moment { Moment(uptime: uptime(), wall: now()) }
}

/// How long ago moments were, whatever becomes of the wall clock.
///
/// A wall clock that is set forwards makes nothing older. One that is set back makes nothing younger; what lies in its
/// future then was stamped by a clock that was wrong, and from there on grows old by whichever clock is ahead: a machine
/// whose even clock stood still (one that was paused with all that runs on it) keeps nobody waiting any longer.
struct ElapsedTime: Sendable {
    private var latest: Moment?
    private var setBack: Moment?

    /// To be told of every moment that is asked about, in order: so it notices that the clock was set.
    mutating func pass(to now: Moment) {
        if let latest {
            let even = (now.uptime - latest.uptime) / .seconds(1)
            if now.wall.seconds(since: latest.wall) - even < -1 { setBack = now }
        }
        latest = now
    }

    /// - Returns: seconds, never less than 0.
    func seconds(since then: Moment, now: Moment) -> Double {
        let even = max(0, (now.uptime - then.uptime) / .seconds(1))
        guard let setBack, then.wall > now.wall, setBack.uptime >= then.uptime else { return even }
        let before = (setBack.uptime - then.uptime) / .seconds(1)
        return max(even, before + now.wall.seconds(since: setBack.wall))
    }
}

/// Milliseconds since the machine started, suspended or not: for what is compared after a restart of the program.
struct MachineUptime: Hashable, Sendable {
    var milliseconds: Int64

    private static let start: ContinuousClock.Instant = {
        var time = timespec()
        // Clock and instant are the same; the one can be written down.
        guard clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return .now }
        return .now - .seconds(time.tv_sec) - .nanoseconds(time.tv_nsec)
    }()

    init(_ instant: ContinuousClock.Instant) { milliseconds = Int64((instant - Self.start) / .milliseconds(1)) }
}
