// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// Runs an account's pending run and records what came of it.
struct Runner: Sendable {
    let context: Context
    let statuses: StatusBoard
    let delivery: Delivery

    /// The account's wish after a run.
    enum Next: Sendable {
        case none
        case pending(PendingRun, MigrationSettings)
        /// The database did not answer: the run is as it was, and is tried again.
        case again
    }

    /// What a run leaves to be recorded.
    private struct Outcome {
        var end: Run.End
        var further: FurtherSessions?
        /// What came of its latest login; nil where it had none.
        var asked: PasswordAttempt?
    }

    func run(_ id: AccountRecord.ID, isSuspect: Bool, _ control: RunControl) async -> Next {
        var account: EmailAddress?
        do {
            let (row, settings) = try await context.records.read { records in
                let row = try records.account(id: id)
                return (row, try row.flatMap { try records.settings(of: $0.address.domain) })
            }
            account = row?.address
            guard let row, let settings, row.deletedAt == nil else { return .none }
            guard let pending = row.pending, let sealed = row.sealed else {
                // The password was taken away before the run's turn came.
                guard row.outcome == .inProgress else { return .none }
                let end = Run.End.stopped(row.nonMigrating == nil ? .disabled : .excluded)
                return try await record(Outcome(end: end), of: row, settings)
            }
            // Should the process die under it, the next one knows under which.
            try await context.records.note { try $0.beginRun(of: id, isSuspect: isSuspect) }
            let outcome = await end(of: row, pending, sealed, settings, control)
            context.reach.note(settings.oldServer, outcome.end, at: context.now())
            return try await record(outcome, of: row, settings)
        } catch {
            context.log.error(
                "the run could not be recorded: \(error)", metadata: account.map { .about($0) } ?? ["row": "\(id)"])
            return .again
        }
    }

    private func end(
        of row: AccountRecord, _ pending: PendingRun, _ sealed: [UInt8], _ settings: MigrationSettings,
        _ control: RunControl
    ) async -> Outcome {
        let state = settings.state(at: context.now())
        if state == .disabled { return Outcome(end: .stopped(.disabled)) }
        if row.nonMigrating == .excluded || row.nonMigrating == .notKnown { return Outcome(end: .stopped(.excluded)) }
        // A run that a login in time has started is finished, however long it waited for its turn.
        if state == .expired, pending.kind != .first, row.outcome != .inProgress {
            return Outcome(end: .stopped(.expired))
        }
        if row.isPaused { return Outcome(end: .stopped(.paused)) }
        do {
            let store = StoreGuard(context: context)
            let expected = try await store.verify(row.id)
            let completion = LedgerCompletion(context: context)
            try await completion.complete(row)
            let intents = try await context.records.read { try $0.intents(of: row.id) }
            if !intents.isEmpty {
                let ending = IntentEnding(context: context, statuses: statuses)
                var silent: Set<UInt64> = []
                if let error = try await ending.end(intents, searchesContents: true, except: &silent)[row.id] {
                    throw error
                }
            }
            let password = try context.vault.open(sealed, for: row.address)
            var run = Run(
                context: context, statuses: statuses, delivery: delivery, control: control, account: row,
                settings: settings, password: password,
                further: FurtherSessions(sessions: pending.sessions, found: pending.found))
            run.expected = expected
            let end = try await run.end()
            switch end {
            case .completed, .refused:
                // What is complete is so where the mail is looked for.
                _ = try await store.verify(row.id)
                try await completion.forgetOthers(row.id)
            default: break
            }
            return Outcome(end: end, further: run.further, asked: run.asked)
        } catch let error as MailStoreError {
            return Outcome(end: .failed(.mailStoreUnavailable, error.description))
        } catch let error as MoveError {
            return Outcome(
                end: error.reason == .shuttingDown ? .stopped(.shutdown) : .failed(error.reason, error.detail))
        } catch is CancellationError {
            return Outcome(end: .stopped(.shutdown))
        } catch {
            return Outcome(end: .failed(.databaseUnavailable, String(describing: error)))
        }
    }

    /// The latest run's outcome is the account's.
    private func record(
        _ outcome: Outcome, of before: AccountRecord, _ settings: MigrationSettings
    ) async throws -> Next {
        let end = outcome.end
        if case .stopped(.shutdown) = end {
            try await context.records.note { try $0.suspendRuns(of: before.id) }
            return .none
        }
        let now = context.now()
        let limits = context.limits
        let spans = context.spans
        let uptime = context.uptime()
        let source = context.ledgerHash.source(
            settings.oldServer, username: settings.oldServer.username(of: before.address))
        let (further, attempt) = (outcome.further, outcome.asked)
        let recorded = try await context.records.write { records -> (AccountRecord, MigrationSettings)? in
            try records.endRun(of: before.id)
            guard var row = try records.account(id: before.id), row.deletedAt == nil,
                let current = try records.settings(of: row.address.domain)
            else { return nil }
            // Made again meanwhile: what has ended was another account's.
            if case .stopped(.deleted) = end { return (row, current) }
            guard row.createdAt == before.createdAt else { return (row, current) }
            // A trigger has brought another password meanwhile; the run with that comes next, and counts.
            guard row.sealed == nil || row.sealed == before.sealed else { return (row, current) }
            // Disabled or excluded while it ran: nothing of it is kept.
            let keeps = row.sealed != nil && current.state(at: now) == .active
            let brought = row.moved != before.moved
            let clock = RunClock(now: now, uptime: uptime, spans: spans)
            if end.leavesTheRestToAnother {
                // The password was taken away after that.
                guard row.sealed == nil, row.outcome == .inProgress else { return (row, current) }
                let reason: RunControl.StopReason = row.nonMigrating == nil ? .disabled : .excluded
                let asked = PasswordMark(revision: before.revision, generation: settings.generation)
                let event = row.end(
                    .stopped(reason), keeps: false, brought: brought, asked: asked, current, limits, clock)
                if let event { try records.append(event) }
                try records.update(row)
                return (row, current)
            }
            // What an old server has said that the settings do not name any more counts no more.
            guard current.oldServer == settings.oldServer || row.pending == nil else { return (row, current) }
            let asked = PasswordMark(revision: before.revision, generation: settings.generation)
            row.wasAsked(attempt)
            let event = row.end(end, keeps: keeps, brought: brought, asked: asked, current, limits, clock)
            if let further { row.remember(further, of: source, after: end) }
            try records.update(row)
            if let event { try records.append(event) }
            return (row, current)
        }
        guard let (row, current) = recorded else { return .none }
        statuses.changed(row)
        if row.isPaused { return .none }
        return row.pending.map { .pending($0, current) } ?? .none
    }
}

extension Run.End {
    /// All is as it was, for a run to come: at once under other settings, or when the account is paused no more.
    fileprivate var leavesTheRestToAnother: Bool {
        switch self {
        case .stopped(.resettled), .stopped(.paused): true
        default: false
        }
    }
}
