// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Where mail goes. A store knows no database; whoever calls it keeps the ledger, in this order:
///
/// 1. A ``MailboxWriter`` stages messages: whole, but visible to nobody.
/// 2. ``sync(_:)`` makes them durable.
/// 3. The caller records the batch as intended, in the store's own octets (``StagedBatch/encoded``).
/// 4. ``publish(_:)`` makes the batch visible, in order.
/// 5. The next ``sync(_:)`` makes that durable, and the caller records the batch as moved.
///
/// After a crash between 3 and 5, ``recover(_:of:isRecent:)`` says what became of each message.
///
/// Each place is known by a marker (``StoreMarker``); what the caller expects and is not there is
/// ``MailStoreError/Code/unmarked``, and nothing is made there.
public protocol MailStore: Sendable {
    /// Opens `account`'s mailbox for one run: makes it where it is missing and not `expected`, and removes what earlier
    /// runs staged there and no batch of `intended` names.
    /// - Parameter expected: what has to stand there; at other levels a marker is taken as it is, or made.
    func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch], expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> any MailboxWriter

    /// The markers on the way to `account`'s mailbox, as they stand there.
    func markers(of account: EmailAddress) async throws(MailStoreError) -> StoreMarkers

    /// Marks what all mail is below, unless it has a marker already.
    /// - Returns: the marker; nil where none can be written there.
    func markBase() async throws(MailStoreError) -> StoreMarker?

    /// Takes `account`'s mailbox as it is, or makes an empty one.
    /// - Returns: the markers that stand there from now on, durable.
    func adopt(_ account: EmailAddress) async throws(MailStoreError) -> StoreMarkers

    /// The runs that have brought mail to `account`'s mailbox, by what is there, in all folders, and by what was noted
    /// beside the mailbox's marker (0, for how much is not noted).
    func runs(of account: EmailAddress) async throws(MailStoreError) -> RunMarks

    /// Removes what earlier runs staged in `account`'s mailbox and no batch of `intended` names; makes nothing.
    func sweep(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError)

    /// The batch that was encoded; nil where the octets are none of this store's. It reads all that it has ever written.
    func batch(encoded: [UInt8]) -> StagedBatch?

    /// Makes `next` the end of `batch`, where both become visible in one place and one way.
    /// - Returns: whether it has.
    func join(_ next: StagedBatch, to batch: inout StagedBatch) -> Bool

    /// Makes durable all that was staged or published in the places of `batches` before the call. Those in one lane share
    /// the work.
    /// - Returns: the errors of those for which that cannot be promised, by their indices.
    func sync(_ batches: [StagedBatch]) async -> [Int: MailStoreError]

    /// Makes a staged, durable batch visible, in the order of its messages. May be repeated; says of each message
    /// whether it was still staged. One that was not, when its batch is published for the first time, has been taken
    /// away by somebody else (``takenAway(_:from:)``).
    @discardableResult
    func publish(_ batch: StagedBatch) async throws(MailStoreError) -> [Bool]

    /// What is to be said where `count` messages of `batch` were taken away before they became visible.
    func takenAway(_ count: Int, from batch: StagedBatch) -> MailStoreError

    /// Ends what a crash interrupted: publishes what is still staged, and says of each message of `batch`, in its
    /// order, what became of it. The next ``sync(_:)`` makes it durable; only then is the batch recorded as moved. Comes
    /// before ``open(_:options:intended:expecting:)``, which removes what was not delivered once no intended batch names
    /// it.
    /// - Parameter isRecent: the batch is younger than a day by every clock: so far nothing cleans up what is staged.
    func recover(
        _ batch: StagedBatch, of account: EmailAddress, isRecent: Bool
    ) async throws(MailStoreError) -> RecoveredBatch

    /// Reads the messages in `account`'s mailbox and all its folders; changes nothing. nil where there is no mailbox.
    /// Memory grows with the number of messages, not with their size. Cancelling the task ends it.
    /// - Parameter intended: what is staged there for a good reason, where that is asked for.
    /// - Throws: ``MailStoreError``; `CancellationError`.
    func contents(
        of account: EmailAddress, _ origin: MessageOrigin, intended: [StagedBatch]
    ) async throws -> MailboxContents?

    /// Whether a folder of that name can be had, before any mail is on its way to it.
    func check(folder: String) throws(MailStoreError)

    /// Whether the store can take mail at all; for status and readiness.
    /// - Parameter expected: the marker that has to stand in what all mail is below; nil where any may.
    func check(expecting expected: StoreMarker?) async throws(MailStoreError)
}

extension MailStore {
    /// As ``open(_:options:intended:expecting:)``, whatever stands there.
    public func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) -> any MailboxWriter {
        try await open(account, options: options, intended: intended, expecting: [:])
    }

    /// As ``contents(of:_:intended:)``, whatever is intended.
    public func contents(of account: EmailAddress, _ origin: MessageOrigin) async throws -> MailboxContents? {
        try await contents(of: account, origin, intended: [])
    }

    /// As ``check(expecting:)``, whatever stands there.
    public func check() async throws(MailStoreError) { try await check(expecting: nil) }
}

/// Takes the messages of one run into one mailbox: each into the folder, with the flags and of the date that
/// `MessageSink.begin` tells. Its ``MessageSink`` side is called by whoever reads, and never waits.
public protocol MailboxWriter: MessageSink {
    /// What has been staged, in order of arrival, as soon as it is written. Ends after ``finish()``, or with the
    /// ``MailStoreError`` that stopped the writing. One consumer.
    var staged: AsyncThrowingStream<[StagedMessage], any Error> { get }
    /// No message follows: writes out the rest and ends ``staged``.
    func finish()
    /// Removes staged messages that turned out to be here already. May be repeated.
    func discard(_ messages: [StagedMessage]) async throws(MailStoreError)
    /// A batch of this mailbox, ready to be recorded as intended.
    /// - Parameter messages: all of one folder of the source.
    func batch(of messages: [StagedMessage]) -> StagedBatch
}

/// What differs from account to account in how mail is put down.
public struct DeliveryOptions: Hashable, Sendable {
    public var preserveUIDL: Bool
    /// Which messages arrive as seen, beside those that are over there.
    public var markSeen: MoveOptions.MarkSeen
    /// Where the messages of the source's folders go, by these folders' numbers; those of further ones as of the last.
    /// `INBOX`, or a folder below it; never empty.
    public private(set) var folders: [String]

    public init(preserveUIDL: Bool = true, markSeen: MoveOptions.MarkSeen = .none, folder: String = "INBOX") {
        self.init(preserveUIDL: preserveUIDL, markSeen: markSeen, folders: [folder])
    }

    public init(preserveUIDL: Bool = true, markSeen: MoveOptions.MarkSeen = .none, folders: [String]) {
        self.preserveUIDL = preserveUIDL
        self.markSeen = markSeen
        self.folders = folders.isEmpty ? ["INBOX"] : folders
    }
}
