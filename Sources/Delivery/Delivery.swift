// SPDX-License-Identifier: Apache-2.0

package import Ground
package import MailStore
package import Records
package import Statuses
import Synchronization
import Vocabulary
import Waiting

/// Makes staged messages moved, with one ``DeliveryLoop`` for each of the store's lanes (a disk, a mailbox behind a
/// line of its own), so that a lane that is slow or does not answer holds up only its own accounts.
package final class Delivery: Sendable {
    /// One account's messages, which become visible and moved together.
    package struct Submission: Sendable {
        package var account: AccountRecord.ID
        package var batch: StagedBatch
        package var rows: [LedgerRow]
        package var octets: [Int64]
        /// What `LIST` said of them, for the account's figures.
        package var listedOctets: Int64
        /// The run's, as it was when this was made.
        package var lease = Lease.current

        package init(
            account: AccountRecord.ID, batch: StagedBatch, rows: [LedgerRow], octets: [Int64], listedOctets: Int64
        ) {
            self.account = account
            self.batch = batch
            self.rows = rows
            self.octets = octets
            self.listedOctets = listedOctets
        }

        package var size: Size { Size(messages: rows.count, octets: octets.saturatedSum()) }
    }

    /// How much is being delivered.
    package struct Size: Sendable {
        package var messages: Int
        package var octets: Int64

        package init(messages: Int = 0, octets: Int64 = 0) {
            self.messages = messages
            self.octets = octets
        }

        /// Whether it reaches `limit` by either measure.
        package func reaches(_ limit: Size) -> Bool { messages >= limit.messages || octets >= limit.octets }

        package static func += (size: inout Size, other: Size) {
            size.messages += other.messages
            size.octets = size.octets.addingSaturated(other.octets)
        }

        package static func -= (size: inout Size, other: Size) {
            size.messages -= other.messages
            size.octets = size.octets.subtractingSaturated(other.octets)
        }
    }

    /// The accounts whose ledgers have been found whole since the start.
    package let wholeLedgers = WholeLedgers()

    private let context: Context
    private let store: any MailStore
    private let statuses: StatusBoard
    /// One for each lane that mail goes to. One that has nothing to do ends.
    private let loops = Mutex<[StoreLane: DeliveryLoop]>([:])
    /// Loops that do not run yet.
    private let begun = WaitingLine<(StoreLane, DeliveryLoop)>()

    package init(context: Context, store: any MailStore, statuses: StatusBoard) {
        self.context = context
        self.store = store
        self.statuses = statuses
    }

    /// Queues a batch; batches of one account become visible in the order in which they are submitted.
    package func submit(_ submission: Submission) -> Receipt {
        let lane = submission.batch.lane
        return loops.withLock { loops in
            if let loop = loops[lane] { return loop.submit(submission) }
            let loop = DeliveryLoop(context: context, store: store, statuses: statuses)
            let receipt = loop.submit(submission)
            guard begun.put((lane, loop)) else { return .shuttingDown }
            loops[lane] = loop
            return receipt
        }
    }

    /// Ends a loop that has nothing to do.
    /// - Returns: false where something has been submitted meanwhile.
    private func retire(_ lane: StoreLane) -> Bool {
        loops.withLock { loops in
            guard let loop = loops[lane], loop.isIdle else { return loops[lane] == nil }
            loop.close()
            loops[lane] = nil
            return true
        }
    }

    /// No more submissions will follow; ``run()`` returns when all are done.
    package func close() {
        begun.close()
        for loop in loops.withLock(\.values) { loop.close() }
    }

    package func run() async {
        await withDiscardingTaskGroup { group in
            while true {
                await begun.ready()
                let loops = begun.take()
                if loops.isEmpty { break }
                for (lane, loop) in loops { group.addTask { await loop.run { self.retire(lane) } } }
            }
        }
    }
}
