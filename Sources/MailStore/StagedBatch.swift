// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A message that is completely written, and not visible to anybody.
public struct StagedMessage: Hashable, Sendable {
    /// As listed by the session that brought it: with folder, flags, date and id.
    public var message: ListedMessage
    /// What the store knows it by, in its own form.
    public var handle: String
    /// Octets as received, decoded (LF line ends), without what the store added.
    public var octets: Int
    /// A keyed hash of the content, blind to what mbox servers rewrite; the same in all stores.
    public var content: ContentHash
    /// What it was marked with on the old server besides its flags.
    public var keywords: [String] = []

    public init(message: ListedMessage, handle: String, octets: Int, content: ContentHash) {
        self.message = message
        self.handle = handle
        self.octets = octets
        self.content = content
    }
}

/// Messages that are published together. Its contents concern only the store, and are opaque to all others.
public struct StagedBatch: Hashable, Sendable {
    /// In the store's own form, which it reads again after a restart (``MailStore/batch(encoded:)``).
    public var encoded: [UInt8]
    public var lane: StoreLane
    /// How many messages.
    public var count: Int
    /// How many octets they are, where the store bounds what becomes visible together by that; else 0.
    public var octets: Int
    /// Of the run that staged it; nil once it has been read from an intent.
    public var run: StagedRun?

    public init(encoded: [UInt8], lane: StoreLane, count: Int, octets: Int = 0, run: StagedRun? = nil) {
        self.encoded = encoded
        self.lane = lane
        self.count = count
        self.octets = octets
        self.run = run
    }
}

/// What shares the work of a sync, and hangs as one when it hangs: a disk, a server. Only the store knows which.
public struct StoreLane: Hashable, Sendable {
    private let name: String

    public init(_ name: String) { self.name = name }
}

/// What a batch says about its run; not kept with an intent.
public struct StagedRun: Hashable, Sendable {
    /// The number that it is known by (``RunMarks``).
    public var mark: Int64
    /// The highest number of a message in the batch.
    public var last: Int64
    /// The markers where the run delivers.
    public var markers: StoreMarkers
    /// What the store notes the run in, in its own form.
    public var note: String

    public init(mark: Int64, last: Int64, markers: StoreMarkers, note: String) {
        self.mark = mark
        self.last = last
        self.markers = markers
        self.note = note
    }
}

/// What became of a message that was intended.
public enum MessageFate: Sendable, Hashable {
    /// It is in the mailbox, or was.
    case delivered
    /// It is to be fetched again.
    case notDelivered
    /// It is not where it would have arrived, and is to be fetched again; but it may have arrived, and been moved or
    /// deleted by its user since.
    case notFound
    /// It is neither where it was staged nor anywhere under its name. It may have been delivered and renamed since, or
    /// something has cleaned up what was staged.
    case unknown
}

/// What a recovery has found.
public struct RecoveredBatch: Sendable, Hashable {
    /// The batch, located where its mailbox is now; to be synced.
    public var batch: StagedBatch
    /// Of each message, in the batch's order.
    public var fates: [MessageFate]
    /// Up to where the folder is known from now on.
    public var notes: MailboxNotes = [:]

    public init(batch: StagedBatch, fates: [MessageFate]) {
        self.batch = batch
        self.fates = fates
    }
}
