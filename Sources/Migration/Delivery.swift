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

        var size: Size { Size(messages: rows.count, octets: octets.reduce(0, +)) }
    }

    /// How much is being delivered.
    struct Size: Sendable {
        var messages = 0
        var octets: Int64 = 0

        /// Whether it is as much as `limit` by either measure.
        func reaches(_ limit: Size) -> Bool { messages >= limit.messages || octets >= limit.octets }

        static func += (size: inout Size, other: Size) {
            size.messages += other.messages
            size.octets += other.octets
        }

        static func -= (size: inout Size, other: Size) {
            size.messages -= other.messages
            size.octets -= other.octets
        }
    }

    private struct State: Sendable {
        /// By device. There are as many as there are file systems that mail has gone to; one without work costs nothing.
        var loops: [UInt64: DeliveryLoop] = [:]
        /// Those that do not run yet.
        var begun: [DeliveryLoop] = []
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
        let device = submission.batch.place.device
        let (loop, waiter) = state.withLock { state -> (DeliveryLoop?, CheckedContinuation<Void, Never>?) in
            if let loop = state.loops[device] { return (loop, nil) }
            guard !state.isClosed else { return (nil, nil) }
            let loop = DeliveryLoop(context: context, statuses: statuses)
            state.loops[device] = loop
            state.begun.append(loop)
            defer { state.waiter = nil }
            return (loop, state.waiter)
        }
        waiter?.resume()
        return loop?.submit(submission) ?? .shuttingDown
    }

    /// No submission follows; ``run()`` returns when all are done.
    func close() {
        let (loops, waiter) = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return (state.loops.values, state.waiter)
        }
        for loop in loops { loop.close() }
        waiter?.resume()
    }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            var isOpen = true
            while isOpen {
                let begun = state.withLock { state in
                    isOpen = !state.isClosed
                    defer { state.begun = [] }
                    return state.begun
                }
                for loop in begun { group.addTask { await loop.run() } }
                if isOpen { await change() }
            }
        }
    }

    /// Waits until a loop has begun, or none will.
    private func change() async {
        await withCheckedContinuation { continuation in
            let isNow = state.withLock { state in
                guard state.begun.isEmpty, !state.isClosed else { return true }
                state.waiter = continuation
                return false
            }
            if isNow { continuation.resume() }
        }
    }
}
