// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Where mail goes. A store knows no database; the caller keeps the ledger, in this order:
///
/// 1. A ``MailboxWriter`` stages messages: whole, but visible to nobody.
/// 2. ``sync(_:)`` makes them durable, as far as what is staged outlives the process at all.
/// 3. ``prepare(_:)`` notes what a recovery will have to know, and the caller records the batch as intended, in the
///    store's own octets (``StagedBatch/encoded``).
/// 4. ``publish(_:)`` makes the batch visible, in order.
/// 5. The next ``sync(_:)`` makes that durable, and the caller records the batch as moved.
///
/// After a crash between 3 and 5, ``recover(_:of:isRecent:)`` says what became of each message.
///
/// Each place that can bear one is recognised by a marker (``StoreMarker``). Where an expected marker is missing, the
/// error is ``MailStoreError/Code/unmarked``, and nothing is created. A store that cannot leave anything of its own with
/// the mail has no markers, and knows no runs by name.
public protocol MailStore: Sendable {
    /// What others have to know of its ways.
    var traits: StoreTraits { get }

    /// Opens `account`'s mailbox for one run: creates it if it is missing and not `expected`, and removes what earlier
    /// runs staged there, except for batches in `intended`. A folder is made when the first message for it arrives.
    /// - Parameter expected: the markers that must be there; at other levels, a marker is accepted or created.
    func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch], expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> any MailboxWriter

    /// The markers on the way to `account`'s mailbox, as they stand there; none where the store has none.
    func markers(of account: EmailAddress) async throws(MailStoreError) -> StoreMarkers

    /// Marks the base directory, unless it already has a marker.
    /// - Returns: the marker; nil if none can be written there.
    func markBase() async throws(MailStoreError) -> StoreMarker?

    /// Accepts `account`'s mailbox as it is, or creates an empty one.
    /// - Returns: the markers that are there from now on, durable.
    func adopt(_ account: EmailAddress) async throws(MailStoreError) -> StoreMarkers

    /// What the names of folders are like here, as far as that is known without asking.
    var folderNames: FolderNames { get }

    /// The same, where it may have to be looked up, in `account`'s mailbox.
    func folderNames(of account: EmailAddress) async throws(MailStoreError) -> FolderNames

    /// Makes folders in `account`'s mailbox, durably, and subscribes to those that are new and to be subscribed. One
    /// that is there already stays as it is.
    /// - Returns: those that the store does not take, by their levels, and why, for people: no mail for them can be kept.
    @discardableResult
    func make(
        _ folders: [NewFolder], of account: EmailAddress, expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> [[String]: String]

    /// The runs that have brought mail to `account`'s mailbox, according to its messages, in all folders, and to the
    /// notes beside the mailbox's marker (0, because those do not say how much).
    func runs(of account: EmailAddress) async throws(MailStoreError) -> RunMarks

    /// Removes what earlier runs staged in `account`'s mailbox, except for batches in `intended`; creates nothing.
    func sweep(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError)

    /// Decodes a batch; nil if the octets are not this store's. Every form that the store has ever written can be read.
    func batch(encoded: [UInt8]) -> StagedBatch?

    /// Appends `next` to `batch`, if both become visible in the same place and in the same way.
    /// - Returns: whether it did.
    func join(_ next: StagedBatch, to batch: inout StagedBatch) -> Bool

    /// Makes durable everything that was staged or published in the places of `batches` before the call. Batches in one
    /// lane share the work.
    /// - Returns: by index, the errors of those batches whose durability cannot be promised.
    func sync(_ batches: [StagedBatch]) async -> [Int: MailStoreError]

    /// Adds to a staged, durable batch what a recovery will have to know. Comes right before the batch is recorded as
    /// intended.
    func prepare(_ batch: StagedBatch) async throws(MailStoreError) -> StagedBatch

    /// Makes a staged, durable, prepared batch visible, in the order of its messages. May be repeated. A message that is
    /// not staged, when its batch is published for the first time, was taken away by somebody else
    /// (``takenAway(_:from:)``).
    ///
    /// After an error nobody knows what is visible: the intent stays, and ``recover(_:of:isRecent:)`` tells. No
    /// cancellation reaches it.
    @discardableResult
    func publish(_ batch: StagedBatch) async throws(MailStoreError) -> Publication

    /// As ``publish(_:)``, for somebody who can be asked.
    @discardableResult
    func publish(_ batch: StagedBatch, for publisher: Publisher) async throws(MailStoreError) -> Publication

    /// The error for `count` messages of `batch` that were taken away before they became visible.
    func takenAway(_ count: Int, from batch: StagedBatch) -> MailStoreError

    /// Ends what a crash or a fault interrupted: publishes what is still staged, if that has outlived it, and returns, for
    /// each message of `batch` in order, what became of it. The next ``sync(_:)`` makes this durable; only then is the batch recorded as moved.
    /// Call it before ``open(_:options:intended:expecting:)``, which removes undelivered messages once no intended
    /// batch names them.
    /// - Parameter isRecent: whether the batch is younger than a day by every clock: until then nothing cleans up what
    ///   is staged.
    func recover(
        _ batch: StagedBatch, of account: EmailAddress, isRecent: Bool
    ) async throws(MailStoreError) -> RecoveredBatch

    /// Reads the messages in `account`'s mailbox and all its folders; changes nothing. nil if there is no mailbox.
    /// Memory grows with the number of messages, not with their size. Cancelling the task ends it.
    /// - Parameter intended: batches that are legitimately staged there, if leftovers are to be counted.
    /// - Throws: ``MailStoreError``; `CancellationError`.
    func contents(
        of account: EmailAddress, _ origin: MessageOrigin, intended: [StagedBatch]
    ) async throws -> MailboxContents?

    /// Holds what is noted of `account`'s mailbox against the mailbox; nil in a store whose messages bear names, by which
    /// it is told (``runs(of:)``).
    /// - Parameters:
    ///   - folders: those that mail goes to; of one that is not noted, all is news.
    ///   - readsNews: whether news are read, too, which may take long.
    /// - Throws: ``MailStoreError``; `CancellationError`.
    func standing(
        of account: EmailAddress, in folders: [[String]], since notes: MailboxNotes, readsNews: Bool
    ) async throws -> MailboxStanding?

    /// Checks that a folder of that name is possible, before any mail is on its way to it.
    func check(folder: String) throws(MailStoreError)

    /// Checks that the store can take mail at all; for status and readiness.
    /// - Parameter expected: the marker that the base directory must have; nil to accept any.
    func check(expecting expected: StoreMarker?) async throws(MailStoreError)
}

extension MailStore {
    /// As ``open(_:options:intended:expecting:)``, whatever markers are there.
    public func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) -> any MailboxWriter {
        try await open(account, options: options, intended: intended, expecting: [:])
    }

    /// As ``contents(of:_:intended:)``, whatever is intended.
    public func contents(of account: EmailAddress, _ origin: MessageOrigin) async throws -> MailboxContents? {
        try await contents(of: account, origin, intended: [])
    }

    public func standing(
        of account: EmailAddress, in folders: [[String]], since notes: MailboxNotes, readsNews: Bool
    ) async throws -> MailboxStanding? { nil }

    public func prepare(_ batch: StagedBatch) async throws(MailStoreError) -> StagedBatch { batch }

    @discardableResult
    public func publish(_ batch: StagedBatch, for publisher: Publisher) async throws(MailStoreError) -> Publication {
        try await publish(batch)
    }

    public func folderNames(of account: EmailAddress) async throws(MailStoreError) -> FolderNames { folderNames }

    /// As ``check(expecting:)``, whatever marker is there.
    public func check() async throws(MailStoreError) { try await check(expecting: nil) }
}

/// Takes the messages of one run into one mailbox: each into the folder, with the flags and the date that
/// `MessageSink.begin` gives. Its ``MessageSink`` side is called by the reader, and never waits.
public protocol MailboxWriter: MessageSink {
    /// What has been staged, in order of arrival, as soon as it is written. Ends after ``finish()``, or with the
    /// ``MailStoreError`` that stopped the writing. One consumer.
    var staged: AsyncThrowingStream<[StagedMessage], any Error> { get }
    /// No more messages follow: writes out the rest and ends ``staged``.
    func finish()
    /// Removes staged messages that turned out to be here already. May be repeated.
    func discard(_ messages: [StagedMessage]) async throws(MailStoreError)
    /// Prepares the folders of staged messages for the keywords that these have. Keywords that a folder cannot hold are
    /// left out.
    func takeKeywords(of messages: [StagedMessage]) async throws(MailStoreError)
    /// A batch of this mailbox, staged.
    /// - Parameter messages: all from the same folder of the source.
    func batch(of messages: [StagedMessage]) -> StagedBatch
    /// Nothing of it is being delivered any more: gives back what it holds, be it a connection.
    func leave() async
}

extension MailboxWriter {
    public func takeKeywords(of messages: [StagedMessage]) async throws(MailStoreError) {}

    public func leave() async {}
}
