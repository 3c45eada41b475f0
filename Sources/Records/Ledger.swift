// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// One message that has been moved. The ledger outlives window and account.
public struct LedgerRow: Hashable, Sendable, Codable {
    /// A keyed hash of the UIDL; nil if the server had none.
    public var uniqueID: Int64?
    /// Distinguishes rows that are otherwise alike (a UIDL used twice, two equal messages); unique together with the
    /// other fields.
    public var occurrence: Int32
    /// The keyed hash of the content.
    public var content: Int64
    /// The size that `LIST` gave, -1 if none.
    public var octets: Int64
    /// A keyed hash of old server and user name: UIDLs mean something only within these.
    public var source: Int64
    /// Whether we deleted it on the old server: nothing listed later is the same message.
    public var deleted: Bool
    /// Whether its UIDL has been listed for two messages at once, and so does not tell which is meant.
    public var isShared: Bool
    /// Whether its folder only shows it, and it has been moved from another, under a row of its own: it does not count.
    public var isShown: Bool

    public init(
        uniqueID: Int64?, occurrence: Int32, content: Int64, octets: Int64, source: Int64, deleted: Bool = false,
        isShared: Bool = false, isShown: Bool = false
    ) {
        self.uniqueID = uniqueID
        self.occurrence = occurrence
        self.content = content
        self.octets = octets
        self.source = source
        self.deleted = deleted
        self.isShared = isShared
        self.isShown = isShown
    }

    /// The row of a message that its folder only shows.
    public var shown: LedgerRow {
        var row = self
        row.isShown = true
        return row
    }
}

/// A batch that is about to become visible, or just has: what must be known after a crash.
public struct Intent: Sendable, Identifiable {
    public typealias ID = Int64

    public var id: ID
    public var account: AccountRecord.ID
    public var recordedAt: Timestamp
    /// What the mail store needs to complete it, in its own form.
    public var batch: [UInt8]
    /// One row per message, in the batch's order, inserted once the batch has become moved.
    public var rows: [LedgerRow]
    /// Octets of each message, in the same order.
    public var octets: [Int64]

    public init(
        id: ID = 0, account: AccountRecord.ID, recordedAt: Timestamp, batch: [UInt8], rows: [LedgerRow], octets: [Int64]
    ) {
        self.id = id
        self.account = account
        self.recordedAt = recordedAt
        self.batch = batch
        self.rows = rows
        self.octets = octets
    }
}

/// How an account's mailbox is recognised.
public struct MarkedMailbox: Hashable, Sendable {
    /// nil if whatever is found is accepted, once.
    public var marker: String?

    public init(marker: String?) { self.marker = marker }
}

extension LedgerRow {
    /// The source of rows for messages found in a mailbox under names of ours that no row accounted for.
    public static let foundByName: Int64 = 0
    /// The same under other names: mail that users have filed, and mail that was never moved. Forgotten once the
    /// account's old mailbox has been gone through.
    public static let foundByContent: Int64 = -1
}
