// SPDX-License-Identifier: Apache-2.0

public import Records
public import Vocabulary

/// An account as its user, the administrator and the home page see it.
public struct AccountStatus: Sendable, Hashable {
    public struct Window: Sendable, Hashable {
        public var state: WindowState
        public var expiresAt: Timestamp
        /// Days left, the current one included; 0 unless the window is active.
        public var daysLeft: Int
    }

    /// What a home page shows of the migration.
    public struct Portal: Sendable, Hashable {
        public typealias Action = PortalAction

        public var visible: Bool
        public var action: Action?
    }

    public var account: EmailAddress
    public var status: MigrationStatus
    public var startedAt: Timestamp?
    public var startedBy: TriggerOrigin?
    public var lastTriggeredAt: Timestamp?
    public var finishedAt: Timestamp?
    public var moved: Int64
    public var remaining: Int64
    public var movedOctets: Int64
    public var totalOctets: Int64
    /// nil unless messages are being moved.
    public var messagesPerSecond: Double?
    public var etaSeconds: Int?
    public var runs: Int64
    /// Whether its run waits for its turn.
    public var isQueued: Bool
    /// No run starts until an administrator says so.
    public var isPaused: Bool
    public var error: RunFailure?
    /// When a failed run is tried again by itself; nil where it is not.
    public var retryAt: Timestamp?
    public var lastAttempt: PasswordAttempt?
    /// nil where migration was never enabled for the domain.
    public var window: Window?
    public var portal: Portal
    public var message: LocalizedText

    public var total: Int64 { moved.addingSaturated(remaining) }

    /// - Parameters:
    ///   - rate: messages a second of the current run, if there is one.
    ///   - isRunning: whether a run is in progress, rather than still to come.
    init(_ row: AccountRecord, settings: MigrationSettings?, rate: Double?, isRunning: Bool, now: Timestamp) {
        account = row.address
        status = row.status
        startedAt = row.startedAt
        startedBy = row.startedBy
        lastTriggeredAt = row.lastTriggeredAt
        finishedAt = row.finishedAt
        moved = row.moved
        remaining = row.remaining
        movedOctets = row.movedOctets
        totalOctets = row.movedOctets.addingSaturated(row.remainingOctets)
        if row.status == .inProgress, let rate, rate > 0 {
            messagesPerSecond = (rate * 10).rounded() / 10
            etaSeconds = Int(saturating: (Double(row.remaining) / rate).rounded(.up))
        }
        runs = row.runs
        isPaused = row.isPaused
        isQueued = row.status == .inProgress && !isRunning && !isPaused
        error = row.error
        retryAt = row.status == .failed && !isPaused ? row.pending?.due : nil
        lastAttempt = row.lastAttempt
        window = settings.map { settings in
            let state = settings.state(at: now)
            let days = settings.expiresAt.seconds(since: now) / 86400
            return Window(
                state: state, expiresAt: settings.expiresAt,
                daysLeft: state == .active ? Int(saturating: days.rounded(.up)) : 0)
        }
        portal = Portal(row, settings: settings, now: now)
        message = StatusText.status(row, settings: settings, isQueued: isQueued, now: now)
    }
}

extension AccountStatus.Portal {
    init(_ row: AccountRecord, settings: MigrationSettings?, now: Timestamp) {
        guard let settings, settings.state(at: now) == .active, row.nonMigrating == nil else {
            self.init(visible: false, action: nil)
            return
        }
        let isRejected = row.rejected == PasswordMark(revision: row.revision, generation: settings.generation)
        // A password changed here no longer concerns the old server; while a run still has the old one, there is
        // progress to show.
        let isChanged = row.handover == .changedHere && row.outcome != .inProgress
        let asks = row.startedAt == nil || isRejected || isChanged
        self.init(visible: true, action: asks ? .trigger : .query)
    }
}
