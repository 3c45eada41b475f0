// SPDX-License-Identifier: Apache-2.0

import Logging
import MailSource
import MailStore
import Records
import Secrets
import Synchronization
import Vocabulary

/// What every part of the domain works with.
final class Context: Sendable {
    let records: any Records
    let source: any MailSource
    let probe: any OldServerProbe
    let store: any MailStore
    let pool: HashingPool
    let vault: Vault
    let digester = PasswordDigester()
    let ledgerHash: LedgerHash
    let reach = OldServerReach()
    /// The wall clock: for what people read, and what outlives a restart. It may be set forwards or back at any moment.
    let now: @Sendable () -> Timestamp
    /// Goes on evenly, whatever becomes of the wall clock: for all that waits or counts.
    let uptime: @Sendable () -> ContinuousClock.Instant
    let stopping = StopSignal()
    let largeMailboxes = LargeMailboxes()
    let youngRuns = YoungRuns()
    let spans = Spans()
    let wholeLedgers = WholeLedgers()
    let checkedSessions = CheckedSessions()
    let settingsWatch = SettingsWatch()
    let log: Logger
    private let current: Mutex<MoveLimits>

    /// The limits in force; a reload changes them.
    var limits: MoveLimits {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// How long to wait for an old server.
    var timeouts: Timeouts {
        let limits = limits
        return Timeouts(connect: .seconds(limits.connectTimeout), read: .seconds(limits.readTimeout))
    }

    init(
        records: any Records, source: any MailSource, probe: any OldServerProbe, store: any MailStore,
        pool: HashingPool,
        sealKey: SealKey, ledgerHash: KeyedHash, limits: MoveLimits, log: Logger,
        now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.records = records
        self.source = source
        self.probe = probe
        self.store = store
        self.pool = pool
        self.vault = Vault(key: sealKey)
        self.ledgerHash = LedgerHash(hash: ledgerHash)
        self.current = Mutex(limits)
        self.log = log
        self.now = now
        self.uptime = uptime
    }
}

extension Logger.Metadata {
    /// Whom an entry is about, for whoever looks for it: `journalctl MAILMOVE_ACCOUNT=ann@example.com`.
    static func about(_ account: EmailAddress) -> Self { ["account": "\(account)"] }
}

/// Said once: no new work.
final class StopSignal: Sendable {
    private let state = Mutex<(isSet: Bool, waiters: [@Sendable () -> Void])>((false, []))

    var isSet: Bool { state.withLock { $0.isSet } }

    func signal() {
        let waiters = state.withLock { state in
            state.isSet = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter() }
    }

    /// Calls `action` when the signal comes, or now where it has come.
    func whenSet(_ action: @escaping @Sendable () -> Void) {
        let now = state.withLock { state in
            if !state.isSet { state.waiters.append(action) }
            return state.isSet
        }
        if now { action() }
    }
}
