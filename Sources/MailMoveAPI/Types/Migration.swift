// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A domain's migration: the settings, the window, and how far it is.
public struct Migration: Codable, Hashable, Sendable {
    public var domain: DomainName
    public var state: WindowState
    public var oldServer: OldServerReport
    public var validDays: Int
    /// nil where none were given, and in `listMigrations`: the list may be long.
    @OrNull public var knownAccounts: [EmailAddress]?
    /// nil in `listMigrations` alone.
    @OrNull public var excludedAccounts: [EmailAddress]?
    public var autoCreateAccounts: Bool
    public var syncPasswords: Bool
    public var options: MoveOptionsReport
    /// The start of the latest window.
    public var enabledAt: Timestamp
    public var expiresAt: Timestamp
    public var counts: StatusCounts
    /// Accounts in progress whose run waits for its turn.
    public var queued: Int
    /// Accounts of which no run starts until `resumeAccounts`.
    public var paused: Int
    public var moved: Int
    public var remaining: Int
    public var movedOctets: Int
    public var remainingOctets: Int
    /// Accounts of which nobody knows yet how much they hold: ``remaining`` leaves them out.
    public var unlisted: Int
    /// Over the last minute; 0 where nothing moves.
    public var messagesPerSecond: Double
    public var octetsPerSecond: Double
    /// Of what is known and under way; nil where nothing moves.
    @OrNull public var etaSeconds: Int?
    /// nil where the old server was not asked since the daemon started.
    @OrNull public var reachable: Reachability?
    /// What the administrator should know, one sentence each.
    public var warnings: [String]
    /// What has become another; of `updateMigration` alone.
    public var changes: [SettingChange]?

    public init(
        domain: DomainName, state: WindowState, oldServer: OldServer, validDays: Int, knownAccounts: [EmailAddress]?,
        excludedAccounts: [EmailAddress]?, autoCreateAccounts: Bool, syncPasswords: Bool, options: MoveOptions,
        enabledAt: Timestamp, expiresAt: Timestamp, progress: DomainProgress, reachable: Reachability? = nil,
        warnings: [String]
    ) {
        self.domain = domain
        self.state = state
        self.oldServer = OldServerReport(oldServer)
        self.validDays = validDays
        self.knownAccounts = knownAccounts
        self.excludedAccounts = excludedAccounts
        self.autoCreateAccounts = autoCreateAccounts
        self.syncPasswords = syncPasswords
        self.options = MoveOptionsReport(options)
        self.enabledAt = enabledAt
        self.expiresAt = expiresAt
        self.counts = progress.counts
        self.queued = progress.queued
        self.paused = progress.paused
        self.moved = progress.moved
        self.remaining = progress.remaining
        self.movedOctets = progress.movedOctets
        self.remainingOctets = progress.remainingOctets
        self.unlisted = progress.unlisted
        self.messagesPerSecond = progress.messagesPerSecond
        self.octetsPerSecond = progress.octetsPerSecond
        self.etaSeconds = progress.etaSeconds
        self.reachable = reachable
        self.warnings = warnings
    }
}

extension Migration: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "Migration", "A domain's migration: the settings, the window, and how far it is.",
            [
                .required("domain", .domain, "the domain in A-form"),
                .required("state", .choice(WindowState.self), "whether logins start moves"),
                .required("oldServer", OldServerReport.schema, "where the mail comes from"),
                .required(
                    "validDays", .integer(1...3650), "length of the window, as it was opened or set last"),
                .required(
                    "knownAccounts", .orNull(.array(of: .address)),
                    "accounts of the old system; null where not given, and in listMigrations"),
                .required(
                    "excludedAccounts", .orNull(.array(of: .address)),
                    "accounts that are never moved; null in listMigrations"),
                .required("autoCreateAccounts", .boolean, "whether accounts are created at their first login"),
                .required("syncPasswords", .boolean, "whether logins hand the old password over"),
                .required("options", MoveOptionsReport.schema, "how the mailboxes are moved"),
                .required("enabledAt", .time, "start of the latest window"),
                .required("expiresAt", .time, "its end"),
            ] + DomainProgress.figures + [
                .required(
                    "reachable", .orNull(Reachability.schema),
                    "whether the old server is reached, null where it was not asked since the daemon started"),
                .required("warnings", .array(of: .text), "what the administrator should know"),
                .sometimes(
                    "changes", .array(of: SettingChange.schema),
                    "what has become another, or would with dryRun; of updateMigration alone"),
            ]))

    static let example = Migration(
        domain: .example, state: .active, oldServer: OldServer(host: "192.0.2.10", security: .starttls), validDays: 30,
        knownAccounts: nil, excludedAccounts: [.example("robot")], autoCreateAccounts: false, syncPasswords: true,
        options: MoveOptions(), enabledAt: .example, expiresAt: .exampleEnd, progress: .example,
        reachable: Reachability(ok: true, since: .example), warnings: [])
}

/// Whether an old server is reached.
public struct Reachability: Codable, Hashable, Sendable, Described {
    public var ok: Bool
    /// Since when that is so, as far as the daemon has noticed since it started.
    public var since: Timestamp
    /// Why it is not; nil where it is.
    @OrNull public var detail: String?

    public init(ok: Bool, since: Timestamp, detail: String? = nil) {
        self.ok = ok
        self.since = since
        self.detail = detail
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "Reachability", "Whether an old server is reached.",
            [
                .required("ok", .boolean, "whether it is, as of the latest login or run"),
                .required("since", .time, "since when that is so, as noticed since the daemon started"),
                .required("detail", .orNull(.text), "why it is not reached"),
            ]))
}
