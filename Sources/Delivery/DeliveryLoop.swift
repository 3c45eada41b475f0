// SPDX-License-Identifier: Apache-2.0

import Ground
import MailStore
import Records
import Statuses
import Vocabulary
import Waiting

/// Makes staged messages moved, in epochs that take all accounts of one lane together:
///
/// 1. *sync*: what was staged for this epoch, and what the last one published, becomes durable.
/// 2. *prepare*: the store notes with this epoch's batches what a recovery will have to know.
/// 3. *commit*: one transaction records the last epoch's batches as moved and this one's as intended.
/// 4. *publish*: this epoch's batches become visible.
///
/// So an epoch costs one sync and one commit, however many accounts take part. A crash at any instant leaves each
/// batch either unrecorded (its files are swept away by the next run) or intended (``IntentEnding`` ends it).
/// Cancellation does not reach it: what is submitted is either recorded or fails as a whole.
final class DeliveryLoop: Sendable {
    typealias Submission = Delivery.Submission
    typealias Size = Delivery.Size

    /// Submissions of one account to one place, delivered as one batch.
    private struct Item: Sendable {
        var submission: Submission
        var intent: Intent.ID = 0
        /// With how many messages each came, in order.
        var receipts: [(receipt: Receipt, messages: Int)]
        /// Why not all of it became visible; the rest is moved nevertheless.
        var shortfall: MailStoreError?
        var publication = Publication([])

        init(_ submission: Submission, _ receipt: Receipt) {
            self.submission = submission
            receipts = [(receipt, submission.rows.count)]
        }

        /// Takes in `other` of the same account, where the store makes one batch of both.
        mutating func takes(_ other: Item, _ store: any MailStore) -> Bool {
            guard submission.lease == other.submission.lease, store.join(other.submission.batch, to: &submission.batch)
            else { return false }
            submission.rows += other.submission.rows
            submission.octets += other.submission.octets
            submission.listedOctets = submission.listedOctets.addingSaturated(other.submission.listedOctets)
            receipts += other.receipts
            return true
        }

        func resume(throwing error: any Error) { for (receipt, _) in receipts { receipt.settle(.failure(error)) } }

        /// All is moved, as far as it can be.
        func settle() {
            if let shortfall { return resume(throwing: shortfall) }
            var start = 0
            for (receipt, messages) in receipts {
                var delivered = Delivered()
                for index in 0..<messages where publication.outcomes.indices.contains(start + index) {
                    if case .refused(let words) = publication.outcomes[start + index] {
                        delivered.refused[index] = words
                    }
                }
                receipt.settle(.success(delivered))
                start += messages
            }
        }
    }

    /// The most that one epoch takes: this much is synced and renamed well within the five seconds allowed for a stop.
    private static let mostOfEpoch = Size(messages: 8000, octets: 128 << 20)

    private let context: Context
    private let store: any MailStore
    private let statuses: StatusBoard
    private let line = WaitingLine<Item>()
    private let rest = EpochRest()

    init(context: Context, store: any MailStore, statuses: StatusBoard) {
        self.context = context
        self.store = store
        self.statuses = statuses
    }

    /// Queues a batch; batches of one account become visible in the order in which they are submitted.
    func submit(_ submission: Submission) -> Receipt {
        let receipt = Receipt()
        guard line.put(Item(submission, receipt)) else { return .shuttingDown }
        rest.queued(submission.size)
        return receipt
    }

    /// No more submissions will follow; ``run()`` returns when all are done.
    func close() {
        line.close()
        rest.close()
    }

    /// Whether nothing is queued.
    var isIdle: Bool { line.isEmpty }

    /// - Parameter retire: asked when there is nothing to do: whether nothing has been submitted meanwhile, and it ends.
    func run(retire: () -> Bool) async {
        var published: [Item] = []
        while true {
            if !published.isEmpty || !isIdle { await rest.wait() }
            let ready = line.take(take)
            if ready.isEmpty, published.isEmpty {
                await rest.waitForMore()
                if retire() { return }
                continue
            }
            rest.taken(ready.lazy.map(\.submission.size))
            published = await epoch(ready: ready, published: published)
        }
    }

    /// An epoch's worth, first come, first served; an account's submissions together, in their order.
    private func take(_ ready: inout [Item]) -> [Item] {
        var size = Size()
        var taken: [Item] = []
        var places: [AccountRecord.ID: Int] = [:]
        var count = 0
        for item in ready {
            if size.reaches(Self.mostOfEpoch) { break }
            size += item.submission.size
            count += 1
            let isTaken = places[item.submission.account].map { taken[$0].takes(item, store) } ?? false
            if !isTaken {
                if store.traits.intendsOneByOne, places[item.submission.account] != nil {
                    // Its turn comes when what is before it is settled.
                    count -= 1
                    break
                }
                places[item.submission.account] = taken.count
                taken.append(item)
            }
        }
        ready.removeFirst(count)
        return taken
    }

    /// - Returns: what has been published and is still to be recorded as moved.
    private func epoch(ready: [Item], published: [Item]) async -> [Item] {
        let errors = await store.sync((ready + published).map(\.submission.batch))
        for (index, item) in (ready + published).enumerated() {
            if let error = errors[index] { item.resume(throwing: error) }
        }
        let durable = published.indices.filter { errors[ready.count + $0] == nil }.map { published[$0] }
        let staged = await prepare(ready.indices.filter { errors[$0] == nil }.map { ready[$0] })
        let intended = await record(moved: durable, intended: staged)
        var visible: [Item] = []
        for item in intended {
            do {
                var item = item
                // What becomes visible now can be refused by nobody later.
                let (records, lease) = (context.records, item.submission.lease)
                guard records.holds(lease) else { throw Self.superseded }
                item.publication = try await store.publish(item.submission.batch, for: publisher(under: lease))
                item.submission.keep(item.publication)
                let vanished = item.publication.outcomes.count { $0 == .takenAway }
                if vanished > 0 { item.shortfall = store.takenAway(vanished, from: item.submission.batch) }
                visible.append(item)
            } catch {
                item.resume(throwing: error)
            }
        }
        return visible
    }

    private func prepare(_ staged: [Item]) async -> [Item] {
        var prepared: [Item] = []
        for var item in staged {
            do throws(MailStoreError) {
                item.submission.batch = try await store.prepare(item.submission.batch)
                prepared.append(item)
            } catch {
                guard error.code == .folderRefused else {
                    item.resume(throwing: error)
                    continue
                }
                // Nothing is intended; other folders' mail goes on.
                item.publication = Publication(item.submission.rows.map { _ in .refused(error.detail) })
                item.settle()
            }
        }
        return prepared
    }

    /// Nobody can tell later that mail was sent twice: that is said before.
    private func publisher(under lease: Lease?) -> Publisher {
        let context = context
        return Publisher(isOurs: { context.records.holds(lease) }) { account, count in
            let event = EventRecord(
                at: context.now(), account: account, kind: .perhapsDoubled,
                detail:
                    "\(count) messages were sent to the mail store once more after its answer was lost, for they were "
                    + "not where they would have arrived; if they had been moved or deleted here since, they are here again"
            )
            do {
                try await context.records.append([event])
                return true
            } catch {
                context.log.error("an event cannot be recorded: \(error)", metadata: .about(account))
                return false
            }
        }
    }

    private static let superseded = RecordsError(
        code: .superseded,
        detail: "This node has had no sign of life from the database for a lease: another may have taken the run over.")

    /// Commits for all accounts at once; if one of them contradicts the database, commits each on its own, so that it
    /// holds up no other. Resumes whoever waits for the outcome.
    private func record(moved: [Item], intended: [Item]) async -> [Item] {
        do {
            let begun = try await commit(moved: moved, intended: intended)
            for item in moved { item.settle() }
            return begun
        } catch {
            let accounts = Set((moved + intended).map(\.submission.account))
            if accounts.count > 1, (error as? RecordsError)?.isOneAccounts ?? true {
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
        let epoch = try await context.records.record(
            moved: moved.map { item in
                let submission = item.submission
                return MovedBatch(
                    intent: item.intent, account: submission.account, rows: submission.rows,
                    octets: submission.octets.saturatedSum(), listedOctets: submission.listedOctets,
                    notes: item.publication.notes, lease: submission.lease)
            }, intended: intended.map { $0.submission.intended(at: now) }, at: now)
        let accounts = Dictionary(epoch.accounts.map { ($0.id, $0) }) { $1 }
        for submission in moved.lazy.map(\.submission) {
            guard let account = accounts[submission.account] else { continue }
            statuses.moved(submission.rows.count, octets: submission.octets.saturatedSum(), of: account)
        }
        for account in epoch.accounts { statuses.changed(account) }
        return zip(intended, epoch.intents).map { item, intent in
            var item = item
            item.intent = intent
            return item
        }
    }
}

extension Delivery.Submission {
    fileprivate func intended(at now: Timestamp) -> IntendedBatch {
        IntendedBatch(
            Intent(
                account: account, recordedAt: now, batch: IntentCoding.encode(batch, at: .now), rows: rows,
                octets: octets),
            run: batch.run.map { ($0.mark, $0.last) }, marker: batch.run?.markers[.mailbox]?.identity, lease: lease)
    }

    /// Forgets the messages that have not become visible: they are fetched again.
    fileprivate mutating func keep(_ publication: Publication) {
        let all = zip(zip(rows, octets), publication.outcomes)
        guard all.contains(where: { $1 != .visible }) else { return }
        let lost = all.lazy.filter { $1 != .visible }.map { max(0, $0.0.0.octets) }.saturatedSum()
        listedOctets = max(0, listedOctets.subtractingSaturated(lost))
        let kept = all.filter { $1 == .visible }
        (rows, octets) = (kept.map(\.0.0), kept.map(\.0.1))
    }
}
