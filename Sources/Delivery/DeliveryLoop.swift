// SPDX-License-Identifier: Apache-2.0

import Ground
import MailStore
import Records
import Statuses
import Vocabulary
import Waiting

/// Makes staged messages moved, for all accounts of one file system together, in epochs:
///
/// 1. *sync*: what was staged for this epoch and what the last one published becomes durable.
/// 2. *commit*: one transaction records the last epoch's batches as moved and this one's as intended.
/// 3. *publish*: this epoch's batches become visible.
///
/// So an epoch costs one sync and one commit, however many accounts take part. A crash at any instant leaves each
/// batch either unrecorded (its files are swept away by the next run) or intended (``IntentEnding`` ends it).
/// No cancellation reaches it: what is submitted is either recorded or fails as a whole.
final class DeliveryLoop: Sendable {
    typealias Submission = Delivery.Submission
    typealias Size = Delivery.Size

    /// Submissions of one account to one place, delivered as one batch.
    private struct Item: Sendable {
        var submission: Submission
        var intent: Intent.ID = 0
        var receipts: [Receipt]

        /// Whether `other` may become part of it.
        func takes(_ other: Submission) -> Bool {
            submission.account == other.account && submission.batch.place == other.batch.place
                && submission.batch.seen == other.batch.seen
        }

        mutating func add(_ other: Item) {
            submission.batch.names += other.submission.batch.names
            submission.batch.run = other.submission.batch.run
            submission.rows += other.submission.rows
            submission.octets += other.submission.octets
            submission.listedOctets = submission.listedOctets.addingSaturated(other.submission.listedOctets)
            receipts += other.receipts
        }

        func resume() { for receipt in receipts { receipt.settle(.success(())) } }

        func resume(throwing error: any Error) { for receipt in receipts { receipt.settle(.failure(error)) } }

        /// Why not all of it became visible; the rest is moved all the same.
        var shortfall: MailStoreError?

        func settle() {
            if let shortfall { resume(throwing: shortfall) } else { resume() }
        }
    }

    /// What one epoch takes: so much is synced and renamed well within the five seconds that a stop may last.
    private static let mostOfEpoch = Size(messages: 8000, octets: 128 << 20)

    private let context: Context
    private let store: any MailStore
    private let statuses: StatusBoard
    private let line = WaitingLine<Item>()

    init(context: Context, store: any MailStore, statuses: StatusBoard) {
        self.context = context
        self.store = store
        self.statuses = statuses
    }

    /// Puts a batch into the line; batches of one account become visible in the order in which they are submitted.
    func submit(_ submission: Submission) -> Receipt {
        let receipt = Receipt()
        return line.put(Item(submission: submission, receipts: [receipt])) ? receipt : .shuttingDown
    }

    /// No submission follows; ``run()`` returns when all are done.
    func close() { line.close() }

    func run() async {
        var published: [Item] = []
        while true {
            if published.isEmpty { await line.ready() }
            let ready = line.take(Self.take)
            if ready.isEmpty, published.isEmpty { return }
            published = await epoch(ready: ready, published: published)
        }
    }

    /// An epoch's worth, first come, first served; an account's submissions together, in their order.
    private static func take(_ ready: inout [Item]) -> [Item] {
        var size = Size()
        var taken: [Item] = []
        var places: [AccountRecord.ID: Int] = [:]
        var count = 0
        for item in ready {
            if size.reaches(mostOfEpoch) { break }
            size += item.submission.size
            count += 1
            if let place = places[item.submission.account], taken[place].takes(item.submission) {
                taken[place].add(item)
            } else {
                places[item.submission.account] = taken.count
                taken.append(item)
            }
        }
        ready.removeFirst(count)
        return taken
    }

    /// - Returns: what has been published and is still to be recorded as moved.
    private func epoch(ready: [Item], published: [Item]) async -> [Item] {
        let places = Set((ready + published).map(\.submission.batch.place))
        let errors = await store.sync(places)
        let durable = published.filter { errors[$0.submission.batch.place] == nil }
        let staged = ready.filter { errors[$0.submission.batch.place] == nil }
        for item in ready + published {
            if let error = errors[item.submission.batch.place] { item.resume(throwing: error) }
        }
        let intended = await record(moved: durable, intended: staged)
        var visible: [Item] = []
        for item in intended {
            do {
                var item = item
                let wereStaged = try await store.publish(item.submission.batch)
                item.shortfall = item.submission.keep(wereStaged)
                visible.append(item)
            } catch {
                item.resume(throwing: error)
            }
        }
        return visible
    }

    /// Commits for all accounts at once; where one of them contradicts the database, for each on its own, so that it
    /// holds up no other. Resumes whoever waits for what has become moved, or could not be recorded.
    private func record(moved: [Item], intended: [Item]) async -> [Item] {
        do {
            let begun = try await commit(moved: moved, intended: intended)
            for item in moved { item.settle() }
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
            for item in moved + intended { item.resume(throwing: error) }
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
                if let run = submission.batch.run {
                    try records.note([run.mark: run.last], of: submission.account)
                    if let marker = run.markers[.mailbox] {
                        try records.mark(submission.account, as: marker.identity)
                    }
                }
                return try records.insert(
                    Intent(
                        account: submission.account, recordedAt: now, batch: try submission.batch.encoded(at: .now),
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

extension Delivery.Submission {
    /// Forgets the messages that somebody took out of `tmp` before they became visible: they are fetched again.
    fileprivate mutating func keep(_ wereStaged: [Bool]) -> MailStoreError? {
        let vanished = wereStaged.count { !$0 }
        guard vanished > 0 else { return nil }
        let all = zip(zip(rows, octets), wereStaged)
        let octets = all.lazy.filter { !$1 }.map { max(0, $0.0.0.octets) }.saturatedSum()
        listedOctets = max(0, listedOctets.subtractingSaturated(octets))
        (rows, self.octets) = (all.filter(\.1).map(\.0.0), all.filter(\.1).map(\.0.1))
        return MailStoreError(
            code: .misplaced, path: batch.place.path, errno: 0,
            detail: "\(batch.place.path)/tmp: \(vanished) messages were taken away before they were delivered; they "
                + "are fetched again. See that nothing cleans up files there that are younger than a day")
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
        moved = moved.addingSaturated(Int64(submission.rows.count))
        movedOctets = movedOctets.addingSaturated(submission.octets.saturatedSum())
        remaining = max(0, remaining.subtractingSaturated(Int64(submission.rows.count)))
        remainingOctets = max(0, remainingOctets.subtractingSaturated(submission.listedOctets))
    }
}
