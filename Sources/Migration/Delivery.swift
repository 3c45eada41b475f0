// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Synchronization
import Vocabulary

/// Makes staged messages moved: one ``DeliveryLoop`` for each file system, so that one that is slow, or answers
/// nothing, holds up its own accounts alone.
final class Delivery: Sendable {
    /// One account's messages, to become visible and moved together.
    struct Submission: Sendable {
        var account: AccountRecord.ID
        var batch: StagedBatch
        var rows: [LedgerRow]
        var octets: [Int64]
        /// What `LIST` said of them, for the account's figures.
        var listedOctets: Int64

        var size: Size { Size(messages: rows.count, octets: octets.saturatedSum()) }
    }

    /// How much is being delivered.
    struct Size: Sendable {
        var messages = 0
        var octets: Int64 = 0

        /// Whether it is as much as `limit` by either measure.
        func reaches(_ limit: Size) -> Bool { messages >= limit.messages || octets >= limit.octets }

        static func += (size: inout Size, other: Size) {
            size.messages += other.messages
            size.octets = size.octets.addingSaturated(other.octets)
        }

        static func -= (size: inout Size, other: Size) {
            size.messages -= other.messages
            size.octets = size.octets.subtractingSaturated(other.octets)
        }
    }

    private let context: Context
    private let statuses: StatusBoard
    /// By device. There are as many as there are file systems that mail has gone to; one without work costs nothing.
    private let loops = Mutex<[UInt64: DeliveryLoop]>([:])
    /// Those that do not run yet.
    private let begun = WaitingLine<DeliveryLoop>()

    init(context: Context, statuses: StatusBoard) {
        self.context = context
        self.statuses = statuses
    }

    /// Puts a batch into the line; batches of one account become visible in the order in which they are submitted.
    func submit(_ submission: Submission) -> Receipt {
        let device = submission.batch.place.device
        let loop = loops.withLock { loops -> DeliveryLoop? in
            if let loop = loops[device] { return loop }
            let loop = DeliveryLoop(context: context, statuses: statuses)
            guard begun.put(loop) else { return nil }
            loops[device] = loop
            return loop
        }
        return loop?.submit(submission) ?? .shuttingDown
    }

    /// No submission follows; ``run()`` returns when all are done.
    func close() {
        begun.close()
        for loop in loops.withLock(\.values) { loop.close() }
    }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            while true {
                await begun.ready()
                let loops = begun.take()
                if loops.isEmpty { break }
                for loop in loops { group.addTask { await loop.run() } }
            }
        }
    }
}
