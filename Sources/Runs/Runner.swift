// SPDX-License-Identifier: Apache-2.0

package import Delivery
package import Ground
import MailStore
import OldServerPlaces
import Records
package import Statuses
import Vocabulary

/// Runs an account's pending run and records what came of it.
package struct Runner: Sendable {
    let context: Context
    let commons: RunCommons
    let statuses: StatusBoard
    let delivery: Delivery

    package init(context: Context, commons: RunCommons, statuses: StatusBoard, delivery: Delivery) {
        self.context = context
        self.commons = commons
        self.statuses = statuses
        self.delivery = delivery
    }

    /// What the account wants after a run.
    enum Next: Sendable {
        case none
        case pending(PendingRun, MigrationSettings)
        /// The database did not answer: the run stands as it was, and is tried again.
        case again
        /// Another node's run has only just ended.
        case later(seconds: Double)
        /// Over all nodes the old server has as many runs as it may.
        case full
    }

    /// What a run leaves to be recorded.
    private struct Outcome {
        var end: RunEnd
        /// nil if it has had no session.
        var further: FurtherSessions?
        /// The latest login; nil if it has had none.
        var asked: PasswordAttempt?

        init(_ end: RunEnd) { self.end = end }
    }

    /// Whether the account's run is this node's.
    enum Claim: Sendable {
        /// nil where no other node could want it.
        case granted(Lease?)
        /// There is nothing to do here, or not yet.
        case refused(Next)
    }

    func claim(_ place: RunPlace) async -> Claim {
        let limits = context.limits
        let wish = RunClaim(
            account: place.account, server: place.server.description, mostOfServer: limits.connectionsPerOldServer,
            secondsBetween: limits.secondsBetweenRuns)
        do {
            switch try await context.records.claim(wish) {
            case .granted(let lease): return .granted(lease)
            case .elsewhere: return .refused(.none)
            case .later(let seconds): return .refused(.later(seconds: seconds))
            case .full: return .refused(.full)
            }
        } catch {
            context.log.error("whose run it is cannot be recorded: \(error)", metadata: ["row": "\(place.account)"])
            return .refused(.again)
        }
    }

    /// Runs it, and gives the lease back.
    func run(_ place: RunPlace, under lease: Lease?, isSuspect: Bool, _ control: RunControl) async -> Next {
        guard let lease else { return await claimed(place, isSuspect: isSuspect, control) }
        let next = await Lease.$current.withValue(lease) { await claimed(place, isSuspect: isSuspect, control) }
        do {
            try await context.records.release(lease)
            return next
        } catch {
            // It is this node's still, and what follows gives it back.
            context.log.error("whose run it is cannot be recorded: \(error)", metadata: ["row": "\(place.account)"])
            return .again
        }
    }

    private func claimed(_ place: RunPlace, isSuspect: Bool, _ control: RunControl) async -> Next {
        let id = place.account
        var account: EmailAddress?
        do {
            let (row, settings) = try await context.records.standing(of: .id(id))
            account = row?.address
            guard let row, let settings, row.deletedAt == nil else { return .none }
            guard let pending = row.pending, let sealed = row.sealed else {
                // The password was erased before the run's turn came.
                guard row.outcome == .inProgress else { return .none }
                let end = RunEnd.stopped(row.nonMigrating == nil ? .disabled : .excluded)
                return try await record(Outcome(end), of: row, settings)
            }
            // If the process dies during this run, the next process knows which run it was.
            try await context.records.beginRun(of: id, isSuspect: isSuspect, anew: false)
            let outcome = try await outcome(of: row, pending, sealed, settings, place, control)
            return try await record(outcome, of: row, settings)
        } catch let error as RecordsError where error.code == .superseded {
            context.log.notice("\(error)", metadata: account.map { .about($0) } ?? ["row": "\(id)"])
            return .none
        } catch {
            context.log.error(
                "the run could not be recorded: \(error)", metadata: account.map { .about($0) } ?? ["row": "\(id)"])
            return .again
        }
    }

    private func outcome(
        of row: AccountRecord, _ pending: PendingRun, _ sealed: [UInt8], _ settings: MigrationSettings,
        _ place: RunPlace, _ control: RunControl
    ) async throws -> Outcome {
        let state = settings.state(at: context.now())
        if state == .disabled { return Outcome(.stopped(.disabled)) }
        if row.nonMigrating == .excluded || row.nonMigrating == .notKnown { return Outcome(.stopped(.excluded)) }
        // A run started by a login within the window is finished, however long it waited for its turn.
        if state == .expired, pending.kind != .first, row.outcome != .inProgress {
            return Outcome(.stopped(.expired))
        }
        if row.isPaused { return Outcome(.stopped(.paused)) }
        do {
            let store = StoreGuard(context: context, store: commons.store)
            let expected = try await store.verify(row)
            let completion = LedgerCompletion(
                context: context, store: commons.store, wholeLedgers: delivery.wholeLedgers)
            try await completion.complete(row)
            let intents = try await context.records.intents(of: row.id)
            if !intents.isEmpty {
                let ending = IntentEnding(context: context, store: commons.store, statuses: statuses)
                var silent: [StoreLane: MailStoreError] = [:]
                if let error = try await ending.end(intents, searchesContents: true, except: &silent)[row.id] {
                    throw error
                }
            }
            let opened = try commons.vault.openForRun(sealed, for: row.address)
            var run = Run(
                context: context, commons: commons, statuses: statuses, delivery: delivery, place: place,
                control: control,
                account: row, settings: settings, opened: opened,
                further: FurtherSessions(sessions: pending.sessions, found: pending.found))
            run.expected = expected
            var outcome = Outcome(try await run.end())
            outcome.further = run.further
            outcome.asked = run.asked
            switch outcome.end {
            case .completed, .refused:
                // Complete means: in the place where mail is looked for now.
                _ = try await store.verify(row)
                try await completion.forgetOthers(row.id)
            default: break
            }
            return outcome
        } catch let error as MailStoreError {
            // A store that is told to stop waits for nothing any more.
            if let reason = control.stopReason { return Outcome(.stopped(reason)) }
            return Outcome(.failed(.mailStoreUnavailable, error.description))
        } catch let error as MoveError {
            return Outcome(
                error.reason == .shuttingDown ? .stopped(.shutdown) : .failed(error.reason, error.detail))
        } catch is CancellationError {
            return Outcome(.stopped(.shutdown))
        } catch let error as RecordsError
            where error.code == .superseded || (error.code == .unavailable && context.records.areShared)
        {
            throw error
        } catch {
            return Outcome(.failed(.databaseUnavailable, String(describing: error)))
        }
    }

    /// Records the run's outcome as the account's.
    private func record(
        _ outcome: Outcome, of before: AccountRecord, _ settings: MigrationSettings
    ) async throws -> Next {
        outcome.end.measure()
        if case .stopped(.shutdown) = outcome.end {
            try await context.records.suspendRuns(of: before.id)
            return .none
        }
        let now = context.now()
        let limits = context.limits
        let spans = commons.spans
        let uptime = context.uptime()
        let source = commons.ledgerHash.source(
            settings.oldServer, username: settings.oldServer.username(of: before.address))
        let ended = RunEffects(
            end: outcome.end, before: before, ranUnder: settings, further: outcome.further, asked: outcome.asked,
            source: source, limits: limits, clock: RunClock(now: now, uptime: uptime, spans: spans))
        let recorded = try await context.records.change([.id(before.id)]) { _, facts in
            (ended.effects(on: facts), (facts.account, facts.settings))
        }.first
        guard let recorded, let row = recorded.changed ?? recorded.verdict.0, let current = recorded.verdict.1 else {
            return .none
        }
        statuses.changed(row)
        return row.isPaused ? .none : row.pending.map { .pending($0, current) } ?? .none
    }
}
