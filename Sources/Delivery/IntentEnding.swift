// SPDX-License-Identifier: Apache-2.0

package import Ground
package import MailStore
package import Records
package import Statuses
import Vocabulary

/// Ends deliveries that were intended and then interrupted: each message that is or was in its mailbox is recorded as
/// moved; the rest are forgotten, and fetched again.
///
/// However many there are, this costs one sync of each lane, then one commit. A crash before the commit leaves them as
/// they were. A message that is neither where it was staged nor anywhere under its name is looked for by its content;
/// if it is not found that way either, it is fetched again.
package struct IntentEnding: Sendable {
    let context: Context
    let store: any MailStore
    let statuses: StatusBoard

    package init(context: Context, store: any MailStore, statuses: StatusBoard) {
        self.context = context
        self.store = store
        self.statuses = statuses
    }

    /// What became of one of them.
    private struct Ended: Sendable {
        var intent: Intent
        var address: EmailAddress
        /// Where its mailbox stands now; nil where that is not known to this store.
        var batch: StagedBatch?
        var delivered: [Bool]
        /// How many of the messages not moved were not found: nobody can tell whether their user has deleted them.
        var notFound = 0
        var notes: MailboxNotes = [:]

        var moved: MovedBatch {
            let moved = zip(zip(intent.rows, intent.octets), delivered).filter(\.1).map(\.0)
            return MovedBatch(
                intent: intent.id, account: intent.account, rows: moved.map(\.0),
                octets: moved.lazy.map(\.1).saturatedSum(),
                listedOctets: moved.lazy.map { max(0, $0.0.octets) }.saturatedSum(), notes: notes)
        }
    }

    /// Messages whose fate only a search by content can tell.
    package struct Undecided: Error, CustomStringConvertible {
        var count: Int

        package var description: String {
            "\(count) messages may have been filed under other names since, and are looked for by their contents"
        }
    }

    /// One account's deliveries, up to the first that could not be ended.
    private struct Outcome: Sendable {
        var account: AccountRecord.ID
        var ended: [Ended] = []
        var error: (any Error)?
        /// The lane that did not answer, and the error.
        var silent: (StoreLane, MailStoreError)?
    }

    /// - Parameters:
    ///   - intents: in the order in which they were recorded.
    ///   - searchesContents: whether mailboxes are read where necessary, which may take long; if not, such intents are
    ///     left for the next call.
    ///   - silent: lanes that do not answer and are not asked; those that turn out not to answer are added.
    /// - Returns: the accounts whose intents could not all be ended, and why: a `MailStoreError`, or a `RecordsError`
    ///   that concerns one account.
    /// - Throws: `RecordsError`.
    package func end(
        _ intents: some Sequence<Intent>, searchesContents: Bool, except silent: inout [StoreLane: MailStoreError]
    ) async throws -> [AccountRecord.ID: any Error] {
        let outcomes = await publish(Dictionary(grouping: intents, by: \.account), searchesContents, &silent)
        var failures: [AccountRecord.ID: any Error] = [:]
        for outcome in outcomes { failures[outcome.account] = outcome.error }
        // What is not known to this store has nothing that is to be made durable.
        let batches = outcomes.flatMap(\.ended).enumerated().compactMap { place, ended in
            ended.batch.map { (place, $0) }
        }
        let found = await store.sync(batches.map(\.1))
        let errors = Dictionary(uniqueKeysWithValues: found.map { (batches[$0.key].0, $0.value) })
        var durable: [[Ended]] = []
        var start = 0
        for outcome in outcomes {
            let ended = outcome.ended.indices.prefix { errors[start + $0] == nil }.map { outcome.ended[$0] }
            if let error = errors[start + ended.count], ended.count < outcome.ended.count {
                failures[outcome.account] = error
            }
            start += outcome.ended.count
            if !ended.isEmpty { durable.append(ended) }
        }
        for (account, error) in try await record(durable) { failures[account] = error }
        return failures
    }

    /// Publishes what is still staged: a few accounts at once, each one's batches in order.
    private func publish(
        _ intents: [AccountRecord.ID: [Intent]], _ searchesContents: Bool,
        _ silent: inout [StoreLane: MailStoreError]
    ) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            var outcomes: [Outcome] = []
            var waiting = intents.makeIterator()
            func next() {
                guard let (account, intents) = waiting.next() else { return }
                group.addTask { [silent] in await publish(intents, of: account, searchesContents, except: silent) }
            }
            for _ in 0..<Self.accountsAtOnce { next() }
            for await outcome in group {
                if let (lane, error) = outcome.silent { silent[lane] = error }
                outcomes.append(outcome)
                next()
            }
            return outcomes
        }
    }

    private static let accountsAtOnce = 8

    private func publish(
        _ intents: [Intent], of account: AccountRecord.ID, _ searchesContents: Bool,
        except silent: [StoreLane: MailStoreError]
    ) async -> Outcome {
        var outcome = Outcome(account: account)
        var row: AccountRecord?
        for intent in intents {
            let batch = intent.batch(in: store)
            do {
                if let error = batch.flatMap({ silent[$0.lane] }) { throw error }
                if row == nil {
                    row = try await context.records.account(id: account)
                    // A mailbox that is missing, or is a different one, tells nothing.
                    if let row { _ = try await StoreGuard(context: context, store: store).verify(row) }
                }
                guard let row else { break }
                let ended = try await end(intent, batch, of: row, after: outcome.ended, searchesContents)
                outcome.ended.append(ended)
            } catch {
                outcome.error = error
                if let error = error as? MailStoreError, error.code == .unresponsive, let batch {
                    outcome.silent = (batch.lane, error)
                }
                break
            }
        }
        return outcome
    }

    private func end(
        _ intent: Intent, _ batch: StagedBatch?, of row: AccountRecord, after before: [Ended],
        _ searchesContents: Bool
    ) async throws -> Ended {
        guard context.records.holds(Lease.current) else {
            throw RecordsError(code: .superseded, detail: "Another node may have taken the run of \(row.address) over.")
        }
        var fates = intent.rows.map { _ in MessageFate.unknown }
        var ended = Ended(intent: intent, address: row.address, delivered: [])
        if let batch {
            let recovered = try await store.recover(
                batch, of: row.address, isRecent: intent.isRecent(at: context.now()))
            (fates, ended.batch, ended.notes) = (recovered.fates, recovered.batch, recovered.notes)
        } else {
            // mailStore.kind was another then: what has arrived is told by what is in the mailbox now.
            context.log.notice(
                "a delivery was begun into another kind of mail store, or cannot be read; what is in the mailbox tells",
                metadata: .about(row.address))
        }
        ended.delivered = fates.map { $0 == .delivered }
        ended.notFound = fates.count { $0 == .notFound }
        let unknown = fates.indices.filter { fates[$0] == .unknown }
        guard !unknown.isEmpty else { return ended }
        guard searchesContents else { throw Undecided(count: unknown.count) }
        guard let ours = try await store.contents(of: row.address, .ours),
            let others = try await store.contents(of: row.address, .others)
        else { return ended }
        let ledger = try await context.records.ledger(of: row.id)
        let delivered = (before + [ended]).flatMap { ended in
            zip(ended.intent.rows, ended.delivered).filter(\.1).map(\.0.content)
        }
        // Names of ours tell nothing of messages whose names are not known.
        let (named, unnamed) = batch == nil ? (MailboxContents(), others.adding(ours)) : (ours, others)
        var search = ContentSearch(
            ours: named, others: unnamed, accounted: ledger.filter { !$0.isShown }.map(\.content) + delivered)
        for index in unknown where intent.rows.indices.contains(index) {
            ended.delivered[index] = search.take(intent.rows[index].content)
            if !ended.delivered[index] { ended.notFound += 1 }
        }
        return ended
    }

    /// One commit; if an account contradicts the database, one for each, so that it holds up no other.
    private func record(_ accounts: [[Ended]]) async throws -> [AccountRecord.ID: any Error] {
        guard !accounts.isEmpty else { return [:] }
        do {
            for account in try await commit(accounts) { statuses.changed(account) }
            return [:]
        } catch let error as RecordsError where error.isOneAccounts {
            if accounts.count == 1 { return [accounts[0][0].intent.account: error] }
            var failures: [AccountRecord.ID: any Error] = [:]
            for account in accounts { failures.merge(try await record([account])) { first, _ in first } }
            return failures
        }
    }

    private func commit(_ accounts: [[Ended]]) async throws -> [AccountRecord] {
        let now = context.now()
        return try await context.records.end(
            accounts.compactMap { ended in
                ended.first.map { first in
                    EndedDeliveries(
                        account: first.intent.account, deliveries: ended.map(\.moved),
                        event: Self.event(ended, first.address, at: now))
                }
            }, at: now)
    }

    private static func event(_ ended: [Ended], _ address: EmailAddress, at now: Timestamp) -> EventRecord? {
        let notFound = ended.reduce(0) { $0 + $1.notFound }
        guard notFound > 0 else { return nil }
        return EventRecord(
            at: now, account: address, kind: .perhapsDoubled,
            detail:
                "\(notFound) messages were being delivered when the daemon or its line to the mail store ended, and are not "
                + "where they would have arrived; they are fetched again, also if they were moved or deleted here since"
        )
    }
}

extension MailboxContents {
    fileprivate func adding(_ other: MailboxContents) -> MailboxContents {
        var all = self
        all.messages.merge(other.messages) { $0 + $1 }
        all.octets.merge(other.octets) { one, _ in one }
        return all
    }
}
