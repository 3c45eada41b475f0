// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Where an account's move stands: what `queryStatus` answers, a log lists and a watcher sees.
public struct Status: Codable, Hashable, Sendable {
    public var account: EmailAddress
    public var status: MigrationStatus
    /// The first trigger; never changes again.
    @OrNull public var startedAt: Timestamp?
    @OrNull public var startedBy: TriggerOrigin?
    @OrNull public var lastTriggeredAt: Timestamp?
    /// The end of the latest run; nil while one is going on.
    @OrNull public var finishedAt: Timestamp?
    /// Messages moved, each counted once.
    public var moved: Int
    /// Messages still only on the old server.
    public var remaining: Int
    public var total: Int
    public var movedOctets: Int
    public var totalOctets: Int
    /// Of the run that is going on; else 0.
    public var messagesPerSecond: Double
    /// Seconds until the run is likely to end; nil while that is not known.
    @OrNull public var etaSeconds: Int?
    public var runs: Int
    /// A run waits for its turn.
    public var queued: Bool
    /// No run starts until `resumeAccounts`.
    public var paused: Bool
    /// Why the latest run failed.
    @OrNull public var error: StatusError?
    /// The latest time that the old server was asked about a password of the account, or would have been.
    @OrNull public var lastAttempt: LastAttempt?
    /// nil where the domain's migration was never enabled.
    @OrNull public var window: WindowReport?
    public var portal: Portal
    public var message: LocalizedText

    public init(
        account: EmailAddress, status: MigrationStatus, startedAt: Timestamp?, startedBy: TriggerOrigin?,
        lastTriggeredAt: Timestamp?, finishedAt: Timestamp?, moved: Int, remaining: Int, movedOctets: Int,
        totalOctets: Int, messagesPerSecond: Double, etaSeconds: Int?, runs: Int, error: StatusError?,
        lastAttempt: LastAttempt? = nil, window: WindowReport?, portal: Portal, message: LocalizedText,
        queued: Bool = false, paused: Bool = false
    ) {
        self.account = account
        self.status = status
        self.startedAt = startedAt
        self.startedBy = startedBy
        self.lastTriggeredAt = lastTriggeredAt
        self.finishedAt = finishedAt
        self.moved = moved
        self.remaining = remaining
        self.total = moved.addingSaturated(remaining)
        self.movedOctets = movedOctets
        self.totalOctets = totalOctets
        self.messagesPerSecond = messagesPerSecond
        self.etaSeconds = etaSeconds
        self.runs = runs
        self.queued = queued
        self.paused = paused
        self.error = error
        self.lastAttempt = lastAttempt
        self.window = window
        self.portal = portal
        self.message = message
    }
}

extension Status: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "Status", "Where an account's move stands.",
            [
                .required("account", .address, "the account's full address, in lower case"),
                .required("status", .choice(MigrationStatus.self), "the outcome of the latest run"),
                .required("startedAt", .orNull(.time), "the first trigger; never changes again"),
                .required(
                    "startedBy", .orNull(.choice(TriggerOrigin.self)), "what kind of login the first trigger was"),
                .required("lastTriggeredAt", .orNull(.time), "the latest trigger"),
                .required("finishedAt", .orNull(.time), "the end of the latest run, null while one is going on"),
                .required("moved", .count, "messages moved, each counted once"),
                .required("remaining", .count, "messages that are still only on the old server"),
                .required("total", .count, "moved + remaining"),
                .required("movedOctets", .count, "octets of the messages moved"),
                .required("totalOctets", .count, "octets of all messages"),
                .required("messagesPerSecond", .number, "of the run that is going on, else 0"),
                .required(
                    "etaSeconds", .orNull(.count), "seconds until the run is likely to end, null where not known"),
                .required("runs", .count, "runs so far"),
                .required("queued", .boolean, "whether a run waits for its turn"),
                .required("paused", .boolean, "whether no run starts until resumeAccounts"),
                .required("error", .orNull(StatusError.schema), "why the latest run failed"),
                .required(
                    "lastAttempt", .orNull(LastAttempt.schema),
                    "the latest time that the old server was asked about a password of the account, or would have been"),
                .required("window", .orNull(WindowReport.schema), "the domain's window, null where it never had one"),
                .required("portal", Portal.schema, "what a home page shows"),
                .required("message", LocalizedText.schema, "the same for the person concerned"),
            ]))

    static let example = Status(
        account: .example, status: .inProgress, startedAt: .example, startedBy: .pop3, lastTriggeredAt: .example,
        finishedAt: nil, moved: 1200, remaining: 300, movedOctets: 88_000_000, totalOctets: 104_000_000,
        messagesPerSecond: 61.5, etaSeconds: 5, runs: 1, error: nil,
        lastAttempt: LastAttempt(at: .example, via: .pop3, outcome: .accepted),
        window: WindowReport(state: .active, expiresAt: .exampleEnd, daysLeft: 30),
        portal: Portal(visible: true, action: .query),
        message: LocalizedText(en: "Moving: 1200 of 1500 messages.", zhCN: "搬家中：已搬 1200 封，共 1500 封。"))
}

/// Why an account's latest run failed.
public struct StatusError: Codable, Hashable, Sendable {
    public var reason: Reason
    /// What happened, for the administrator. Never holds a password.
    public var detail: String
    public var at: Timestamp
    /// Whether the same may succeed when tried again.
    public var retryable: Bool
    /// When it is tried again by itself; nil where it is not.
    @OrNull public var retryAt: Timestamp?

    public init(reason: Reason, detail: String, at: Timestamp, retryAt: Timestamp? = nil) {
        self.reason = reason
        self.detail = detail
        self.at = at
        self.retryable = reason.isRetryable
        self.retryAt = retryAt
    }
}

extension StatusError: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "StatusError", "Why an account's latest run failed.",
            [
                .required("reason", .choice(Reason.self), "why, for programs"),
                .required("detail", .text, "what happened, for the administrator"),
                .required("at", .time, "when"),
                .required("retryable", .boolean, "whether the same may succeed when tried again"),
                .required("retryAt", .orNull(.time), "when it is tried again by itself, null where it is not"),
            ]))
}

/// The latest time that the old server was asked about a password of an account, or would have been.
public struct LastAttempt: Codable, Hashable, Sendable {
    public var at: Timestamp
    /// The login that it was asked for; a run asks for the latest one.
    public var via: TriggerOrigin
    public var outcome: AttemptOutcome
    /// Why the password was not accepted.
    @OrNull public var reason: Reason?

    public init(at: Timestamp, via: TriggerOrigin, outcome: AttemptOutcome, reason: Reason? = nil) {
        self.at = at
        self.via = via
        self.outcome = outcome
        self.reason = reason
    }
}

extension LastAttempt: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "LastAttempt",
            "The latest time that the old server was asked about a password of an account, or would have been.",
            [
                .required("at", .time, "when"),
                .required("via", .choice(TriggerOrigin.self), "for what kind of login; a run asks for the latest one"),
                .required(
                    "outcome", .choice(AttemptOutcome.self),
                    "accepted; rejected; unavailable: it could not be asked, or did not judge the password; noSuchUser"),
                .required("reason", .orNull(.choice(Reason.self)), "why the password was not accepted"),
            ]))
}

/// The window in which a domain's logins start moves.
public struct WindowReport: Codable, Hashable, Sendable {
    public var state: WindowState
    public var expiresAt: Timestamp
    /// Whole days left, rounded up; 0 when it is over.
    public var daysLeft: Int

    public init(state: WindowState, expiresAt: Timestamp, daysLeft: Int) {
        self.state = state
        self.expiresAt = expiresAt
        self.daysLeft = daysLeft
    }
}

extension WindowReport: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "Window", "The window in which a domain's logins start moves.",
            [
                .required("state", .choice(WindowState.self), "whether logins start moves"),
                .required("expiresAt", .time, "its end"),
                .required("daysLeft", .count, "days left, rounded up"),
            ]))
}

/// What a home page shows of the move.
public struct Portal: Codable, Hashable, Sendable {
    public typealias Action = PortalAction

    public var visible: Bool
    @OrNull public var action: Action?

    public init(visible: Bool, action: Action?) {
        self.visible = visible
        self.action = action
    }
}

extension Portal: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "Portal", "What a home page shows of the move.",
            [
                .required("visible", .boolean, "whether it shows anything"),
                .required(
                    "action", .orNull(.choice(Action.self)),
                    "trigger: ask for the old password; query: show the figures"),
            ]))
}
