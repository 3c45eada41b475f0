// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records
import Vocabulary

/// An account as a row. The order of columns is known only to this file; their names are SQLiteRecords'.
enum AccountRow {
    /// What `read` expects after SELECT.
    static let selected =
        "id, address, given, displayName, quotaOctets, createdAt, deletedAt, " + state.joined(separator: ", ")

    static let insertion = """
        INSERT INTO account (domain, address, \(written.joined(separator: ", ")))
        VALUES (\((1...(2 + written.count)).map { "$\($0)" }.joined(separator: ", ")))
        ON CONFLICT (domain, address) DO NOTHING RETURNING id
        """

    static let replacement = """
        UPDATE account SET \(written.enumerated().map { "\($1) = $\($0 + 2)" }.joined(separator: ", ")) WHERE id = $1
        """

    private static let identity = ["given", "displayName", "foldedName", "quotaOctets", "createdAt", "deletedAt"]

    private static let state = [
        "passwordHash", "handover", "revision",
        "shownRevision", "shownGeneration", "rejectedRevision", "rejectedGeneration",
        "outcome", "nonMigrating", "startedAt", "startedBy", "lastTriggeredAt", "finishedAt",
        "moved", "movedOctets", "remaining", "remainingOctets", "runs",
        "errorReason", "errorDetail", "errorAt",
        "pendingKind", "pendingDue", "pendingFailures", "pendingFailingSince", "pendingFollowUpUntil",
        "pendingSessions", "pendingFound", "lookedThrough", "version",
        "intendedHash", "intendedSealed", "intendedGeneration", "intendedVia",
        "lastTriggeredBy", "attemptAt", "attemptVia", "attemptOutcome", "attemptReason", "paused",
        "sealed",
    ]

    private static let written = identity + state

    static func read(_ columns: inout Columns) throws -> AccountRecord {
        let id = try columns.integer()
        do {
            return try read(id, &columns)
        } catch let damage as Damage {
            throw Damage(detail: "the row of account \(id): \(damage.detail)")
        }
    }

    private static func read(_ id: AccountRecord.ID, _ columns: inout Columns) throws -> AccountRecord {
        let address = try columns.address()
        let displayName = try columns.optionalText()
        let quotaOctets = try columns.optionalInteger()
        let createdAt = try columns.time()
        let deletedAt = try columns.optionalTime()
        var account = AccountRecord(address: address, passwordHash: try columns.text(), createdAt: createdAt)
        account.id = id
        account.displayName = displayName
        account.quotaOctets = quotaOctets
        account.deletedAt = deletedAt
        account.handover = try columns.word()
        account.revision = try columns.integer()
        account.shown = try mark(&columns)
        account.rejected = try mark(&columns)
        account.outcome = try MigrationStatus(code: columns.integer())
        account.nonMigrating = try columns.optionalWord()
        account.startedAt = try columns.optionalTime()
        account.startedBy = try columns.optionalWord()
        account.lastTriggeredAt = try columns.optionalTime()
        account.finishedAt = try columns.optionalTime()
        account.moved = try columns.integer()
        account.movedOctets = try columns.integer()
        account.remaining = try columns.integer()
        account.remainingOctets = try columns.integer()
        account.runs = try columns.integer()
        account.error = try failure(&columns)
        account.pending = try pending(&columns)
        account.lookedThrough = try columns.optionalInteger()
        account.version = try columns.integer()
        account.handingOver = try handingOver(&columns)
        account.lastTriggeredBy = try columns.optionalWord()
        account.lastAttempt = try attempt(&columns)
        account.isPaused = try columns.integer() != 0
        account.sealed = try columns.optionalOctets()
        return account
    }

    static func insertionArguments(_ account: AccountRecord, domain: Int64) -> [PostgreSQLValue] {
        [.integer(domain), .text(account.address.key)] + values(account)
    }

    static func replacementArguments(_ account: AccountRecord) -> [PostgreSQLValue] {
        [.integer(account.id)] + values(account)
    }

    /// In the order of `written`.
    private static func values(_ account: AccountRecord) -> [PostgreSQLValue] {
        [
            column(account.address.givenWhereNotKey),
            column(account.displayName), column(account.displayName?.folded), column(account.quotaOctets),
            column(account.createdAt), column(account.deletedAt),
            column(account.passwordHash), column(account.handover.rawValue), column(account.revision),
            column(account.shown?.revision), column(account.shown?.generation),
            column(account.rejected?.revision), column(account.rejected?.generation),
            column(account.outcome.code), column(account.nonMigrating?.rawValue),
            column(account.startedAt), column(account.startedBy?.rawValue),
            column(account.lastTriggeredAt), column(account.finishedAt),
            column(account.moved), column(account.movedOctets),
            column(account.remaining), column(account.remainingOctets), column(account.runs),
            column(account.error?.reason.rawValue), column(account.error?.detail), column(account.error?.at),
            column(account.pending?.kind.rawValue), column(account.pending?.due),
            column((account.pending?.failures).map(Int64.init)),
            column(account.pending?.failingSince), column(account.pending?.followUpUntil),
            column((account.pending?.sessions).map(Int64.init)), column((account.pending?.found).map(Int64.init)),
            column(account.lookedThrough), column(account.version),
            column(account.handingOver?.hash), column(account.handingOver?.sealed),
            column(account.handingOver?.generation), column(account.handingOver?.via.rawValue),
            column(account.lastTriggeredBy?.rawValue),
            column(account.lastAttempt?.at), column(account.lastAttempt?.via.rawValue),
            column(account.lastAttempt?.outcome.rawValue), column(account.lastAttempt?.reason?.rawValue),
            column(account.isPaused ? 1 : 0),
            column(account.sealed),
        ]
    }

    private static func mark(_ columns: inout Columns) throws -> PasswordMark? {
        let revision = try columns.optionalInteger()
        let generation = try columns.optionalInteger()
        guard let revision, let generation else { return nil }
        return PasswordMark(revision: revision, generation: generation)
    }

    private static func handingOver(_ columns: inout Columns) throws -> IntendedHandOver? {
        let hash = try columns.optionalText()
        let sealed = try columns.optionalOctets()
        let generation = try columns.optionalInteger()
        let via: TriggerOrigin? = try columns.optionalWord()
        guard let hash, let generation, let via else { return nil }
        return IntendedHandOver(hash: hash, sealed: sealed, generation: generation, via: via)
    }

    private static func failure(_ columns: inout Columns) throws -> RunFailure? {
        let reason: Reason? = try columns.optionalWord()
        let detail = try columns.optionalText()
        let at = try columns.optionalTime()
        guard let reason, let detail, let at else { return nil }
        return RunFailure(reason: reason, detail: detail, at: at)
    }

    private static func attempt(_ columns: inout Columns) throws -> PasswordAttempt? {
        let at = try columns.optionalTime()
        let via: TriggerOrigin? = try columns.optionalWord()
        let outcome: AttemptOutcome? = try columns.optionalWord()
        let reason: Reason? = try columns.optionalWord()
        guard let at, let via, let outcome else { return nil }
        return PasswordAttempt(at: at, via: via, outcome: outcome, reason: reason)
    }

    private static func pending(_ columns: inout Columns) throws -> PendingRun? {
        let kind: PendingRun.Kind? = try columns.optionalWord()
        let due = try columns.optionalTime()
        let failures = try columns.optionalInteger()
        let failingSince = try columns.optionalTime()
        let followUpUntil = try columns.optionalTime()
        let sessions = try columns.optionalInteger()
        let found = try columns.optionalInteger()
        guard let kind, let due, let failures else { return nil }
        var run = PendingRun(
            kind: kind, due: due, failures: Int(failures), failingSince: failingSince, followUpUntil: followUpUntil)
        run.sessions = Int(clamping: sessions ?? 0)
        run.found = found.map { Int(clamping: $0) }
        return run
    }
}
