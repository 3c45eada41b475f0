// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Synchronization
import Vocabulary

/// Makes staged messages moved, for all accounts together, in epochs:
///
/// 1. *sync*: what was staged for this epoch and what the last one published becomes durable.
/// 2. *commit*: one transaction records the last epoch's batches as moved and this one's as intended.
/// 3. *publish*: this epoch's batches become visible.
///
/// So an epoch costs one sync and one commit, however many accounts take part. A crash at any instant leaves each
/// batch either unrecorded (its files are swept away by the next run) or intended (``Recovery`` ends it).
/// No cancellation reaches it: what is submitted is either recorded or fails as a whole.
final class Delivery: Sendable {
    /// One account's messages, to become visible and moved together.
    struct Submission: Sendable {
        var account: AccountRecord.ID
        var batch: StagedBatch
        var rows: [LedgerRow]
        var octets: [Int64]
        /// What `LIST` said of them, for the account's figures.
        var listedOctets: Int64
    }

    private struct Item: Sendable {
        var submission: Submission
        var intent: Intent.ID = 0
        var done: Receipt
    }

    private struct State: Sendable {
        var ready: [Item] = []
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let context: Context
    private let statuses: StatusBoard
    private let state = Mutex(State())

    init(context: Context, statuses: StatusBoard) {
        self.context = context
        self.statuses = statuses
    }

    /// Puts a batch into the line; batches of one account become visible in the order in which they are submitted.
    func submit(_ submission: Submission) -> Receipt {
        let receipt = Receipt()
        let (isClosed, waiter) = state.withLock { state in
            guard !state.isClosed else { return (true, CheckedContinuation<Void, Never>?.none) }
            state.ready.append(Item(submission: submission, done: receipt))
            defer { state.waiter = nil }
            return (false, state.waiter)
        }
        if isClosed { receipt.resume(throwing: MoveError(.shuttingDown, "the daemon shuts down")) }
        waiter?.resume()
        return receipt
    }

    /// No submission follows; ``run()`` returns when all are done.
    func close() async {
        let waiter = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    func run() async {
        var published: [Item] = []
        while true {
            if published.isEmpty { await work() }
            let (ready, isClosed) = state.withLock { state in
                defer { state.ready = [] }
                return (state.ready, state.isClosed)
            }
            if ready.isEmpty, published.isEmpty {
                if isClosed { return }
                continue
            }
            published = await epoch(ready: ready, published: published)
        }
    }

    /// Waits until something is submitted, or nothing will be.
    private func work() async {
        await withCheckedContinuation { continuation in
            let isNow = state.withLock { state in
                guard state.ready.isEmpty, !state.isClosed else { return true }
                state.waiter = continuation
                return false
            }
            if isNow { continuation.resume() }
        }
    }

    /// - Returns: what has been published and is still to be recorded as moved.
    private func epoch(ready: [Item], published: [Item]) async -> [Item] {
        let places = Set((ready + published).map(\.submission.batch.place))
        let errors = await context.store.sync(places)
        let durable = published.filter { errors[$0.submission.batch.place] == nil }
        let staged = ready.filter { errors[$0.submission.batch.place] == nil }
        for item in ready + published {
            if let error = errors[item.submission.batch.place] { item.done.resume(throwing: error) }
        }
        let intended = await record(moved: durable, intended: staged)
        var visible: [Item] = []
        for item in intended {
            do {
                try await context.store.publish(item.submission.batch)
                visible.append(item)
            } catch {
                item.done.resume(throwing: error)
            }
        }
        return visible
    }

    /// Commits for all accounts at once; where one of them contradicts the database, for each on its own, so that it
    /// holds up no other. Resumes whoever waits for what has become moved, or could not be recorded.
    private func record(moved: [Item], intended: [Item]) async -> [Item] {
        do {
            let begun = try await commit(moved: moved, intended: intended)
            for item in moved { item.done.resume() }
            return begun
        } catch {
            let accounts = Set((moved + intended).map(\.submission.account))
            if accounts.count > 1, error.isOneAccounts {
                var begun: [Item] = []
                for account in accounts.sorted() {
                    begun += await record(
                        moved: moved.filter { $0.submission.account == account },
                        intended: intended.filter { $0.submission.account == account })
                }
                return begun
            }
            // What was published stays intended, and is recorded by the account's next run.
            for item in moved + intended { item.done.resume(throwing: error) }
            return []
        }
    }

    private func commit(moved: [Item], intended: [Item]) async throws -> [Item] {
        let now = context.now()
        let finished = moved.map { ($0.submission, $0.intent) }
        let begun = intended.map(\.submission)
        let (accounts, intents) = try await context.records.write { records in
            var accounts: [AccountRecord.ID: AccountRecord] = [:]
            for (submission, intent) in finished {
                try records.insert(submission.rows, for: submission.account)
                try records.removeIntent(intent)
                guard var account = try accounts[submission.account] ?? records.account(id: submission.account) else {
                    continue
                }
                account.count(submission)
                accounts[submission.account] = account
            }
            for account in accounts.values { try records.update(account) }
            let intents = try begun.map { submission in
                try records.insert(
                    Intent(
                        account: submission.account, recordedAt: now, batch: try submission.batch.encoded(),
                        rows: submission.rows, octets: submission.octets))
            }
            return (accounts, intents)
        }
        for (submission, _) in finished { statuses.moved(submission.rows.count, of: submission.account) }
        for account in accounts.values { statuses.changed(account) }
        return zip(intended, intents).map { item, intent in
            var item = item
            item.intent = intent
            return item
        }
    }
}

extension Error {
    /// Whether the database would take the same from another account.
    fileprivate var isOneAccounts: Bool {
        guard let error = self as? RecordsError else { return true }
        return error.code == .conflict || error.code == .corrupt
    }
}

extension AccountRecord {
    fileprivate mutating func count(_ submission: Delivery.Submission) {
        moved += Int64(submission.rows.count)
        movedOctets += submission.octets.reduce(0, +)
        remaining = max(0, remaining - Int64(submission.rows.count))
        remainingOctets = max(0, remainingOctets - submission.listedOctets)
    }
}
