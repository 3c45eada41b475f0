// SPDX-License-Identifier: Apache-2.0

package import Logging
package import MailSource
package import Records
import Synchronization
package import Vocabulary
package import Waiting

/// What all rooms of this floor share: the records, the way to old servers, two clocks, the limits in force, the stop
/// signal, and the log.
///
/// What only some rooms need, such as the mail store or the hashing of passwords, is passed to those rooms directly.
package final class Context: Sendable {
    package let records: any Records
    package let source: any MailSource
    package let probe: any OldServerProbe
    /// The wall clock: for what people read and what outlives a restart. It may be set forwards or back at any moment.
    package let now: @Sendable () -> Timestamp
    /// Monotonic, however the wall clock is set: for everything that waits or counts.
    package let uptime: @Sendable () -> ContinuousClock.Instant
    package let stopping = StopSignal()
    package let log: Logger
    private let current: Mutex<MoveLimits>

    /// The limits in force; a reload changes them.
    package var limits: MoveLimits {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// How long to wait for an old server.
    package var timeouts: Timeouts {
        let limits = limits
        return Timeouts(connect: .seconds(limits.connectTimeout), read: .seconds(limits.readTimeout))
    }

    package init(
        records: any Records, source: any MailSource, probe: any OldServerProbe, limits: MoveLimits, log: Logger,
        now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.records = records
        self.source = source
        self.probe = probe
        self.current = Mutex(limits)
        self.log = log
        self.now = now
        self.uptime = uptime
    }
}

extension Logger.Metadata {
    /// The account that a log entry is about, so that it can be found: `journalctl MAILMOVE_ACCOUNT=ann@example.com`.
    package static func about(_ account: EmailAddress) -> Self { ["account": "\(account)"] }
}
