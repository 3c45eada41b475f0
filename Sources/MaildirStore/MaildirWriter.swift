// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MailStore
import Synchronization
public import Vocabulary

/// Takes the messages of one run into a Maildir's `tmp/`.
///
/// 1. What arrives is decoded into a slab, on the thread that brings it; nothing else happens there.
/// 2. A full slab, or a partly filled one at ``flush()``, becomes one job of the file pool. One job is in flight at a
///    time, while the other slab fills; when that is full too, ``isFull`` asks the reader to pause.
/// 3. The job writes files, small messages by the hundred, and yields the completed ones in ``staged``.
///
/// After an error everything that still arrives is discarded, so that nobody waits for a writer that has ended.
public final class MaildirWriter: MailboxWriter {
    public let staged: AsyncThrowingStream<[StagedMessage], any Error>
    private let folders: TargetFolders
    private let run: StagedRun
    private let continuation: AsyncThrowingStream<[StagedMessage], any Error>.Continuation
    private let options: DeliveryOptions
    /// The threads of the mailbox's file system.
    private let pool: FilePool
    private let unsynced: Unsynced
    private let files: Files
    private let intake = Mutex(Intake())

    /// The file side, boxed so that it can outlive the writer until its last file is closed.
    private final class Files: Sendable {
        let staging: Mutex<Staging>

        init(_ staging: sending Staging) { self.staging = Mutex(staging) }
    }

    private struct Intake {
        var filling = Slab()
        /// nil while its job is in flight.
        var spare: Slab? = Slab()
        var isFlushWanted = false
        /// The message that has been announced, and of which nothing has arrived yet.
        var announced: ListedMessage?
        /// Whether part of the current message is in the slabs.
        var isInMessage = false
        var isFinished = false
        var hasFailed = false
        var waiting: [@Sendable () -> Void] = []

        var isFull: Bool { spare == nil && filling.isFull }
        var takesMore: Bool { !isFinished && !hasFailed }

        /// The slab to be written now, if one is due and no job is in flight.
        mutating func due() -> Slab? {
            guard let next = spare else { return nil }
            guard filling.isFull || isFlushWanted || isFinished else { return nil }
            isFlushWanted = false
            guard !filling.isEmpty else { return nil }
            let slab = filling
            filling = next
            spare = nil
            return slab
        }

        /// Puts the announced message, which turned out to be empty, into the slab.
        mutating func enter(header: [UInt8]) {
            guard let message = announced else { return }
            announced = nil
            isInMessage = true
            filling.mark(.begin(message, added: header.count))
            if !header.isEmpty { header.withUnsafeBytes { filling.append($0) } }
        }

        /// Forgets the current message.
        mutating func abandon() {
            announced = nil
            if isInMessage { filling.mark(.abandon) }
            isInMessage = false
        }

        mutating func takeWaiting() -> [@Sendable () -> Void] {
            guard !isFull, !waiting.isEmpty else { return [] }
            defer { waiting = [] }
            return waiting
        }
    }

    init(
        folders: TargetFolders, run: StagedRun, options: DeliveryOptions, unsynced: Unsynced, staging: sending Staging
    ) {
        self.folders = folders
        self.run = run
        self.options = options
        self.unsynced = unsynced
        pool = folders.pool
        self.files = Files(staging)
        (staged, continuation) = AsyncThrowingStream.makeStream()
    }

    deinit {
        continuation.finish()
        // No job can be in flight, because each holds the writer.
        pool.submit { [files, folders] in
            files.staging.withLock { $0.abandon() }
            withExtendedLifetime(folders) {}
        }
    }

    // MARK: MessageSink

    public func begin(_ message: ListedMessage) {
        intake.withLock { intake in
            guard intake.takesMore else { return }
            intake.abandon()
            intake.announced = message
        }
    }

    public func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        intake.withLock { intake in
            guard intake.takesMore, intake.isInMessage || intake.announced != nil else {
                return intake.filling.drop(upTo: count, fill)
            }
            if let message = intake.announced {
                let hasBegun = intake.filling.begin(message, header: header(above: message), upTo: count, fill)
                guard hasBegun else { return }
                intake.announced = nil
                intake.isInMessage = true
            } else {
                intake.filling.append(upTo: count, fill)
            }
            startDue(&intake)
        }
    }

    public func end() {
        intake.withLock { intake in
            guard intake.takesMore else { return }
            if let message = intake.announced { intake.enter(header: header(above: message)) }
            guard intake.isInMessage else { return }
            intake.isInMessage = false
            intake.filling.mark(.end)
            startDue(&intake)
        }
    }

    public func abandon() {
        intake.withLock { intake in
            guard intake.takesMore else { return }
            intake.abandon()
            startDue(&intake)
        }
    }

    public func flush() {
        intake.withLock { intake in
            guard intake.takesMore else { return }
            // If a job is in flight, the slab is written when that is done.
            intake.isFlushWanted = true
            startDue(&intake)
        }
    }

    public var isFull: Bool { intake.withLock { $0.isFull } }

    /// If the writer is no longer full, `resume` is called before this returns.
    public func whenReady(_ resume: @escaping @Sendable () -> Void) {
        let isFull = intake.withLock { intake in
            if intake.isFull { intake.waiting.append(resume) }
            return intake.isFull
        }
        if !isFull { resume() }
    }

    // MARK: MailboxWriter

    public func finish() {
        let hasEnded = intake.withLock { intake in
            guard intake.takesMore else { return false }
            intake.abandon()
            intake.isFinished = true
            startDue(&intake)
            return intake.spare != nil
        }
        if hasEnded { continuation.finish() }
    }

    public func discard(_ messages: [StagedMessage]) async throws(MailStoreError) {
        do throws(FileError) {
            try await pool.run { [folders] () throws(FileError) -> Void in
                for (folder, messages) in Dictionary(grouping: messages, by: \.message.folder) {
                    let tmp = try MaildirPlace(folders.place(of: folder)).tmp
                    for message in messages { try tmp.remove(MessageName.temporary(message.handle)) }
                }
            }
        } catch {
            throw MailStoreError(error)
        }
    }

    public func takeKeywords(of messages: [StagedMessage]) async throws(MailStoreError) {
        guard options.flags == .keep else { return }
        let marked = messages.filter { !$0.keywords.isEmpty }
        guard !marked.isEmpty else { return }
        do throws(FileError) {
            try await pool.run { [folders] () throws(FileError) -> Void in
                for (folder, messages) in Dictionary(grouping: marked, by: \.message.folder) {
                    _ = try folders.keywords(of: folder, adding: Set(messages.flatMap(\.keywords)))
                }
            }
        } catch {
            throw MailStoreError(error)
        }
    }

    public func batch(of messages: [StagedMessage]) -> StagedBatch {
        var run = run
        run.last = messages.compactMap { MessageName.run($0.handle)?.number }.max() ?? 0
        let isSeen = options.markSeen == .all
        let names = messages.map { message in
            let letters =
                options.flags == .keep ? folders.letters(of: message.keywords, in: message.message.folder) : ""
            let flags = options.flags(of: message.message)
            // All that are only seen are so by the batch.
            return isSeen && flags == .seen && letters.isEmpty
                ? message.handle : MessageName.flagged(message.handle, flags, letters)
        }
        let place = folders.place(of: messages.first?.message.folder ?? 0)
        return MaildirBatch(place: place, names: names, seen: isSeen).staged(by: run)
    }

    // MARK: Jobs

    private func startDue(_ intake: inout Intake) {
        guard let slab = intake.due() else { return }
        pool.submit { self.write(slab) }
    }

    private func write(_ slab: Slab) {
        var messages: [StagedMessage] = []
        var failure: FileError?
        files.staging.withLock { staging in
            do throws(FileError) { try staging.write(slab, into: &messages) } catch { failure = error }
        }
        slab.clear()
        if !messages.isEmpty {
            for (folder, here) in Dictionary(grouping: messages, by: \.message.folder) {
                unsynced.add(here.map { MessageName.temporary($0.handle) }, in: folders.place(of: folder))
            }
            continuation.yield(messages)
        }
        let (hasEnded, waiting) = intake.withLock { intake in
            intake.spare = slab
            if failure != nil {
                intake.hasFailed = true
                intake.filling.clear()
            } else {
                startDue(&intake)
            }
            return (intake.spare != nil && (intake.isFinished || intake.hasFailed), intake.takeWaiting())
        }
        if hasEnded { continuation.finish(throwing: failure.map { MailStoreError($0) }) }
        for resume in waiting { resume() }
    }

    /// The header field with which Dovecot continues to use the old server's UIDL (`pop3_reuse_xuidl`, which takes the
    /// first of several); none for a UIDL that RFC 1939 §7 does not allow, or that makes the line longer than RFC 5322
    /// §2.1.1 allows.
    private func header(above message: ListedMessage) -> [UInt8] {
        guard let octets = options.uidl(of: message)?.octets, (1...900).contains(octets.count),
            octets.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return [] }
        return Array("X-UIDL: ".utf8) + octets + [10]
    }
}
