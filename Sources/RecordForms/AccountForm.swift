// SPDX-License-Identifier: Apache-2.0

package import Records
import Vocabulary

/// An account as a row, in every database. The order of its columns is known only to this file.
package enum AccountForm {
    /// What ``read(_:)`` expects after SELECT.
    package static let selected =
        "id, address, given, displayName, quotaOctets, createdAt, deletedAt, " + state.joined(separator: ", ")

    private static let identity = ["given", "displayName", "foldedName", "quotaOctets", "createdAt", "deletedAt"]

    private static let state = [
        "passwordHash", "handover", "revision",
        "shownRevision", "shownGeneration", "rejectedRevision", "rejectedGeneration",
        "outcome", "nonMigrating", "startedAt", "startedBy", "lastTriggeredAt", "finishedAt",
        "moved", "movedOctets", "remaining", "remainingOctets", "runs",
        "errorReason", "errorDetail", "errorAt",
        "pendingKind", "pendingDue", "pendingFailures", "pendingFailingSince", "pendingFollowUpUntil",
        "pendingSessions", "pendingFound", "pendingWait", "lookedThrough", "version",
        "intendedHash", "intendedSealed", "intendedGeneration", "intendedVia", "intendedReplaced",
        "lastTriggeredBy", "attemptAt", "attemptVia", "attemptOutcome", "attemptReason", "paused",
        "sealed",
    ]

    /// What is written, in the order of ``values(_:)``.
    package static let written = identity + state

    /// Reads what ``selected`` names.
    /// - Throws: ``Damage``, which names the row.
    package static func read(_ columns: inout some RowColumns) throws -> AccountRecord {
        let id = try columns.integer()
        do {
            return try read(id, &columns)
        } catch let damage as Damage {
            throw Damage(detail: "the row of account \(id): \(damage.detail)")
        }
    }

    private static func read(_ id: AccountRecord.ID, _ columns: inout some RowColumns) throws -> AccountRecord {
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

    /// In the order of ``written``.
    package static func values(_ account: AccountRecord) -> [Cell] {
        [
            cell(account.address.givenWhereNotKey),
            cell(account.displayName), cell(account.displayName?.folded), cell(account.quotaOctets),
            cell(account.createdAt), cell(account.deletedAt),
            cell(account.passwordHash), cell(account.handover.rawValue), cell(account.revision),
            cell(account.shown?.revision), cell(account.shown?.generation),
            cell(account.rejected?.revision), cell(account.rejected?.generation),
            cell(account.outcome.code), cell(account.nonMigrating?.rawValue),
            cell(account.startedAt), cell(account.startedBy?.rawValue),
            cell(account.lastTriggeredAt), cell(account.finishedAt),
            cell(account.moved), cell(account.movedOctets),
            cell(account.remaining), cell(account.remainingOctets), cell(account.runs),
            cell(account.error?.reason.rawValue), cell(account.error?.detail), cell(account.error?.at),
            cell(account.pending?.kind.rawValue), cell(account.pending?.due),
            cell((account.pending?.failures).map(Int64.init)),
            cell(account.pending?.failingSince), cell(account.pending?.followUpUntil),
            cell((account.pending?.sessions).map(Int64.init)), cell((account.pending?.found).map(Int64.init)),
            cell((account.pending?.wait).map { Int64(($0 * 1000).rounded()) }),
            cell(account.lookedThrough), cell(account.version),
            cell(account.handingOver?.hash), cell(account.handingOver?.sealed),
            cell(account.handingOver?.generation), cell(account.handingOver?.via.rawValue),
            cell(account.handingOver?.replaced),
            cell(account.lastTriggeredBy?.rawValue),
            cell(account.lastAttempt?.at), cell(account.lastAttempt?.via.rawValue),
            cell(account.lastAttempt?.outcome.rawValue), cell(account.lastAttempt?.reason?.rawValue),
            cell(account.isPaused ? 1 : 0),
            cell(account.sealed),
        ]
    }

    private static func mark(_ columns: inout some RowColumns) throws -> PasswordMark? {
        let revision = try columns.optionalInteger()
        let generation = try columns.optionalInteger()
        guard let revision, let generation else { return nil }
        return PasswordMark(revision: revision, generation: generation)
    }

    private static func handingOver(_ columns: inout some RowColumns) throws -> IntendedHandOver? {
        let hash = try columns.optionalText()
        let sealed = try columns.optionalOctets()
        let generation = try columns.optionalInteger()
        let via: TriggerOrigin? = try columns.optionalWord()
        let replaced = try columns.optionalText()
        guard let hash, let generation, let via else { return nil }
        return IntendedHandOver(hash: hash, replaced: replaced, sealed: sealed, generation: generation, via: via)
    }

    private static func failure(_ columns: inout some RowColumns) throws -> RunFailure? {
        let reason: Reason? = try columns.optionalWord()
        let detail = try columns.optionalText()
        let at = try columns.optionalTime()
        guard let reason, let detail, let at else { return nil }
        return RunFailure(reason: reason, detail: detail, at: at)
    }

    private static func attempt(_ columns: inout some RowColumns) throws -> PasswordAttempt? {
        let at = try columns.optionalTime()
        let via: TriggerOrigin? = try columns.optionalWord()
        let outcome: AttemptOutcome? = try columns.optionalWord()
        let reason: Reason? = try columns.optionalWord()
        guard let at, let via, let outcome else { return nil }
        return PasswordAttempt(at: at, via: via, outcome: outcome, reason: reason)
    }

    private static func pending(_ columns: inout some RowColumns) throws -> PendingRun? {
        let kind: PendingRun.Kind? = try columns.optionalWord()
        let due = try columns.optionalTime()
        let failures = try columns.optionalInteger()
        let failingSince = try columns.optionalTime()
        let followUpUntil = try columns.optionalTime()
        let sessions = try columns.optionalInteger()
        let found = try columns.optionalInteger()
        let wait = try columns.optionalInteger()
        guard let kind, let due, let failures else { return nil }
        var run = PendingRun(
            kind: kind, due: due, wait: wait.map { Double($0) / 1000 }, failures: Int(failures),
            failingSince: failingSince,
            followUpUntil: followUpUntil)
        run.sessions = Int(clamping: sessions ?? 0)
        run.found = found.map { Int(clamping: $0) }
        return run
    }
}

private func cell(_ text: String?) -> Cell { text.map { .text($0) } ?? .null }
private func cell(_ number: Int64?) -> Cell { number.map { .integer($0) } ?? .null }
private func cell(_ time: Timestamp?) -> Cell { time.map { .integer($0.milliseconds) } ?? .null }
private func cell(_ octets: [UInt8]?) -> Cell { octets.map { .octets($0) } ?? .null }
