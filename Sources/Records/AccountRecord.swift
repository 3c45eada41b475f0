// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Everything known about one account, in one row.
public struct AccountRecord: Sendable, Hashable, Identifiable {
    public typealias ID = Int64

    /// Whether the account's password and the old server's are the same.
    public enum Handover: String, Sendable, Codable {
        /// The old server has never accepted the account's password.
        case never
        /// It has, and the password has not been changed here since.
        case unchanged
        /// It has accepted the password, or was said to have, and the password was changed here since: the old one
        /// opens nothing.
        case changedHere
    }

    /// The evidence that an account does not move.
    public enum NonMigratingEvidence: String, Sendable, Codable {
        case excluded, notKnown, reply
    }

    public var id: ID
    /// Increases with every change of the row. It tells the later of two states of an account, and a change based on a
    /// state that is not the latest is refused.
    public var version: Int64 = 1
    /// In the spelling given at creation.
    public var address: EmailAddress
    public var displayName: String?
    public var quotaOctets: Int64?
    public var createdAt: Timestamp
    /// nil unless the account was deleted; its row stays for the ledger's sake.
    public var deletedAt: Timestamp?

    /// `{SCHEME}…` as Dovecot reads it. If passwords live elsewhere: the one that was taken over, empty until then.
    public var passwordHash: String
    /// nil but during a hand-over to the platform's own directory.
    public var handingOver: IntendedHandOver?
    public var handover: Handover
    /// Increases whenever the hash, the handover or `deletedAt` changes: decisions based on an older one are made
    /// again.
    public var revision: Int64
    /// Marks the password that was shown to the old server.
    public var shown: PasswordMark?
    /// Marks the password that the old server has rejected.
    public var rejected: PasswordMark?

    /// How the latest run ended, or how it stands: never `nonMigrating`.
    public var outcome: MigrationStatus
    public var nonMigrating: NonMigratingEvidence?
    public var startedAt: Timestamp?
    public var startedBy: TriggerOrigin?
    public var lastTriggeredAt: Timestamp?
    /// What kind of login the latest trigger was.
    public var lastTriggeredBy: TriggerOrigin?
    public var finishedAt: Timestamp?
    /// Messages in the ledger.
    public var moved: Int64
    public var movedOctets: Int64
    /// Messages that are still only on the old server, as of the last listing.
    public var remaining: Int64
    public var remainingOctets: Int64
    public var runs: Int64
    public var error: RunFailure?
    /// The latest question to the old server about a password of the account; nil if there was none.
    public var lastAttempt: PasswordAttempt?
    /// Whether an administrator keeps runs from starting.
    public var isPaused: Bool
    /// The source (as in the ledger) whose mailbox has been looked through to its end: after the first session, more
    /// followed until they brought nothing. nil if none has been.
    public var lookedThrough: Int64?

    /// The old password, sealed, as long as a run, its retries or its follow-up need it.
    public var sealed: [UInt8]?
    /// The run that the sealed password is kept for; nil if `sealed` is.
    public var pending: PendingRun?

    public init(address: EmailAddress, passwordHash: String, createdAt: Timestamp) {
        self.id = 0
        self.address = address
        self.createdAt = createdAt
        self.passwordHash = passwordHash
        self.handover = .never
        self.revision = 1
        self.outcome = .notStarted
        self.moved = 0
        self.movedOctets = 0
        self.remaining = 0
        self.remainingOctets = 0
        self.runs = 0
        self.isPaused = false
    }

    /// The status as shown to the outside.
    public var status: MigrationStatus { nonMigrating == nil ? outcome : .nonMigrating }

    /// Whether it has failed and only its next login tries again, because its password is not kept.
    public var needsLogin: Bool { status == .failed && sealed == nil && !isPaused && deletedAt == nil }

    /// Somebody has to look at it: failed and not tried again by itself, messages refused, paused, or not started after
    /// an attempt that was rejected, or at which the old server could not be asked.
    public var needsAttention: Bool {
        if isPaused { return true }
        return switch status {
        case .failed: pending == nil || error?.reason == .messagesRefused
        case .notStarted: lastAttempt?.outcome == .rejected || lastAttempt?.outcome == .unavailable
        case .inProgress, .completed, .nonMigrating: false
        }
    }
}

/// Identifies a password and the settings it was used under: the account's revision and the settings' generation.
public struct PasswordMark: Hashable, Sendable, Codable {
    public var revision: Int64
    public var generation: Int64

    public init(revision: Int64, generation: Int64) {
        self.revision = revision
        self.generation = generation
    }
}

/// A password that is about to take the place of the one in the platform's own directory, as a crash in between needs to
/// know it.
public struct IntendedHandOver: Hashable, Sendable {
    /// That will stand there.
    public var hash: String
    /// By what the hash is known again that it replaces; nil where nobody knows.
    public var replaced: String?
    /// The password, for the run that follows; nil where it has been taken away.
    public var sealed: [UInt8]?
    /// Of the settings under which the old server has accepted it.
    public var generation: Int64
    public var via: TriggerOrigin

    public init(
        hash: String, replaced: String? = nil, sealed: [UInt8]?, generation: Int64, via: TriggerOrigin
    ) {
        self.hash = hash
        self.replaced = replaced
        self.sealed = sealed
        self.generation = generation
        self.via = via
    }
}

/// Why the latest run failed.
public struct RunFailure: Hashable, Sendable, Codable {
    public var reason: Reason
    public var detail: String
    public var at: Timestamp

    public init(reason: Reason, detail: String, at: Timestamp) {
        self.reason = reason
        self.detail = detail
        self.at = at
    }
}

/// A run in progress or still to come, as a restart needs to know it.
public struct PendingRun: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable {
        /// The first since a hand-over or a portal trigger.
        case first
        /// After a login with the handed-over password.
        case incremental
        /// An incremental run during which a login came, perhaps after the mailbox was listed: another one follows.
        case repeated
        /// For late mail, without a login.
        case followUp
        /// After a run that failed for a passing reason.
        case retry
    }

    public var kind: Kind
    /// Not before this moment.
    public private(set) var due: Timestamp
    /// For how many seconds it was put off when that was decided: it waits no longer, however the clock is set. nil if
    /// nobody has recorded it.
    public private(set) var wait: Double?
    /// Failed runs in a row.
    public var failures: Int
    /// When the first of these failed; nil if none did.
    public var failingSince: Timestamp?
    /// Until when late mail is fetched; nil if it is not.
    public var followUpUntil: Timestamp?
    /// How many sessions have been had so far while looking through a mailbox to its end.
    public var sessions = 0
    /// How many messages the last of them has found; nil if unknown.
    public var found: Int?

    public init(
        kind: Kind, due: Timestamp, wait: Double? = 0, failures: Int = 0, failingSince: Timestamp? = nil,
        followUpUntil: Timestamp? = nil
    ) {
        self.kind = kind
        self.due = due
        self.wait = wait
        self.failures = failures
        self.failingSince = failingSince
        self.followUpUntil = followUpUntil
    }

    public mutating func putOff(by seconds: Double, from now: Timestamp) {
        due = now.adding(seconds: seconds)
        wait = seconds
    }

    public mutating func becomeDue(at now: Timestamp) { putOff(by: 0, from: now) }

    /// Its time has come: if the process dies, it is due at once.
    public mutating func begin() { wait = 0 }
}
