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
    /// nil only in `listMigrations`.
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
    /// What is known of the old server; nil where nobody has been there since the daemon started.
    @OrNull public var reachable: Reachable?
    /// What the administrator should know, one sentence each.
    public var warnings: [String]
    /// What has changed; of `updateMigration` alone.
    public var changes: [SettingChange]?

    public init(
        domain: DomainName, state: WindowState, oldServer: OldServer, validDays: Int, knownAccounts: [EmailAddress]?,
        excludedAccounts: [EmailAddress]?, autoCreateAccounts: Bool, syncPasswords: Bool, options: MoveOptions,
        enabledAt: Timestamp, expiresAt: Timestamp, progress: DomainProgress, reachable: Reachable?,
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
                    "reachable", .orNull(Reachable.schema),
                    "the old server, as logins and moves have met it; null where nobody has been there yet"),
                .required("warnings", .array(of: .text), "what the administrator should know"),
                .sometimes(
                    "changes", .array(of: SettingChange.schema),
                    "what has changed, or would change in a dry run; of updateMigration alone"),
            ]))

    static let example = Migration(
        domain: .example, state: .active, oldServer: OldServer(host: "192.0.2.10", security: .starttls), validDays: 30,
        knownAccounts: nil, excludedAccounts: [.example("robot")], autoCreateAccounts: false, syncPasswords: true,
        options: MoveOptions(), enabledAt: .example, expiresAt: .exampleEnd, progress: .example,
        reachable: .example, warnings: [])
}
