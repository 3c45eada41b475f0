// SPDX-License-Identifier: Apache-2.0

import Glibc
import Ground
import Vocabulary

/// A moment by both clocks, the monotonic one and the wall clock.
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

/// How long ago moments were, however the wall clock is set.
///
/// Setting the wall clock forwards makes nothing older; setting it back makes nothing younger. A moment that then lies
/// in the wall clock's future was stamped by a wrong clock, and ages from there by whichever clock is ahead: so nobody
/// waits any longer because the monotonic clock stood still (as in a virtual machine that was paused).
struct ElapsedTime: Sendable {
    private var latest: Moment?
    private var setBack: Moment?

    /// Must be called with every moment that is asked about, in order, to notice when the clock is set.
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

/// Milliseconds since the machine started, suspended or not, for comparisons across restarts of the program.
struct MachineUptime: Hashable, Sendable {
    var milliseconds: Int64

    private static let start: ContinuousClock.Instant = {
        var time = timespec()
        // Both read the same clock, but only this form can be written down.
        guard clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return .now }
        return .now - .seconds(time.tv_sec) - .nanoseconds(time.tv_nsec)
    }()

    init(_ instant: ContinuousClock.Instant) { milliseconds = Int64((instant - Self.start) / .milliseconds(1)) }
}
