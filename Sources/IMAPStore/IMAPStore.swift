// SPDX-License-Identifier: Apache-2.0

import IMAP
public import Logging
public import MailConnection
import MailSession
public import MailStore
public import MessageContent
public import NIOCore
import Secrets
import Synchronization
public import Vocabulary
import Waiting

/// Mail kept by the new platform's IMAP server, each message exactly once.
///
/// 1. ``open(_:options:intended:expecting:)`` enters the account's mailbox as the master user, in one of the places that
///    ``PlatformConnections`` has, and returns an ``IMAPWriter``.
/// 2. The writer puts messages, as they go over the wire, into a ``Spool`` of files that nobody else sees.
/// 3. ``prepare(_:)`` makes the folder where it is missing, and notes up to where it is known: its ``Watermark``. The
///    caller records that with the batch as intended.
/// 4. ``publish(_:)`` appends: ``Appending`` tells the story. `OK` means durable, so that ``sync(_:)`` has nothing to do.
///
/// So, after a crash, what is in the folder from the watermark on tells what was delivered (``recover(_:of:isRecent:)``);
/// the octets are gone, and what is not there is fetched again. IMAP lets nobody leave anything of one's own with the
/// mail: messages bear no names, mailboxes no markers, and all is known by content.
public final class IMAPStore: MailStore {
    let platform: Platform
    let contentKey: ContentKey
    let dialler: PlatformDialler
    let connections: PlatformConnections
    let staged = StagedMail()
    let spool: Spool
    /// For reading and writing the spool.
    let pool = WorkerPool("spool", threads: 8)
    let log: Logger
    /// Rings when the program stops: nothing waits any more.
    let stopping = Alarm()
    let breaker: SharedBreaker
    /// The look at the platform that is under way.
    let probing = Mutex<Probe?>(nil)
    /// Accounts whose last batch was not settled, and why: nothing follows it before a recovery.
    private let unsettled = Mutex<[EmailAddress: MailStoreError]>([:])
    private let runs = Mutex<UInt64>(0)
    private let hasReadBack = Mutex(false)
    private let start = ContinuousClock.now
    private let settling: Duration
    /// What the platform's folders are called; nil until a login has told.
    let learned = Mutex<FolderNames?>(nil)
    let timeouts: @Sendable () -> Timeouts

    public let traits: StoreTraits

    /// - Parameters:
    ///   - spoolDirectory: where messages wait until they are appended, in files without names.
    ///   - group: whose event loops the connections live on.
    ///   - timeouts: as they are now.
    ///   - settling: how long the platform may still be storing what a process before this one has sent.
    public init(
        _ platform: Platform, contentKey: ContentKey, spoolDirectory: String, group: any EventLoopGroup,
        trust: TLSTrust = TLSTrust(), timeouts: @escaping @Sendable () -> Timeouts = { Timeouts() },
        settling: Duration = .seconds(3), unacknowledged: Duration = .seconds(10),
        log: Logger = Logger(label: "mailmove.imapstore")
    ) {
        var traits = StoreTraits(kind: "imap")
        (traits.namesMessages, traits.keepsStaged, traits.intendsOneByOne) = (false, false, true)
        self.traits = traits
        self.platform = platform
        self.contentKey = contentKey
        self.timeouts = timeouts
        self.settling = settling
        self.log = log
        spool = Spool(directory: spoolDirectory)
        let breaker = SharedBreaker(log: log)
        let dialler = PlatformDialler(
            platform: platform, group: group, trust: trust, timeouts: timeouts, unacknowledged: unacknowledged)
        (self.breaker, self.dialler) = (breaker, dialler)
        connections = PlatformConnections(width: platform.connections, loop: group.next()) {
            (account) async throws(MailStoreError) in
            try await breaker.guarding(account) { () async throws(PlatformFailure) in try await dialler.enter(account) }
        }
    }

    /// Nothing waits any more; what is in hand is finished.
    public func stop() {
        stopping.ring()
        breaker.stop()
        connections.stop()
    }

    /// Ends the connections that nobody uses.
    public func close() { connections.close() }

    // MARK: Opening

    public func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch], expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> any MailboxWriter {
        guard intended.isEmpty else {
            throw MailStoreError(
                code: .failed, detail: "deliveries to \(account) were interrupted, and are ended before others begin")
        }
        connections.keep(account)
        do throws(MailStoreError) {
            try await connections.with(account) { (turn) async throws(MailStoreError) in _ = try await turn.line() }
        } catch {
            connections.release(account)
            throw error
        }
        unsettled.withLock { $0[account] = nil }
        staged.sweep(account, keeping: [])
        let number = runs.withLock { runs in
            runs += 1
            return runs
        }
        return IMAPWriter(
            self, account, options, staging: WireStaging(spool: spool, run: String(number), key: contentKey))
    }

    public func sweep(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) {
        staged.sweep(account, keeping: Set(intended.compactMap { IMAPBatch($0) }.flatMap { $0.messages.map(\.handle) }))
    }

    // MARK: Places

    public func markers(of account: EmailAddress) async throws(MailStoreError) -> StoreMarkers { [:] }

    public func markBase() async throws(MailStoreError) -> StoreMarker? { nil }

    public func adopt(_ account: EmailAddress) async throws(MailStoreError) -> StoreMarkers { [:] }

    public func runs(of account: EmailAddress) async throws(MailStoreError) -> RunMarks { [:] }

    // MARK: Batches

    public func batch(encoded: [UInt8]) -> StagedBatch? { IMAPBatch(encoded: encoded)?.staged }

    public func join(_ next: StagedBatch, to batch: inout StagedBatch) -> Bool { IMAPBatch.join(next, to: &batch) }

    /// The platform's OK has made it durable.
    public func sync(_ batches: [StagedBatch]) async -> [Int: MailStoreError] { [:] }

    public func prepare(_ staged: StagedBatch) async throws(MailStoreError) -> StagedBatch {
        guard var batch = IMAPBatch(staged) else { throw Self.strange }
        let (account, folder) = (batch.account, batch.folder)
        if let error = unsettled.withLock({ $0[account] }) { throw error }
        let found = try await onLine(of: account) {
            (line) async throws(WireFailure) -> Result<Watermark, WireFailure> in
            let name = try await line.name(of: folder)
            do throws(WireFailure) {
                return .success(try await self.watermark(of: name, folder, line))
            } catch {
                guard error.isOfOneFolder, !name.isInbox, !line.isBroken else { throw error }
                return .failure(error)
            }
        }
        switch found {
        case .success(let watermark): batch.watermark = watermark
        case .failure(let refusal):
            throw MailStoreError(code: .folderRefused, detail: error(refusal, of: account).detail)
        }
        batch.preparedAt = .now
        return batch.staged
    }

    @discardableResult
    public func publish(_ staged: StagedBatch) async throws(MailStoreError) -> Publication {
        try await publish(staged, for: Publisher())
    }

    @discardableResult
    public func publish(_ staged: StagedBatch, for publisher: Publisher) async throws(MailStoreError) -> Publication {
        guard let batch = IMAPBatch(staged) else { throw Self.strange }
        let account = batch.account
        let handles = batch.messages.map(\.handle)
        do throws(MailStoreError) {
            let publication = try await connections.with(account) { (turn) async throws(MailStoreError) in
                var appending = Appending(
                    self, turn, batch, self.staged.messages(handles, of: account), for: publisher)
                return try await appending.run()
            }
            self.staged.remove(handles, of: account)
            return publication
        } catch {
            unsettled.withLock { $0[account] = error }
            throw error
        }
    }

    public func takenAway(_ count: Int, from batch: StagedBatch) -> MailStoreError {
        MailStoreError(
            code: .misplaced,
            detail: "\(count) messages that waited here to be sent to the platform are gone; they are fetched again")
    }

    /// The error for a batch of another store.
    static let strange = MailStoreError(
        code: .failed,
        detail: "what was staged is no batch for the platform's IMAP server: see whether mailStore.kind was changed")

    public func check(folder: String) throws(MailStoreError) {
        let isHeld =
            !folder.isEmpty && folder.utf8.count < 200
            && folder.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "*" && $0 != "%" }
            && !folder.split(separator: ".", omittingEmptySubsequences: false).contains(where: \.isEmpty)
        guard !isHeld else { return }
        throw MailStoreError(
            code: .failed,
            detail: "the folder \"\(folder)\" has a name that IMAP cannot hold; name one like \"Archive\" or "
                + "\"Archive.2019\", or INBOX")
    }

    // MARK: Inside

    /// Does something with the account's connection; on another one, if that is lost.
    func onLine<Value: Sendable>(
        of account: EmailAddress, _ body: (MailboxLine) async throws(WireFailure) -> Value
    ) async throws(MailStoreError) -> Value {
        try await connections.with(account) { (turn) async throws(MailStoreError) in
            var losses = 0
            while true {
                let line = try await turn.line()
                do throws(WireFailure) {
                    return try await body(line)
                } catch {
                    losses += 1
                    guard losses < 3, error.code == .closed || error.code == .timedOut else {
                        throw self.error(error, of: account)
                    }
                    await self.stopping.sleep(seconds: 0.25 * Double(losses))
                }
            }
        }
    }

    /// Up to where a folder is known; it is made where there is none.
    func watermark(
        of name: MailboxName, _ folder: [String], _ line: MailboxLine
    ) async throws(WireFailure) -> Watermark {
        if let watermark = try await line.watermark(of: name) { return watermark }
        try await line.make(name, use: use(of: folder), isSubscribed: true)
        if let watermark = try await line.watermark(of: name) { return watermark }
        throw WireFailure(
            code: .refused,
            message: name.isInbox
                ? "shows the master user no INBOX of \(line.account); with Dovecot's ACL plugin a master user sees nothing "
                    + "unless the userdb sets master_user or acl_user"
                : "has no folder \(name) of \(line.account), and has made none")
    }

    func error(_ failure: WireFailure, of account: EmailAddress) -> MailStoreError {
        dialler.failure(failure, .mailbox, password).error
    }

    /// Removed from whatever the platform says; nil where it cannot be read, and so has not been shown.
    private var password: Password? { try? platform.password() }

    /// Whether nothing has been read back yet; asked once.
    func readsBack() -> Bool {
        hasReadBack.withLock { hasReadBack in
            defer { hasReadBack = true }
            return !hasReadBack
        }
    }

    /// What the platform says, for people.
    func words(of condition: Condition) -> String {
        condition.text.isEmpty ? "it gives no reason" : Scrubber(password: password).text(of: condition.text)
    }

    /// How long the platform may still be storing what it was sent before the line was lost.
    func settlingSeconds(after failure: WireFailure) -> Double {
        guard failure.code == .timedOut else { return 1 }
        return min(30, max(1, 2 * (timeouts().read / .seconds(1))))
    }

    /// … before this process began, which the one before has not outlived.
    var settlingSecondsSinceStart: Double { max(0, (settling - (ContinuousClock.now - start)) / .seconds(1)) }
}
