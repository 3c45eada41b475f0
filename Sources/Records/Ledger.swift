// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// One message that has been moved. The ledger outlives window and account.
public struct LedgerRow: Hashable, Sendable, Codable {
    /// A keyed hash of the UIDL; nil where the server had none.
    public var uniqueID: Int64?
    /// Tells rows apart that are alike otherwise (a UIDL used twice, two equal messages); unique with the rest.
    public var occurrence: Int32
    /// The keyed hash of the content.
    public var content: Int64
    /// The size that `LIST` gave, -1 where none.
    public var octets: Int64
    /// A keyed hash of old server and user name: a UIDL means something there alone.
    public var source: Int64
    /// We have deleted it over there: nothing that comes later is the same message.
    public var deleted: Bool
    /// Its UIDL has been listed for two messages at once: it says nothing of which one is meant.
    public var isShared: Bool

    public init(
        uniqueID: Int64?, occurrence: Int32, content: Int64, octets: Int64, source: Int64, deleted: Bool = false,
        isShared: Bool = false
    ) {
        self.uniqueID = uniqueID
        self.occurrence = occurrence
        self.content = content
        self.octets = octets
        self.source = source
        self.deleted = deleted
        self.isShared = isShared
    }
}

/// A batch that is about to become visible, or just became so: what a crash must know.
public struct Intent: Sendable, Identifiable {
    public typealias ID = Int64

    public var id: ID
    public var account: AccountRecord.ID
    public var recordedAt: Timestamp
    /// What the mail store needs to end it, in its own form.
    public var batch: [UInt8]
    /// One row a message, in the batch's order, inserted when it has become moved.
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
