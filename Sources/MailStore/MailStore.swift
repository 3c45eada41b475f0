// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Where mail goes. A store knows no database; whoever calls it keeps the ledger, in this order:
///
/// 1. A ``MailboxWriter`` stages messages: written, but visible to nobody.
/// 2. ``sync(_:)`` makes them durable.
/// 3. The caller records the batch as intended.
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

    /// The runs that have brought mail to `account`'s mailbox, by the names of what is there, in all folders, and by
    /// what was noted beside the mailbox's marker (0, for how much is not noted).
    func runs(of account: EmailAddress) async throws(MailStoreError) -> RunMarks

    /// Removes what earlier runs staged in `account`'s mailbox and no batch of `intended` names; makes nothing.
    func sweep(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError)

    /// Makes durable all that was staged or published in `places` before the call. Places that share a device
    /// share the work. Returns the error of each place for which that cannot be promised.
    func sync(_ places: Set<MailboxPlace>) async -> [MailboxPlace: MailStoreError]

    /// Makes a staged, durable batch visible, in the order of its messages. May be repeated; says of each message
    /// whether it was still staged. One that was not, when its batch is published for the first time, has been taken
    /// away by somebody else.
    @discardableResult
    func publish(_ batch: StagedBatch) async throws(MailStoreError) -> [Bool]

    /// Ends what a crash interrupted: publishes what is still staged, and says of each message of `batch`, in its
    /// order, what became of it. The next ``sync(_:)`` of the place makes it durable; only then is the batch recorded as
    /// moved. Comes before ``open(_:options:intended:expecting:)``, which removes what was not delivered once no intended
    /// batch names it.
    /// - Parameter isRecent: the batch is younger than a day by every clock: so far nothing cleans up what is staged.
    func recover(
        _ batch: StagedBatch, of account: EmailAddress, isRecent: Bool
    ) async throws(MailStoreError) -> RecoveredBatch

    /// Reads the messages in `account`'s mailbox and all its folders; changes nothing. nil where there is no mailbox.
    /// Memory grows with the number of messages, not with their size. Cancelling the task ends it.
    func contents(of account: EmailAddress, _ origin: MessageOrigin) async throws -> MailboxContents?

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

    /// As ``check(expecting:)``, whatever stands there.
    public func check() async throws(MailStoreError) { try await check(expecting: nil) }
}

/// Takes the messages of one run into one mailbox. Its ``MessageSink`` side is called by the connection's event loop.
public protocol MailboxWriter: MessageSink {
    /// What has been staged, in order of arrival, as soon as it is written. Ends after ``finish()``, or with the
    /// ``MailStoreError`` that stopped the writing. One consumer.
    var staged: AsyncThrowingStream<[StagedMessage], any Error> { get }
    var place: MailboxPlace { get }
    /// No message follows: writes out the rest and ends ``staged``.
    func finish()
    /// Removes staged messages that turned out to be here already. May be repeated.
    func discard(_ messages: [StagedMessage]) async throws(MailStoreError)
    /// A batch of this mailbox, ready to be recorded as intended.
    func batch(of messages: [StagedMessage]) -> StagedBatch
}

/// What differs from account to account in how mail is put down.
public struct DeliveryOptions: Hashable, Sendable {
    public var preserveUIDL: Bool
    public var markSeen: MoveOptions.MarkSeen
    /// `INBOX`, or a Maildir++ folder below it.
    public var folder: String

    public init(preserveUIDL: Bool = true, markSeen: MoveOptions.MarkSeen = .none, folder: String = "INBOX") {
        self.preserveUIDL = preserveUIDL
        self.markSeen = markSeen
        self.folder = folder
    }
}

/// One mailbox folder on one file system, recognised again after a restart.
public struct MailboxPlace: Hashable, Sendable, Codable {
    /// The Maildir (the folder that holds `tmp`, `new`, `cur`).
    public var path: String
    /// Device and inode of the folder in which messages are staged.
    public var device: UInt64
    public var inode: UInt64

    public init(path: String, device: UInt64, inode: UInt64) {
        self.path = path
        self.device = device
        self.inode = inode
    }
}

/// A message that is written, whole, and visible to nobody.
public struct StagedMessage: Hashable, Sendable {
    /// As the session that brought it had it listed.
    public var message: ListedMessage
    /// Its name, unique for ever, by which it is published.
    public var name: String
    /// Octets as received, decoded (LF line ends), without what the store added.
    public var octets: Int
    /// A keyed hash of the content, blind to what mbox servers rewrite.
    public var content: ContentHash

    public init(message: ListedMessage, name: String, octets: Int, content: ContentHash) {
        self.message = message
        self.name = name
        self.octets = octets
        self.content = content
    }
}

/// Messages that are published together.
public struct StagedBatch: Hashable, Sendable, Codable {
    public var place: MailboxPlace
    /// Names as ``StagedMessage`` has them, in the order in which they become visible.
    public var names: [String]
    /// Whether they arrive as read.
    public var seen: Bool
    /// Of the run that staged it; nil once it has been read from an intent.
    public var run: StagedRun?

    public init(place: MailboxPlace, names: [String], seen: Bool, run: StagedRun? = nil) {
        self.place = place
        self.names = names
        self.seen = seen
        self.run = run
    }
}

/// Why the store could not do it. `detail` names the path and what to do.
public struct MailStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// No space, or over quota.
        case full
        case readOnly
        /// Missing rights.
        case refused
        /// A folder that should be there is not, or something else stands in its place.
        case misplaced
        /// Mail was moved to this place, and it does not bear the marker by which it is known.
        case unmarked
        /// The file system does not answer, nor say why.
        case unresponsive
        /// Anything else the file system answered.
        case failed
    }

    public var code: Code
    public var path: String
    /// The system's error number, 0 where there was none.
    public var errno: Int32
    public var detail: String

    public init(code: Code, path: String, errno: Int32, detail: String) {
        self.code = code
        self.path = path
        self.errno = errno
        self.detail = detail
    }

    public var description: String { detail }
}
