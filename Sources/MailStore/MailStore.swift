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
/// After a crash between 3 and 5, ``recover(_:recordedAt:)`` says what became of each message.
public protocol MailStore: Sendable {
    /// Opens `account`'s mailbox for one run: makes it where it is missing, and removes what earlier runs
    /// staged there and no batch of `intended` names.
    func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) -> any MailboxWriter

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
    /// order, whether it is in the mailbox or was delivered before (true), or must be fetched again (false).
    /// The next ``sync(_:)`` of the place makes it durable; only then is the batch recorded as moved. Comes before
    /// ``open(_:options:intended:)``, which removes what was false once no intended batch names it.
    func recover(_ batch: StagedBatch, recordedAt: Timestamp) async throws(MailStoreError) -> [Bool]

    /// Reads the messages in `account`'s mailbox and all its folders; changes nothing. nil where there is no mailbox.
    /// Memory grows with the number of messages, not with their size. Cancelling the task ends it.
    func contents(of account: EmailAddress, _ origin: MessageOrigin) async throws -> MailboxContents?

    /// Whether a folder of that name can be had, before any mail is on its way to it.
    func check(folder: String) throws(MailStoreError)

    /// Whether the store can take mail at all; for status and readiness.
    func check() async throws(MailStoreError)
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

/// A keyed 64-bit hash of a message's content: `Status`, `X-Status`, `X-UID`, `X-UIDL`, `X-IMAPbase` and
/// `X-Keywords` header fields aside.
public struct ContentHash: Hashable, Sendable, Codable {
    public var value: Int64

    public init(value: Int64) { self.value = value }
}

/// Messages that are published together.
public struct StagedBatch: Hashable, Sendable, Codable {
    public var place: MailboxPlace
    /// Names as ``StagedMessage`` has them, in the order in which they become visible.
    public var names: [String]
    /// Whether they arrive as read.
    public var seen: Bool

    public init(place: MailboxPlace, names: [String], seen: Bool) {
        self.place = place
        self.names = names
        self.seen = seen
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
